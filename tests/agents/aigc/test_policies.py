"""Heuristics for AIGC provider selection, on worlds small enough to see through."""

from typing import Any

import numpy as np
import pytest

from edgesim.agents.aigc import bandit
from edgesim.agents.aigc.policies import Prophet, Reader
from edgesim.agents.aigc.registry import POLICIES
from edgesim.agents.finding import find_policy
from edgesim.agents.measuring.rollout import rollout
from edgesim.agents.runs.seeds import held_out_seeds
from edgesim.envs.making import make_envs
from edgesim.scenarios import resolve

GOOD = {"ax": 0, "ay": 0.0, "bx": 100, "by": 0.9}
POOR = {"ax": 0, "ay": 0.0, "bx": 100, "by": 0.2}
PROVIDERS = [{"capacity": 500, **POOR}, {"capacity": 300, **GOOD}, {"capacity": 700, **POOR}]


@pytest.fixture
def world(tmp_path):
    """Three providers, and requests of 200 steps every second, each of which runs for an hour."""

    def make(count: int) -> Any:
        trace = tmp_path / f"tasks-{count}.csv"
        trace.write_text("arrival_s,steps\n" + "".join(f"{i},200\n" for i in range(count + 1)))
        keys = {"providers": PROVIDERS, "trace": str(trace), "run_time_minutes": [60, 0, 0]}
        return resolve("aigc_paper", keys)

    return make


def choices(scenario: Any, name: str) -> list[int]:
    log = rollout(scenario, find_policy(scenario, name), [1], record=True).logs[0]
    return [provider for _, event, _, provider, _ in log.rows if event == "choose"]


def test_round_robin_takes_turns_and_begins_anew_in_every_episode(world):
    scenario = world(5)
    assert choices(scenario, "round_robin") == [0, 1, 2, 0, 1]
    turns = find_policy(scenario, "round_robin")(make_envs(scenario, 2), 0)
    seen = np.zeros((2, 8))
    first, state = turns.predict(seen, episode_start=np.array([True, True]))
    second, state = turns.predict(seen, state, np.array([False, False]))
    third, state = turns.predict(seen, state, np.array([False, True]))
    assert [first.tolist(), second.tolist(), third.tolist()] == [[0, 0], [1, 1], [2, 0]]


def test_overload_avoidance_goes_where_most_is_free(world):
    """500, 300, 700 free; of equals the first. The seventh request fits nowhere."""
    assert choices(world(7), "overload_avoidance") == [2, 0, 2, 0, 1, 2, 0]


def test_the_prophet_takes_the_best_with_room_and_then_does_the_least_harm(world):
    """Six fit. The seventh crashes whoever loses the least: provider 1, with its single task."""
    assert choices(world(7), "prophet") == [1, 0, 0, 2, 2, 2, 1]


def test_random_is_uniform_over_all_providers_full_or_not(world):
    scenario = world(1)
    policy = find_policy(scenario, "random")(make_envs(scenario, 1), 0)
    drawn, _ = policy.predict(np.zeros((6000, 8)))
    assert np.bincount(drawn, minlength=3) == pytest.approx([2000] * 3, abs=200)


def test_the_reader_has_back_the_units_of_the_world(world):
    (env,) = make_envs(world(5), 1)
    observation, _ = env.reset(seed=1)
    read = Reader(env)
    assert read.steps(observation[None]).tolist() == [200]
    assert read.available(observation[None]).tolist() == [[500, 300, 700]]
    observation, *_ = env.step(1)
    assert read.available(observation[None]).tolist() == [[500, 100, 700]]
    assert read.fits(observation[None]).tolist() == [[True, False, True]]


# --- with a network ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wireless():
    return resolve("aigc", {"horizon_s": 60})


@pytest.mark.parametrize("name", ["nearest", "least_latency", "overload_avoidance", "prophet"])
def test_who_looks_for_room_loses_nothing_in_an_ordinary_hour(wireless, name):
    rows = rollout(wireless, find_policy(wireless, name), held_out_seeds(0, 3)).rows
    assert all(row["lost"] == row["refused"] == 0 for row in rows)


def test_what_each_looks_for_it_gets_more_of_than_the_others(wireless):
    rows = {
        name: rollout(wireless, find_policy(wireless, name), held_out_seeds(0, 3)).rows
        for name in ("random", "nearest", "least_latency", "prophet")
    }

    def mean(name: str, metric: str) -> float:
        return float(np.mean([row[metric] for row in rows[name]]))

    assert min(rows, key=lambda name: mean(name, "latency_s")) == "least_latency"
    assert max(rows, key=lambda name: mean(name, "return")) == "prophet"


def test_a_provider_that_is_down_is_nobodys_choice_who_looks(wireless):
    (env,) = make_envs(wireless, 1)
    bare: Any = env.unwrapped
    observation, _ = env.reset(seed=3)
    most = int(np.argmax(bare.twin.available))
    for name in ("overload_avoidance", "nearest", "least_latency"):
        policy = find_policy(wireless, name)([env], 0)
        seen = observation[None].copy()
        chosen = int(policy.predict(seen)[0][0])
        bare.observer.column("up", seen)[0, chosen] = 0.0
        assert policy.predict(seen)[0][0] != chosen
    widest = find_policy(wireless, "overload_avoidance")([env], 0)
    assert widest.predict(observation[None])[0] == [most]


def test_where_all_is_lost_the_prophet_takes_a_provider_that_is_down(wireless):
    (env,) = make_envs(wireless, 1)
    env.reset(seed=3)
    twin = env.unwrapped.twin  # type: ignore[attr-defined]
    twin.available[:] = 0
    twin.assigned[:] = 2
    assert Prophet([env], 0).predict(np.zeros((1, 1), dtype=np.float32))[0] == [0]
    twin.providers[7].up = twin.up[7] = False
    assert Prophet([env], 0).predict(np.zeros((1, 1), dtype=np.float32))[0] == [7]


# --- with steps in the action -----------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, spec in POLICIES.items()
        if not (spec.bound or spec.slow or spec.requires == "follows_tasks")
    ],
)
def test_every_policy_decides_steps_too_and_most_those_that_are_asked(name, monkeypatch):
    monkeypatch.setattr(bandit, "DECISIONS", 50)
    scenario = resolve("aigc_steps", {"horizon_s": 20})
    log = rollout(scenario, find_policy(scenario, name), [1], record=True).logs[0]
    asked = {task: steps for _, event, task, _, steps in log.rows if event == "arrive"}
    spent = {task: steps for _, event, task, _, steps in log.rows if event == "choose"}
    assert spent.keys() == asked.keys()
    if name != "prophet":
        assert spent == asked


def test_the_prophet_spends_fewer_steps_where_time_is_short():
    def spends(deadline_s: float) -> float:
        keys = {"horizon_s": 60, "wireless.deadline_s": [deadline_s, deadline_s]}
        scenario = resolve("aigc_steps", {**keys, "arrival_rate_hz": 6.0})
        log = rollout(scenario, find_policy(scenario, "prophet"), [1], record=True).logs[0]
        return float(np.mean([row[4] for row in log.rows if row[1] == "choose"]))

    assert spends(1.0) < spends(60.0)
