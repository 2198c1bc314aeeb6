"""Several worlds as one environment, filled up to one size."""

from typing import Any

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from edgesim.envs.making import make_envs
from edgesim.envs.worlds import WorldsEnv
from edgesim.errors import InputError
from edgesim.scenarios import resolve

SHORT = {"horizon_s": 10, "arrival_rate_hz": 0.5}


def worlds(choices: int = 5) -> tuple[WorldsEnv, list[Any]]:
    envs = [
        make_envs(resolve("aigc", {**SHORT, "provider_count": count}), 1, {"observation": "set"})[0]
        for count in (2, 4)
    ]
    return WorldsEnv(envs, choices), envs


def test_gymnasiums_checker_has_nothing_to_say() -> None:
    check_env(worlds()[0], skip_render_check=True)


def test_worlds_are_drawn_and_filled_up() -> None:
    env, envs = worlds()
    features = len(env.observation_space.features)  # type: ignore[attr-defined]
    met = set()
    for seed in range(8):
        observation, _ = env.reset(seed=seed)
        place = env._place
        met.add(place)
        there = (2, 4)[place]
        page = observation[: 5 * features].reshape(features, 5)
        assert page[0].tolist() == [1.0] * there + [0.0] * (5 - there)
        assert not page[:, there:].any()
        shown = envs[place].unwrapped.observed()
        assert np.array_equal(page[:, :there].ravel(), shown[: there * features])
        assert np.array_equal(observation[5 * features :], shown[there * features :])
        assert not env.action_masks()[there:].any()
        assert np.array_equal(env.action_masks()[:there], envs[place].unwrapped.action_masks())
    assert met == {0, 1}


def test_equal_seeds_give_equal_episodes() -> None:
    paid = []
    for _ in range(2):
        env, _ = worlds()
        env.reset(seed=3)
        total, over = 0.0, False
        while not over:
            _, reward, over, _, _ = env.step(1)
            total += reward
        paid.append(total)
    assert paid[0] == paid[1]


def test_too_few_choices_and_observations_of_another_kind_are_refused() -> None:
    with pytest.raises(InputError, match="choices = 3: must be at least 4"):
        worlds(choices=3)
    plain = make_envs(resolve("aigc", SHORT), 1)
    with pytest.raises(InputError, match="must be a set of choices"):
        WorldsEnv(plain, 30)
