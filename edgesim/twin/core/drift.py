"""Levels that drift: the quality or the speed of a provider, which nobody is told of."""

from collections.abc import Mapping, Sequence
from math import sqrt

import numpy as np
import numpy.typing as npt

from edgesim.scenarios.parts.faults import Fault
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.streams import Streams

__all__ = ["Drift", "Drifts"]


class Drift:
    """A level that begins at 1 and changes every ``every_s``, by a trend, a random walk, or both.

    At time t, k = floor(t / every_s) steps of length h = every_s have been made, and the level is
    1 + trend_per_s k h + walk_per_s sqrt(h) (z_1 + … + z_k), z standard normal, kept between
    ``low`` and ``high``: a walk that has left them comes back where it crosses them again. What is
    drawn does not depend on when anybody looks, and where nobody does, nothing happens.

    Args:
        clock: the twin's clock.
        fault: trend (1/s), standard deviation after a second, time between steps, range.
        rng: a stream of its own.
    """

    __slots__ = ("_clock", "_done", "_every_s", "_high", "_low", "_rng", "_step", "_trend", "_walk")

    def __init__(self, clock: Clock, fault: Fault, rng: np.random.Generator) -> None:
        self._clock, self._rng = clock, rng
        self._every_s = fault.every_s
        self._trend = fault.trend_per_s * fault.every_s
        self._step = fault.walk_per_s * sqrt(fault.every_s)
        self._low, self._high = fault.factors
        self._done, self._walk = 0, 0.0

    def level(self) -> float:
        """What it is now."""
        due = int(self._clock.now / self._every_s)
        if self._step:
            while self._done < due:  # one after the other: sums are the same whoever looks when
                count = min(due - self._done, 4096)
                for drawn in self._rng.standard_normal(count).tolist():
                    self._walk += drawn
                self._done += count
        level = 1.0 + self._trend * due + self._step * self._walk
        return min(max(level, self._low), self._high)


class Drifts:
    """All drifts of an episode.

    Args:
        clock: the twin's clock.
        faults: of the scenario; those that are no drifts are left out.
        counts: how many there are of ``quality`` and ``speed``.
        streams: the episode's; provider ``n`` of row ``r`` has ``faults/<r>/<n>``.
    """

    def __init__(
        self, clock: Clock, faults: Sequence[Fault], counts: Mapping[str, int], streams: Streams
    ) -> None:
        self._of: dict[str, list[list[Drift]]] = {}
        for row, fault in enumerate(faults):
            if not fault.drifts:
                continue
            what = fault.what.removesuffix("_drift")
            drifts = [
                Drift(clock, fault, streams[f"faults/{row}/{number}"])
                for number in range(counts[what])
            ]
            self._of.setdefault(what, []).append(drifts)

    def level(self, what: str, number: int) -> float:
        """What is left now of the ``quality`` or ``speed`` of one of them."""
        level = 1.0
        for drifts in self._of.get(what, ()):
            level *= drifts[number].level()
        return level

    def levels(self, what: str) -> npt.NDArray[np.float64] | None:
        """Of all of them, shape (things,); None where it does not drift."""
        of = self._of.get(what)
        if of is None:
            return None
        return np.array([self.level(what, number) for number in range(len(of[0]))])
