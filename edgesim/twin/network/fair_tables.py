"""The tables of :mod:`edgesim.twin.network.waterfilling`: links, ways, and where these cross.

Who is on a link, and whose bottleneck it is, stand in chains through the tables: each entry names
the next one and the one before. What changes them is compiled.
"""

from math import inf
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.twin.core.compiled import NO_ARRAYS_MADE, compiled

__all__ = [
    "AFFECTED",
    "ALTERED",
    "DUE",
    "NEW",
    "REACHED",
    "SAME",
    "Tables",
    "hold",
    "inlined",
    "next_due",
    "put_on_links",
    "set_due",
    "take_from_links",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
RecordArray = npt.NDArray[np.void]

SAME = 1 + 1e-12
"""Figures that differ by less than this factor are equal on paper: sums differ by rounding."""

NEW = -1
"""The bottleneck of a way that crosses no link yet; also the end of a chain of numbers."""

LINK = np.dtype(
    [
        ("first", np.int32),  # of the crossings of this link
        ("transfers", np.int32),  # on it
        ("first_held", np.int32),  # of the ways whose bottleneck it is
        ("age", np.int32),  # changes since its load was summed up afresh
        ("highest_bps", np.float64),  # none on it is faster; inf: not known
        # In the last change that reached it:
        ("stamp", np.int64),  # which that was
        ("others_bps", np.float64),  # what the ways that are not affected take
        ("affected", np.int32),  # transfers of the others
        ("first_affected", np.int32),  # of their crossings
        # In the filling:
        ("taken_bps", np.float64),  # by all whose rate is known
        ("open", np.int32),  # transfers whose rate is not known yet
        ("may_fill", np.int32),  # 0: it is left out, and seen afterwards not to be full
        ("level_bps", np.float64),  # at which it was full; -1: it is no bottleneck
        # What has crossed it up to since_s; its load has held since.
        ("carried_bytes", np.float64),
        ("since_s", np.float64),
    ]
)
"""A directed link."""

WAY = np.dtype(
    [
        ("rate_bps", np.float64),  # of each of its transfers
        ("filled_bps", np.float64),  # what the filling makes of it; -1: not known yet
        ("stamp", np.int64),  # the last change that affected it
        ("count", np.int32),  # transfers
        ("bottleneck", np.int32),  # a link, or NEW
        ("start", np.int32),  # of its crossings, which lie in a row
        ("hops", np.int32),
        ("next_held", np.int32),  # of the ways with the same bottleneck
        ("previous_held", np.int32),
        # What a transfer that was there from the start would have got up to since_s.
        ("attained_bytes", np.float64),
        ("since_s", np.float64),
        ("line_bytes", np.float64),  # what it will have got when the next transfer ends
    ]
)
"""A way in use."""

CROSSING = np.dtype(
    [
        ("link", np.int32),
        ("way", np.int32),
        ("next", np.int32),  # crossing of the same link
        ("previous", np.int32),
        ("next_affected", np.int32),
    ]
)
"""One link of one way."""

LINK_SCRATCH = np.dtype(
    [
        ("reached", np.int32),  # the links that a change reaches
        ("link", np.int32),  # a heap of links by the rate at which they will be full
        ("key_bps", np.float64),
    ]
)

WAY_SCRATCH = np.dtype(
    [
        ("affected", np.int32),  # the ways that a change affects
        ("due", np.int32),  # the ways on which a transfer ends next
    ]
)

CHANGE = np.dtype(
    [
        ("way", np.int32),
        ("count", np.int32),  # transfers that it has now
        ("line_bytes", np.float64),  # its line now
    ]
)
"""A way on which transfers came or went."""


class Tables(NamedTuple):
    """All links and ways, and what is worked out about them."""

    room_bps: FloatArray  # by link: what the transfers on it may take together
    load_bps: FloatArray  # by link: what they take
    links: RecordArray  # LINK
    ways: RecordArray  # WAY; a power of two of them
    crossings: RecordArray  # CROSSING
    # When the next transfer of each way ends, in the second half of a tree of minima: node n stands
    # over 2 n and 2 n + 1, node 1 over all.
    due_s: FloatArray
    changes: RecordArray  # CHANGE
    by_link: RecordArray  # LINK_SCRATCH
    by_way: RecordArray  # WAY_SCRATCH
    counts: IntArray  # entries of by_link and by_way, see AFFECTED and its like

    @classmethod
    def empty(cls, room_bps: FloatArray, load_bps: FloatArray, now: float) -> "Tables":
        """No way yet, and room for some."""
        links = np.zeros(len(room_bps), dtype=LINK)
        links["first"] = links["first_held"] = NEW
        links["highest_bps"] = inf
        links["since_s"] = now
        tables = cls(
            room_bps=room_bps,
            load_bps=load_bps,
            links=links,
            ways=np.zeros(0, dtype=WAY),
            crossings=np.zeros(0, dtype=CROSSING),
            due_s=np.zeros(0),
            changes=np.zeros(0, dtype=CHANGE),
            by_link=np.zeros(len(room_bps), dtype=LINK_SCRATCH),
            by_way=np.zeros(0, dtype=WAY_SCRATCH),
            counts=np.zeros(4, dtype=np.int64),
        )
        return tables.with_ways(64).with_crossings(256)

    def with_ways(self, ways: int) -> "Tables":
        """The same with places for more ways, a power of two."""
        before = len(self.ways)
        more = np.zeros(ways, dtype=WAY)
        more[:before] = self.ways
        more["bottleneck"][before:] = NEW
        due_s = np.full(2 * ways, inf)
        due_s[ways : ways + before] = self.due_s[before:]
        nodes = ways
        while nodes > 1:
            nodes //= 2
            due_s[nodes : 2 * nodes] = due_s[2 * nodes : 4 * nodes].reshape(-1, 2).min(axis=1)
        by_way = np.zeros(ways, dtype=WAY_SCRATCH)
        by_way[:before] = self.by_way
        changes = np.zeros(ways, dtype=CHANGE)
        return self._replace(ways=more, due_s=due_s, by_way=by_way, changes=changes)

    def with_crossings(self, crossings: int) -> "Tables":
        """The same with places for more crossings."""
        more = np.zeros(crossings, dtype=CROSSING)
        more[: len(self.crossings)] = self.crossings
        return self._replace(crossings=more)


# Places of the counts.
AFFECTED = 0  # affected ways
REACHED = 1  # reached links
DUE = 2  # ways on which a transfer ends next
ALTERED = 3  # links whose load has changed; they stand first among the reached

inlined = compiled(forceinline=True, **NO_ARRAYS_MADE)
"""Compile a function of the tables into its callers: to hand the tables over takes longer."""


@compiled(**NO_ARRAYS_MADE)
def put_on_links(tables: Tables, number: int) -> None:
    """Put a way on the links that it crosses."""
    way, crossings = tables.ways[number], tables.crossings
    for place in range(way.start, way.start + way.hops):
        link = tables.links[crossings[place].link]
        crossings[place].previous = NEW
        crossings[place].next = link.first
        if link.first != NEW:
            crossings[link.first].previous = place
        link.first = place


@compiled(**NO_ARRAYS_MADE)
def take_from_links(tables: Tables, number: int) -> None:
    """Take a way without transfers from the links that it is on, if it is on them."""
    way, crossings = tables.ways[number], tables.crossings
    if way.bottleneck == NEW:
        return
    for place in range(way.start, way.start + way.hops):
        crossing = crossings[place]
        if crossing.previous != NEW:
            crossings[crossing.previous].next = crossing.next
        else:
            tables.links[crossing.link].first = crossing.next
        if crossing.next != NEW:
            crossings[crossing.next].previous = crossing.previous
    hold(tables, number, NEW)
    way.rate_bps = 0.0
    set_due(tables.due_s, number, inf)


@inlined
def hold(tables: Tables, number: int, link: int) -> None:
    """Make a link, or none, the bottleneck of a way."""
    links, ways = tables.links, tables.ways
    way = ways[number]
    if way.bottleneck == link:
        return
    if way.bottleneck != NEW:
        if way.previous_held != NEW:
            ways[way.previous_held].next_held = way.next_held
        else:
            links[way.bottleneck].first_held = way.next_held
        if way.next_held != NEW:
            ways[way.next_held].previous_held = way.previous_held
    way.bottleneck = link
    if link != NEW:
        first = links[link].first_held
        way.previous_held = NEW
        way.next_held = first
        if first != NEW:
            ways[first].previous_held = number
        links[link].first_held = number


@inlined
def set_due(due_s: FloatArray, number: int, time_s: float) -> None:
    """Say when the next transfer of a way ends."""
    node = len(due_s) // 2 + number
    due_s[node] = time_s
    while node > 1:
        node //= 2
        least = min(due_s[2 * node], due_s[2 * node + 1])
        if due_s[node] == least:
            break
        due_s[node] = least


@compiled(**NO_ARRAYS_MADE)
def next_due(tables: Tables) -> float:
    """Find the ways on which a transfer ends next, and when."""
    due_s, ways, by_way = tables.due_s, tables.ways, tables.by_way
    found = 0
    soonest = due_s[1]
    if soonest < inf:
        size = len(due_s) // 2
        node = 1
        while node < size:
            node = 2 * node if due_s[2 * node] == soonest else 2 * node + 1
        # Ends that are equal on paper are one instant: as far apart as the sums may be rounded.
        first = ways[node - size]
        limit = soonest * (1 + 1e-15)
        if first.rate_bps > 0.0:
            limit += (SAME - 1) * first.line_bytes * 8.0 / first.rate_bps
        node = 1
        while node:
            if due_s[node] <= limit:
                if node < size:
                    node *= 2
                    continue
                by_way[found].due = node - size
                found += 1
            while node % 2:
                node //= 2
            if node:
                node += 1
    tables.counts[DUE] = found
    return float(soonest)
