"""Fair transfers and the ways that they are on: what those who cross the same links share."""

from array import array
from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from math import inf
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.twin.core.clock import Moment
from edgesim.twin.network.fair_tables import ALTERED, DUE, SAME, Tables
from edgesim.twin.network.waterfilling import share

__all__ = ["FairTransfer", "Way", "Ways"]

_PARKED = 64
"""Ways that are kept while nobody is on them: the same few come and go all the time."""

_NO_LINKS = np.empty(0, dtype=np.int64)
_NO_VIEW = np.empty(0)


class FairTransfer:
    """Bytes on their way.

    Attributes:
        size_bytes: how many there were at the start.
        path: numbers of the links that they cross.
        delay_s: what the last byte takes on top, s.
        value: what the sender attached.
    """

    __slots__ = (
        "_call",
        "_done",
        "_line",
        "_moves",
        "_order",
        "_way",
        "delay_s",
        "path",
        "size_bytes",
        "value",
    )

    def __init__(
        self,
        order: int,
        size_bytes: float,
        path: tuple[int, ...],
        done: Callable[[Any], None],
        value: Any,
        delay_s: float,
    ) -> None:
        self.size_bytes = size_bytes
        self.path = path
        self.delay_s = delay_s
        self.value = value
        self._order = order
        self._done = done
        # While bytes are lacking: its way, and what that will have attained when it ends.
        self._way: Way | None = None
        self._line = 0.0
        self._moves = 0  # ways that it has left
        self._call: Moment | None = None  # from the last byte to the call

    def _finish(self, _: Moment) -> None:
        self._call = None
        self._done(self.value)


_Entry = tuple[float, int, int, FairTransfer]
"""Line, order, moves, transfer."""


class Way:
    """The transfers that cross the same links.

    They advance alike, so that one number tells what each has attained, and a transfer ends when
    that number comes to its line, as in :class:`edgesim.twin.core.sharing.ProcessorSharing`.

    Attributes:
        number: its place in the tables.
        path: numbers of the links.
        count: transfers.
        changed: whether some have come or gone since rates were worked out.
    """

    __slots__ = ("_heap", "changed", "count", "number", "path")

    def __init__(self, number: int, path: tuple[int, ...]) -> None:
        self.number = number
        self.path = path
        self.count = 0
        self.changed = False
        # By line and order of arrival. Those that have left stay until they come to the top, and
        # are told by how often they had moved.
        self._heap: list[_Entry] = []

    def add(self, transfer: FairTransfer, line_bytes: float) -> None:
        """Take a transfer up that ends at a line."""
        if not self.count:
            self._heap.clear()
        self.count += 1
        transfer._way, transfer._line = self, line_bytes
        heappush(self._heap, (line_bytes, transfer._order, transfer._moves, transfer))

    def remove(self, transfer: FairTransfer) -> None:
        """Let a transfer go."""
        self.count -= 1
        transfer._way = None
        transfer._moves += 1

    def transfers(self) -> list[FairTransfer]:
        """All of them."""
        return [entry[3] for entry in self._heap if self._has(entry)]

    def line_bytes(self) -> float:
        """Where the next one ends; inf where there is none."""
        heap = self._heap
        while heap and not self._has(heap[0]):
            heappop(heap)
        return heap[0][0] if heap else inf

    def end(self) -> tuple[float, list[FairTransfer]]:
        """Let those go that end next, together where their lines are equal on paper; their line."""
        heap, ended = self._heap, []
        line = self.line_bytes()
        while heap and heap[0][0] <= line * SAME:
            entry = heappop(heap)
            if self._has(entry):
                self.remove(entry[3])
                ended.append(entry[3])
        return line, ended

    def _has(self, entry: _Entry) -> bool:
        _, _, moves, transfer = entry
        return transfer._way is self and transfer._moves == moves


