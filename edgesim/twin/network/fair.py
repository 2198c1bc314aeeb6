"""Transfers that share the links of their ways fairly, as a fluid, exact in the time of events."""

from array import array
from collections.abc import Callable, Iterable, Sequence
from heapq import heappop, heappush
from math import inf
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.twin.core.clock import NORMAL, Clock, Moment
from edgesim.twin.network.fair_tables import Tables
from edgesim.twin.network.waterfilling import ALTERED, DUE, SAME, share

__all__ = ["FairTransfer", "FairTransfers"]

_LAST = NORMAL + 1
"""The priority of what happens at an instant after all else."""

_NONE = np.empty(0, dtype=np.int64)


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
        self._moves = 0
        self._done = done
        self._line = 0.0  # what its way will have attained when it ends
        self._way: _Way | None = None  # while bytes are lacking
        self._call: Moment | None = None  # from the last byte to the call

    def _finish(self, _: Moment) -> None:
        self._call = None
        self._done(self.value)


class _Way:
    """The transfers that cross the same links. They advance alike, so that one number tells what
    each has attained, as in :class:`edgesim.twin.core.sharing.ProcessorSharing`.
    """

    __slots__ = ("changed", "count", "heap", "number", "path")

    def __init__(self, number: int, path: tuple[int, ...]) -> None:
        self.number = number
        self.path = path
        self.count = 0
        # By line and order of arrival; those that have left stay until they come to the top, and
        # are told by how often they had moved.
        self.heap: list[tuple[float, int, int, FairTransfer]] = []
        self.changed = False

    def line_bytes(self) -> float:
        """What each will have attained when the next one ends."""
        heap = self.heap
        while heap and not self.has(heap[0]):
            heappop(heap)
        return heap[0][0] if heap else inf

    def has(self, entry: tuple[float, int, int, FairTransfer]) -> bool:
        """Whether the transfer of an entry of the heap is still here by it."""
        _, _, moves, transfer = entry
        return transfer._way is self and transfer._moves == moves


