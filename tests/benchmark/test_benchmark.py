"""The benchmark: what it writes, how it is drawn, and that nothing has become much slower."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium
import pytest

from edgesim.benchmark import grid, run
from edgesim.benchmark.grid import PARTS, points
from edgesim.benchmark.learner import learner_rate
from edgesim.benchmark.measures import of_batched, of_env, of_twin, raw_simpy
from edgesim.benchmark.points import Point
from edgesim.benchmark.transfers import HOW, Crowd, of_transfers
from edgesim.config.compose import compose
from edgesim.config.config import BenchmarkConfig
from edgesim.errors import InputError
from edgesim.plots.benchmark import draw
from edgesim.problems import PROBLEMS
from edgesim.scenarios import preset, presets, resolve


@pytest.mark.parametrize(
    ("measure", "least"),
    [
        # Shares of SimPy alone in the same run, some four to six times below what they are.
        (of_twin("aigc_paper"), 0.08),
        (of_twin("aigc"), 0.015),
        (of_twin("sfc_paper"), 0.04),
        (of_twin("sfc"), 0.008),
        (of_batched("aigc_paper", 256), 2.0),
        (of_batched("sfc_paper", 256), 1.0),
        (of_transfers("transfers apart", 1000), 0.15),
        (of_transfers("transfers on a mesh", 1000), 0.08),
    ],
    ids=[
        "aigc_paper",
        "aigc",
        "sfc_paper",
        "sfc",
        "aigc_paper batched",
        "sfc_paper batched",
        "transfers apart",
        "transfers on a mesh",
    ],
)
def test_nothing_has_become_much_slower(measure: Callable[[float], float], least: float) -> None:
    shares = [measure(0.2) / raw_simpy(0.1) for _ in range(3)]
    assert max(shares) > least


def test_what_is_measured_is_written_and_drawn(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rates = iter(range(1000, 9000, 100))

    def small() -> list[Point]:
        return [
            Point("sizes", "aigc_paper", lambda seconds: next(rates), "providers", size, engine)
            for engine in ("simpy", "batched")
            for size in (5, 50, 500)
        ]

    monkeypatch.setitem(grid.PARTS, "sizes", small)
    config = BenchmarkConfig(parts="sizes", seconds=0.01, repeats=3, out=str(tmp_path / "b.json"))
    result = run.benchmark(config)
    written = json.loads((tmp_path / "b.json").read_text())
    assert written == json.loads(json.dumps(result))
    assert [row["what"] for row in written["rows"]] == ["SimPy alone", *["aigc_paper"] * 6]
    row = written["rows"][1]
    assert row["rounds"] == [1000, 1600, 2200], "rounds go through all points"
    assert row["decisions_per_cpu_second"] == 1600, "the median counts"
    assert (tmp_path / "b.png").is_file()
    assert "500 providers" in capsys.readouterr().out


def test_every_part_is_made_of_points_that_exist() -> None:
    found = points(list(PARTS))
    assert {point.part for point in found} <= set(PARTS)
    assert {point.name for point in found if point.part == "scenarios"} == {
        "SimPy alone",
        *(name for name in presets() if PROBLEMS[preset(name)["problem"]].env),
    }
    labels = [run._label(point) for point in found]
    assert len(set(zip([point.part for point in found], labels, strict=True))) == len(labels)


def test_any_environment_can_be_measured() -> None:
    class Still(gymnasium.Env[Any, Any]):
        observation_space = gymnasium.spaces.Discrete(1)
        action_space = gymnasium.spaces.Discrete(2)
        steps = 0

        def reset(self, **_: Any) -> Any:
            return 0, {}

        def step(self, action: Any) -> Any:
            self.steps += 1
            return 0, 0.0, self.steps % 7 == 0, False, {}

    assert of_env(Still)(0.01) > 1000


@pytest.mark.parametrize("engine", ["nothing", "batched", "simpy"])
def test_a_learners_rate_is_measured(engine: str) -> None:
    agent = compose(
        "train",
        [
            "scenario=aigc_paper",
            "agent.n_envs=4",
            "agent.hyperparameters.n_steps=16",
            "agent.hyperparameters.batch_size=64",
            "agent.hyperparameters.n_epochs=1",
        ],
    ).agent
    assert learner_rate(resolve("aigc_paper", {"horizon_s": 30_000}), agent, engine, 0.01) > 0


def test_every_problem_with_an_environment_has_a_row_beside_the_learner_alone() -> None:
    rows = [it for it in points(["learner"]) if it.part == "learner"]
    engines: dict[str, set[str]] = {}
    for row in rows:
        engines.setdefault(str(preset(row.name)["problem"]), set()).add(row.engine)
    assert set(engines) == {it.name for it in PROBLEMS.values() if it.env}
    assert all({"nothing", "simpy"} <= found for found in engines.values())


def test_one_transfer_begins_as_another_ends_and_they_meet_as_is_said() -> None:
    on: dict[str, list[int]] = {}
    for how, ways in HOW.items():
        crowd = Crowd(ways(40))
        assert crowd.run(0.01) > 0
        assert crowd.transfers.count == 40
        on[how] = [len(crowd.transfers.on(link)) for link in range(len(ways(40).room_bps))]
    assert on["transfers apart"] == [1] * 80
    assert on["transfers on one path"] == [40, 40]
    assert on["transfers on one link"] == [40] + [1] * 40
    assert len(on["transfers on a mesh"]) == 6000


def test_a_file_without_sizes_is_no_picture(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text('{"rows": []}')
    with pytest.raises(InputError, match="cannot be read"):
        draw(tmp_path / "b.json")
