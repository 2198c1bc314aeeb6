"""Copies of vector environments, by whatever way: each goes on by itself, with the same future."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import pytest

import edgesim  # noqa: F401  # registers the environments

WAYS: dict[str, Callable[[Any], Any]] = {
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
    "pickle": lambda env: pickle.loads(pickle.dumps(env)),
}

WORLDS: dict[str, dict[str, Any]] = {
    "chains": {"id": "edgesim/SFC-v0", "scenario": "sfc_paper"},
    "chains, drawn block by block": {
        "id": "edgesim/SFC-v0",
        "scenario": "sfc_paper",
        "overrides": {"requests": 20_000},
    },
    "chains as the authors show them": {
        "id": "edgesim/SFC-v0",
        "scenario": "sfc_paper",
        "observation": "authors",
    },
    "tasks": {"id": "edgesim/AIGC-v0", "scenario": "aigc_paper"},
}


def played(envs: list[Any], steps: int, seed: int) -> list[list[np.ndarray]]:
    """What each of some environments shows under the same actions."""
    rng = np.random.default_rng(seed)
    seen: list[list[np.ndarray]] = [[] for _ in envs]
    for _ in range(steps):
        actions = rng.integers(envs[0].single_action_space.n, size=envs[0].num_envs)
        for env, shown in zip(envs, seen, strict=True):
            observation, rewards, *_ = env.step(actions)
            shown += [observation.copy(), rewards.copy(), env.action_masks().copy()]
    return seen


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("way", WAYS)
def test_a_copy_has_the_same_future_and_goes_on_by_itself(world: str, way: str) -> None:
    made = gymnasium.make_vec(**WORLDS[world], num_envs=3, engine="batched")
    made.reset(seed=5)
    played([made], 20, seed=0)
    first, second = WAYS[way](made), WAYS[way](made)
    alone = played([first], 150, seed=1)[0]
    assert len({shown.tobytes() for shown in alone}) > 50  # it is not blind
    others = played([made, second], 150, seed=1)
    for shown in others:
        assert all(np.array_equal(one, other) for one, other in zip(alone, shown, strict=True))


@pytest.mark.parametrize("way", WAYS)
def test_copies_of_single_environments_side_by_side(way: str) -> None:
    made = gymnasium.make_vec("edgesim/SFC-v0", num_envs=2, scenario="sfc_paper", engine="simpy")
    made.reset(seed=5)
    other = WAYS[way](made)
    one, two = played([made, other], 30, seed=1)
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
