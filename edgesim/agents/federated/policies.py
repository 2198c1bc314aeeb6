"""Heuristics that choose the devices of a round, one by one or all at its beginning."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.agents.policies import Env, Heuristic
from edgesim.agents.runs.seeds import policy_seed
from edgesim.envs.federated.env import FLEnv
from edgesim.methods.federated.selectors.balance import wanted_counts
from edgesim.methods.federated.selectors.gbp_cs import gbp_cs
from edgesim.methods.federated.selectors.greedy import greedy_swap
from edgesim.methods.federated.selectors.milp import milp

__all__ = [
    "MILP",
    "FastHalf",
    "Fastest",
    "GbpCs",
    "GreedySwap",
    "LabelGreedy",
    "Oort",
    "PowerOfChoice",
    "Random",
    "RoundRobin",
]

Actions = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_SAMPLES = 100.0  # of a device, in whose whole numbers its label shares are counted


class _Chosen(Heuristic):
    """Chooses the devices of a round one after the other."""

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        self._envs: list[FLEnv] = [env.unwrapped for env in envs]  # type: ignore[misc]
        self._rng = np.random.default_rng(policy_seed(seed, type(self).__name__))

    def choose(self, observation: npt.NDArray[Any]) -> Actions:
        """See :class:`edgesim.agents.policies.Heuristic`."""
        return np.array([self._next(self._envs[lane]) for lane in range(len(observation))])

    @abstractmethod
    def _next(self, env: FLEnv) -> int:
        """The device that the round has next."""


class _Scores(_Chosen):
    """Gives each device that can be chosen a score; the highest is the next of the round."""

    def _next(self, env: FLEnv) -> int:
        scores = np.where(env.action_masks(), self.scores(env), -np.inf)
        return int(scores.argmax())

    @abstractmethod
    def scores(self, env: FLEnv) -> Floats:
        """A score for each device."""


class Random(_Scores):
    """Any device."""

    def scores(self, env: FLEnv) -> Floats:
        """See :class:`_Scores`."""
        return self._rng.random(env.observer.devices)


class RoundRobin(_Scores):
    """The device that has not trained for the longest time; of equal ones the first."""

    def scores(self, env: FLEnv) -> Floats:
        """See :class:`_Scores`."""
        return env.seen.stale


class Fastest(_Scores):
    """The device whose round alone is the shortest."""

    def scores(self, env: FLEnv) -> Floats:
        """See :class:`_Scores`."""
        return -env.seen.alone_s


class FastHalf(_Scores):
    """Any device of the faster half."""

    def scores(self, env: FLEnv) -> Floats:
        """See :class:`_Scores`."""
        fast = env.seen.alone_s <= np.median(env.seen.alone_s)
        return self._rng.random(len(fast)) + fast


class LabelGreedy(_Scores):
    """The device with which the labels of the round come nearest to everybody's."""

    def scores(self, env: FLEnv) -> Floats:
        """See :class:`_Scores`."""
        shares = env.world.shares
        there = shares.prior[env.seen.chosen].sum(axis=0)
        mixed = (there + shares.prior) / (len(env.seen.chosen) + 1)
        # Rounds would all be alike: of devices that are as good, any.
        noise = 1e-3 * self._rng.random(len(mixed))
        return np.asarray(noise - np.linalg.norm(mixed - shares.everybody, axis=1), float)


class _Sets(_Chosen):
    """Chooses all devices of a round at its beginning, among some that are drawn.

    Label shares do not change: without a draw every round would have the same devices.
    """

    choose_set: Callable[[Floats, Floats, int], list[int]]

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        super().__init__(envs, seed)
        self._plans: dict[int, list[int]] = {}

    def _next(self, env: FLEnv) -> int:
        if not env.seen.chosen or not self._plans.get(id(env)):
            self._plans[id(env)] = self._planned(env)
        plan = self._plans[id(env)]
        return plan.pop() if plan else int(env.action_masks().argmax())

    def _planned(self, env: FLEnv) -> list[int]:
        free = np.flatnonzero(env.action_masks())
        wanted = min(env.scenario.selected - len(env.seen.chosen), len(free))
        drawn = self._rng.permutation(free)[: max(wanted, min(len(free), 4 * wanted))]
        return [int(drawn[place]) for place in self._picked(env, drawn, wanted)]

    def _picked(self, env: FLEnv, drawn: Ints, wanted: int) -> list[int]:
        shares = env.world.shares
        counts = np.round(_SAMPLES * shares.prior[drawn]).T
        y = wanted_counts(np.zeros(len(counts)), shares.everybody, _SAMPLES, wanted)
        return type(self).choose_set(counts, y, wanted)