class FairTransfers:
    """The transfers of a network whose links are shared max-min fairly.

    A transfer is a fluid on all links of its path at once. Rates are max-min fair at every instant
    under what each link has left for transfers: none can grow but at the cost of one that is no
    higher (D. Bertsekas and R. Gallager, "Data Networks", 2nd ed., 1992, section 6.5.2). On one
    link that is processor sharing.

    A change costs what it changes, see :mod:`edgesim.twin.network.waterfilling`; transfers that do
    not meet cost one another nothing. All changes of an instant are worked out together: when all
    else of that instant has happened, or as soon as a rate or a load is asked for. Transfers that
    end at one instant leave in order of arrival. Counting anew from zero whenever a path has no
    transfers keeps rounding from growing.

    Args:
        clock: the world's clock.
        room_bps: what each directed link has left for transfers, at least 0; 0 while it is down.
            It is read here; who changes it says so by :meth:`changed`.
        loaded: called with the numbers of the links whose load has changed, whenever rates have
            been worked out.

    Attributes:
        count: transfers that lack bytes.
    """

    __slots__ = (
        "_attained_bytes",
        "_changed_links",
        "_changed_ways",
        "_clock",
        "_crossings",
        "_due_s",
        "_free",
        "_load_bps",
        "_loaded",
        "_moment",
        "_moment_s",
        "_numbered",
        "_order",
        "_rate_bps",
        "_room_bps",
        "_since_s",
        "_stamp",
        "_tables",
        "_waiting",
        "_ways",
        "count",
    )

    def __init__(
        self,
        clock: Clock,
        room_bps: "array[float]",
        loaded: Callable[[npt.NDArray[np.int32]], None] | None = None,
    ) -> None:
        self._clock = clock
        self._room_bps = room_bps
        self._load_bps = array("d", bytes(8 * len(room_bps)))
        self._loaded = loaded
        self.count = 0
        self._order = 0
        self._ways: dict[tuple[int, ...], _Way] = {}
        self._numbered: list[_Way | None] = []
        self._free: dict[int, list[int]] = {}  # numbers of ways no longer in use, by their links
        self._crossings = 0  # places that all numbers together have
        # What has changed since rates were worked out, and whether a moment of now will do so.
        self._changed_ways: list[_Way] = []
        self._changed_links: list[int] = []
        self._waiting = False
        self._stamp = 0
        self._due_s = inf  # when the next transfer ends if nothing changes
        self._moment = Moment(self._fire, None)  # at _moment_s, never later than _due_s
        self._moment_s = inf  # not in the clock's queue
        room, load = np.frombuffer(room_bps), np.frombuffer(self._load_bps)
        self._use(Tables.empty(room, load, clock.now))

    # ---- what comes and goes

    def send(
        self,
        size_bytes: float,
        path: Sequence[int],
        done: Callable[[Any], None],
        value: Any = None,
        delay_s: float = 0.0,
    ) -> FairTransfer:
        """Send bytes along a path; ``done(value)`` is called ``delay_s`` after the last is through.

        Without bytes or without links that still takes an event: ``done`` is never called from
        within ``send``.

        Args:
            size_bytes: how many, at least 0.
            path: numbers of the directed links.
            done: what is called.
            value: what it is called with.
            delay_s: propagation along the path, at least 0.

        Raises:
            ValueError: ``size_bytes`` or ``delay_s`` is negative, infinite or not a number, or the
                path crosses a link twice or one that does not exist.
        """
        if not 0.0 <= size_bytes < inf:
            raise ValueError(f"size_bytes = {size_bytes}: must be finite and at least 0")
        links = self._checked(path, delay_s)
        self._order = order = self._order + 1
        transfer = FairTransfer(order, size_bytes, links, done, value, delay_s)
        if size_bytes and links:
            self.count += 1
            self._join(transfer, size_bytes)
        else:
            self._let_through(transfer)
        return transfer

    def cancel(self, transfer: FairTransfer) -> float:
        """Take a transfer away without its call; the bytes that it still lacked.

        Raises:
            ValueError: it is over.
        """
        if transfer._call is not None:
            transfer._call.cancel()
            transfer._call = None
            return 0.0
        lacking = self._leave(transfer)
        self.count -= 1
        return lacking

    def move(
        self, transfer: FairTransfer, path: Sequence[int], delay_s: float | None = None
    ) -> None:
        """Let a transfer go on along another path, with what it lacks and in its old order.

        Args:
            transfer: one that lacks bytes.
            path: as in :meth:`send`; where it is empty the transfer is through.
            delay_s: propagation along it; None: what it was.

        Raises:
            ValueError: the transfer is through or over, or as in :meth:`send`.
        """
        delay_s = transfer.delay_s if delay_s is None else delay_s
        links = self._checked(path, delay_s)
        lacking = self._leave(transfer)
        transfer.path, transfer.delay_s = links, delay_s
        if links:
            self._join(transfer, lacking)
        else:
            self.count -= 1
            self._let_through(transfer)

    def changed(self, links: Iterable[int]) -> None:
        """Say that the room of some links has changed just now."""
        self._changed_links.extend(links)
        self._wait()

    # ---- what is so now

    @property
    def load_bps(self) -> "array[float]":
        """What the transfers take of each link. Who keeps it sees it change when :meth:`settle`
        has run: at the end of each instant at the latest.
        """
        self.settle()
        return self._load_bps

    def rate_bps(self, transfer: FairTransfer) -> float:
        """The rate of a transfer; 0 where it is through or over."""
        if transfer._way is None:
            return 0.0
        self.settle()
        return float(self._rate_bps.item(transfer._way.number))

    def lacking_bytes(self, transfer: FairTransfer) -> float:
        """Bytes that a transfer still lacks; 0 where it is through or over."""
        way = transfer._way
        return 0.0 if way is None else max(0.0, transfer._line - self._attained(way))

    def carried_bytes(self, link: int) -> float:
        """Bytes that have crossed a link so far."""
        record = self._tables.links[link]
        elapsed_s = self._clock._now - float(record["since_s"])
        return float(record["carried_bytes"]) + self._load_bps[link] * elapsed_s * 0.125

    def on(self, link: int) -> list[FairTransfer]:
        """The transfers that lack bytes and cross a link, in order of arrival."""
        found = [
            entry[3]
            for path, way in self._ways.items()
            if link in path
            for entry in way.heap
            if way.has(entry)
        ]
        return sorted(found, key=_by_order)

    def settle(self) -> None:
        """Work out the rates after all that has changed up to now.

        This happens by itself at the end of an instant; calling it costs nothing where nothing has
        changed.
        """
        ways, links = self._changed_ways, self._changed_links
        if not ways and not links:
            return
        tables = self._tables
        changes = tables.changes
        for place, way in enumerate(ways):
            way.changed = False
            changes[place] = (way.number, way.count, way.line_bytes())
        self._stamp += 1
        self._due_s = share(
            tables,
            self._stamp,
            self._clock._now,
            len(ways),
            np.array(links, dtype=np.int64) if links else _NONE,
        )
        for way in ways:
            if not way.count:
                del self._ways[way.path]
                self._numbered[way.number] = None
                self._free.setdefault(len(way.path), []).append(way.number)
        ways.clear()
        links.clear()
        self._plan()
        altered = tables.counts.item(ALTERED)
        if altered and self._loaded is not None:
            self._loaded(tables.by_link["reached"][:altered].copy())

    # ---- within

    def _checked(self, path: Sequence[int], delay_s: float) -> tuple[int, ...]:
        if not 0.0 <= delay_s < inf:
            raise ValueError(f"delay_s = {delay_s}: must be finite and at least 0")
        links = tuple(path)
        if links and links not in self._ways:
            if len(set(links)) != len(links):
                raise ValueError(f"path {links}: crosses a link twice")
            if not 0 <= min(links) <= max(links) < len(self._room_bps):
                raise ValueError(f"path {links}: links are 0 to {len(self._room_bps) - 1}")
        return links

    def _let_through(self, transfer: FairTransfer) -> None:
        """Call when the last byte, which is through, has arrived."""
        transfer._call = call = Moment(transfer._finish, None)
        self._clock.again(call, self._clock._now + transfer.delay_s)

    def _join(self, transfer: FairTransfer, lacking_bytes: float) -> None:
        way = self._ways.get(transfer.path)
        if way is None:
            way = self._open(transfer.path)
        if way.count:
            line = self._attained(way) + lacking_bytes
        else:
            way.heap.clear()
            self._attained_bytes[way.number] = 0.0
            self._since_s[way.number] = self._clock._now
            line = lacking_bytes
        transfer._line = line
        transfer._way = way
        heappush(way.heap, (line, transfer._order, transfer._moves, transfer))
        way.count += 1
        self._touch(way)

    def _leave(self, transfer: FairTransfer) -> float:
        way = transfer._way
        if way is None:
            raise ValueError("the transfer is not on its way: it is through, or was taken away")
        lacking = max(0.0, transfer._line - self._attained(way))
        transfer._way = None
        transfer._moves += 1
        way.count -= 1
        self._touch(way)
        return lacking

    def _attained(self, way: _Way) -> float:
        number = way.number
        elapsed_s = self._clock._now - self._since_s.item(number)
        attained: float = self._attained_bytes.item(number)
        return attained + self._rate_bps.item(number) * elapsed_s * 0.125

    def _open(self, path: tuple[int, ...]) -> _Way:
        """Give a path a number and places for its crossings: those of one of the same length."""
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
        self._ways[path] = self._numbered[number] = way = _Way(number, path)
        return way

    def _use(self, tables: Tables) -> None:
        self._tables = tables
        # Columns by themselves, quick to read one by one.
        self._rate_bps = tables.ways["rate_bps"]
        self._attained_bytes = tables.ways["attained_bytes"]
        self._since_s = tables.ways["since_s"]

    def _touch(self, way: _Way) -> None:
        if not way.changed:
            way.changed = True
            self._changed_ways.append(way)
            self._wait()

    def _wait(self) -> None:
        if not self._waiting:
            self._waiting = True
            self._clock.at(self._clock._now, self._end_instant, None, _LAST)

    def _end_instant(self, _: Moment) -> None:
        self._waiting = False
        self.settle()

    def _plan(self) -> None:
        """See that a moment is pending at or before the end of the next transfer."""
        due = self._due_s
        if due < self._moment_s:
            if self._moment_s < inf:
                self._moment.cancel()
                self._moment = Moment(self._fire, None)
            self._clock.again(self._moment, due)
            self._moment_s = due

    def _fire(self, _: Moment) -> None:
        self._moment_s = inf
        now = self._clock._now
        if self._changed_ways or self._changed_links:
            self.settle()  # plans the next moment, perhaps at once
            return
        if now < self._due_s:
            self._plan()
            return
        tables = self._tables
        ended: list[FairTransfer] = []
        for number in tables.by_way["due"][: tables.counts.item(DUE)].tolist():
            way = self._numbered[number]
            assert way is not None
            # The line is where the first one ends, not what the product of rate and time makes of
            # it: every firing ends at least one, so that rounding cannot stop the clock.
            line = way.line_bytes()
            self._attained_bytes[number] = line
            self._since_s[number] = now
            heap = way.heap
            while heap and heap[0][0] <= line * SAME:
                entry = heappop(heap)
                if way.has(entry):
                    transfer = entry[3]
                    transfer._way = None
                    way.count -= 1
                    ended.append(transfer)
            self._touch(way)
        self._due_s = inf
        self.count -= len(ended)
        ended.sort(key=_by_order)
        for transfer in ended:
            transfer._call = Moment(transfer._finish, None)
        for transfer in ended:
            call = transfer._call
            if call is None:
                continue  # taken away by one that ended before it
            if transfer.delay_s:
                self._clock.again(call, now + transfer.delay_s)
            else:
                transfer._finish(call)

    # ---- copies

    def __getstate__(self) -> dict[str, Any]:
        views = ("_rate_bps", "_attained_bytes", "_since_s")
        state = {name: getattr(self, name) for name in self.__slots__ if name not in views}
        state["_tables"] = self._tables._replace(room_bps=_NONE, load_bps=_NONE)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)
        room, load = np.frombuffer(self._room_bps), np.frombuffer(self._load_bps)
        self._use(self._tables._replace(room_bps=room, load_bps=load))


def _by_order(transfer: FairTransfer) -> int:
    return transfer._order
