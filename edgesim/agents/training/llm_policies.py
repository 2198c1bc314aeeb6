"""Policies of a large model's training, each for n environments of one scenario at once.

They read what the environment tells everyone: the options and what each is believed to bring
(``env.unwrapped.outlook``). Where nodes were lost or are back every policy starts again with the
setting of the best believed goodput that its own rule allows.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.agents.policies import Env, Heuristic
from edgesim.agents.runs.seeds import policy_seed
from edgesim.envs.training.llm import LLMTrainingEnv
from edgesim.scenarios.checks import at_least
from edgesim.twin.training.llm.world import Setting

__all__ = [
    "BatchTracks",
    "Copus",
    "FastestParallelism",
    "PolluxBatch",
    "Random",
    "RoundRobin",
    "Soonest",
    "Static",
    "StaticBest",
]

Actions = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class _Heuristic(Heuristic):
    """Decides for each environment by itself."""

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        self._envs: list[LLMTrainingEnv] = [env.unwrapped for env in envs]  # type: ignore[misc]

    def choose(self, observation: npt.NDArray[Any]) -> Actions:
        """See :class:`edgesim.agents.policies.Heuristic`."""
        chosen = [
            self.option(self._envs[lane]) if self._envs[lane].request else 0
            for lane in range(len(observation))
        ]
        return np.array(chosen, dtype=np.int64)

    @abstractmethod
    def option(self, env: LLMTrainingEnv) -> int:
        """The option for an environment, which has a decision."""


def _there(env: LLMTrainingEnv) -> list[int]:
    found: list[int] = np.flatnonzero(env.outlook.there).tolist()
    return found


def _best(env: LLMTrainingEnv, allowed: npt.NDArray[np.bool_], worth: Floats) -> int:
    """Of some options that can be run the one of the most worth; of all where there are none."""
    there = env.outlook.there
    allowed = allowed & there
    return int(np.where(allowed if allowed.any() else there, worth, -np.inf).argmax())


class Random(_Heuristic):
    """Any option that can be run, from the policy's own dice."""

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        super().__init__(envs, seed)
        self._rng = np.random.default_rng(policy_seed(seed, "random"))

    def option(self, env: LLMTrainingEnv) -> int:
        """See the class."""
        return int(self._rng.choice(_there(env)))


class RoundRobin(_Heuristic):
    """The options that can be run one after another."""

    def option(self, env: LLMTrainingEnv) -> int:
        """See the class."""
        there = _there(env)
        assert env.request is not None
        return there[env.request.number % len(there)]


class Static(_Heuristic):
    """The first setting for ever; after a loss of nodes the best by the formulas, for ever."""

    def option(self, env: LLMTrainingEnv) -> int:
        """See the class."""
        outlook = env.outlook
        return 0 if outlook.there[0] else _best(env, outlook.there, outlook.goodput)


class BatchTracks(_Heuristic):
    """The largest batch up to a multiple of the critical one, in the first layout.

    Args:
        envs: the environments.
        seed: not used.
        share: of the critical batch.

    Raises:
        InputError: the share is below 0.
    """

    def __init__(self, envs: Sequence[Env], seed: int, share: float = 1.0) -> None:
        super().__init__(envs, seed)
        at_least("batch_tracks share", share, 0)
        self._share = share

    def option(self, env: LLMTrainingEnv) -> int:
        """See the class."""
        critical, batch = self._share * env.twin.critical_batch, env.outlook.batch
        first = _in_first_layout(env)
        below = first & env.outlook.there & (batch <= critical)
        if below.any():
            return _best(env, below, batch)
        return _best(env, first, -batch)


class FastestParallelism(_Heuristic):
    """The batch that is best at the beginning, in the strategy believed the fastest for it."""

    def option(self, env: LLMTrainingEnv) -> int:
        """See the class."""
        same = env.outlook.batch == env.world.first.batch
        return _best(env, same, env.outlook.speed)


class PolluxBatch(_Heuristic):
    """Pollux: the batch of the best goodput in the first layout, whenever another is better."""

    def option(self, env: LLMTrainingEnv) -> int:
        """See the class."""
        return _best(env, _in_first_layout(env), env.outlook.goodput)


class Copus(_Heuristic):
    """Batch and strategy of the best believed goodput, where it is better by a threshold.

    Args:
        envs: the environments.
        seed: not used.
        threshold: by which share it is to be better than the present one.

    Raises:
        InputError: the threshold is below 0.
    """

    def __init__(self, envs: Sequence[Env], seed: int, threshold: float = 0.1) -> None:
        super().__init__(envs, seed)
        at_least("copus threshold", threshold, 0)
        self._threshold = threshold

    def option(self, env: LLMTrainingEnv) -> int:
        """See the class."""
        goodput, there = env.outlook.goodput, env.outlook.there
        best = _best(env, there, goodput)
        if there[0] and goodput[best] < (1.0 + self._threshold) * goodput[0]:
            return 0
        return best


class Soonest(_Heuristic):
    """The setting with which the training would end the soonest, the change counted.

    As if the noise scale stayed: a change pays for longer than that where it grows.
    """

    def option(self, env: LLMTrainingEnv) -> int:
        """See the class."""
        outlook = env.outlook
        return _best(env, outlook.there, -outlook.left_s)


class StaticBest(_Heuristic):
    """In hindsight: the one setting that is the soonest at the end, its true speed known."""

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        super().__init__(envs, seed)
        self._known: dict[int, Setting] = {}

    def option(self, env: LLMTrainingEnv) -> int:
        """See the class."""
        nodes = env.twin.nodes
        if nodes not in self._known:
            self._known[nodes] = best_static(env, nodes)
        return env.outlook.settings.index(self._known[nodes])


def best_static(env: LLMTrainingEnv, nodes: int) -> Setting:
    """The setting in which a whole training would take the least time, true speeds known."""
    world = env.world
    sequences = world.scenario.job.useful_sequences

    def takes_s(setting: Setting) -> float:
        speed = world.speeds(nodes)[setting] * world.factor(setting.strategy)
        return float(world.drift.seconds(setting.batch, 0.0, 1.0, sequences, speed))

    return min(world.fastest(nodes).values(), key=takes_s)


def _in_first_layout(env: LLMTrainingEnv) -> npt.NDArray[np.bool_]:
    """The options with the tensor and pipeline ways of the first setting, shape (options,)."""
    world = env.world
    ways = world.first.strategy[:2]
    same = [way == ways for way in world.ways] * len(world.scenario.job.batches)
    return np.array([env.twin.setting.strategy[:2] == ways, *same])
