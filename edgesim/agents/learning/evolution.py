"""An evolution strategy over the weights of a linear policy: episodes in, weights out."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from gymnasium import spaces
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.type_aliases import MaybeCallback

from edgesim.agents.learning.batched import BatchedVecEnv
from edgesim.agents.learning.cma import CMA
from edgesim.agents.networks.linear_set_policy import LinearSetPolicy
from edgesim.agents.runs.seeds import training_seeds
from edgesim.errors import InputError

__all__ = ["Evolution"]

Floats = npt.NDArray[np.float64]

_LEAST_UNIT = 0.3
"""Of the widest feature's unit: what is told of one choice alone, or hardly differs, is not blown
up until it decides by itself."""


class Evolution(BaseAlgorithm):
    """Learns by what a linear score of choices is worth over whole episodes (CMA-ES).

    A generation is some candidates, each a weight for every feature of a choice, that play the same
    new training episodes; the better half of them moves the next generation's mean and covariance
    (:class:`edgesim.agents.learning.cma.CMA`). Neither values nor gradients are estimated: what a
    step is paid matters only in the sum over its episode. It begins at no weights at all.

    Args:
        policy: the class of the policy, a :class:`LinearSetPolicy`.
        env: environments whose observations are sets of choices.
        population: candidates of a generation.
        episodes: that every candidate of a generation plays.
        spread: standard deviation of the first weights, where a feature's own is 1.
        policy_kwargs: further arguments of the policy.
        seed: of candidates and of their episodes.
        device: where torch computes.
        verbose: as in stable-baselines3.
        _init_setup_model: as in stable-baselines3.

    Attributes:
        single_environments: that a batched engine, which begins no stated episode, will not do.

    Raises:
        InputError: a number is out of its range, or the environments cannot begin an episode again.
    """

    single_environments = True
    policy: LinearSetPolicy

    def __init__(
        self,
        policy: type[LinearSetPolicy],
        env: Any,
        population: int = 24,
        episodes: int = 2,
        spread: float = 1.0,
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
        for key, value, low in (
            ("population", population, 4),
            ("episodes", episodes, 1),
            ("spread", spread, 1e-9),
        ):
            if not low <= value <= 1e9:
                accepted = f"must be from {low:g} to 1e+09"
                raise InputError(f"agent.hyperparameters.{key}", value, accepted)
        if isinstance(getattr(self.env, "unwrapped", self.env), BatchedVecEnv):
            raise InputError("engine", "batched", "begins no stated episode; accepted here: simpy")
        self.population, self.episodes, self.spread = population, episodes, spread
        if _init_setup_model:
            self._setup_model()

    def _setup_model(self) -> None:
        self.set_random_seed(self.seed)
        self._rng = np.random.default_rng(self.seed)
        made: Any = self.policy_class
        self.policy = made(self.observation_space, self.action_space, **self.policy_kwargs)
        self.policy = self.policy.to(self.device)
        self._first = self.policy.better.clone()
        self._drawn = 0  # training episodes that were asked for

    def learn(
        self,
        total_timesteps: int,
        callback: MaybeCallback = None,
        log_interval: int = 1,
        tb_log_name: str = "Evolution",
        reset_num_timesteps: bool = True,
        progress_bar: bool = False,
    ) -> "Evolution":
        """See stable-baselines3; where there are weights already the search begins at them."""
        total, called = self._setup_learn(
            total_timesteps, callback, reset_num_timesteps, tb_log_name, progress_bar
        )
        called.on_training_start(locals(), globals())
        weights = self.policy.better.cpu().numpy().astype(float)
        started = not torch.equal(self.policy.better, self._first)
        leans = started or not reset_num_timesteps or self.policy.leans
        begun = weights if leans else np.zeros_like(weights)
        # How far choices lie apart in each feature is measured under random weights, and is the
        # unit in which the search goes on.
        self._squares = np.zeros(len(weights))
        random = self._rng.standard_normal((self.population, len(weights)))
        played = self._play(random, total, called, looks=True)
        unit = np.sqrt(self._squares / max(float(self._squares.max()), 1e-12))
        unit = np.maximum(unit, _LEAST_UNIT)
        search = CMA(begun * unit, self.spread, self.population)
        while played is not None and self.num_timesteps < total:
            candidates = search.ask(self._rng)
            played = self._play(candidates / unit, total, called)
            if played is None:
                break
            search.tell(candidates, played)
            self.policy.better.copy_(torch.as_tensor(search.mean / unit, dtype=torch.float32))
            self.logger.record("train/score", float(played.mean()))
            self.logger.record("train/spread", search.spread)
        called.on_training_end()
        return self

    def _play(
        self, candidates: Floats, total: int, called: Any, looks: bool = False
    ) -> Floats | None:
        """Mean return of each candidate over the same new episodes; None where learning is ended,
        by the callback or because ``total`` decisions are made.

        ``looks``: whether to add up squares of the features.

        Environments take one candidate's episode after the other, whoever is free.
        """
        assert self.env is not None
        count = self.env.num_envs
        first = self._drawn
        self._drawn += self.episodes
        seeds = training_seeds(self.seed or 0, self._drawn)[first:]
        waiting = [(place, seed) for seed in seeds for place in range(len(candidates))][::-1]
        scores, left = np.zeros(len(candidates)), len(waiting)
        taken = np.full(count, -1)
        weights = np.zeros((count, candidates.shape[1]))
        if self._last_obs is None:
            self._last_obs = self.env.reset()  # type: ignore[assignment]
        seen: Any = np.array(self._last_obs)
        called.on_rollout_start()

        def next_of(lane: int) -> None:
            taken[lane] = -1
            if waiting:
                taken[lane], seed = waiting.pop()
                weights[lane] = candidates[taken[lane]]
                seen[lane] = self._begun(lane, seed)

        for lane in range(count):
            next_of(lane)
        while left:
            if self.num_timesteps >= total:
                return None
            chosen = self._choose(seen, weights, looks)
            seen, rewards, ends, _ = self.env.step(chosen)
            seen = np.array(seen)
            self.num_timesteps += count
            for lane in np.flatnonzero(taken >= 0).tolist():
                scores[taken[lane]] += rewards[lane]
                if ends[lane]:
                    left -= 1
                    next_of(lane)
            self._last_obs = seen
            called.update_locals(locals())
            if not called.on_step():
                return None
        called.on_rollout_end()
        return scores / self.episodes

    def _begun(self, lane: int, seed: int) -> Any:
        """What is seen at the beginning of a stated episode."""
        assert self.env is not None
        ((observation, _),) = self.env.env_method("reset", seed=seed, indices=[lane])
        return observation

    def _choose(self, observations: Any, weights: Floats, looks: bool) -> npt.NDArray[np.int64]:
        """The choice of the highest score by each environment's own weights."""
        with torch.inference_mode():
            seen = torch.as_tensor(observations, dtype=torch.float32)
            of_each, _, there = self.policy.features(seen.to(self.device))
            given = torch.as_tensor(weights, dtype=torch.float32, device=self.device)
            worth = torch.einsum("ncf,nf->nc", of_each, given).masked_fill(~there, -torch.inf)
            if looks:
                own = (of_each * there.unsqueeze(2)) ** 2
                self._squares += own.sum(dim=(0, 1)).cpu().numpy()
        return np.asarray(worth.argmax(dim=1).cpu().numpy(), np.int64)
