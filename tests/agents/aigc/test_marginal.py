"""The rule that weighs what a task adds against what it takes, by hand."""

from typing import Any

import gymnasium
import numpy as np
import pytest

from edgesim.agents.aigc.marginal import BONUS, PRICE, MarginalCost
from edgesim.agents.finding import find_policy
from edgesim.agents.measuring.rollout import rollout
from edgesim.scenarios import resolve

SMALL = {"provider_count": 3, "horizon_s": 60, "arrival_rate_hz": 0.2}


@pytest.fixture
def env() -> Any:
    return gymnasium.make(
        "edgesim/AIGC-v0", scenario="aigc", overrides=SMALL, observation="set"
    ).unwrapped


def seen(env: Any, **columns: Any) -> Any:
    """An observation of idle providers with room for 1000 steps each, and what is given."""
    space = env.observation_space
    observation = np.zeros(len(space.names))
    page = observation[: len(space.features) * 3].reshape(-1, 3)
    usual = {"there": 1.0, "capacity": 1000 / 1500, "available": 1.0, "later": 1.0, "doubt": 1.0}
    for name, value in {**usual, **columns}.items():
        page[space.features.index(name)] = value
    observation[space.names.index("request steps")] = 100 / 250
    return observation[None]


def test_what_a_task_adds(env: Any) -> None:
    rule = MarginalCost([env], 0)
    shown = seen(
        env,
        worth=[0.5, 0.6, 0.4],
        doubt=[0.1, 1.0, 0.5],
        later=[1.0, 0.5, 1.0],
        others_lose=[0.0, 0.3, 0.05],
        expected_latency=[0.4, 0.2, 0.3],
    )
    expected = [
        0.5 + BONUS * 0.1 - PRICE * 0.4,
        0.6 + BONUS * 0.5 - 0.3 - PRICE * 0.2,
        0.4 + BONUS * 0.5 - 0.05 - PRICE * 0.3,
    ]
    assert rule.worth(shown)[0] == pytest.approx(expected)
    assert rule.choose(shown).tolist() == [0]


def test_who_has_no_room_is_taken_only_where_nobody_has(env: Any) -> None:
    rule = MarginalCost([env], 0)
    some = seen(env, worth=[0.9, 0.1, 0.2], available=[0.05, 1.0, 1.0], there=[0.0, 1.0, 1.0])
    assert rule.choose(some).tolist() == [2]
    none = seen(env, worth=[0.9, 0.1, 0.2], available=[0.05, 0.09, 0.02])
    assert rule.choose(none).tolist() == [1]  # 90 steps of room are the most there is


def test_it_decides_by_name() -> None:
    scenario = resolve("aigc", SMALL)
    (row,) = rollout(scenario, find_policy(scenario, "marginal_cost"), [1]).rows
    assert row["decisions"] == row["finished"] and row["crashes"] == 0
