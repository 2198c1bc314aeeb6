"""The tables of :mod:`edgesim.twin.network.waterfilling`: links, ways, and where these cross."""

from math import inf
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["CHANGE", "CROSSING", "LINK", "LINK_SCRATCH", "NEW", "WAY", "WAY_SCRATCH", "Tables"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
RecordArray = npt.NDArray[np.void]

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
    counts: IntArray  # entries of by_link and by_way, see edgesim.twin.network.waterfilling

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
