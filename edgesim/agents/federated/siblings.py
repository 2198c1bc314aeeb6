"""What decides in the siblings of FL-v0, by name: how many groups, what is sent."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.agents.policies import Env, Heuristic
from edgesim.agents.runs.seeds import policy_seed
from edgesim.agents.specs import Column, PolicySpec

__all__ = ["COLUMNS", "PARALLEL", "SYNC", "Alternate", "Always", "Growing", "Random"]

Actions = npt.NDArray[np.int64]

_HERE = "edgesim.agents.federated.siblings"


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


PARALLEL: dict[str, PolicySpec] = {
    "random": PolicySpec("any number of groups", f"{_HERE}:Random"),
    "sequential": PolicySpec("one group", f"{_HERE}:Always"),
    "fixed": PolicySpec("the same number of groups", f"{_HERE}:Always", options={"choice": 1}),
    "parallel": PolicySpec("as many groups as devices", f"{_HERE}:Always", options={"choice": -1}),
    "growing": PolicySpec("ever more groups, over the time budget", f"{_HERE}:Growing"),
}
"""Of ``edgesim/FLParallel-v0``."""

SYNC: dict[str, PolicySpec] = {
    "random": PolicySpec("any of the five", f"{_HERE}:Random"),
    "all": PolicySpec("all parameters in 32 bits", f"{_HERE}:Always"),
    "eight_bit": PolicySpec("all in 8 bits", f"{_HERE}:Always", options={"choice": 1}),
    "four_bit": PolicySpec("all in 4 bits", f"{_HERE}:Always", options={"choice": 2}),
    "head": PolicySpec("the last layer alone", f"{_HERE}:Always", options={"choice": 3}),
    "alternate": PolicySpec(
        "all once in three rounds, else the head", f"{_HERE}:Alternate", options={"every": 3}
    ),
}
"""Of ``edgesim/FLSync-v0``."""

COLUMNS = (
    Column("accuracy", ("accuracy",), digits=3),
    Column("rounds", ("rounds",), digits=0),
    Column("edge MB", ("edge_mb",), digits=0),
    Column("WAN MB", ("wan_mb",), digits=0),
)
