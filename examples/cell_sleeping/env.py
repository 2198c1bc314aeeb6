"""The environment: what is seen, what is chosen, what it costs."""

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from cell_sleeping.twin import CellSleeping
from edgesim.envs.twin_env import TwinEnv

__all__ = ["METRICS", "CellSleepingEnv"]

METRICS = {
    "return": "sum of the rewards: the cost in kWh, less than 0",
    "cost_wh": "energy, and what is lost at its price, Wh",
    "energy_wh": "energy, Wh",
    "lost_gb": "traffic that nobody served, GB",
    "decisions": "intervals",
}

Observation = npt.NDArray[np.float32]


class CellSleepingEnv(TwinEnv[CellSleeping, Observation, npt.NDArray[np.int8]]):
    """Which small cells sleep in the interval that begins.

    The observation is the demand of every cell in the last interval, as a share of its capacity,
    and the time of the day as sine and cosine; shape (cells + 2,). The action is 1 for a cell that
    serves and 0 for one that sleeps. The reward is the cost of the interval in kWh, negated.
    """

    problem = "cell_sleeping"
    parts: ClassVar[tuple[str, ...]] = ("energy", "lost")
    picture = "cell_sleeping.picture:draw_twin"

    def __init__(
        self, scenario: Any = "cell_sleeping", overrides: Any = None, **given: Any
    ) -> None:
        super().__init__(scenario, overrides, **given)
        cells = self.scenario.cells
        low = np.array([0.0] * cells + [-1.0] * 2, dtype=np.float32)
        self.observation_space = spaces.Box(low, np.ones(cells + 2, dtype=np.float32))
        self.action_space = spaces.MultiBinary(cells)
        self._sums = np.zeros(2)

    episodic = (*TwinEnv.episodic, "_sums")

    def _begin(self) -> None:
        self._sums = np.zeros(2)

    def _open(self, seed: np.random.SeedSequence) -> CellSleeping:
        return CellSleeping.alone(self.scenario, seed, self._record)

    def _apply(self, twin: CellSleeping, action: Any) -> None:
        twin.decide(action)

    def _settle(self, twin: CellSleeping, *, over: bool) -> tuple[float, dict[str, Any]]:
        served = np.array(twin.outcomes, dtype=float).reshape(-1, 2).sum(axis=0)
        twin.outcomes.clear()
        self._sums = self._sums + served
        energy, lost = -served * (1.0, self.scenario.lost_wh_per_gb) / 1e3
        return float(energy + lost), {"energy": float(energy), "lost": float(lost)}

    def _metrics(self, twin: CellSleeping) -> dict[str, float]:
        energy_wh, lost_gb = map(float, self._sums)
        cost_wh = energy_wh + lost_gb * self.scenario.lost_wh_per_gb
        return {
            "return": -cost_wh / 1e3,
            "cost_wh": cost_wh,
            "energy_wh": energy_wh,
            "lost_gb": lost_gb,
            "decisions": float(self.scenario.intervals),
        }

    def _observe(self, twin: CellSleeping) -> Observation:
        day = 2 * np.pi * twin.last / self.scenario.intervals
        loads = twin.demand_mbps / self.scenario.capacity_mbps
        return np.concatenate([loads, [np.sin(day), np.cos(day)]], dtype=np.float32)
