"""The rule that learns within the episode, by hand."""

from typing import Any

import gymnasium
import numpy as np
import pytest

from edgesim.agents.aigc.adaptive import (
    BONUS,
    FIRST_GUESS,
    MARGIN_S,
    PRICE_OF_LOAD,
    PRICE_PER_S,
    Adaptive,
)
from edgesim.agents.finding import find_policy
from edgesim.agents.measuring.rollout import rollout
from edgesim.scenarios import resolve

SMALL = {"provider_count": 3, "horizon_s": 100, "arrival_rate_hz": 0.4}


@pytest.fixture
def env() -> Any:
    return gymnasium.make(
        "edgesim/AIGC-v0", scenario="aigc", overrides=SMALL, sees_results=True
    ).unwrapped


def seen(env: Any, **columns: Any) -> Any:
    """An observation of idle providers with room for 1000 steps each, and what is given."""
    observation = env.observer.template.copy()
    usual = {
        "capacity": 1000 / 1500,
        "available": 1.0,
        "up": 1.0,
        "doubt": 1.0,
        "quality": 0.0,
        "expected_latency": 4.0 / (6.0 + 6.0),  # 4 s, where 6 s + 6 s is worth nothing
    }
    for name, value in {**usual, **columns}.items():
        env.observer.column(name, observation)[:] = value
    entry = env.observer.names.index
    observation[entry("request steps")] = 100 / 250
    observation[entry("request deadline")] = 6.0 / 12.0
    return observation[None]


def test_what_a_choice_is_worth(env: Any) -> None:
    rule = Adaptive([env], 0)
    observation = seen(
        env,
        doubt=[1.0, 0.5, 0.1],  # 0, 3 and 99 results
        quality=[0.0, 0.5, 0.4],
        expected_latency=[4 / 12, 8 / 12, 4 / 12],  # 4 s, 8 s, 4 s
        available=[1.0, 1.0, 0.5],
    )
    late = 1 - (8 + MARGIN_S - 6) / 6
    expected = [
        FIRST_GUESS + BONUS - 4 * PRICE_PER_S,
        ((3 * 0.5 + FIRST_GUESS) / 4 + BONUS / 3**0.5) * late - 8 * PRICE_PER_S,
        (99 * 0.4 + FIRST_GUESS) / 100 + BONUS / 99**0.5 - 4 * PRICE_PER_S - 0.5 * PRICE_OF_LOAD,
    ]
    assert rule.worth(observation)[0] == pytest.approx(expected, abs=1e-4)
    assert rule.choose(observation)[0] == int(np.argmax(expected))


def test_only_who_has_room_is_chosen(env: Any) -> None:
    rule = Adaptive([env], 0)
    good = seen(env, doubt=0.1, quality=[0.9, 0.5, 0.1], available=[0.05, 1.0, 1.0])
    assert rule.choose(good)[0] == 1  # 50 steps are left at the best, and 100 are asked for
    down = seen(env, doubt=0.1, quality=[0.9, 0.5, 0.1], up=[1.0, 0.0, 0.0], available=0.01)
    assert rule.choose(down)[0] == 0


def test_it_is_a_policy_by_name_that_sees_results() -> None:
    scenario = resolve("aigc", SMALL)
    build = find_policy(scenario, "adaptive")
    assert build.env_kwargs == {"sees_results": True}
    rows = rollout(scenario, build, [1, 5]).rows
    soonest = rollout(scenario, find_policy(scenario, "least_latency"), [1, 5]).rows
    assert np.mean([row["return"] for row in rows]) > 0.9 * np.mean(
        [row["return"] for row in soonest]
    )
