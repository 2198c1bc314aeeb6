"""Baselines are worked out once for a scenario and its episodes."""

from pathlib import Path
from typing import Any

import pytest

from edgesim.agents.measuring import baselines as measured
from edgesim.agents.measuring.baselines import baselines
from edgesim.agents.measuring.evaluation import compare
from edgesim.agents.specs import PolicySpec, policies_of
from edgesim.scenarios import resolve

NAMES = ["random", "round_robin"]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What is worked out, call by call."""
    calls: list[list[str]] = []

    def counted(scenario: Any, policies: Any, episodes: int, *, bound: bool, progress: Any) -> Any:
        calls.append([*policies, *(["bound"] if bound else [])])
        return compare(scenario, policies, episodes, bound=bound, progress=progress)

    monkeypatch.setattr(measured, "compare", counted)
    return calls


def test_what_is_kept_is_what_was_worked_out(tmp_path: Path, asked: list[list[str]]) -> None:
    scenario = resolve("aigc_paper", {"horizon_s": 20000})
    first = baselines(scenario, NAMES, 2, bound=True, kept=tmp_path)
    again = baselines(scenario, NAMES, 2, bound=True, kept=tmp_path)
    assert asked == [[*NAMES, "bound"]]
    assert list(again.rows) == [*NAMES, "bound"]
    assert again.rows == first.rows == compare(scenario, _found(scenario), 2, bound=True).rows
    assert list(baselines(scenario, ["random"], 2, bound=False, kept=tmp_path).rows) == ["random"]


def _found(scenario: Any) -> Any:
    from edgesim.agents.finding import find_policy

    return {name: find_policy(scenario, name) for name in NAMES}


def test_another_world_other_episodes_or_code_are_worked_out_anew(
    tmp_path: Path, asked: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = resolve("aigc_paper", {"horizon_s": 5000})
    trace = tmp_path / "tasks.csv"
    trace.write_text("arrival_s,steps\n0,100\n", encoding="utf-8")
    traced = resolve("aigc_paper", {"trace": str(trace)})
    for world in (scenario, resolve("aigc_paper", {"horizon_s": 5000, "world_seed": 1}), traced):
        for _ in range(2):
            baselines(world, ["random"], 1, bound=False, kept=tmp_path)
    assert len(asked) == 3
    baselines(scenario, ["random"], 2, bound=False, kept=tmp_path)
    assert len(asked) == 4
    trace.write_text("arrival_s,steps\n0,100\n9,120\n", encoding="utf-8")
    baselines(traced, ["random"], 1, bound=False, kept=tmp_path)
    assert len(asked) == 5
    monkeypatch.setattr(measured, "_code", lambda: "another version")
    baselines(scenario, ["random"], 1, bound=False, kept=tmp_path)
    assert len(asked) == 6


def test_policies_of_other_packages_are_worked_out_each_time(
    tmp_path: Path, asked: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = resolve("aigc_paper", {"horizon_s": 5000})
    specs = {**policies_of("aigc"), "mine": PolicySpec("mine", "mine:Policy")}
    monkeypatch.setattr(measured, "policies_of", lambda problem: specs)
    monkeypatch.setattr(measured, "find_policy", lambda scenario, name: lambda envs, seed: _First())
    for _ in range(2):
        baselines(scenario, ["mine", "random"], 1, bound=False, kept=tmp_path)
    assert asked == [["mine", "random"], ["mine"]]


class _First:
    def predict(self, observation: Any) -> tuple[Any, None]:
        return [0] * len(observation), None


def test_a_damaged_file_is_worked_out_again(tmp_path: Path, asked: list[list[str]]) -> None:
    scenario = resolve("aigc_paper", {"horizon_s": 5000})
    baselines(scenario, ["random"], 1, bound=False, kept=tmp_path)
    (file,) = tmp_path.glob(".baselines/*.json")
    file.write_text("{", encoding="utf-8")
    baselines(scenario, ["random"], 1, bound=False, kept=tmp_path)
    assert len(asked) == 2
