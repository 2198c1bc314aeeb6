"""Trainings, evaluations, simulations and policies of one's own in one comparison."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgesim.agents.comparing.comparison import compare_runs, gather, join
from edgesim.agents.comparing.contests import contests_of, differences
from edgesim.agents.measuring.command import evaluate
from edgesim.agents.measuring.evaluation import Evaluation
from edgesim.agents.measuring.simulation import simulate
from edgesim.agents.runs.measured import Measured
from edgesim.config.compose import compose
from edgesim.config.config import CompareConfig
from edgesim.errors import InputError
from edgesim.scenarios import resolve

MakeRun = Callable[..., Path]
SHORT = ["scenario=sfc_paper", "scenario.requests=5"]


def evaluated(folder: Path, *more: str) -> Path:
    evaluate(compose("evaluate", [*SHORT, "episodes=3", f"out={folder}", *more]))
    return folder


def written(folder: Path, **rows: list[float]) -> Path:
    """An evaluation with stated returns of the episodes 2, 6, 10 that the runs of a test have."""
    scenario = resolve("sfc_paper")
    measured = Measured("evaluate", scenario, {"policies": list(rows)})
    done = Evaluation(scenario, 0, 3)
    for name, values in rows.items():
        done.rows[name] = [
            {"seed": seed, "return": value, "qoe": value}
            for seed, value in zip((2, 6, 10), values, strict=True)
        ]
    done.write(measured.claim(folder))
    measured.finish(folder)
    return folder


def test_a_training_and_an_evaluation_meet_on_their_episodes(tmp_path: Path, run: MakeRun) -> None:
    trained = run(tmp_path / "runs", [6.0, 8.0, 7.0])
    mine = written(tmp_path / "mine", own=[6.5, 6.5, 6.5], greedy=[5.0, 6.0, 7.0])
    (contest,) = contests_of([trained, mine])
    assert contest.episodes == [2, 6, 10]
    kinds = {one.name: one.kind for one in contest.contestants}
    assert kinds == {"bound": "bound", "maskable_ppo": "agent", "own": "policy",
                     "greedy": "policy", "random": "policy"}  # fmt: skip


def test_a_policy_whose_code_has_changed_stands_there_twice(tmp_path: Path) -> None:
    one = written(tmp_path / "one", own=[1.0, 2.0, 3.0])
    two = written(tmp_path / "two", own=[1.0, 2.0, 4.0])
    (contest,) = contests_of([one, two])
    assert {c.name for c in contest.contestants} == {"own", f"own ({two})"}


def test_policies_are_paired_where_there_is_no_agent(tmp_path: Path) -> None:
    folder = evaluated(tmp_path / "e", "policy=greedy,violent")
    content = compare_runs(CompareConfig(runs=[str(folder)], out=None, policy="random"))
    rows = {row["name"]: row for row in content["rows"]}
    assert set(rows) == {"greedy", "violent", "random"}
    best = max(rows, key=lambda name: rows[name]["score"])
    for name, row in rows.items():
        if name == best:
            assert row["minus_best"] is None
        else:
            expected = row["score"] - rows[best]["score"]
            assert row["minus_best"] == pytest.approx(expected)


def test_a_policy_that_is_named_plays_the_same_episodes_as_in_an_evaluation(
    tmp_path: Path,
) -> None:
    contests = contests_of([evaluated(tmp_path / "e", "policy=greedy")])
    join(contests, "violent")
    both = contests_of([evaluated(tmp_path / "f", "policy=greedy,violent")])
    found, expected = (
        {one.name: one.values.tolist() for one in group[0].contestants}
        for group in (contests, both)
    )
    assert found == expected


def test_a_policy_that_is_none_is_refused(tmp_path: Path) -> None:
    contests = contests_of([evaluated(tmp_path / "e", "policy=greedy")])
    with pytest.raises(InputError, match="did you mean 'greedy'"):
        join(contests, "gredy")


def test_it_is_said_how_scenarios_differ(tmp_path: Path) -> None:
    one = evaluated(tmp_path / "e", "policy=greedy")
    two = evaluated(tmp_path / "f", "policy=greedy", "scenario.requests=6")
    contests = contests_of([one, two])
    assert [contest.label for contest in contests] == [
        "sfc_paper requests=5", "sfc_paper requests=6"
    ]  # fmt: skip
    assert differences(contests) == [
        {"contest": "sfc_paper requests=6", "from": "sfc_paper requests=5",
         "keys": {"requests": [5, 6]}}
    ]  # fmt: skip
    compare_runs(CompareConfig(runs=[str(one), str(two)], out=str(tmp_path / "out")))
    content = json.loads((tmp_path / "out" / "comparison.json").read_text(encoding="utf-8"))
    assert content["differences"][0]["keys"] == {"requests": [5, 6]}
    assert (tmp_path / "out" / "comparison.png").is_file()


def test_scenarios_that_differ_in_events_have_different_labels(tmp_path: Path) -> None:
    folders = []
    for link in (0, 1):
        scenario = resolve("sfc", {"events": [{"at_s": 1, "event": "fails", "link": link}]})
        measured = Measured("evaluate", scenario, {})
        done = Evaluation(scenario, 0, 1, {"own": [{"seed": 2, "return": 1.0}]})
        folders.append(measured.claim(tmp_path / str(link)))
        done.write(folders[-1])
        measured.finish(folders[-1])
    assert [it.label for it in contests_of(folders)] == [
        "sfc events=1 stated", "sfc events=1 stated (2)"
    ]  # fmt: skip


def test_simulations_are_single_episodes(tmp_path: Path) -> None:
    folders = [
        simulate(compose("simulate", [*SHORT, f"policy={name}", f"out={tmp_path}"]))
        for name in ("greedy", "violent")
    ]
    (contest,) = contests_of(folders)
    assert contest.episodes == [0]
    assert {one.name for one in contest.contestants} == {"greedy", "violent"}
    assert all(np.isfinite(one.values).all() for one in contest.contestants)


def test_what_cannot_be_compared_is_named_with_the_reason(tmp_path: Path) -> None:
    evaluated(tmp_path / "e", "policy=greedy")
    half = evaluated(tmp_path / "half", "policy=greedy")
    (half / "provenance.json").unlink()
    evaluated(tmp_path / "worlds", "policy=greedy", "worlds=2", "episodes=1")
    complete, left_out = gather([str(tmp_path)])
    assert complete == [tmp_path / "e"]
    assert "lacks provenance.json" in left_out[str(half)]
    assert "over worlds" in left_out[str(tmp_path / "worlds")]
