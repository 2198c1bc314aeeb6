"""Least-squares policy iteration: what choices are worth, fitted to what came of them."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from gymnasium import spaces
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.type_aliases import MaybeCallback

from edgesim.agents.networks.linear_set_policy import LinearSetPolicy
from edgesim.errors import InputError

__all__ = ["LeastSquares"]

Floats = npt.NDArray[np.float64]


class _Batch(NamedTuple):
    """What came of some steps of all environments.

    Attributes:
        features: of the choices that were taken, shape (steps, environments, features).
        rewards: shape (steps, environments).
        ends: whether an episode ended after the step, likewise.
        after: features that stand for what would have followed such an end, 0 where nothing would
            have, and elsewhere; shape as ``features``.
        last: features of the choice after the last step, shape (environments, features).
    """

    features: Floats
    rewards: Floats
    ends: npt.NDArray[np.bool_]
    after: Floats
    last: Floats


class LeastSquares(BaseAlgorithm):
    """Learns the linear worth of choices by least squares, with stable-baselines3's interface.

    It begins with random choices, or with those of first weights that lean to something. After each
    batch of steps the worth of what was chosen is fitted to lambda-returns by ridge regression over
    the last batches, and from then on the choice of largest worth is taken, and a random one now
    and then: least-squares policy iteration (M. G. Lagoudakis, R. Parr, Journal of Machine Learning
    Research 4, 2003) with lambda-returns (R. S. Sutton, A. G. Barto, "Reinforcement Learning",
    2018, section 12.1). There is no learning rate.

    Args:
        policy: the class of the policy, a :class:`LinearSetPolicy`.
        env: environments whose observations are sets of choices.
        n_steps: steps of each environment between fits.
        keep: batches that a fit looks at.
        sweeps: fits one after the other in which returns follow the worth of the one before.
        gamma: discount of a step.
        gae_lambda: share of a return that is followed on, in [0, 1].
        epsilon: share of random choices after the first batch.
        ridge: weight of small weights, in steps.
        policy_kwargs: further arguments of the policy.
        seed: of the first weights and of random choices.
        device: where torch computes.
        verbose: as in stable-baselines3.
        _init_setup_model: as in stable-baselines3.

    Raises:
        InputError: a number is out of its range.
    """

    policy: LinearSetPolicy

    def __init__(
        self,
        policy: type[LinearSetPolicy],
        env: Any,
        n_steps: int = 450,
        keep: int = 6,
        sweeps: int = 3,
        gamma: float = 0.9,
        gae_lambda: float = 0.8,
        epsilon: float = 0.1,
        ridge: float = 10.0,
        policy_kwargs: dict[str, Any] | None = None,
        seed: int | None = None,
        device: str = "auto",
        verbose: int = 0,
        _init_setup_model: bool = True,
    ) -> None:
        super().__init__(
            policy,
            env,
            learning_rate=0.0,
            policy_kwargs=policy_kwargs,
            seed=seed,
            device=device,
            verbose=verbose,
            support_multi_env=True,
            supported_action_spaces=(spaces.Discrete,),
        )
        for key, value, low, high in (
            ("n_steps", n_steps, 1, 1e9),
            ("keep", keep, 1, 1e9),
            ("sweeps", sweeps, 1, 1e9),
            ("gamma", gamma, 0, 1),
            ("gae_lambda", gae_lambda, 0, 1),
            ("epsilon", epsilon, 0, 1),
            ("ridge", ridge, 1e-9, 1e9),
        ):
            if not low <= value <= high:
                accepted = f"must be from {low:g} to {high:g}"
                raise InputError(f"agent.hyperparameters.{key}", value, accepted)
        self.n_steps, self.keep, self.sweeps = n_steps, keep, sweeps
        self.gamma, self.gae_lambda, self.epsilon, self.ridge = gamma, gae_lambda, epsilon, ridge
        if _init_setup_model:
            self._setup_model()

    def _setup_model(self) -> None:
        self.set_random_seed(self.seed)
        self._rng = np.random.default_rng(self.seed)
        self._batches: list[_Batch] = []
        made: Any = self.policy_class
        self.policy = made(self.observation_space, self.action_space, **self.policy_kwargs)
        self.policy = self.policy.to(self.device)

    def _excluded_save_params(self) -> list[str]:
        return [*super()._excluded_save_params(), "_batches"]

    def learn(
        self,
        total_timesteps: int,
        callback: MaybeCallback = None,
        log_interval: int = 1,
        tb_log_name: str = "LeastSquares",
        reset_num_timesteps: bool = True,
        progress_bar: bool = False,
    ) -> "LeastSquares":
        """See stable-baselines3; a resumed training fits to new batches alone."""
        total, called = self._setup_learn(
            total_timesteps, callback, reset_num_timesteps, tb_log_name, progress_bar
        )
        called.on_training_start(locals(), globals())
        self._batches = []
        while self.num_timesteps < total:
            batch = self._play(total, called)
            if batch is None:
                break
            self._batches = [*self._batches, batch][-self.keep :]
            self._fit()
        called.on_training_end()
        return self

    def _play(self, total: int, called: Any) -> _Batch | None:
        """Steps of all environments, fewer where learning ends; None where the callback ends it."""
        assert self.env is not None
        at_random = self._fresh and not self.policy.leans
        count, drawn = self.env.num_envs, 1.0 if at_random else self.epsilon
        rows: list[tuple[Any, ...]] = []
        called.on_rollout_start()
        while len(rows) < self.n_steps and self.num_timesteps < total:
            chosen, features = self._choose(self._last_obs, drawn)
            seen, rewards, ends, infos = self.env.step(chosen)
            self.num_timesteps += count
            after = np.zeros_like(features)
            for place in np.flatnonzero(ends).tolist():
                if infos[place].get("TimeLimit.truncated"):
                    final = infos[place]["terminal_observation"][None]
                    after[place] = self._choose(final, 0.0)[1][0]
            rows.append((features, rewards.astype(float), ends, after))
            self._last_obs = seen  # type: ignore[assignment]  # an array, as the space is a box
            called.update_locals(locals())
            if not called.on_step():
                return None
        called.on_rollout_end()
        last = self._choose(self._last_obs, 0.0)[1]
        features, rewards, ends, after = (np.stack(column) for column in zip(*rows, strict=True))
        return _Batch(features, rewards, ends, after, last)

    @property
    def _fresh(self) -> bool:
        """Whether nothing has been fitted yet."""
        return not self.policy.common.any()

    def _choose(self, observations: Any, drawn: float) -> tuple[npt.NDArray[np.int64], Floats]:
        """Choices, a share of them at random, and the features of what was chosen."""
        with torch.inference_mode():
            seen = torch.as_tensor(observations, dtype=torch.float32, device=self.device)
            of_each, common, there = self.policy.features(seen)
            worth = (of_each @ self.policy.better).cpu().numpy()
        present = there.cpu().numpy()
        lot = self._rng.random(worth.shape)
        at_random = self._rng.random((len(worth), 1)) < drawn
        chosen = np.argmax(np.where(present, np.where(at_random, lot, worth), -np.inf), axis=1)
        own = of_each.cpu().numpy()[np.arange(len(chosen)), chosen]
        return chosen, np.concatenate([own, common.cpu().numpy()], axis=1).astype(float)

    def _fit(self) -> None:
        """Fit the worth to what came of all kept batches."""
        policy = self.policy
        weights = torch.cat((policy.better, policy.common)).cpu().numpy().astype(float)
        if self._fresh:
            weights[:] = 0.0
        features = np.concatenate(
            [batch.features.reshape(-1, len(weights)) for batch in self._batches]
        )
        inner = features.T @ features + self.ridge * np.eye(len(weights))
        for _ in range(self.sweeps):
            returns = [self._returns(batch, weights).reshape(-1) for batch in self._batches]
            weights = np.linalg.solve(inner, features.T @ np.concatenate(returns))
        fitted, count = torch.as_tensor(weights, dtype=torch.float32), len(policy.better)
        policy.better.copy_(fitted[:count])
        policy.common.copy_(fitted[count:])
        error = features @ weights - np.concatenate(returns)
        self.logger.record("train/error", float(np.sqrt(np.mean(error**2))))

    def _returns(self, batch: _Batch, weights: Floats) -> Floats:
        """Lambda-returns of a batch under some weights, shape (steps, environments)."""
        worth, after = batch.features @ weights, batch.after @ weights
        returns = np.empty_like(batch.rewards)
        follows = value = batch.last @ weights
        for step in range(len(returns) - 1, -1, -1):
            going = (1.0 - self.gae_lambda) * value + self.gae_lambda * follows
            ahead = np.where(batch.ends[step], after[step], going)
            follows = returns[step] = batch.rewards[step] + self.gamma * ahead
            value = worth[step]
        return returns
