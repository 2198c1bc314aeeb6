"""Max-min fair rates of what crosses shared links, kept up to date change by change; compiled.

A *way* is a sequence of links that one or more transfers cross; all transfers on a way have the
same rate. Rates are max-min fair where every way has a *bottleneck*: a link that is full and on
which no other way is faster (D. Bertsekas and R. Gallager, "Data Networks", 2nd ed., 1992, section
6.5.2); there is exactly one such allocation. Progressive filling finds it: all rates rise together,
and a way stops when one of its links is full.

A change seldom moves many rates: it reaches the ways whose bottleneck is a link that changed, then
those whose bottleneck is another link of these, and so on (the bottleneck structure of J.
Ros-Giralt et al., "On the bottleneck structure of congestion-controlled networks", Proc. ACM Meas.
Anal. Comput. Syst. 3(3), 2019). So :func:`share` fills anew only these *affected* ways, beside the
others at the rates that they have. Where a link then proves full while one of the others is faster
on it, that one is affected too, and the filling is repeated. At the end every way has a bottleneck:
an affected one by the filling, another one because its bottleneck was not touched. The rates are
those of a filling from scratch, up to rounding.
"""

from math import inf
from typing import Any

from numba import njit

from edgesim.twin.network.fair_tables import NEW, FloatArray, IntArray, RecordArray, Tables

__all__ = ["ALTERED", "DUE", "SAME", "share"]

SAME = 1 + 1e-12
"""Figures that differ by less than this factor are equal on paper: sums differ by rounding."""

# Places of the counts.
AFFECTED = 0  # affected ways
REACHED = 1  # reached links
DUE = 2  # ways on which a transfer ends next
ALTERED = 3  # links whose load has changed; they stand first among the reached

# No array is made here, so no references are counted (_nrt, which numba's signature leaves out).
_options: dict[str, Any] = {"cache": True, "error_model": "numpy", "_nrt": False}
_compiled: Any = njit(**_options)
_inlined: Any = njit(forceinline=True, **_options)


@_compiled
def share(
    tables: Tables, stamp: int, now: float, changed_ways: int, changed_links: IntArray
) -> float:
    """Bring all rates, loads and ends up to date after changes at ``now``.

    Args:
        tables: ``changes`` says on which ways transfers came or went.
        stamp: a number that grows with each call.
        now: the time, s.
        changed_ways: entries of ``changes``.
        changed_links: numbers of the links whose room has changed.

    Returns:
        When the next transfer ends; inf where none will. The first ``counts[DUE]`` entries of
        ``by_way["due"]`` are the ways on which one ends then, the first ``counts[ALTERED]`` of
        ``by_link["reached"]`` the links whose load has changed.
    """
    counts = tables.counts
    counts[AFFECTED] = counts[REACHED] = 0
    for link in changed_links:
        _reach(tables, stamp, link)
    for at in range(changed_ways):
        _update_way(tables, stamp, at)
    for at in range(counts[REACHED]):
        tables.links[tables.by_link[at].reached].may_fill = 1
    at = 0
    while True:
        at = _spread(tables, stamp, at)
        _fill(tables, stamp)
        if not _overtaken(tables, stamp):
            break
    _apply_rates(tables, now)
    _apply_loads(tables, now)
    return _next_due(tables)


@_inlined
def _reach(tables: Tables, stamp: int, link: int) -> None:
    """Have a link counted (again), and remember that the change reaches it."""
    one = tables.links[link]
    if one.stamp != stamp:
        one.stamp = stamp
        tables.by_link[tables.counts[REACHED]].reached = link
        tables.counts[REACHED] += 1
        one.may_fill = one.first_held != NEW
    one.affected = -1


@_inlined
def _affect(tables: Tables, stamp: int, number: int) -> None:
    """Count a way among the affected, and its links among the reached."""
    way = tables.ways[number]
    if way.stamp != stamp:
        way.stamp = stamp
        tables.by_way[tables.counts[AFFECTED]].affected = number
        tables.counts[AFFECTED] += 1
        for place in range(way.start, way.start + way.hops):
            _reach(tables, stamp, tables.crossings[place].link)