class GbpCs(_Sets):
    """GBP-CS on label shares, of devices drawn at random, four times as many as are chosen."""

    @staticmethod
    def choose_set(counts: Floats, y: Floats, wanted: int) -> list[int]:
        """See :class:`_Sets`."""
        return gbp_cs(counts, y, wanted).chosen


class GreedySwap(_Sets):
    """Greedy selection with exact exchanges on label shares, of devices drawn as for GBP-CS."""

    @staticmethod
    def choose_set(counts: Floats, y: Floats, wanted: int) -> list[int]:
        """See :class:`_Sets`."""
        return greedy_swap(counts, y, wanted)


class MILP(_Sets):
    """The best labels of all devices that are not slower than the median of those drawn."""

    @staticmethod
    def choose_set(counts: Floats, y: Floats, wanted: int) -> list[int]:
        """See :class:`_Sets`."""
        return milp(counts, y, wanted, limit_s=0.5)

    def _picked(self, env: FLEnv, drawn: Ints, wanted: int) -> list[int]:
        seconds = env.seen.alone_s[drawn]
        fast = np.argsort(seconds, kind="stable")[: max(wanted, len(drawn) // 2)]
        return [int(fast[place]) for place in super()._picked(env, drawn[fast], wanted)]


class PowerOfChoice(_Sets):
    """Of twice as many devices as are chosen, drawn at random, those of the highest loss.

    Cho and others, arXiv 2010.01243. A loss that nobody knows counts as the highest.
    """

    def _planned(self, env: FLEnv) -> list[int]:
        free = np.flatnonzero(env.action_masks())
        wanted = min(env.scenario.selected - len(env.seen.chosen), len(free))
        drawn = self._rng.permutation(free)[: 2 * wanted]
        losses = np.nan_to_num(env.learner.losses[drawn], nan=np.inf)
        return [int(device) for device in drawn[np.argsort(-losses, kind="stable")[:wanted]]]


class Oort(_Scores):
    """Utility of loss, less where a device is slower than is wanted (Lai and others, OSDI 2021).

    ``loss * (T / t)^alpha`` for devices slower than T, the 60th percentile of all; what has not
    trained for long counts for more, by ``sqrt(0.1 log(round) / rounds ago)``; one choice in ten
    goes to a device that has never trained, the fastest.
    """

    _ALPHA, _EXPLORED, _PERCENTILE = 2.0, 0.1, 60

    def scores(self, env: FLEnv) -> Floats:
        """See :class:`_Scores`."""
        losses, seconds = env.learner.losses, env.seen.alone_s
        never = np.isnan(losses)
        if never.any() and (never.all() or self._rng.random() < self._explored(env)):
            return np.where(never, 1e6 - seconds, -1e6)
        wanted = np.percentile(seconds, self._PERCENTILE)
        slow = np.minimum(1.0, wanted / np.maximum(seconds, 1e-9)) ** self._ALPHA
        number = env.twin.ledger.over + 1
        ago = np.maximum(env.seen.stale, 1.0)
        bonus = np.sqrt(0.1 * np.log(number) * ago / number)
        return np.where(never, 0.0, (losses + bonus) * slow)

    def _explored(self, env: FLEnv) -> float:
        """Exploration falls from .9 by 2 % a round, to .1 at least, as in the paper's code."""
        return float(max(self._EXPLORED, 0.9 * 0.98**env.twin.ledger.over))
