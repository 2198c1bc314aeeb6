"""Evolution strategies: the search finds the top of a hill, and a policy what episodes pay."""

from functools import partial
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
import pytest
import torch
from gymnasium import spaces
from stable_baselines3.common.vec_env import DummyVecEnv

from edgesim.agents.learning.cma import CMA
from edgesim.agents.learning.evolution import Evolution
from edgesim.agents.networks.linear_set_policy import LinearSetPolicy
from edgesim.envs.choice_box import ChoiceBox
from edgesim.errors import InputError

FEATURES = ("there", "pays", "spends")


def test_the_search_finds_the_top_of_a_narrow_ridge() -> None:
    top = np.array([1.0, -2.0, 0.5])
    bent = np.array([1.0, 30.0, 1000.0])  # condition number 1000
    search, rng = CMA(np.zeros(3), 1.0, 12), np.random.default_rng(0)
    for _ in range(120):
        candidates = search.ask(rng)
        search.tell(candidates, -((candidates - top) ** 2 @ bent))
    assert search.mean == pytest.approx(top, abs=1e-4)
    assert search.spread < 1e-3


class Till(gymnasium.Env[Any, Any]):
    """Each of three things pays at once, and spends twice as much at the end of the episode."""

    def __init__(self, seed: int) -> None:
        names = [f"{feature} {k}" for feature in FEATURES for k in range(3)]
        high = np.ones(len(names), dtype=np.float32)
        self.observation_space = ChoiceBox(-high, high, names, FEATURES, 3)
        self.action_space = spaces.Discrete(3)
        self.seeds: list[int] = []

    def reset(self, *, seed: int | None = None, **_: Any) -> Any:
        super().reset(seed=seed)
        if seed is not None:
            self.seeds.append(seed)
        self._owed, self._left = 0.0, 12
        return self._draw(), {}

    def step(self, action: int) -> Any:
        assert self._page[0, action] == 1.0
        reward = float(self._page[1, action])
        self._owed += 2 * float(self._page[2, action])
        self._left -= 1
        return self._draw(), reward - (self._left == 0) * self._owed, self._left == 0, False, {}

    def _draw(self) -> npt.NDArray[np.float32]:
        self._page = self.np_random.uniform(0, 1, (3, 3)).astype(np.float32)
        self._page[0] = 1.0
        if self.np_random.random() < 0.5:
            self._page[:, 2] = 0.0  # not there
        return self._page.reshape(-1)


def learner(**arguments: Any) -> Evolution:
    envs = DummyVecEnv([partial(Till, seed) for seed in range(4)])
    given = {"population": 8, "episodes": 2, **arguments}
    return Evolution(LinearSetPolicy, envs, seed=0, device="cpu", **given)


def test_what_is_paid_at_the_end_of_an_episode_is_in_the_weights() -> None:
    model = learner().learn(6000)
    pays, spends = model.policy.better.tolist()
    assert pays > 0
    assert spends / pays == pytest.approx(-2.0, abs=0.5)


def test_candidates_play_the_same_training_episodes() -> None:
    model = learner()
    model.learn(600)
    # The first few are what a DummyVecEnv begins with; edgesim's own environments have others.
    assert model.env is not None
    seeds = [seed for env in model.env.get_attr("seeds") for seed in env if seed > 3]
    assert all(seed % 4 == 0 for seed in seeds)  # training episodes, no held-out ones
    played = {seed: seeds.count(seed) for seed in seeds}
    assert sorted(played.values())[-2:] == [8, 8]
    assert model.policy.better.any()


def test_the_search_begins_at_weights_that_are_there() -> None:
    model = learner(spread=1e-6)
    model.policy.better.copy_(torch.tensor([1.0, -2.0]))
    model.learn(600)
    assert model.policy.better.tolist() == pytest.approx([1.0, -2.0], abs=1e-3)


def test_a_generation_that_is_not_played_to_its_end_changes_nothing() -> None:
    model = learner()
    begun = model.policy.better.tolist()
    model.learn(100)
    assert model.num_timesteps == 100
    assert model.policy.better.tolist() == begun


@pytest.mark.parametrize(
    ("key", "value"), [("population", 3), ("episodes", 0), ("spread", 0.0), ("population", 1e10)]
)
def test_numbers_out_of_range_are_refused(key: str, value: float) -> None:
    with pytest.raises(InputError, match=key):
        learner(**{key: value})
