"""Policies and the bound of a ring that serves."""

from typing import Any

import gymnasium
import numpy as np
import pytest

import edgesim  # noqa: F401  # registers the environments
from edgesim.agents.ring.bound import episode_bound
from edgesim.agents.ring.registry import POLICIES
from edgesim.importing import load

SHORT = {"horizon_s": 300.0}


@pytest.fixture(scope="module")
def env() -> gymnasium.Env[Any, Any]:
    return gymnasium.make("edgesim/LLMRing-v0", scenario="llm_ring_small", overrides=SHORT)


@pytest.mark.parametrize("name", [name for name, spec in POLICIES.items() if not spec.bound])
def test_no_policy_passes_the_bound(env: gymnasium.Env[Any, Any], name: str) -> None:
    policy = load(POLICIES[name].build)([env], 0)
    for seed in range(3):
        observation, _ = env.reset(seed=seed)
        most, total, over, mask = episode_bound(env), 0.0, False, None
        while not over:
            (action,), _ = policy.predict(observation[None])
            mask = env.unwrapped.action_masks()  # type: ignore[attr-defined]
            # what is out of memory whatever happens is not meant, but legal
            assert mask[action] or name in ("exo", "dllama")
            observation, reward, over, _, info = env.step(action)
            total += float(reward)
        assert total <= most + 1e-9
        assert info["metrics"]["return"] == pytest.approx(total)


def test_rewards_are_the_sum_of_their_parts(env: gymnasium.Env[Any, Any]) -> None:
    env.reset(seed=1)
    dice, over = np.random.default_rng(0), False
    while not over:
        mask = env.unwrapped.action_masks()  # type: ignore[attr-defined]
        _, reward, over, _, info = env.step(int(dice.choice(np.flatnonzero(mask))))
        parts = ("in_time", "late", "refused", "replans", "shaping")
        assert reward == pytest.approx(sum(info[part] for part in parts))


def test_planning_anew_pays_where_memories_change(env: gymnasium.Env[Any, Any]) -> None:
    """On the same episodes the threshold earns more than Halda's plan, made once."""
    earned = {}
    for name in ("threshold", "static_halda"):
        policy = load(POLICIES[name].build)([env], 0)
        returns = []
        for seed in range(6):
            observation, _ = env.reset(seed=seed)
            over = False
            while not over:
                (action,), _ = policy.predict(observation[None])
                observation, _, over, _, info = env.step(action)
            returns.append(info["metrics"]["return"])
        earned[name] = np.mean(returns)
    assert earned["threshold"] > earned["static_halda"]