class Ways:
    """All ways in use, their rates, and the loads that they make.

    Args:
        room_bps: what each link has left for transfers; read.
        now: the time, s.

    Attributes:
        load_bps: what the transfers take of each link.
    """

    __slots__ = (
        "_attained_bytes",
        "_by_path",
        "_crossings",
        "_free",
        "_numbered",
        "_parked",
        "_rate_bps",
        "_reached",
        "_room_bps",
        "_since_s",
        "_stamp",
        "_tables",
        "load_bps",
    )

    def __init__(self, room_bps: "array[float]", now: float) -> None:
        self._room_bps = room_bps
        self.load_bps = array("d", bytes(8 * len(room_bps)))
        self._by_path: dict[tuple[int, ...], Way] = {}
        self._numbered: list[Way | None] = []
        self._parked: dict[Way, None] = {}  # those that nobody is, or was, on
        self._free: dict[int, list[int]] = {}  # numbers not in use, by the links that they cross
        self._crossings = 0  # places that all numbers have together
        self._stamp = 0
        room, load = np.frombuffer(room_bps), np.frombuffer(self.load_bps)
        self._use(Tables.empty(room, load, now))

    def check(self, path: tuple[int, ...]) -> None:
        """ValueError where a path crosses a link twice, or one that does not exist."""
        if not path or path in self._by_path:
            return
        if len(set(path)) != len(path):
            raise ValueError(f"path {path}: crosses a link twice")
        self.check_links(path)

    def check_links(self, links: Sequence[int]) -> None:
        """ValueError where a link does not exist."""
        if links and not 0 <= min(links) <= max(links) < len(self._room_bps):
            raise ValueError(f"links {links}: must be 0 to {len(self._room_bps) - 1}")

    def along(self, path: tuple[int, ...], now: float) -> Way:
        """The way along a checked path; one that nobody is on counts from zero again."""
        way = self._by_path.get(path)
        if way is None:
            way = self._open(path)
        if not way.count:
            self._attained_bytes[way.number] = 0.0
            self._since_s[way.number] = now
        return way

    def on(self, link: int) -> list[Way]:
        """The ways that cross a link."""
        return [way for path, way in self._by_path.items() if way.count and link in path]

    def rate_bps(self, way: Way) -> float:
        """What each of its transfers gets."""
        rate: float = self._rate_bps.item(way.number)
        return rate

    def attained_bytes(self, way: Way, now: float) -> float:
        """What a transfer would have got that was there from the start."""
        number = way.number
        elapsed_s = now - self._since_s.item(number)
        attained: float = (
            self._attained_bytes.item(number) + self._rate_bps.item(number) * elapsed_s * 0.125
        )
        return attained

    def carried_bytes(self, link: int, now: float) -> float:
        """What has crossed a link so far."""
        record = self._tables.links[link]
        carried = float(record["carried_bytes"])
        return carried + self.load_bps[link] * (now - float(record["since_s"])) * 0.125

    def share(self, changed: list[Way], changed_links: list[int], now: float) -> float:
        """Work out all rates after changes; when the next transfer ends."""
        changes = self._tables.changes
        for place, way in enumerate(changed):
            way.changed = False
            changes[place] = (way.number, way.count, way.line_bytes())
        links = np.array(changed_links, dtype=np.int64) if changed_links else _NO_LINKS
        self._stamp += 1
        due_s: float = share(self._tables, self._stamp, now, len(changed), links)
        self._park([way for way in changed if not way.count])
        return due_s

    def _park(self, left: list[Way]) -> None:
        """Keep ways that nobody is on for the next one along them, in the place of the oldest."""
        parked = self._parked
        for way in left:
            way._heap.clear()
            parked.pop(way, None)
            parked[way] = None
        while len(parked) > _PARKED:
            oldest = next(iter(parked))
            del parked[oldest]
            if not oldest.count:
                del self._by_path[oldest.path]
                self._numbered[oldest.number] = None
                self._free.setdefault(len(oldest.path), []).append(oldest.number)

    def altered(self) -> npt.NDArray[np.int32]:
        """The links whose load is another since :meth:`share`, until the next one: a view."""
        return self._reached[: self._tables.counts.item(ALTERED)]

    def end(self, now: float) -> list[tuple[Way, list[FairTransfer]]]:
        """Let those transfers go that end now, when :meth:`share` has said that some do."""
        tables = self._tables
        found = []
        for number in tables.by_way["due"][: tables.counts.item(DUE)].tolist():
            way = self._numbered[number]
            assert way is not None  # nothing has changed since
            # The line is where the first one ends, not what the product of rate and time makes of
            # it: every time at least one ends, so that rounding cannot stop the clock.
            line, ended = way.end()
            self._attained_bytes[number] = line
            self._since_s[number] = now
            found.append((way, ended))
        return found

    def _open(self, path: tuple[int, ...]) -> Way:
        """Give a path a number, and places for its crossings: those of one of the same length."""
        hops = len(path)
        tables = self._tables
        if free := self._free.get(hops):
            number = free.pop()
            start = tables.ways["start"].item(number)
        else:
            number, start = len(self._numbered), self._crossings
            self._numbered.append(None)
            self._crossings = end = start + hops
            if number == len(tables.ways):
                tables = tables.with_ways(2 * number)
            if end > len(tables.crossings):
                tables = tables.with_crossings(2 * end)
            if tables is not self._tables:
                self._use(tables)
            tables.ways["start"][number] = start
            tables.ways["hops"][number] = hops
            tables.crossings["way"][start:end] = number
        tables.crossings["link"][start : start + hops] = path
        self._by_path[path] = self._numbered[number] = way = Way(number, path)
        return way

    def _use(self, tables: Tables) -> None:
        self._tables = tables
        # Columns by themselves, quick to read one by one.
        self._rate_bps = tables.ways["rate_bps"]
        self._attained_bytes = tables.ways["attained_bytes"]
        self._since_s = tables.ways["since_s"]
        self._reached = tables.by_link["reached"]

    def __getstate__(self) -> dict[str, Any]:
        """All but the views of other arrays."""
        columns = ("_rate_bps", "_attained_bytes", "_reached", "_since_s")
        state = {name: getattr(self, name) for name in self.__slots__ if name not in columns}
        state["_tables"] = self._tables._replace(room_bps=_NO_VIEW, load_bps=_NO_VIEW)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Set all, and make the views again."""
        for name, value in state.items():
            setattr(self, name, value)
        room, load = np.frombuffer(self._room_bps), np.frombuffer(self.load_bps)
        self._use(self._tables._replace(room_bps=room, load_bps=load))
