"""The ring as SimPy processes: the full form of the simulation, which writes down what happens.

The rules are those of :mod:`edgesim.twin.ring.tokens`, chunk by chunk, on any SimPy clock; a hop
may be a message over the twin's network.
"""

from collections import deque
from collections.abc import Callable, Generator, Sequence
from typing import Any, NamedTuple

from simpy import Environment, Event

from edgesim.twin.compute.page_cache import PageCache
from edgesim.twin.ring.tokens import ALL, Station

__all__ = ["Disk", "LiveRing", "Span"]

Hop = Callable[[int, float], Generator[Event, Any, Any]]
"""A hop from a device with so many bytes, as a process."""

OUTPUT = (-1, -1)
"""The head's output block among its chunks."""

_Chunk = tuple[int, int]


class Span(NamedTuple):
    """What a device did in a time.

    Attributes:
        device: number of the station.
        what: "compute", "stall", "read ahead" or "hop".
        start_s: from when.
        end_s: to when.
    """

    device: int
    what: str
    start_s: float
    end_s: float


class Disk:
    """A disk that loads chunk after chunk: what is demanded first, then what was queued.

    Args:
        clock: the SimPy environment.
        bytes_per_s: its read rate.
        cache: where its chunks go.
        tell: is called with what is read ahead, from when to when.
    """

    def __init__(
        self,
        clock: Environment,
        bytes_per_s: float,
        cache: PageCache,
        tell: Callable[[float, float], None],
    ) -> None:
        self.clock, self.bytes_per_s, self.cache, self._tell = clock, bytes_per_s, cache, tell
        self.read_bytes = 0.0
        self._queue: deque[tuple[_Chunk, float]] = deque()
        self._demand: tuple[_Chunk, float, Event] | None = None
        self._wake = clock.event()
        clock.process(self._run())

    def prefetch(self, chunks: Sequence[tuple[_Chunk, float]]) -> None:
        """Queue chunks and their sizes (bytes) in place of those that are queued."""
        self._queue = deque(chunks)
        self._rouse()

    def demand(self, chunk: _Chunk, size_bytes: float) -> Event:
        """An event that happens when a chunk that is not in the cache has been read."""
        event = self.clock.event()
        self._demand = (chunk, size_bytes, event)
        self._rouse()
        return event

    def _rouse(self) -> None:
        if not self._wake.triggered:
            self._wake.succeed()

    def _run(self) -> Generator[Event, Any, None]:
        while True:
            if self._demand is not None:
                chunk, size_bytes, event = self._demand
                if chunk not in self.cache:
                    yield self._load(size_bytes)
                    self.cache.insert(chunk, size_bytes)
                self._demand = None
                event.succeed()
            elif self._queue:
                chunk, size_bytes = self._queue.popleft()
                if chunk not in self.cache:
                    start_s = self.clock.now
                    yield self._load(size_bytes)
                    self.cache.insert(chunk, size_bytes)
                    self._tell(start_s, self.clock.now)
            else:
                self._wake = self.clock.event()
                yield self._wake

    def _load(self, size_bytes: float) -> Event:
        self.read_bytes += size_bytes
        return self.clock.timeout(size_bytes / self.bytes_per_s)


class LiveRing:
    """A ring of stations on a clock.

    Args:
        clock: the SimPy environment.
        stations: the devices with layers, the head first.
        rounds: rounds of a token.
        layer_bytes: weights of a layer.
        output_bytes: the output block; 0 if none.
        output_s: time in which the head computes it, s.
        prefetch: bytes of the next window that are queued, counted from its start.
        chunks: in how many chunks a layer is read.
        hop: how an activation goes on; by default after the station's ``hop_s``.

    Attributes:
        spans: what happened.
        caches: the page cache of each station.
    """

    def __init__(
        self,
        clock: Environment,
        stations: Sequence[Station],
        *,
        rounds: int,
        layer_bytes: float,
        output_bytes: float,
        output_s: float,
        prefetch: float = ALL,
        chunks: int = 1,
        hop: Hop | None = None,
    ) -> None:
        self.clock, self.stations, self.rounds = clock, stations, rounds
        self.layer_bytes, self.output_bytes, self.output_s = layer_bytes, output_bytes, output_s
        self.prefetch_bytes, self.chunks = prefetch, chunks
        self._hop = self._by_timeout if hop is None else hop
        self.spans: list[Span] = []
        self.caches = [PageCache(station.cache_bytes) for station in stations]
        self.disks = [
            Disk(clock, station.disk_bytes_per_s, cache, self._teller(index))
            for index, (station, cache) in enumerate(zip(stations, self.caches, strict=True))
        ]

    def token(self, batch: int = 1) -> Generator[Event, Any, float]:
        """One token for each of a batch of requests, weights read once; its time, s."""
        began_s = self.clock.now
        for turn in range(self.rounds):
            for index in range(len(self.stations)):
                yield from self._window(index, turn)
                if len(self.stations) > 1:
                    start_s = self.clock.now
                    yield from self._hop(index, float(batch))
                    self.spans.append(Span(index, "hop", start_s, self.clock.now))
        if self.output_bytes:
            yield from self._wait_for(0, OUTPUT, self.output_bytes)
        yield from self._compute(0, self.output_s)
        return self.clock.now - began_s

    def _window(self, index: int, turn: int) -> Generator[Event, Any, None]:
        station = self.stations[index]
        size = self.layer_bytes / self.chunks
        for chunk in self._chunks(index, turn):
            yield from self._wait_for(index, chunk, size)
            yield from self._compute(index, station.cpu_s / self.chunks)
        if station.on_gpu:
            yield from self._compute(index, station.on_gpu * station.gpu_s)
        coming = [(chunk, size) for chunk in self._chunks(index, (turn + 1) % self.rounds)]
        if index == 0 and turn == self.rounds - 1 and self.output_bytes:
            coming.insert(0, (OUTPUT, self.output_bytes))
        within, total = [], 0.0
        for chunk, size_bytes in coming:
            total += size_bytes
            if total > self.prefetch_bytes * (1 + 1e-9):
                break
            within.append((chunk, size_bytes))
        self.disks[index].prefetch(within)

    def _chunks(self, index: int, turn: int) -> list[_Chunk]:
        station = self.stations[index]
        return [(turn, n) for n in range((station.window - station.on_gpu) * self.chunks)]

    def _wait_for(self, index: int, chunk: _Chunk, size: float) -> Generator[Event, Any, None]:
        if not self.caches[index].use(chunk):
            start_s = self.clock.now
            yield self.disks[index].demand(chunk, size)
            self.caches[index].use(chunk)
            self.spans.append(Span(index, "stall", start_s, self.clock.now))

    def _compute(self, index: int, time_s: float) -> Generator[Event, Any, None]:
        if time_s > 0:
            start_s = self.clock.now
            yield self.clock.timeout(time_s)
            self.spans.append(Span(index, "compute", start_s, self.clock.now))

    def _by_timeout(self, index: int, batch: float) -> Generator[Event, Any, None]:
        yield self.clock.timeout(self.stations[index].hop_s)

    def _teller(self, index: int) -> Callable[[float, float], None]:
        return lambda start_s, end_s: self.spans.append(Span(index, "read ahead", start_s, end_s))
