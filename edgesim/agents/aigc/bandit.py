"""A learner that is not deep: a contextual bandit over provider and denoising steps.

It keeps, for every provider and every number of steps, the mean of what was paid for sending such
a request there, and sends a request to the provider with room whose mean is highest. While it
learns it adds to each mean a bonus of ``exploration / sqrt(visits)``, and so tries what it knows
little of: LinUCB with disjoint arms and one feature (L. Li, W. Chu, J. Langford, R. E. Schapire, "A
contextual-bandit approach to personalized news article recommendation", WWW 2010). A bonus without
the logarithm of UCB1 suits a world whose payments scatter little: one visit tells most of a
quality.

The feature is 1, so that the bandit sees no load, no distance and no deadline; or, ``punctual``, it
is what lateness is expected to leave of a result, as the observation's latency forecast and the
scenario's own rule tell it. It then learns the quality behind the payments, and sends a request to
the highest product of quality and punctuality. In either case a choice has no consequence but its
payment: what deep reinforcement learning has to earn its price by.

It learns on ``reward="shaped"``: with a network a task pays when it is delivered, long after other
choices; shaped, its expected worth is paid at the choice itself, and only the difference falls on a
later one. Without a network both rewards are the same.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from edgesim.agents.aigc.policies import Actions, Observation, Reader
from edgesim.agents.policies import Env
from edgesim.agents.runs.seeds import training_seeds
from edgesim.envs.making import make_envs
from edgesim.errors import InputError
from edgesim.files import replacing
from edgesim.scenarios.aigc.schema import AIGCScenario

__all__ = ["DECISIONS", "Bandit", "trained", "trained_punctual"]

DECISIONS = 20_000
"""Decisions that the baseline ``bandit`` learns from before it is compared."""

_LITTLE = 1e-9


class Bandit:
    """A table over provider and steps, with stable-baselines3's methods.

    Args:
        env: an AIGC environment, best made with ``reward="shaped"``.
        seed: draws the training episodes, see :mod:`edgesim.agents.runs.seeds`.
        exploration: weight of the bonus while learning, in units of reward.
        punctual: weigh by what lateness is expected to leave; needs a scenario with a network.

    Attributes:
        weight: sum of the squared features of the decisions learned from (without punctuality:
            their number), shape (numbers of steps, providers).
        total: sum of their features times rewards, likewise.
        decisions: decisions made while learning.
    """

    def __init__(
        self, env: Env, seed: int = 0, exploration: float = 0.3, *, punctual: bool = False
    ) -> None:
        bare: Any = env.unwrapped
        scenario: AIGCScenario = bare.scenario
        self._env, self._seed, self._exploration = env, seed, exploration
        self._read = Reader(env)
        self._lowest, highest = scenario.steps_range
        self._increment = scenario.steps_increment
        self._wireless = scenario.wireless if punctual else None
        shape = ((highest - self._lowest) // self._increment + 1, self._read.providers)
        self.weight, self.total = np.zeros(shape), np.zeros(shape)
        self.decisions = 0
        self._episodes = 0

    @property
    def means(self) -> npt.NDArray[np.float64]:
        """Reward a unit of the feature, shape (numbers of steps, providers); 0 where untried."""
        return self.total / np.maximum(self.weight, _LITTLE)

    def learn(self, total_timesteps: int) -> "Bandit":
        """Learn from so many further decisions, on training episodes."""
        env: Any = self._env
        until = self.decisions + total_timesteps
        over, observation = True, None
        while self.decisions < until:
            if over:
                self._episodes += 1
                seed = training_seeds(self._seed, self._episodes)[-1]
                observation, _ = env.reset(seed=seed)
            assert observation is not None
            batch = observation[None]
            row = int(self._rows(batch)[0])
            feature = self._feature(batch)[0]
            weight = np.maximum(self.weight[row], _LITTLE)
            hopeful = self.total[row] / weight + self._exploration / np.sqrt(weight)
            masks = env.unwrapped.action_masks()[None]
            provider = int(self._choose(batch, (hopeful * feature)[None], masks)[0])
            has_room = self._read.fits(batch)[0, provider]
            observation, reward, terminated, truncated, _ = env.step(provider)
            over = terminated or truncated
            self.decisions += 1
            # A crash that nothing could avoid says nothing of the provider it fell on.
            if has_room:
                self.weight[row, provider] += feature[provider] ** 2
                self.total[row, provider] += feature[provider] * float(reward)
        return self

    def predict(
        self,
        observation: Observation,
        state: Any = None,
        episode_start: Any = None,
        deterministic: bool = False,
        action_masks: npt.NDArray[np.bool_] | None = None,
    ) -> tuple[Actions, Any]:
        """See :class:`edgesim.agents.policies.Policy`; a single observation is taken as well."""
        batch = np.atleast_2d(observation)
        masks = None if action_masks is None else np.atleast_2d(action_masks)
        value = self.means[self._rows(batch)] * self._feature(batch)
        actions = self._choose(batch, value, masks)
        return (actions if np.ndim(observation) > 1 else actions[0]), state

    def save(self, path: str | Path) -> None:
        """Write the table to a file, which appears whole or not at all."""
        with replacing(Path(path)) as part, part.open("wb") as file:
            np.savez(file, weight=self.weight, total=self.total, decisions=self.decisions)

    @classmethod
    def load(cls, path: str | Path, env: Env, *, punctual: bool = False) -> "Bandit":
        """The bandit of a file, to decide in an environment.

        Raises:
            InputError: the file is no bandit's, or one of other providers or steps.
        """
        bandit = cls(env, punctual=punctual)
        try:
            with Path(path).open("rb") as file, np.load(file) as stored:
                weight, total = stored["weight"], stored["total"]
                bandit.decisions = int(stored["decisions"])
        except (OSError, ValueError, KeyError, EOFError, BadZipFile, TypeError) as error:
            raise InputError("bandit", str(path), f"cannot be read as one ({error})") from None
        shape = bandit.weight.shape
        if weight.shape != shape or total.shape != shape:
            raise InputError(
                "bandit", weight.shape, f"must have the shape {shape} in this scenario"
            )
        bandit.weight, bandit.total = weight, total
        return bandit

    def _rows(self, batch: Observation) -> npt.NDArray[np.int64]:
        """The table's row of each request; steps beyond the scenario's range count as its ends."""
        row = (self._read.steps(batch) - self._lowest) // self._increment
        return np.clip(row, 0, len(self.weight) - 1)

    def _feature(self, batch: Observation) -> npt.NDArray[np.float64]:
        """What a choice's worth is proportional to, shape (n, providers)."""
        wireless = self._wireless
        if wireless is None:
            return np.ones((len(batch), self._read.providers))
        deadline_s = self._read.entry("deadline", batch)[:, None] * wireless.deadline_s[1]
        patience_s = deadline_s + wireless.lateness_s
        late_s = self._read.column("expected_latency", batch) * patience_s - deadline_s
        left: npt.NDArray[np.float64] = np.clip(1.0 - late_s / wireless.lateness_s, 0.0, 1.0)
        return left

    def _choose(
        self,
        batch: Observation,
        value: npt.NDArray[np.float64],
        masks: npt.NDArray[np.bool_] | None,
    ) -> Actions:
        """The highest value among those with room, else the most available capacity."""
        available = self._read.available(batch)
        has_room = available >= self._read.steps(batch)[:, None]
        if masks is not None:
            has_room &= masks[:, : self._read.providers]
        chosen: Actions = np.argmax(np.where(has_room, value, available - 1e9), axis=1)
        return chosen


def trained(envs: Sequence[Env], seed: int) -> Bandit:
    """The baseline: a bandit that has learned from :data:`DECISIONS` decisions, and is frozen."""
    return _trained(envs, seed, punctual=False)


def trained_punctual(envs: Sequence[Env], seed: int) -> Bandit:
    """Likewise, one that weighs by expected lateness (in scenarios with a network)."""
    return _trained(envs, seed, punctual=True)


def _trained(envs: Sequence[Env], seed: int, *, punctual: bool) -> Bandit:
    bare: Any = envs[0].unwrapped
    (env,) = make_envs(bare.scenario, 1, {"reward": "shaped"})
    try:
        return Bandit(env, seed, punctual=punctual).learn(DECISIONS)
    finally:
        env.close()
