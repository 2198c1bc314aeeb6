"""What a scenario's figures usually are, and how much there is to simulate: said before it begins.

Also, for which figures the twin was checked (docs/validity.md).

A value that lies orders of magnitude beside the usual ones is most likely one of another unit
(Mbit/s for bit/s, ms for s). It is used as it is, for it may be meant, and one line says so.
"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, NamedTuple

from edgesim.errors import InputError
from edgesim.notes import note
from edgesim.numbers import as_finite

__all__ = ["MOST_EVENTS", "Unusual", "check_length", "say_unusual", "unusual"]

MOST_EVENTS = 1e10
"""Events of an episode beyond which it is refused: the twin plays some 10^4 to 10^5 of them a
second, so that these would take a day at the very least."""

_MANY_EVENTS = 1e8
"""Events of an episode from which on its length is said: minutes to hours."""


class Unusual(NamedTuple):
    """A figure beside its usual range.

    Attributes:
        key: its dotted key.
        value: what it is.
        low, high: the usual range.
        what: unit and meaning, as the schema has them.
    """

    key: str
    value: float
    low: float
    high: float
    what: str


def unusual(scenario: Any, prefix: str = "", *, which: str = "usual") -> Iterator[Unusual]:
    """The figures of a scenario, or a part of one, that lie beside their ranges.

    A range is stated with the field, as ``usual`` or ``checked`` of
    :func:`edgesim.scenarios.settings.setting`. 0 and null, which stand for "none", are left out.
    """
    for item in fields(scenario):
        key, value = f"{prefix}{item.name}", getattr(scenario, item.name)
        if is_dataclass(value):
            yield from unusual(value, f"{key}.", which=which)
            continue
        parts = list(value) if isinstance(value, list | tuple) else [value]
        for row, part in enumerate(parts):
            if is_dataclass(part):
                yield from unusual(part, f"{key}[{row}].", which=which)
        usual = item.metadata.get(which)
        if usual is None:
            continue
        low, high = usual
        for part in parts:
            number = as_finite(part)
            if number is not None and number != 0 and not low <= number <= high:
                yield Unusual(key, number, low, high, item.metadata["help"])
                break


def say_unusual(scenario: Any) -> None:
    """Say in a line each which figures lie beside their usual or checked ranges."""
    for one in unusual(scenario):
        note(
            one.key,
            f"{one.value:g} is taken as it is, but usual are {one.low:g} to {one.high:g}"
            f" ({one.what}): is it in another unit?",
        )
    for one in unusual(scenario, which="checked"):
        note(
            one.key,
            f"{one.value:g} lies beside {one.low:g} to {one.high:g}, for which the twin was checked"
            " (docs/validity.md)",
        )


def check_length(scenario: Any) -> None:
    """Say about how many events an episode has, where they are many.

    A scenario's schema tells what there will be at least, by a method ``expected_events()``: what
    happens, and how often in an episode.

    Raises:
        InputError: there are so many that the episode does not end in any reasonable time.
    """
    expected = getattr(scenario, "expected_events", None)
    if expected is None:
        return
    events: dict[str, float] = expected()
    total = sum(events.values())
    if total <= _MANY_EVENTS:
        return
    most = max(events, key=lambda what: events[what])
    told = f"about {total:.0e} events an episode, most of them {most}"
    if total > MOST_EVENTS:
        accepted = f"{told}: it would not end within a day; at most {MOST_EVENTS:.0e} are accepted"
        raise InputError("scenario", scenario.name or scenario.problem, accepted)
    note(scenario.name or scenario.problem, f"{told}: it takes minutes to hours")
