"""What decides in the siblings of FL-v0: how many groups, what is sent."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.agents.policies import Env, Heuristic
from edgesim.agents.runs.seeds import policy_seed

__all__ = ["Alternate", "Always", "Growing", "Random"]

Actions = npt.NDArray[np.int64]


class Random(Heuristic):
    """Any choice."""

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        self._rng = np.random.default_rng(policy_seed(seed, "random"))
        self._count = int(envs[0].action_space.n)  # type: ignore[attr-defined]

    def choose(self, observation: npt.NDArray[Any]) -> Actions:
        """See :class:`edgesim.agents.policies.Heuristic`."""
        return self._rng.integers(self._count, size=len(observation))


class Always(Heuristic):
    """The same choice in every round; ``choice`` below 0 counts from the last."""

    def __init__(self, envs: Sequence[Env], seed: int, *, choice: int = 0) -> None:
        count = int(envs[0].action_space.n)  # type: ignore[attr-defined]
        self._choice = min(choice, count - 1) if choice >= 0 else count + choice

    def choose(self, observation: npt.NDArray[Any]) -> Actions:
        """See :class:`edgesim.agents.policies.Heuristic`."""
        return np.full(len(observation), self._choice)


class Growing(Heuristic):
    """From one group to as many as devices, evenly over the time budget: FedGSP's idea."""

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        self._count = int(envs[0].action_space.n)  # type: ignore[attr-defined]

    def choose(self, observation: npt.NDArray[Any]) -> Actions:
        """See :class:`edgesim.agents.policies.Heuristic`."""
        gone = 1 - observation[:, 0]
        return np.minimum((gone * self._count).astype(np.int64), self._count - 1)


class Alternate(Heuristic):
    """All once in ``every`` rounds, the head in the others: HFedMS's idea."""

    def __init__(self, envs: Sequence[Env], seed: int, *, every: int = 3) -> None:
        self._every = every

    def choose(self, observation: npt.NDArray[Any]) -> Actions:
        """See :class:`edgesim.agents.policies.Heuristic`."""
        rounds = np.round(100 * observation[:, 4]).astype(np.int64)
        return np.where(rounds % self._every == 1 % self._every, 0, 3)
