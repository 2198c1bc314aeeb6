"""Random worlds: drawn from seeds, the same for all policies, and counted as what they are."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgesim.agents.comparing.aggregates import hierarchical_interval
from edgesim.agents.measuring.command import evaluate
from edgesim.agents.measuring.worlds import OverWorlds, compare_over_worlds
from edgesim.agents.runs.seeds import held_out_seeds
from edgesim.config.compose import compose
from edgesim.errors import InputError
from edgesim.problems import PROBLEMS
from edgesim.scenarios import resolve
from edgesim.scenarios.worlds import random_worlds


def test_worlds_follow_from_their_seeds() -> None:
    seeds = held_out_seeds(0, 5)
    worlds = random_worlds(resolve("aigc"), seeds)
    assert worlds == random_worlds(resolve("aigc"), seeds)
    assert len({json.dumps(world) for world in worlds}) == 5
    for world in worlds:
        scenario = resolve("aigc", world)
        assert 5 <= scenario.provider_count <= 40


def test_episodes_of_one_world_are_no_more_than_one_world() -> None:
    rng = np.random.default_rng(0)
    worlds = rng.normal(0, 1, size=(8, 1, 1)) + rng.normal(0, 0.01, size=(8, 1, 50))
    low, high = hierarchical_interval(worlds)
    spread = worlds.mean(axis=2).std(ddof=1) / 8**0.5
    assert (high - low) / 2 == pytest.approx(1.96 * spread, rel=0.15)
    assert low < worlds.mean() < high
    assert hierarchical_interval(np.full((3, 2, 4), 5.0)) == (5.0, 5.0)


def test_runs_count_as_well() -> None:
    rng = np.random.default_rng(1)
    runs = np.zeros((4, 3, 20)) + rng.normal(0, 1, size=(4, 3, 1))
    low, high = hierarchical_interval(runs)
    assert high - low > 0.5


def test_who_is_ahead_where_by_hand() -> None:
    scores = {
        "one": np.array([[1.0, 1.1], [5.0, 5.1], [3.0, 3.0]]),
        "two": np.array([[2.0, 2.1], [4.0, 4.1], [3.0, 3.0]]),
    }
    less = OverWorlds("made up", [{}] * 3, scores, "cost", -1)
    (first, second) = less.rows()
    assert first["mean"] == pytest.approx(second["mean"])
    minus = next(row for row in less.rows() if row["policy"] == "one")["minus"]["two"]
    assert minus["mean"] == pytest.approx(0.0)
    assert (minus["ahead"], minus["behind"]) == (1, 1)  # ahead in the first, where it costs less


def test_a_single_episode_is_no_claim() -> None:
    scores = {"one": np.array([[1.0], [5.0]]), "two": np.array([[2.0], [6.0]])}
    minus = OverWorlds("made up", [{}] * 2, scores, "cost", 1).rows()[0]["minus"]["one"]
    assert minus["mean"] == 1.0 and (minus["ahead"], minus["behind"]) == (0, 0)


def test_policies_meet_the_same_worlds_and_episodes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = ["scenario=aigc", "scenario.horizon_s=20", "worlds=2", "episodes=2"]
    made = evaluate(
        compose("evaluate", [*keys, "policy=adaptive,least_latency", f"out={tmp_path}"])
    )
    alone = evaluate(compose("evaluate", [*keys, "policy=least_latency"]))
    of = {row["policy"]: row for row in made["policies"]}
    assert alone["policies"][0]["mean"] == of["least_latency"]["mean"]
    assert "2 held-out worlds, 2 episodes in each" in capsys.readouterr().out
    rows = list(csv.DictReader((tmp_path / "worlds.csv").read_text().splitlines()))
    assert len(rows) == 8
    shares = list(csv.DictReader((tmp_path / "profiles.csv").read_text().splitlines()))
    assert {row["policy"] for row in shares} == {"adaptive", "least_latency"}
    assert (tmp_path / "profiles.png").stat().st_size > 0
    own = [float(row["return"]) for row in rows if row["policy"] == "adaptive"]
    assert np.mean(own) == pytest.approx(of["adaptive"]["mean"])
    written = json.loads((tmp_path / "worlds.json").read_text())
    assert written["worlds"] == random_worlds(resolve("aigc"), held_out_seeds(0, 2))


def test_problems_that_draw_no_worlds_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROBLEMS, "sfc", replace(PROBLEMS["sfc"], worlds=None))
    with pytest.raises(InputError, match=r"worlds = 3: the problem sfc draws no worlds"):
        compare_over_worlds(resolve("sfc_paper"), ["random"], 3, 1)


@pytest.mark.parametrize(
    ("keys", "policies"),
    [
        (["scenario=sfc", "scenario.network.horizon_s=10"], "greedy,load_aware"),
        (["scenario=sfc_paper", "scenario.requests=20"], "greedy,random"),
        (["scenario=vne_wx100", "scenario.virtual.count=10"], "nearest,nrm"),
    ],
    ids=lambda it: it[0] if isinstance(it, list) else "",
)
def test_chains_and_virtual_networks_have_worlds_too(keys: list[str], policies: str) -> None:
    made = evaluate(compose("evaluate", [*keys, "worlds=2", "episodes=2", f"policy={policies}"]))
    assert {row["policy"] for row in made["policies"]} == set(policies.split(","))
    for row in made["policies"]:
        assert row["low"] <= row["mean"] <= row["high"]


def test_in_how_many_worlds_a_policy_is_near_the_best_by_hand() -> None:
    """Behind the best by 0, 4 and 10 %; the other by 2, 0 and 0 %."""
    scores = {
        "one": np.array([[100.0], [96.0], [-110.0]]),
        "two": np.array([[98.0], [100.0], [-100.0]]),
    }
    rows = {row["policy"]: row for row in OverWorlds("x", [{}] * 3, scores, "y", 1).rows()}
    assert rows["one"]["within"] == {"0.01": pytest.approx(1 / 3), "0.05": pytest.approx(2 / 3)}
    assert rows["two"]["within"] == {"0.01": pytest.approx(2 / 3), "0.05": 1.0}