@_compiled
def _update_way(tables: Tables, stamp: int, at: int) -> None:
    """Take over what has become of a way; put it on its links or take it from them."""
    links, ways, crossings = tables.links, tables.ways, tables.crossings
    number = tables.changes[at].way
    way = ways[number]
    way.count = tables.changes[at].count
    way.line_bytes = tables.changes[at].line_bytes
    if way.count and way.bottleneck == NEW:
        for place in range(way.start, way.start + way.hops):
            crossing = crossings[place]
            first = links[crossing.link].first
            crossing.previous = -1
            crossing.next = first
            if first >= 0:
                crossings[first].previous = place
            links[crossing.link].first = place
    if way.count:
        _affect(tables, stamp, number)
        return
    for place in range(way.start, way.start + way.hops):
        crossing = crossings[place]
        _reach(tables, stamp, crossing.link)
        if way.bottleneck != NEW:
            if crossing.previous >= 0:
                crossings[crossing.previous].next = crossing.next
            else:
                links[crossing.link].first = crossing.next
            if crossing.next >= 0:
                crossings[crossing.next].previous = crossing.previous
    _hold(tables, number, NEW)
    way.rate_bps = 0.0
    _set_due(tables.due_s, number, inf)


@_inlined
def _hold(tables: Tables, number: int, link: int) -> None:
    """Make a link the bottleneck of a way."""
    links, ways = tables.links, tables.ways
    way = ways[number]
    if way.bottleneck == link:
        return
    if way.bottleneck != NEW:
        if way.previous_held >= 0:
            ways[way.previous_held].next_held = way.next_held
        else:
            links[way.bottleneck].first_held = way.next_held
        if way.next_held >= 0:
            ways[way.next_held].previous_held = way.previous_held
    way.bottleneck = link
    if link != NEW:
        first = links[link].first_held
        way.previous_held = -1
        way.next_held = first
        if first >= 0:
            ways[first].previous_held = number
        links[link].first_held = number


@_compiled
def _spread(tables: Tables, stamp: int, at: int) -> int:
    """From the reached links, the first ``at`` done, to the ways that they are the bottleneck of,
    and on to the links of these.
    """
    links, ways, by_link = tables.links, tables.ways, tables.by_link
    while at < tables.counts[REACHED]:
        number = links[by_link[at].reached].first_held
        while number >= 0:
            _affect(tables, stamp, number)
            number = ways[number].next_held
        at += 1
    return at


