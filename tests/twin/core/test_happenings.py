"""Events by number: names that are found, ends that follow, and orders that make no sense."""

from typing import Any

import pytest

from edgesim.errors import InputError
from edgesim.scenarios.parts.events import read_events
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.happenings import Happening, happenings, lasting, numbered, play

NAMES = {"link": ["Bonn – Köln", "Köln – Ulm"], "node": ["Bonn", "Köln", "Ulm"]}


def plan(*events: dict[str, Any]) -> list[Happening]:
    return happenings(read_events(list(events)), NAMES)


def test_what_ends_is_undone() -> None:
    link = {"at_s": 5, "event": "fails", "link": "Ulm - Köln", "until_s": 20}
    half = {"at_s": 7, "event": "capacity", "link": 0, "factor": 0.5, "until_s": 9}
    assert plan(link, half) == [
        (5, "link", 1, "fails", 1.0, "Köln – Ulm"),
        (7, "link", 0, "capacity", 0.5, "Bonn – Köln"),
        (9, "link", 0, "capacity", 2.0, "Bonn – Köln"),
        (20, "link", 1, "repaired", 1.0, "Köln – Ulm"),
    ]


@pytest.mark.parametrize(
    "given",
    [1, "Köln – Ulm", "ulm - köln", ("Ulm", "Köln"), "Ulm -- Köln", "Köln-Ulm", "ulm -> köln"],
)
def test_a_link_goes_by_its_ends_in_either_order_or_by_its_number(given: Any) -> None:
    assert numbered("events[0]", "link", given, NAMES["link"]) == 1


@pytest.mark.parametrize("given", [3, "3", "site 3", "Site 3"])
def test_a_site_goes_by_its_number(given: Any) -> None:
    names = [f"site {number}" for number in range(5)]
    assert numbered("events[0]", "node", given, names) == 3


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("Kön", r"events\[0\]\.node = 'Kön': did you mean 'Köln'\? accepted: Bonn, Köln, Ulm"),
        (7, r"events\[0\]\.node = 7: must be from 0 to 2"),
        (-1, "must be from 0 to 2"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(given: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        plan({"at_s": 1, "event": "fails", "node": given})


@pytest.mark.parametrize(
    ("events", "message"),
    [
        ([("repaired", 1)], "has not failed before"),
        ([("fails", 1), ("fails", 2)], "has failed already"),
        ([("fails", 1), ("repaired", 2), ("repaired", 3)], "has not failed before"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(
    events: list[tuple[str, float]], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        plan(*({"at_s": at_s, "event": event, "node": 0} for event, at_s in events))


def test_what_stays_is_what_is_not_undone() -> None:
    stays = {"at_s": 5, "event": "fails", "node": "Ulm"}
    ends = {"at_s": 5, "event": "fails", "node": "Bonn", "until_s": 6}
    assert [made.name for made in lasting(plan(stays, ends), "fails")] == ["Ulm"]


def test_happenings_come_before_what_else_is_due_then() -> None:
    clock, told = Clock(), []
    clock.at(5.0, lambda _: told.append(("arrival", clock.now)))
    made = plan({"at_s": 5, "event": "fails", "node": "Ulm"})
    play(clock, made, lambda moment: told.append((moment.value.name, clock.now)))
    clock.advance()
    assert told == [("Ulm", 5.0), ("arrival", 5.0)]
