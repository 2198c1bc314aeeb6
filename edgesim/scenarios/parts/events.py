"""What happens at a stated time: failures, factors on capacity and load, who comes and goes.

A scenario's key ``events`` is a list of these, or a YAML file with one. Names of links, nodes and
providers are looked up where the world is built (:mod:`edgesim.twin.core.happenings`); all else is
checked here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from math import inf
from pathlib import Path
from typing import Any

from edgesim.errors import InputError, Unshown, did_you_mean
from edgesim.scenarios.checks import at_least, between, positive
from edgesim.yaml_files import read_yaml

__all__ = ["EVENTS_HELP", "SUBJECTS", "Event", "checked_events", "read_events"]

EVENTS_HELP = (
    "what happens at stated times: a list of {at_s, event, link|node|host|provider|group|slice,"
    " until_s, factor, rate_hz}, or a YAML file with one; null: nothing"
)
"""What the key is, in every schema."""

SUBJECTS = ("link", "node", "host", "provider")
"""What can fail and be repaired."""


@dataclass(frozen=True)
class _Kind:
    """What an event of a kind takes.

    Attributes:
        subjects: of which it names exactly one.
        optional: further keys that it may have.
        required: those that it must have.
        undone_by: the event that takes it back, which ``until_s`` stands for; None: there is none.
    """

    subjects: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    required: tuple[str, ...] = ()


_KINDS = {
    "fails": _Kind(SUBJECTS, optional=("until_s",)),
    "repaired": _Kind(SUBJECTS),
    "capacity": _Kind(("link", "host", "provider"), optional=("until_s",), required=("factor",)),
    "joins": _Kind(("provider", "group"), optional=("until_s", "rate_hz", "node", "slice")),
    "leaves": _Kind(("provider", "group"), optional=("until_s",)),
    "load": _Kind(optional=("until_s", "slice"), required=("factor",)),
    "flash_crowd": _Kind(optional=("node", "slice"), required=("factor", "until_s")),
}


@dataclass(frozen=True)
class Event:
    """Something that happens.

    Attributes:
        place: where it stands in the scenario, as messages name it: ``events[0]``.
        at_s: when, s from the beginning of the episode.
        event: what: ``fails``, ``repaired``; ``capacity`` (times ``factor``); ``joins``,
            ``leaves``; ``load`` (times ``factor``); ``flash_crowd`` (the load is ``factor`` times
            its usual until ``until_s``, and what is more comes from one place).
        link: a link by the names of its ends, ``[one, other]`` or ``"one - other"``, or its number.
        node: a node by its name or number, with its links and all that stands there. In ``joins``
            of a group and ``flash_crowd``: where the requests come from.
        host: the machines at a node, which itself goes on.
        provider: a provider by its number.
        group: any name: users who join with ``rate_hz`` requests a second.
        slice: whose requests, by its name; null: all slices.
        until_s: when it is over and undone.
        factor: what capacity or load is multiplied by.
        rate_hz: requests a second of a group, 1/s.
    """

    place: str
    at_s: float
    event: str
    link: Any = None
    node: Any = None
    host: Any = None
    provider: Any = None
    group: str | None = None
    slice: str | None = None
    until_s: float | None = None
    factor: float | None = None
    rate_hz: float | None = None

    @property
    def subject(self) -> str | None:
        """What it happens to: ``link``, ``node``, ``host``, ``provider``, ``group``, or None."""
        for key in _KINDS[self.event].subjects:
            if getattr(self, key) is not None:
                return key
        return None

    def keys(self) -> dict[str, Any]:
        """As a scenario states it."""
        given = {item.name: getattr(self, item.name) for item in fields(self)}
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in given.items()
            if value is not None and key != "place"
        }


def read_events(given: Any) -> list[Event]:
    """The events of a scenario: its list, or those in the YAML file that it names.

    Raises:
        InputError: no such file, no list of mappings, unknown or missing keys, values out of range.
    """
    if given is None:
        return []
    source, where = given, "events"
    if isinstance(given, str | Path):
        where = str(given)
        source = _in_file(Path(given))
    if isinstance(source, str | Mapping) or not isinstance(source, Sequence):
        accepted = "must be a list of {at_s, event, ...}, or a YAML file with one"
        shown = source if source is given else Unshown(source)
        raise InputError(where, shown, accepted)
    return [_event(f"{where}[{row}]", item) for row, item in enumerate(source)]


def checked_events(
    given: Any,
    *,
    subjects: Mapping[str, str | None],
    slices: Sequence[str] | None = None,
    horizon_s: float = inf,
    drawn: bool = True,
    places: bool = True,
) -> list[dict[str, Any]] | None:
    """The events of a scenario as its plain list, checked for what its family has.

    Args:
        given: the scenario's ``events``.
        subjects: for each of :data:`SUBJECTS` why the family has none of it; None: it has.
        slices: names of the slices; None: the family has none.
        horizon_s: length of an episode, s.
        drawn: whether requests are drawn; those of a trace cannot be made more.
        places: whether requests come from a node.

    Returns:
        what :func:`read_events` reads as it is; None for no events.

    Raises:
        InputError: as of :func:`read_events`; a subject that is not there, or a time outside the
            episode.
    """
    events = read_events(given)
    for event in events:
        lacking = subjects.get(event.subject or "")
        if lacking is not None:
            raise InputError(f"{event.place}.{event.subject}", _shown(event), lacking)
        for key in ("at_s", "until_s"):
            time_s = getattr(event, key)
            if time_s is not None and not time_s <= horizon_s:
                accepted = f"lies outside the episode, which lasts {horizon_s:g} s"
                raise InputError(f"{event.place}.{key}", time_s, accepted)
        if event.slice is not None:
            if slices is None:
                raise InputError(f"{event.place}.slice", event.slice, "there are no slices here")
            if event.slice not in slices:
                accepted = did_you_mean(str(event.slice), slices)
                raise InputError(f"{event.place}.slice", event.slice, accepted)
        comes_from = event.subject != "node" and event.node is not None
        if comes_from and not places:
            raise InputError(f"{event.place}.node", event.node, "requests have no place here")
        more = event.event in ("load", "flash_crowd") and (event.factor or 0) > 1
        if more and not drawn:
            accepted = "a trace states its requests: at most 1, or a group joins with its rate_hz"
            raise InputError(f"{event.place}.factor", event.factor, accepted)
    _check_groups(events)
    return [event.keys() for event in events] or None


def _check_groups(events: Sequence[Event]) -> None:
    """Groups leave after they have joined, and join with a rate."""
    there: set[str] = set()
    for event in sorted(events, key=lambda event: event.at_s):
        if event.group is None:
            continue
        if event.event == "joins":
            if event.rate_hz is None:
                raise InputError(f"{event.place}.rate_hz", None, "must be above 0: 1/s of requests")
            if event.group in there:
                raise InputError(f"{event.place}.group", event.group, "has joined before")
            there.add(event.group)
            if event.until_s is not None:
                there.discard(event.group)
        elif event.group not in there:
            raise InputError(f"{event.place}.group", event.group, "has not joined before")
        else:
            there.discard(event.group)


def _in_file(path: Path) -> Any:
    loaded = read_yaml(path, "events")
    return loaded["events"] if isinstance(loaded, Mapping) and "events" in loaded else loaded


def _event(place: str, item: Any) -> Event:
    if not isinstance(item, Mapping):
        raise InputError(place, Unshown(item), "must be a mapping {at_s, event, ...}")
    keys = [key.name for key in fields(Event) if key.name != "place"]
    given = dict(item)
    if "site" in given:  # what an AIGC user calls a node
        given.setdefault("node", given.pop("site"))
    for key in given:
        if key not in keys:
            raise InputError(f"{place} key", key, did_you_mean(str(key), keys))
    given = {key: value for key, value in given.items() if value is not None}
    name = given.get("event")
    if name not in _KINDS:
        raise InputError(f"{place}.event", name, did_you_mean(str(name), _KINDS))
    kind = _KINDS[name]
    subjects = [key for key in kind.subjects if key in given]
    if kind.subjects and len(subjects) != 1:
        accepted = f"{name} names one of: {', '.join(kind.subjects)}"
        raise InputError(place, sorted(given), accepted)
    fitting = ("at_s", "event", *subjects, *kind.optional, *kind.required)
    for key in given:
        if key not in fitting:
            accepted = f"{name} does not take it; accepted: {', '.join(dict.fromkeys(fitting))}"
            raise InputError(f"{place} key", key, accepted)
    for key in kind.required:
        if key not in given:
            raise InputError(f"{place}.{key}", None, f"{name} needs it")
    at_least(f"{place}.at_s", given.get("at_s"), 0)
    _check_figures(place, given)
    if isinstance(given.get("link"), list):
        given["link"] = tuple(given["link"])
    return Event(place, **given)


def _check_figures(place: str, given: Mapping[str, Any]) -> None:
    until_s, at_s = given.get("until_s"), given["at_s"]
    if until_s is not None:
        positive(f"{place}.until_s", until_s)
        if until_s <= at_s:
            raise InputError(f"{place}.until_s", until_s, f"must be after at_s = {at_s:g}")
    if "factor" in given:
        if given["event"] == "capacity":
            positive(f"{place}.factor", given["factor"])
        elif given["event"] == "flash_crowd":
            between(f"{place}.factor", given["factor"], 1, 1e6)
        else:
            at_least(f"{place}.factor", given["factor"], 0)
    if "rate_hz" in given:
        positive(f"{place}.rate_hz", given["rate_hz"])
        if "provider" in given:
            raise InputError(f"{place}.rate_hz", given["rate_hz"], "is for groups, not providers")
    _check_names(place, given)


def _check_names(place: str, given: Mapping[str, Any]) -> None:
    for key in ("group", "slice"):
        if key in given and not isinstance(given[key], str):
            raise InputError(f"{place}.{key}", given[key], "must be a name")
    if "provider" in given:
        for key in ("node", "slice"):
            if key in given:
                raise InputError(f"{place}.{key}", given[key], "is for groups, not providers")


def _shown(event: Event) -> Any:
    value = getattr(event, event.subject or "event")
    return list(value) if isinstance(value, tuple) else value
