"""What decides, by name, and the columns of the table."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cell_sleeping.twin import ASLEEP_W, MACRO_LOADED_W, ON_W
from edgesim.agents.policies import Env, Heuristic
from edgesim.agents.runs.seeds import policy_seed
from edgesim.agents.specs import Column, PolicySpec

__all__ = ["COLUMNS", "POLICIES"]

POLICIES = {
    "random": PolicySpec("each cell sleeps or not", "cell_sleeping.policies:Random"),
    "all_on": PolicySpec("no cell sleeps", "cell_sleeping.policies:AllOn"),
    "light": PolicySpec(
        "cells sleep whose demand costs less in the macro cell", "cell_sleeping.policies:Light"
    ),
}

COLUMNS = (
    Column("energy Wh", ("energy_wh",), digits=0),
    Column("lost GB", ("lost_gb",), digits=2),
)


class Random(Heuristic):
    """Any set of cells."""

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        self._cells = envs[0].unwrapped.scenario.cells  # type: ignore[attr-defined]
        self._dice = np.random.default_rng(policy_seed(seed, "random"))

    def choose(self, observation: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Shape (n, cells)."""
        return self._dice.integers(2, size=(len(observation), self._cells), dtype=np.int8)


class AllOn(Random):
    """All cells serve."""

    def choose(self, observation: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Shape (n, cells)."""
        return np.ones((len(observation), self._cells), dtype=np.int8)


class Light(Random):
    """Cells sleep whose demand costs less energy in the macro cell than they take awake."""

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        super().__init__(envs, seed)
        scenario = envs[0].unwrapped.scenario  # type: ignore[attr-defined]
        saved = (ON_W - ASLEEP_W) / MACRO_LOADED_W  # of the macro cell's room
        self._share = saved * scenario.macro_mbps / scenario.capacity_mbps

    def choose(self, observation: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Shape (n, cells)."""
        chosen: npt.NDArray[Any] = observation[:, : self._cells] > self._share
        return chosen.astype(np.int8)
