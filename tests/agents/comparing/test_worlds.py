"""Run folders whose scenarios differ in their world's seed alone: what is reached over all."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgesim.agents.comparing.aggregates import hierarchical_interval
from edgesim.agents.comparing.comparison import compare_runs, summary
from edgesim.agents.comparing.contests import contests_of
from edgesim.agents.comparing.worlds import over_worlds
from edgesim.config.config import CompareConfig
from edgesim.problems import PROBLEMS, Score

MakeWorld = Callable[..., Path]

POLICIES = {"greedy": [5.0, 6.0, 7.0], "random": [0.0, 2.0, 1.0]}


@pytest.fixture
def world(tmp_path: Path, run: Callable[..., Path]) -> MakeWorld:
    """What makes a run folder of a world, with greedy at 5, 6 and 7 and random at 0, 2 and 1."""

    def made(world_seed: int, returns: list[Any], *keys: str, **more: Any) -> Path:
        more.setdefault("baselines", POLICIES)
        return run(tmp_path / "runs", returns, f"scenario.world_seed={world_seed}", *keys, **more)

    return made


def rows_of(group: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in group["rows"]}


def scored(monkeypatch: pytest.MonkeyPatch, score: Score) -> None:
    """Let the chains be ranked by another score."""
    monkeypatch.setitem(PROBLEMS, "sfc", replace(PROBLEMS["sfc"], score=score))


def test_two_worlds_by_hand(world: MakeWorld) -> None:
    """The agent is 2 ahead of greedy in one world and 1 behind in the other.

    Two worlds drawn from the two give a difference of 2, of 0.5 (twice as often), or of -1.
    """
    folders = [world(7, [7.0, 8.0, 9.0]), world(3, [4.0, 5.0, 6.0])]
    (group,) = over_worlds(contests_of(folders))
    assert (group["scenario"], group["seeds"], group["best"]) == ("sfc_paper", [3, 7], "greedy")
    assert [row["name"] for row in group["rows"]] == ["maskable_ppo", "greedy", "random"]
    agent = rows_of(group)["maskable_ppo"]
    assert agent["score"] == pytest.approx(6.5)
    assert (agent["minus_best"], agent["minus_best_low"], agent["minus_best_high"]) == (0.5, -1, 2)
    assert (agent["ahead"], agent["behind"], agent["beats_best"]) == (1, 1, 0.5)
    assert agent["runs"] == 2
    random = rows_of(group)["random"]
    assert random["minus_best"] == pytest.approx(-5.0)
    assert (random["ahead"], random["behind"], random["beats_best"]) == (0, 2, 0.0)
    assert rows_of(group)["greedy"]["minus_best"] is None
    alone = [row for row in group["per_world"] if row["name"] == "maskable_ppo"]
    assert [(row["world_seed"], row["score"], row["minus_best"]) for row in alone] == [
        (3, 5.0, -1.0),
        (7, 8.0, 2.0),
    ]
    assert [row["beats_best"] for row in alone] == [0.0, 1.0]


def test_an_interval_that_holds_nought_is_neither_ahead_nor_behind(world: MakeWorld) -> None:
    folders = [world(k, [7.0, 4.0, 8.0]) for k in range(3)]
    (group,) = over_worlds(contests_of(folders))
    agent = rows_of(group)["maskable_ppo"]
    assert agent["minus_best"] == pytest.approx(1 / 3)
    assert (agent["ahead"], agent["behind"], agent["beats_best"]) == (0, 0, 1.0)


def test_a_single_episode_is_no_claim(world: MakeWorld) -> None:
    folders = [world(k, [9.0]) for k in range(2)]
    (group,) = over_worlds(contests_of(folders))
    agent = rows_of(group)["maskable_ppo"]
    assert agent["minus_best"] == 4.0
    assert (agent["ahead"], agent["behind"]) == (0, 0)


def test_where_less_is_better(world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Random, with 1 on average, is then the best, and who has less than it is ahead."""
    scored(monkeypatch, Score(better="lower"))
    folders = [world(0, [-1.0, 1.0, 0.0]), world(1, [3.0, 5.0, 4.0])]
    (group,) = over_worlds(contests_of(folders))
    assert (group["best"], group["better"]) == ("random", "lower")
    assert [row["name"] for row in group["rows"]] == ["random", "maskable_ppo", "greedy"]
    agent = rows_of(group)["maskable_ppo"]
    assert (agent["minus_best"], agent["ahead"], agent["behind"]) == (1.0, 1, 1)
    assert agent["beats_best"] == 0.5
    greedy = rows_of(group)["greedy"]
    assert (greedy["minus_best"], greedy["ahead"], greedy["behind"]) == (5.0, 0, 2)