@_compiled
def _fill(tables: Tables, stamp: int) -> None:
    """Fill the affected ways progressively, beside the others at their rates."""
    links, ways, crossings, by_link = (
        tables.links,
        tables.ways,
        tables.crossings,
        tables.by_link,
    )
    size = 0
    for at in range(tables.counts[REACHED]):
        number = by_link[at].reached
        link = links[number]
        if link.affected < 0:
            _count(tables, stamp, number)
        link.taken_bps = link.others_bps
        link.open = link.affected
        link.level_bps = -1.0
        if link.open and link.may_fill:
            by_link[size].link = number
            by_link[size].key_bps = (tables.room_bps[number] - link.taken_bps) / link.open
            size += 1
    for place in range(size // 2 - 1, -1, -1):
        _sift(by_link, place, size)
    left = tables.counts[AFFECTED]
    for at in range(left):
        ways[tables.by_way[at].affected].filled_bps = -1.0
    level = 0.0
    while left:
        number = by_link[0].link
        link = links[number]
        if link.open:
            # A link is full at a higher level the more of its ways have stopped: its key was true
            # when it was taken, and is a lower bound since.
            full_bps = (tables.room_bps[number] - link.taken_bps) / link.open
            if full_bps > by_link[0].key_bps:
                by_link[0].key_bps = full_bps
                _sift(by_link, 0, size)
                continue
            level = max(level, full_bps)  # it never falls but by rounding
            link.level_bps = level
            place = link.first
            while place >= 0:
                way = ways[crossings[place].way]
                if way.stamp == stamp and way.filled_bps < 0.0:
                    way.filled_bps = level
                    _hold(tables, crossings[place].way, number)
                    left -= 1
                    for crossed in range(way.start, way.start + way.hops):
                        other = links[crossings[crossed].link]
                        other.taken_bps += way.count * level
                        other.open -= way.count
                place = crossings[place].next
        size -= 1
        by_link[0].link = by_link[size].link
        by_link[0].key_bps = by_link[size].key_bps
        _sift(by_link, 0, size)


@_compiled
def _count(tables: Tables, stamp: int, number: int) -> None:
    """Count the affected transfers on a link, and what the others take."""
    link, ways, crossings = tables.links[number], tables.ways, tables.crossings
    link.affected = 0
    link.others_bps = link.fastest_bps = 0.0
    place = link.first
    while place >= 0:
        way = ways[crossings[place].way]
        if way.stamp == stamp:
            link.affected += way.count
        else:
            link.others_bps += way.count * way.rate_bps
            link.fastest_bps = max(link.fastest_bps, way.rate_bps)
        place = crossings[place].next


@_inlined
def _sift(by_link: RecordArray, place: int, size: int) -> None:
    """Let an entry of the heap sink to its place. Equal keys stand by the number of their link."""
    key, link = by_link[place].key_bps, by_link[place].link
    while 2 * place + 1 < size:
        child = 2 * place + 1
        if child + 1 < size and (
            by_link[child + 1].key_bps < by_link[child].key_bps
            or (
                by_link[child + 1].key_bps == by_link[child].key_bps
                and by_link[child + 1].link < by_link[child].link
            )
        ):
            child += 1
        under = by_link[child].key_bps
        if under > key or (under == key and by_link[child].link > link):
            break
        by_link[place].key_bps = under
        by_link[place].link = by_link[child].link
        place = child
    by_link[place].key_bps = key
    by_link[place].link = link


@_compiled
def _overtaken(tables: Tables, stamp: int) -> bool:
    """Count those among the affected that are too fast on a link which is full now; whether any."""
    links, ways, crossings, by_link = (
        tables.links,
        tables.ways,
        tables.crossings,
        tables.by_link,
    )
    before = tables.counts[AFFECTED]
    again = False
    for at in range(tables.counts[REACHED]):
        number = by_link[at].reached
        link = links[number]
        level = link.level_bps
        if level < 0.0:
            if link.taken_bps <= tables.room_bps[number] * SAME:
                continue
            if not link.may_fill:
                link.may_fill = 1
                again = True
                continue
            # No affected way is here to give way. At least an equal share is left to each.
            transfers = 0
            place = link.first
            while place >= 0:
                transfers += ways[crossings[place].way].count
                place = crossings[place].next
            level = tables.room_bps[number] / transfers
        if link.fastest_bps > level * SAME:
            place = link.first
            while place >= 0:
                way = ways[crossings[place].way]
                if way.stamp != stamp and way.rate_bps > level * SAME:
                    _affect(tables, stamp, crossings[place].way)
                place = crossings[place].next
    return again or bool(tables.counts[AFFECTED] > before)


@_compiled
def _apply_rates(tables: Tables, now: float) -> None:
    """Give the affected ways their new rates from ``now`` on."""
    ways = tables.ways
    for at in range(tables.counts[AFFECTED]):
        number = tables.by_way[at].affected
        way = ways[number]
        if way.rate_bps != way.filled_bps:
            way.attained_bytes += way.rate_bps * (now - way.since_s) * 0.125
            way.since_s = now
            way.rate_bps = way.filled_bps
        due_s = inf
        lacking = way.line_bytes - way.attained_bytes
        if lacking <= 0.0:
            due_s = now
        elif way.rate_bps > 0.0:
            due_s = max(now, way.since_s + 8.0 * lacking / way.rate_bps)
        _set_due(tables.due_s, number, due_s)


@_inlined
def _set_due(due_s: FloatArray, number: int, time_s: float) -> None:
    node = len(due_s) // 2 + number
    due_s[node] = time_s
    while node > 1:
        node //= 2
        least = min(due_s[2 * node], due_s[2 * node + 1])
        if due_s[node] == least:
            break
        due_s[node] = least


@_compiled
def _apply_loads(tables: Tables, now: float) -> None:
    """Give the reached links their new loads, and put those first that have another one."""
    by_link, load_bps = tables.by_link, tables.load_bps
    altered = 0
    for at in range(tables.counts[REACHED]):
        number = by_link[at].reached
        link = tables.links[number]
        room_bps = tables.room_bps[number]
        # A bottleneck is full, whatever the sum of its rates is rounded to.
        load = room_bps if link.level_bps >= 0.0 else min(link.taken_bps, room_bps)
        if load != load_bps[number]:
            link.carried_bytes += load_bps[number] * (now - link.since_s) * 0.125
            link.since_s = now
            load_bps[number] = load
            by_link[altered].reached = number
            altered += 1
    tables.counts[ALTERED] = altered


@_compiled
def _next_due(tables: Tables) -> float:
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
