"""Load that changes at stated times: requests that come beside the usual ones, or stay away.

The usual requests stay what they are, so that episodes of one seed can be compared with and without
a change: what comes beside them is drawn from streams of its own, and where fewer come, each of the
usual ones stays away by a number of its own.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import inf
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from edgesim.scenarios.parts.events import Event

__all__ = ["STEADY", "Crowd", "Load", "Merged", "loads"]


class _Request(Protocol):
    arrival_s: float
    number: int


R = TypeVar("R", bound=_Request)
S_co = TypeVar("S_co", bound=_Request, covariant=True)


class _Part(Protocol[S_co]):
    """A stream of requests; an iteration goes on where the last one stopped."""

    def __iter__(self) -> Iterator[S_co]: ...

    def resample(self, now_s: float, arrived: int) -> None: ...


class Crowd(NamedTuple):
    """Requests beside the usual ones: Poisson, over a time.

    Attributes:
        name: of the streams that they are drawn from.
        from_s, to_s: when, s; the end may be infinite.
        rate_hz: how many a second, 1/s.
        slice: name of their slice; None: any, as the usual ones.
        node: where they come from, by its name or number; None: anywhere, as the usual ones.
        place: the event that they are of, as messages name it.
    """

    name: str
    from_s: float
    to_s: float
    rate_hz: float
    slice: str | None
    node: Any
    place: str

    def times(self, rng: np.random.Generator, now_s: float) -> npt.NDArray[np.float64]:
        """Arrivals from now on, s, ascending: n ~ Poisson(rate · length), uniform."""
        begin_s = max(self.from_s, now_s)
        length_s = max(self.to_s - begin_s, 0.0)
        count = int(rng.poisson(self.rate_hz * length_s))
        times: npt.NDArray[np.float64] = np.sort(rng.random(count)) * length_s + begin_s
        return times


class Load(NamedTuple):
    """How the load of a scenario changes.

    Attributes:
        crowds: requests beside the usual ones.
        kept: where fewer of the usual ones come: from, to (s), slice or None, and the share of
            them that still comes.
    """

    crowds: tuple[Crowd, ...]
    kept: tuple[tuple[float, float, str | None, float], ...]

    def __bool__(self) -> bool:
        """Whether it changes at all."""
        return bool(self.crowds or self.kept)


STEADY = Load((), ())
"""Nothing changes."""


def loads(
    events: Sequence[Event], rates_hz: dict[str | None, float], horizon_s: float = inf
) -> Load:
    """What the events of a scenario do to its load.

    Factors multiply: what several ``load`` events say holds together. A ``flash_crowd`` comes on
    top of that, ``factor - 1`` times the usual load. A group comes with its own rate.

    Args:
        events: of the scenario; those on other things are left out.
        rates_hz: the usual rate of each slice by its name, or of all requests under None, 1/s.
        horizon_s: when an episode ends.
    """
    crowds: list[Crowd] = []
    kept: list[tuple[float, float, str | None, float]] = []
    factors = [event for event in events if event.event == "load"]
    edges = {0.0, horizon_s}
    for event in factors:
        edges |= {event.at_s, horizon_s if event.until_s is None else event.until_s}
    spans = sorted(edges)
    for name, rate_hz in rates_hz.items():
        for from_s, to_s in pairwise(spans):
            factor, place = 1.0, ""
            for event in factors:
                ends_s = horizon_s if event.until_s is None else event.until_s
                if event.at_s <= from_s < ends_s and event.slice in (None, name):
                    factor *= 1.0 if event.factor is None else event.factor
                    place = event.place
            if factor > 1.0:
                stream = f"events/load/{name or 'all'}/{from_s:g}"
                more_hz = rate_hz * (factor - 1.0)
                crowds.append(Crowd(stream, from_s, to_s, more_hz, name, None, place))
            elif factor < 1.0:
                kept.append((from_s, to_s, name, factor))
    for row, event in enumerate(events):
        if event.event == "flash_crowd":
            assert event.factor is not None and event.until_s is not None
            usual_hz = sum(rates_hz.values()) if event.slice is None else rates_hz[event.slice]
            from_s, to_s, more_hz = event.at_s, event.until_s, usual_hz * (event.factor - 1.0)
        elif event.event == "joins" and event.group is not None:
            assert event.rate_hz is not None
            from_s, to_s, more_hz = event.at_s, _left_s(event, events, horizon_s), event.rate_hz
        else:
            continue
        if more_hz > 0:
            stream = f"events/{event.event}/{row}"
            crowds.append(
                Crowd(stream, from_s, to_s, more_hz, event.slice, event.node, event.place)
            )
    return Load(tuple(crowds), tuple(kept))


def _left_s(joined: Event, events: Sequence[Event], horizon_s: float) -> float:
    """When a group that has joined is gone."""
    if joined.until_s is not None:
        return joined.until_s
    return min(
        (
            event.at_s
            for event in events
            if event.event == "leaves" and event.group == joined.group and event.at_s > joined.at_s
        ),
        default=horizon_s,
    )


class Merged(Generic[R]):
    """The usual requests and those beside them, in the order of their arrival, numbered anew.

    An iteration goes on where the last one stopped; it can be pickled on its way. Where all would
    stay away, the first of the usual ones comes: an episode has something to decide.

    Args:
        usual: the usual requests.
        beside: the others.
        kept: as of :class:`Load`, with the number of the slice instead of its name.
        rng: draws which of the usual ones stay away.
        stops: whether the episode ends with the last of the usual ones.
    """

    def __init__(
        self,
        usual: _Part[R],
        beside: Iterable[_Part[R]],
        kept: Sequence[tuple[float, float, int | None, float]],
        rng: np.random.Generator,
        *,
        stops: bool = False,
    ) -> None:
        self.usual = usual
        self._parts: list[_Part[R]] = [usual, *beside]
        self._kept, self._rng, self._stops = kept, rng, stops
        self._heads: list[R | None] = [None] * len(self._parts)
        self._ended = [False] * len(self._parts)
        # Of each request handed out: its part, and how many of that part it is, with those that
        # stayed away.
        self._order: list[tuple[int, int]] = []
        self._read = [0] * len(self._parts)
        self._begin_s = 0.0  # what stayed away before is not handed out after a new draw
        # The first of the usual ones that stays away, and how many of them it is
        self._away: tuple[R, int] | None = None

    def __iter__(self) -> Iterator[R]:
        """The requests that have not been handed out yet."""
        streams = [iter(part) for part in self._parts]
        while (request := self._next(streams)) is not None:
            yield request

    def following(self) -> R | None:
        """The next request, of parts that are iterators themselves; None: there is none."""
        return self._next([iter(part) for part in self._parts])

    def resample(self, now_s: float, arrived: int) -> None:
        """Draw the requests anew that have not arrived, see the parts.

        Iterators from before are not to be used again.

        Args:
            now_s: time now, s.
            arrived: how many have arrived.
        """
        del self._order[arrived:]
        read = [0] * len(self._parts)
        for part, count in self._order:
            read[part] = count
        for part, count in enumerate(read):
            self._parts[part].resample(now_s, count)
        self._read, self._begin_s, self._away = read, now_s, None
        self._heads = [None] * len(self._parts)
        self._ended = [False] * len(self._parts)

    def _next(self, streams: Sequence[Iterator[R]]) -> R | None:
        heads = self._heads
        for part, stream in enumerate(streams):
            if heads[part] is None and not self._ended[part]:
                self._fill(part, stream)
        there = [part for part, head in enumerate(heads) if head is not None]
        if not there or (self._stops and heads[0] is None):
            if self._order or self._away is None:
                return None
            only, count = self._away
            only.number = 0
            self._order.append((0, count))
            return only
        first = min(there, key=lambda part: (_arrival_s(heads[part]), part))
        request = heads[first]
        assert request is not None
        heads[first] = None
        request.number = len(self._order)
        self._order.append((first, self._read[first]))
        return request

    def _fill(self, part: int, stream: Iterator[R]) -> None:
        """Look at the next request of a part that does not stay away."""
        for request in stream:
            self._read[part] += 1
            if request.arrival_s < self._begin_s:
                continue
            if part == 0 and self._kept and not self._comes(request):
                self._away = self._away or (request, self._read[0])
                continue
            self._heads[part] = request
            return
        self._ended[part] = True

    def _comes(self, request: R) -> bool:
        place = float(self._rng.random())  # one for each, whatever holds at its time
        share = 1.0
        for from_s, to_s, kind, kept in self._kept:
            if from_s <= request.arrival_s < to_s and kind in (None, getattr(request, "kind", 0)):
                share *= kept
        return place < share


def _arrival_s(request: Any) -> float:
    return float(request.arrival_s)
