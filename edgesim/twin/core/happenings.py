"""The events of a scenario as a world plays them: by number, in time, each with its end."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from edgesim.errors import InputError, did_you_mean
from edgesim.scenarios.parts.events import Event
from edgesim.twin.core.clock import URGENT, Clock, Moment

__all__ = ["Happening", "Names", "crowds_told", "happenings", "lasting", "numbered", "play"]

Names = dict[str, list[str]]
"""What there is to fail: names of the links, nodes, hosts and providers, by what they are."""


class Happening(NamedTuple):
    """One change of a world.

    Attributes:
        time_s: when.
        subject: what changes: ``link``, ``node``, ``host`` or ``provider``.
        number: which of them.
        change: ``fails``, ``repaired``, ``capacity``, ``joins`` or ``leaves``.
        factor: what a capacity is multiplied by.
        name: the link, node, host or provider, as people call it.
    """

    time_s: float
    subject: str
    number: int
    change: str
    factor: float
    name: str


_UNDONE = {"fails": "repaired", "capacity": "capacity", "joins": "leaves", "leaves": "joins"}


def happenings(events: Iterable[Event], names: Names) -> list[Happening]:
    """What happens to links, nodes, hosts and providers, in time; ends follow from ``until_s``.

    Args:
        events: of the scenario; those on load and groups are left out.
        names: what there is.

    Raises:
        InputError: a name that is not there, a repair of what has not failed, a failure of what
            has, or likewise of what joins and leaves.
    """
    found: list[tuple[Happening, str]] = []
    for event in events:
        if event.subject not in names:
            continue
        given = getattr(event, event.subject)
        number = numbered(event.place, event.subject, given, names[event.subject])
        name = names[event.subject][number]
        factor = 1.0 if event.factor is None else event.factor
        made = Happening(event.at_s, event.subject, number, event.event, factor, name)
        found.append((made, event.place))
        if event.until_s is not None:
            undone = made._replace(
                time_s=event.until_s, change=_UNDONE[event.event], factor=1.0 / factor
            )
            found.append((undone, event.place))
    found.sort(key=lambda item: item[0].time_s)
    _check_order(found)
    return [made for made, _ in found]


def lasting(plan: Sequence[Happening], *changes: str) -> list[Happening]:
    """Those of these changes that are not undone later in the plan."""
    last: dict[tuple[str, int], Happening] = {}
    for made in plan:
        if made.change in (*changes, *(_UNDONE[change] for change in changes)):
            last[made.subject, made.number] = made
    return [made for made in last.values() if made.change in changes]


def crowds_told(events: Iterable[Event]) -> list[tuple[float, str, str]]:
    """What events do to the load, for an event log: when, the event, and whose load it is."""
    told: list[tuple[float, str, str]] = []
    for event in events:
        if event.event in ("load", "flash_crowd"):
            word = "load" if event.event == "load" else "crowd"
            parts = [word, f"of {event.slice}" if event.slice else "", _at(event)]
            name = f"{' '.join(filter(None, parts))} ×{event.factor:g}"
            told.append((event.at_s, f"{word} begins", name))
            if event.until_s is not None:
                told.append((event.until_s, f"{word} ends", name))
        elif event.group is not None:
            name = " ".join(filter(None, ("group", event.group, _at(event))))
            told.append((event.at_s, f"group {event.event}", name))
            if event.until_s is not None:
                told.append((event.until_s, "group leaves", name))
    return told


def _at(event: Event) -> str:
    return "" if event.node is None else f"at {event.node}"


def play(clock: Clock, plan: Iterable[Happening], hear: Callable[[Moment], None]) -> None:
    """Put happenings on a clock: ``hear(moment)`` is called at each, which is ``moment.value``.

    What happens at the instant of an arrival comes before it.
    """
    for made in plan:
        clock.at(made.time_s, hear, made, URGENT)


def _check_order(found: Sequence[tuple[Happening, str]]) -> None:
    """Nothing fails twice, and nothing is repaired that works; nor comes or goes twice."""
    down: dict[tuple[str, int], bool] = {}
    away: dict[tuple[str, int], bool] = {}
    for made, place in found:
        key = (made.subject, made.number)
        if made.change in ("fails", "repaired"):
            fails = made.change == "fails"
            if down.get(key, False) == fails:
                state = "has failed already" if fails else "has not failed before"
                thing = f"{place}.{made.subject}"
                raise InputError(thing, made.name, f"{state} at {made.time_s:g} s")
            down[key] = fails
        elif made.change in ("joins", "leaves"):
            leaves = made.change == "leaves"
            if key in away and away[key] == leaves:
                state = "has left already" if leaves else "is there already"
                thing = f"{place}.{made.subject}"
                raise InputError(thing, made.name, f"{state} at {made.time_s:g} s")
            away[key] = leaves


def numbered(place: str, subject: str, given: Any, names: Sequence[str]) -> int:
    """The number of a link, node, host or provider, by its name or its number.

    Args:
        place: the event that names it, as messages do.
        subject: what it is.
        given: the name or number; of a link also its two ends.
        names: what there is.

    Raises:
        InputError: it is not there.
    """
    if isinstance(given, int) and not isinstance(given, bool):
        if 0 <= given < len(names):
            return given
        raise InputError(f"{place}.{subject}", given, f"must be from 0 to {len(names) - 1}")
    asked = list(given) if isinstance(given, tuple) else given
    same = _plain_link if subject == "link" else _plain
    wanted = same(given)
    for number, name in enumerate(names):
        if wanted == same(name):
            return number
    if subject == "link" and isinstance(given, str):
        # A dash without spaces is also one within a name: try it as a whole.
        ends = {_dashed(" – ".join(pair)): number for number, pair in _both_ways(names)}
        if _dashed(given) in ends:
            return ends[_dashed(given)]
    shown = " - ".join(map(str, given)) if isinstance(given, tuple) else str(given)
    raise InputError(f"{place}.{subject}", asked, _listed(shown, names))


_LISTED = 60  # names that a message lists whole


def _listed(shown: str, names: Sequence[str]) -> str:
    text = did_you_mean(shown, names)
    if len(names) <= _LISTED:
        return text
    hint = text.partition("accepted:")[0]
    return f"{hint}accepted: a number up to {len(names) - 1}, or a name: {', '.join(names[:8])}, …"


_NUMBERED = ("site ", "provider ", "node ")


def _plain(name: Any) -> str:
    """A name without what people write differently: case, and the word before a number."""
    text = str(name).strip().casefold()
    for word in _NUMBERED:
        if text.removeprefix(word).isdigit():
            return text.removeprefix(word)
    return text


_DASHES = re.compile(r"\s*(?:–|—|-+>?|→|>)\s*")


def _dashed(text: str) -> str:
    """A link's name with every dash and arrow alike."""
    return _DASHES.sub("-", text.strip().casefold())


def _both_ways(names: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """The ends of each link, in either order."""
    for number, name in enumerate(names):
        ends = name.split(" – ")
        yield number, ends
        yield number, ends[::-1]


def _plain_link(given: Any) -> frozenset[str]:
    """The ends of a link, in either order."""
    if isinstance(given, tuple):
        return frozenset(map(_plain, given))
    for dash in (" – ", " - ", " -- "):
        if dash in str(given):
            return frozenset(map(_plain, str(given).split(dash)))
    return frozenset((_plain(given),))
