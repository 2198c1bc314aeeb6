"""Things that work for a time and are out for a time, over and over, each by its own stream."""

from collections.abc import Callable
from math import gamma
from typing import Any, NamedTuple

import numpy as np

from edgesim.twin.core.clock import Clock, Moment

__all__ = ["Law", "Outages"]


class Law(NamedTuple):
    """A Weibull distribution of times, by its mean.

    Attributes:
        mean_s: the mean, s.
        shape: 1 is exponential; above 1 the longer it has lasted the sooner it ends.
    """

    mean_s: float
    shape: float = 1.0

    @property
    def scale_s(self) -> float:
        """Its scale, s: the mean is scale times Gamma(1 + 1 / shape)."""
        return float(self.mean_s / gamma(1.0 + 1.0 / self.shape))

    def draw_s(self, rng: np.random.Generator) -> float:
        """A time, s."""
        if self.shape == 1.0:
            return float(rng.exponential(self.mean_s))
        return float(self.scale_s * rng.weibull(self.shape))

    def rest_s(self, rng: np.random.Generator, age_s: float) -> float:
        """What is left of a time that has lasted ``age_s`` already, s.

        P(T > t | T > a) = exp((a / scale)^k - (t / scale)^k), turned around; exponential times have
        no memory.
        """
        if self.shape == 1.0:
            return float(rng.exponential(self.mean_s))
        scale_s, k = self.scale_s, self.shape
        ends_s = float(scale_s * ((age_s / scale_s) ** k + rng.exponential()) ** (1.0 / k))
        return max(ends_s - age_s, 0.0)


class _Thing:
    __slots__ = ("began", "down", "ended", "number", "repair", "rng", "since_s", "work")

    def __init__(
        self,
        number: int,
        work: Law,
        repair: Law,
        began: Callable[[int], None],
        ended: Callable[[int], None],
        rng: np.random.Generator,
    ) -> None:
        self.number = number
        self.work, self.repair = work, repair
        self.began, self.ended = began, ended
        self.rng = rng
        self.down = False
        self.since_s = 0.0


class Outages:
    """Things on a clock, each with a history of its own that depends on nothing that happens.

    Args:
        clock: the twin's clock.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pending: dict[_Thing, Moment] = {}

    def add(
        self,
        number: int,
        work: Law,
        repair: Law,
        began: Callable[[int], None],
        ended: Callable[[int], None],
        rng: np.random.Generator,
    ) -> None:
        """Have one more thing fail and be repaired.

        Args:
            number: its number.
            work: how long it works.
            repair: how long it is out.
            began: called with its number when it fails.
            ended: likewise when it is repaired.
            rng: its stream.
        """
        thing = _Thing(number, work, repair, began, ended, rng)
        thing.since_s = self._clock.now
        self._wait(thing, work.draw_s(rng))

    def resample(self) -> None:
        """Draw anew when each thing next fails or is repaired, given how long it has lasted."""
        now = self._clock.now
        for thing, moment in list(self._pending.items()):
            moment.cancel()
            law = thing.repair if thing.down else thing.work
            self._wait(thing, law.rest_s(thing.rng, now - thing.since_s))

    def _wait(self, thing: _Thing, delay_s: float) -> None:
        self._pending[thing] = self._clock.after(delay_s, self._turn, thing)

    def _turn(self, moment: Any) -> None:
        thing: _Thing = moment.value
        thing.down = not thing.down
        thing.since_s = self._clock.now
        (thing.began if thing.down else thing.ended)(thing.number)
        self._wait(thing, (thing.repair if thing.down else thing.work).draw_s(thing.rng))
