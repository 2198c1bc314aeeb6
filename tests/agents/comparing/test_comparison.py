"""Run folders side by side: who meets whom, on which episodes, and what is left out."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from edgesim.agents.comparing.comparison import compare_runs, gather, overall, summary
from edgesim.agents.comparing.contests import contests_of
from edgesim.config.config import CompareConfig
from edgesim.errors import InputError

MakeRun = Callable[..., Path]


def test_seeds_of_one_agent_are_runs_of_one_contestant(tmp_path: Path, run: MakeRun) -> None:
    folders = [run(tmp_path, [6.0 + s, 8.0 + s, 7.0 + s], seed=s) for s in (0, 1)]
    (contest,) = contests_of(folders)
    assert [(c.name, c.kind, c.seeds) for c in contest.contestants] == [
        ("bound", "bound", []),
        ("maskable_ppo", "agent", [0, 1]),
        ("greedy", "policy", []),
        ("random", "policy", []),
    ]
    agent = contest.of("agent")[0]
    assert agent.scores.tolist() == [7, 8]
    scale = contest.normalised(agent)
    assert scale is not None
    assert scale.tolist() == pytest.approx([6 / 9, 7 / 9])


def test_an_agent_stands_beside_the_best_policy_on_the_same_episodes(
    tmp_path: Path, run: MakeRun
) -> None:
    folders = [run(tmp_path, [6.0 + s, 8.0 + s, 7.0 + s], seed=s) for s in (0, 1)]
    rows = {row["name"]: row for row in summary(contests_of(folders), {})["rows"]}
    agent = rows["maskable_ppo"]
    assert agent["minus_best"] == pytest.approx(1.5)  # greedy has 5, 6, 7
    assert 0.0 < agent["minus_best_low"] < 1.5 < agent["minus_best_high"] < 3.01
    assert agent["beats_best"] == 1.0
    assert rows["greedy"]["minus_best"] is None


def test_variants_are_named_by_what_they_differ_in(tmp_path: Path, run: MakeRun) -> None:
    folders = [
        run(tmp_path, [6.0, 7.0, 8.0], "total_steps=1000"),
        run(tmp_path, [6.5, 7.0, 8.0], "total_steps=2000"),
        run(tmp_path, [1.0, 1.0, 1.0], "scenario.qoe.rejected=-5"),
    ]
    labels = {c.label: [a.name for a in c.of("agent")] for c in contests_of(folders)}
    assert labels == {
        "sfc_paper qoe.rejected=-10": [
            "maskable_ppo total_steps=2000",
            "maskable_ppo total_steps=1000",
        ],
        "sfc_paper qoe.rejected=-5": ["maskable_ppo"],
    }


def test_only_episodes_that_all_have_played_count(tmp_path: Path, run: MakeRun) -> None:
    folders = [
        run(tmp_path, [6.0, 7.0, 8.0], seed=0),
        run(tmp_path, [6.0, 7.0], "episodes=2", seed=1),
    ]
    (contest,) = contests_of(folders)
    assert contest.episodes == [2, 6]
    assert contest.of("agent")[0].values.tolist() == [[6, 7], [6, 7]]


def test_over_all_contests_agents_need_two_runs_in_each(tmp_path: Path, run: MakeRun) -> None:
    folders = [
        run(tmp_path, [value] * 3, f"scenario={scenario}", f"agent={agent}", seed=seed)
        for scenario in ("sfc_paper", "sfc_paper_3x")
        for agent, values in (("maskable_ppo", (8.0, 9.0)), ("ppo", (7.0, 8.0)))
        for seed, value in enumerate(values)
    ]
    folders.append(run(tmp_path, [5.0] * 3, "agent=dqn"))
    across = overall(contests_of(folders))
    assert set(across) == {"maskable_ppo", "ppo"}
    assert across["maskable_ppo"]["iqm"] == pytest.approx((8.5 - 1) / 9)
    assert across["maskable_ppo"]["probability_of_improvement"] == {"ppo": (3 + 0.5) / 4}


def test_a_run_that_is_not_complete_is_named_and_left_out(
    tmp_path: Path, run: MakeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path / "runs", [6.0, 7.0, 8.0])
    cut = run(tmp_path / "runs", [6.0, 7.0, 8.0], seed=1)
    (cut / "evaluation.json").unlink()
    content = compare_runs(CompareConfig(str(tmp_path / "runs"), str(tmp_path / "out")))
    assert f"left out: {cut}: is not complete, it lacks evaluation.json" in capsys.readouterr().out
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        "comparison.csv",
        "comparison.json",
        "comparison.png",
    ]
    assert json.loads((tmp_path / "out/comparison.json").read_text()) == content
    again = compare_runs(CompareConfig(str(tmp_path / "runs"), str(tmp_path / "out2")))
    assert again == content
    for name in ("comparison.csv", "comparison.json"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "out2" / name).read_bytes()


def test_nothing_to_compare_is_an_error(tmp_path: Path, run: MakeRun) -> None:
    with pytest.raises(InputError, match="there is no such folder"):
        gather([str(tmp_path / "runs")])
    cut = run(tmp_path / "runs", [6.0])
    (cut / "model.zip").unlink()
    with pytest.raises(InputError, match=r"in it; .* it lacks model.zip"):
        gather([str(tmp_path / "runs")])
