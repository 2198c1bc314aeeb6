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

from edgesim.twin.core.compiled import NO_ARRAYS_MADE, compiled
from edgesim.twin.network.fair_tables import (
    AFFECTED,
    ALTERED,
    NEW,
    REACHED,
    SAME,
    IntArray,
    RecordArray,
    Tables,
    hold,
    inlined,
    next_due,
    put_on_links,
    set_due,
    take_from_links,
)

__all__ = ["share"]

_FRESH = 256
"""Changes after which a link's load is summed up afresh. In between what goes is taken off and what
comes is added, and each time the sum is rounded: that stays below 256 roundings for ever."""


@compiled(**NO_ARRAYS_MADE)
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
        change = tables.changes[at]
        tables.ways[change.way].line_bytes = change.line_bytes
        if tables.ways[change.way].count == 0 and change.count:
            put_on_links(tables, change.way)
        _affect(tables, stamp, change.way, change.count)
        if change.count == 0:
            take_from_links(tables, change.way)
    for at in range(counts[REACHED]):
        tables.links[tables.by_link[at].reached].may_fill = 1
    done = 0
    while True:
        done = _spread(tables, stamp, done)
        _fill(tables, stamp)
        if not _find_overtaken(tables, stamp):
            break
    _apply_rates(tables, now)
    _apply_loads(tables, now)
    return next_due(tables)


# ---- whom a change affects


@inlined
def _reach(tables: Tables, stamp: int, number: int) -> None:
    """Remember that the change reaches a link; none of its ways is affected yet."""
    link = tables.links[number]
    if link.stamp != stamp:
        link.stamp = stamp
        link.age += 1
        link.others_bps = tables.load_bps[number]
        link.affected = 0
        link.first_affected = NEW
        link.may_fill = link.first_held != NEW
        tables.by_link[tables.counts[REACHED]].reached = number
        tables.counts[REACHED] += 1


@inlined
def _affect(tables: Tables, stamp: int, number: int, count: int) -> None:
    """Count a way among the affected, from now on with ``count`` transfers, and reach its links."""
    way = tables.ways[number]
    way.stamp = stamp
    for place in range(way.start, way.start + way.hops):
        crossing = tables.crossings[place]
        _reach(tables, stamp, crossing.link)
        link = tables.links[crossing.link]
        link.others_bps -= way.count * way.rate_bps
        link.transfers += count - way.count
        link.affected += count
        if count:
            crossing.next_affected = link.first_affected
            link.first_affected = place
    way.count = count
    if count:
        tables.by_way[tables.counts[AFFECTED]].affected = number
        tables.counts[AFFECTED] += 1


@compiled(**NO_ARRAYS_MADE)
def _spread(tables: Tables, stamp: int, done: int) -> int:
    """From the reached links, but for those done before, to the ways that they are the bottleneck
    of, and on to the links of these; how many are done now.
    """
    while done < tables.counts[REACHED]:
        number = tables.links[tables.by_link[done].reached].first_held
        while number != NEW:
            way = tables.ways[number]
            if way.stamp != stamp:
                _affect(tables, stamp, number, way.count)
            number = way.next_held
        done += 1
    return done


@compiled(**NO_ARRAYS_MADE)
def _find_overtaken(tables: Tables, stamp: int) -> bool:
    """Whether the filling has to be repeated, as a link was left out that is more than full, or
    as ways that were not affected are faster than a full link lets them: those are now.
    """
    ways, crossings = tables.ways, tables.crossings
    again = False
    for at in range(tables.counts[REACHED]):
        number = tables.by_link[at].reached
        link = tables.links[number]
        level = link.level_bps
        if level < 0.0:
            if link.taken_bps <= tables.room_bps[number] * SAME:
                continue
            again = again or not link.may_fill
            link.may_fill = 1
            if link.affected:
                continue
            # At least an equal share is left to each of the others.
            level = tables.room_bps[number] / link.transfers
        if link.highest_bps <= level * SAME:
            continue
        highest = level
        place = link.first
        while place != NEW:
            way = ways[crossings[place].way]
            if way.stamp != stamp:
                if way.rate_bps > level * SAME:
                    _affect(tables, stamp, crossings[place].way, way.count)
                    again = True
                else:
                    highest = max(highest, way.rate_bps)
            place = crossings[place].next
        link.highest_bps = highest
    return again


# ---- the filling


@compiled(**NO_ARRAYS_MADE)
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
        if link.affected == link.transfers:
            link.others_bps = 0.0
            link.age = 0
        elif link.age > _FRESH:
            _sum_up_others(tables, stamp, number)
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
            place = link.first_affected
            while place != NEW:
                way = ways[crossings[place].way]
                if way.filled_bps < 0.0:
                    way.filled_bps = level
                    hold(tables, crossings[place].way, number)
                    left -= 1
                    for crossed in range(way.start, way.start + way.hops):
                        other = links[crossings[crossed].link]
                        other.taken_bps += way.count * level
                        other.open -= way.count
                place = crossings[place].next_affected
        size -= 1
        by_link[0].link = by_link[size].link
        by_link[0].key_bps = by_link[size].key_bps
        _sift(by_link, 0, size)


@compiled(**NO_ARRAYS_MADE)
def _sum_up_others(tables: Tables, stamp: int, number: int) -> None:
    link, ways, crossings = tables.links[number], tables.ways, tables.crossings
    link.age = 0
    link.others_bps = 0.0
    place = link.first
    while place != NEW:
        way = ways[crossings[place].way]
        if way.stamp != stamp:
            link.others_bps += way.count * way.rate_bps
        place = crossings[place].next


@inlined
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


# ---- what comes of it


@compiled(**NO_ARRAYS_MADE)
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
        set_due(tables.due_s, number, due_s)


@compiled(**NO_ARRAYS_MADE)
def _apply_loads(tables: Tables, now: float) -> None:
    """Give the reached links their new loads, and put those first that have another one."""
    by_link, load_bps = tables.by_link, tables.load_bps
    altered = 0
    for at in range(tables.counts[REACHED]):
        number = by_link[at].reached
        link = tables.links[number]
        room_bps = tables.room_bps[number]
        load = max(0.0, min(link.taken_bps, room_bps))
        if link.level_bps >= 0.0:
            load = room_bps  # a bottleneck is full, whatever the sum of its rates is rounded to
            link.highest_bps = max(link.highest_bps, link.level_bps)
        else:
            link.highest_bps = inf
        if load != load_bps[number]:
            link.carried_bytes += load_bps[number] * (now - link.since_s) * 0.125
            link.since_s = now
            load_bps[number] = load
            by_link[altered].reached = number
            altered += 1
    tables.counts[ALTERED] = altered
