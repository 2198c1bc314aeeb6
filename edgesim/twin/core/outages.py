"""Things that work for a time and are out for a time, over and over, each by its own stream."""

from collections.abc import Callable
from functools import partial
from math import gamma
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.twin.core.clock import Clock, Moment
from edgesim.twin.core.streams import Streams

__all__ = ["Law", "Outages"]

Ends = tuple[Callable[[int], None], Callable[[int], None]]


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


class _Fresh:
    """Things that have not failed yet: when each will, and a moment for the first of them."""

    def __init__(
        self,
        outages: "Outages",
        count: int,
        prefix: str,
        streams: Streams,
        work: Law,
        repair: Law,
        ends: Callable[[int, np.random.Generator], Ends],
    ) -> None:
        self._outages, self._prefix, self._streams = outages, prefix, streams
        self._work, self._repair, self._ends = work, repair, ends
        self._since_s = outages.clock.now
        self._set(np.arange(count), work.draw_s)

    def resample(self) -> None:
        """Draw the times anew of those that have not failed yet."""
        if self._moment is None:
            return
        self._moment.cancel()
        age_s = self._outages.clock.now - self._since_s
        self._set(np.sort(self._order[self._at :]), partial(self._work.rest_s, age_s=age_s))

    def _set(
        self, numbers: npt.NDArray[np.int64], draw_s: Callable[[np.random.Generator], float]
    ) -> None:
        names = (f"{self._prefix}{number}" for number in numbers.tolist())
        due_s = self._outages.clock.now + self._streams.firsts(names, draw_s)
        order = np.argsort(due_s, kind="stable")
        self._order, self._due_s, self._at = numbers[order], due_s[order], 0
        self._wait()

    def _wait(self) -> None:
        self._moment: Moment | None = None
        if self._at < len(self._order):
            due_s = float(self._due_s[self._at])
            self._moment = self._outages.clock.at(due_s, self._wake)

    def _wake(self, moment: Any) -> None:
        number = int(self._order[self._at])
        self._at += 1
        rng = self._streams[f"{self._prefix}{number}"]
        rng.standard_exponential()  # what the time that has just passed was made of
        began, ended = self._ends(number, rng)
        self._outages.fails(_Thing(number, self._work, self._repair, began, ended, rng))
        self._wait()


class Outages:
    """Things on a clock, each with a history of its own that depends on nothing that happens.

    Args:
        clock: the twin's clock.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pending: dict[_Thing, Moment] = {}
        self._fresh: list[_Fresh] = []

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
        self._begin(_Thing(number, work, repair, began, ended, rng), work.draw_s(rng))

    def fails(self, thing: "_Thing") -> None:
        """A thing fails now for the first time."""
        thing.down, thing.since_s = True, self._clock.now
        thing.began(thing.number)
        self._wait(thing, thing.repair.draw_s(thing.rng))

    def _begin(self, thing: "_Thing", delay_s: float) -> None:
        thing.since_s = self._clock.now
        self._wait(thing, delay_s)

    def add_all(
        self,
        count: int,
        prefix: str,
        streams: Streams,
        work: Law,
        repair: Law,
        ends: Callable[[int, np.random.Generator], Ends],
    ) -> None:
        """Have many things fail and be repaired, number ``n`` by the stream ``<prefix>n``.

        Most of many things never fail in an episode. Until one does, no more than the time is kept
        at which it will, and its stream is not taken.

        Args:
            count: how many, numbered from 0.
            prefix: of the names of their streams.
            streams: the episode's.
            work: how long each works.
            repair: how long each is out.
            ends: of a thing's number and stream makes what is called with its number when it
                fails, and when it is repaired.
        """
        if count:
            self._fresh.append(_Fresh(self, count, prefix, streams, work, repair, ends))

    def resample(self) -> None:
        """Draw anew when each thing next fails or is repaired, given how long it has lasted.

        The streams have been put to those of another seed.
        """
        now = self._clock.now
        for fresh in self._fresh:
            fresh.resample()
        for thing, moment in list(self._pending.items()):
            moment.cancel()
            law = thing.repair if thing.down else thing.work
            self._wait(thing, law.rest_s(thing.rng, now - thing.since_s))

    @property
    def clock(self) -> Clock:
        """The twin's clock."""
        return self._clock

    def _wait(self, thing: _Thing, delay_s: float) -> None:
        self._pending[thing] = self._clock.after(delay_s, self._turn, thing)

    def _turn(self, moment: Any) -> None:
        thing: _Thing = moment.value
        thing.down = not thing.down
        thing.since_s = self._clock.now
        (thing.began if thing.down else thing.ended)(thing.number)
        self._wait(thing, (thing.repair if thing.down else thing.work).draw_s(thing.rng))