def test_what_is_missing_counts_the_worst(world: MakeWorld) -> None:
    """Of its world, and where that has no score at all, of all worlds.

    In the first world the agent misses an episode, and the worst there is random's 0. In the second
    all miss all, and the worst of all worlds is random's -6 in the third.
    """
    nothing = {name: [None, None, None] for name in POLICIES}
    folders = [
        world(0, [9.0, None, 9.0]),
        world(1, [None, None, None], baselines=nothing),
        world(2, [5.0, 6.0, 10.0], baselines={**POLICIES, "random": [-6.0, -6.0, -6.0]}),
    ]
    (group,) = over_worlds(contests_of(folders))
    agent = rows_of(group)["maskable_ppo"]
    assert agent["score"] == pytest.approx((6 - 6 + 7) / 3)
    assert agent["minus_best"] == pytest.approx((0 + 0 + 1) / 3)
    assert (agent["missing"], agent["ahead"], agent["behind"]) == (4, 0, 0)
    assert agent["beats_best"] == pytest.approx((0.5 + 0.5 + 1) / 3)


def test_what_a_missing_one_counts_may_be_stated(
    world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored(monkeypatch, Score(better="lower", missing=30.0))
    folders = [world(k, [0.0, None, 0.0]) for k in range(2)]
    (group,) = over_worlds(contests_of(folders))
    assert rows_of(group)["maskable_ppo"]["score"] == 10.0


def test_worlds_without_any_score_have_no_table(world: MakeWorld) -> None:
    nothing = {name: [None, None] for name in POLICIES}
    folders = [world(k, [None, None], baselines=nothing) for k in range(2)]
    assert over_worlds(contests_of(folders)) == []


def test_each_world_counts_the_same_however_many_runs_it_has(world: MakeWorld) -> None:
    folders = [
        *(world(0, [score] * 3, seed=seed) for seed, score in enumerate((7.0, 5.0))),
        world(1, [8.0] * 3),
    ]
    (group,) = over_worlds(contests_of(folders))
    agent = rows_of(group)["maskable_ppo"]
    assert (agent["runs"], agent["score"], agent["minus_best"]) == (3, 7.0, 1.0)
    # Against greedy's mean of 6 one run of two wins in the first world, and the run in the second.
    assert agent["beats_best"] == 0.75


def test_intervals_of_worlds_of_different_sizes() -> None:
    """Two worlds, with a mean of 1 and of 3 whatever is drawn in them: 1, 2 or 3 together."""
    assert hierarchical_interval([[[1.0]], [[3.0, 3.0], [3.0, 3.0], [3.0, 3.0]]]) == (1.0, 3.0)


def test_only_who_is_in_all_worlds_has_a_row(world: MakeWorld) -> None:
    """An agent with other settings is another one, and a policy may be in one folder alone."""
    some = {**POLICIES, "violent": [1.0, 1.0, 1.0]}
    folders = [
        world(0, [7.0] * 3, baselines=some),
        world(1, [7.0] * 3),
        world(0, [8.0] * 3, "total_steps=1000"),
        world(1, [9.0] * 3, "agent=ppo"),
    ]
    (group,) = over_worlds(contests_of(folders))
    assert set(rows_of(group)) == {"maskable_ppo", "greedy", "random"}
    assert rows_of(group)["maskable_ppo"]["score"] == 7.0


def test_variants_in_all_worlds_are_told_apart(world: MakeWorld) -> None:
    folders = [
        world(k, [7.0] * 3, f"total_steps={steps}") for k in (0, 1) for steps in (1000, 2000)
    ]
    (group,) = over_worlds(contests_of(folders))
    agents = [row["name"] for row in group["rows"] if row["kind"] == "agent"]
    assert agents == ["maskable_ppo total_steps=1000", "maskable_ppo total_steps=2000"]


def test_what_differs_in_more_than_the_seed_is_no_group(world: MakeWorld) -> None:
    keys: Sequence[str] = ("scenario.qoe.rejected=-5", "scenario=sfc_paper_3x")
    folders = [world(k, [7.0] * 3, key) for k, key in enumerate(keys)]
    assert over_worlds(contests_of([*folders, world(2, [7.0] * 3)])) == []
    twice = [world(5, [7.0] * 3, key) for key in keys]
    groups = over_worlds(contests_of([*folders, *twice]))
    assert [(group["scenario"], group["seeds"]) for group in groups] == [
        ("sfc_paper", [0, 5]),
        ("sfc_paper_3x", [1, 5]),
    ]


def test_worlds_without_a_policy_have_no_best(world: MakeWorld) -> None:
    folders = [world(k, [7.0] * 3, baselines={}) for k in range(2)]
    content = summary(contests_of(folders), {})
    (row,) = content["worlds"][0]["rows"]
    assert (row["score"], row["minus_best"], row["ahead"]) == (7.0, None, None)


def test_the_table_and_the_file(
    tmp_path: Path, world: MakeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    for k in (0, 1):
        world(k, [7.0, 8.0, 9.0])
    content = compare_runs(CompareConfig(str(tmp_path / "runs"), str(tmp_path / "out")))
    told = capsys.readouterr().out
    assert "sfc_paper: 2 worlds, world_seed 0, 1" in told
    assert "minus greedy" in told and "+2 [+2, +2]" in told
    assert json.loads((tmp_path / "out/comparison.json").read_text()) == content
    assert len(content["worlds"][0]["per_world"]) == 6
    assert (tmp_path / "out/comparison.png").is_file()
