"""The model: demand of every cell over the day, and the energy that it takes to serve it."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cell_sleeping.schema import CellSleepingScenario
from edgesim.twin.core.log import EventLog
from edgesim.twin.core.streams import Streams
from edgesim.twin.core.workload import Host, Workload
from edgesim.twin.twin import Twin

__all__ = ["ASLEEP_W", "MACRO_LOADED_W", "ON_W", "CellSleeping", "Served"]

# Micro base station, and the transmitter of a macro one: Auer et al., "How much energy is needed
# to run a wireless network?", IEEE Wireless Communications 18(5), 2011, table 2.
ON_W, ASLEEP_W, LOADED_W = 56.0, 39.0, 2.6 * 6.3
MACRO_LOADED_W = 4.7 * 20.0


class Served(NamedTuple):
    """What came of an interval: energy in Wh, and gigabytes that nobody served."""

    energy_wh: float
    lost_gb: float


class CellSleeping(Workload[int, npt.NDArray[np.int8]]):
    """The small cells of one macro cell; a request is the number of the interval that begins."""

    name = "cell_sleeping"
    columns = ("interval", "cell")

    def __init__(self, scenario: CellSleepingScenario) -> None:
        self.scenario = scenario

    @classmethod
    def alone(
        cls, scenario: CellSleepingScenario, seed: np.random.SeedSequence, record: bool = False
    ) -> "CellSleeping":
        """The one workload of a twin of its own, at the beginning of an episode."""
        workload = cls(scenario)
        Twin([workload], seed, record=record)
        return workload

    def start(self, twin: Host, streams: Streams, log: EventLog | None) -> None:
        """See :class:`edgesim.twin.core.workload.Workload`, as for the methods below."""
        self.twin, self.clock, self.log = twin, twin.clock, log
        self.request, self.last, self.outcomes = None, 0, []
        self._dice = streams["demand"]
        self._waits = False
        self._next = 0
        self.demand_mbps = self._drawn(0)

    def _drawn(self, interval: int) -> npt.NDArray[np.float64]:
        """Demand of every cell in an interval: a day's swing, and its own scatter."""
        day = interval / self.scenario.intervals
        mean = self.scenario.capacity_mbps * (0.4 - 0.35 * np.cos(2 * np.pi * day))
        scatter = self._dice.lognormal(-0.08, 0.4, self.scenario.cells)  # of mean 1
        drawn: npt.NDArray[np.float64] = np.minimum(mean * scatter, self.scenario.capacity_mbps)
        return drawn

    def prepare(self) -> bool:
        """Put the next interval on the clock."""
        if not self._waits and self._next < self.scenario.intervals:
            self.clock.at(self._next * self.scenario.interval_s, self._begin)
            self._waits = True
        return self._waits

    def _begin(self, moment: Any) -> None:
        self._waits = False
        self.request = self.last = self._next
        self._next += 1
        self.clock.pause()

    @property
    def idle(self) -> bool:
        """Whether all intervals are decided."""
        return self.request is None and self._next == self.scenario.intervals

    def decide(self, choice: npt.NDArray[np.int8]) -> None:
        """Let the cells that are 1 in ``choice``, shape (cells,), serve; the others sleep."""
        if self.request is None:
            raise RuntimeError("there is no request to decide")
        demand = self.demand_mbps = self._drawn(self.request)
        awake = np.asarray(choice, dtype=bool)
        moved = float(demand[~awake].sum())
        spare = self.scenario.macro_mbps
        power_w = awake.sum() * ON_W + (~awake).sum() * ASLEEP_W
        power_w += LOADED_W * demand[awake].sum() / self.scenario.capacity_mbps
        power_w += MACRO_LOADED_W * min(moved / spare, 1.0)
        lost_gb = max(moved - spare, 0.0) * self.scenario.interval_s / 8e3
        self.outcomes.append(Served(float(power_w) * self.scenario.interval_s / 3600.0, lost_gb))
        if self.log is not None:
            for cell, load in enumerate(demand):
                event = "serve" if awake[cell] else "sleep"
                self.log.add(self.clock.now, event, self.request, cell, float(load))
        self.request = None

    def resample(self) -> None:
        """Nothing of the future is drawn yet."""
