"""Least-squares policy iteration: it finds what choices are worth, and what follows them."""

from functools import partial
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
import pytest
from gymnasium import spaces
from stable_baselines3.common.vec_env import DummyVecEnv

from edgesim.agents.learning.least_squares import LeastSquares
from edgesim.agents.networks.linear_set_policy import LinearSetPolicy
from edgesim.envs.choice_box import ChoiceBox
from edgesim.errors import InputError

FEATURES = ("there", "pays", "spends")


class Shop(gymnasium.Env[Any, Any]):
    """Each of three things pays at once; what it spends of the till is missing from then on.

    The reward of a step is what the thing pays, less what has been spent in the step before.
    """

    def __init__(self, seed: int) -> None:
        names = [f"{feature} {k}" for feature in FEATURES for k in range(3)]
        names += ["request spent"]
        high = np.ones(len(names), dtype=np.float32)
        self.observation_space = ChoiceBox(-high, high, names, FEATURES, 3)
        self.action_space = spaces.Discrete(3)
        self._rng = np.random.default_rng(seed)

    def reset(self, **_: Any) -> tuple[npt.NDArray[np.float32], dict[str, Any]]:
        self._spent, self._left = 0.0, 20
        return self._draw(), {}

    def step(self, action: int) -> Any:
        reward = float(self._page[1, action]) - self._spent
        self._spent = float(self._page[2, action])
        self._left -= 1
        return self._draw(), reward, self._left == 0, False, {}

    def _draw(self) -> npt.NDArray[np.float32]:
        self._page = self._rng.uniform(0, 1, (3, 3)).astype(np.float32)
        self._page[0] = 1.0
        if self._rng.random() < 0.5:
            self._page[:, 2] = 0.0  # not there
        return np.append(self._page.reshape(-1), np.float32(self._spent))


def learner(**arguments: Any) -> LeastSquares:
    envs = DummyVecEnv([partial(Shop, seed) for seed in range(4)])
    return LeastSquares(LinearSetPolicy, envs, seed=0, **{"n_steps": 100, **arguments})


def test_what_a_choice_costs_in_the_next_step_is_in_its_worth() -> None:
    model = learner(gamma=0.9, epsilon=0.5, ridge=0.1)
    model.learn(4000)
    pays, spends = model.policy.better.tolist()
    assert pays == pytest.approx(1.0, abs=0.1)
    assert spends == pytest.approx(-0.9, abs=0.15)
    blind = learner(gamma=0.0, ridge=0.1)
    blind.learn(4000)
    pays, spends = blind.policy.better.tolist()
    assert pays == pytest.approx(1.0, abs=0.05) and abs(spends) < 0.05


def test_a_choice_that_is_not_there_is_never_taken() -> None:
    model = learner()
    model.learn(400)
    env = Shop(9)
    seen, _ = env.reset()
    for _ in range(19):
        action, _ = model.predict(seen, deterministic=True)
        assert seen[int(action)] == 1.0
        seen, *_ = env.step(int(action))


def test_equal_seeds_learn_the_same_and_a_saved_model_decides_the_same(tmp_path: Any) -> None:
    one, other = learner(), learner()
    one.learn(1000)
    other.learn(1000)
    assert one.policy.better.tolist() == other.policy.better.tolist()
    one.save(tmp_path / "model.zip")
    loaded = LeastSquares.load(tmp_path / "model.zip")
    assert loaded.policy.better.tolist() == one.policy.better.tolist()
    pages = np.stack([Shop(seed).reset()[0] for seed in range(50)])
    np.testing.assert_array_equal(loaded.predict(pages)[0], one.predict(pages)[0])


def test_lambda_returns_are_those_worked_by_hand() -> None:
    model = learner(gamma=0.5, gae_lambda=0.0)
    model.learn(8)
    (batch,) = model._batches
    weights = np.zeros(batch.features.shape[-1])
    np.testing.assert_allclose(model._returns(batch, weights), batch.rewards)
    model.gae_lambda = 1.0
    whole = batch.rewards.copy()
    for step in range(len(whole) - 2, -1, -1):
        whole[step] += 0.5 * whole[step + 1] * ~batch.ends[step]
    np.testing.assert_allclose(model._returns(batch, weights), whole)


@pytest.mark.parametrize("wrong", [{"gamma": 1.1}, {"epsilon": -0.1}, {"keep": 0}, {"ridge": 0.0}])
def test_numbers_out_of_range_are_refused_by_name(wrong: dict[str, float]) -> None:
    (key,) = wrong
    with pytest.raises(InputError, match=f"agent.hyperparameters.{key}"):
        learner(**wrong)


def test_weights_that_lean_decide_before_anything_is_learned() -> None:
    env = DummyVecEnv([partial(Shop, 0)])
    kwargs = {"lean": [["pays", 1.0], ["spends", -2.0]]}
    model = LeastSquares(LinearSetPolicy, env, seed=0, policy_kwargs=kwargs)
    assert model.policy.leans
    assert model.policy.better.tolist() == [1.0, -2.0]
    with pytest.raises(InputError, match="pays"):
        LeastSquares(LinearSetPolicy, env, policy_kwargs={"lean": [["pay", 1.0]]})
