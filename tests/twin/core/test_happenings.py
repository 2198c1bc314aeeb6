"""Events by number: names that are found, ends that follow, and orders that make no sense."""

from typing import Any

import pytest

from edgesim.errors import InputError
from edgesim.scenarios.parts.events import read_events
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.happenings import (
    Happening,
    crowds_told,
    happenings,
    lasting,
    numbered,
    play,
)

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


def test_what_comes_and_goes_is_undone_too_and_cannot_do_so_twice() -> None:
    names = {"provider": ["a", "b"]}

    def made(*events: dict[str, Any]) -> list[tuple[float, int, str]]:
        found = happenings(read_events(list(events)), names)
        return [(it.time_s, it.number, it.change) for it in found]

    leaves = {"at_s": 5, "event": "leaves", "provider": "b", "until_s": 9}
    joins = {"at_s": 3, "event": "joins", "provider": 0, "until_s": 4}
    assert made(leaves, joins) == [(3, 0, "joins"), (4, 0, "leaves"), (5, 1, "leaves"),
                                   (9, 1, "joins")]  # fmt: skip
    with pytest.raises(InputError, match=r"events\[1\]\.provider = 'b': has left already at 6 s"):
        made(leaves, {"at_s": 6, "event": "leaves", "provider": 1})
    with pytest.raises(InputError, match=r"provider = 'b': is there already at 10 s"):
        made(leaves, {"at_s": 10, "event": "joins", "provider": 1})


def test_events_on_what_is_not_in_this_world_are_left_out() -> None:
    events = [
        {"at_s": 1, "event": "fails", "node": "Ulm"},
        {"at_s": 2, "event": "load", "factor": 2},
        {"at_s": 3, "event": "fails", "link": 0},
    ]
    found = happenings(read_events(events), {"link": NAMES["link"]})
    assert [made.subject for made in found] == ["link"]


def test_what_events_do_to_the_load_is_told_with_its_end() -> None:
    told = crowds_told(
        read_events(
            [
                {"at_s": 1, "event": "load", "factor": 0.5},
                {"at_s": 2, "event": "load", "factor": 2, "slice": "a", "until_s": 3},
                {"at_s": 4, "event": "flash_crowd", "factor": 3, "node": "Ulm", "until_s": 5},
                {
                    "at_s": 6,
                    "event": "joins",
                    "group": "fans",
                    "rate_hz": 1,
                    "node": 2,
                    "until_s": 7,
                },
                {"at_s": 8, "event": "joins", "group": "staff", "rate_hz": 1},
                {"at_s": 9, "event": "leaves", "group": "staff"},
                {"at_s": 9, "event": "fails", "node": "Ulm"},
            ]
        )
    )
    assert told == [
        (1, "load begins", "load ×0.5"),
        (2, "load begins", "load of a ×2"),
        (3, "load ends", "load of a ×2"),
        (4, "crowd begins", "crowd at Ulm ×3"),
        (5, "crowd ends", "crowd at Ulm ×3"),
        (6, "group joins", "group fans at 2"),
        (7, "group leaves", "group fans at 2"),
        (8, "group joins", "group staff"),
        (9, "group leaves", "group staff"),
    ]


def test_of_many_names_a_message_lists_a_few() -> None:
    with pytest.raises(InputError) as few:
        numbered("events[0]", "node", "x", [f"town{number}" for number in range(60)])
    assert str(few.value).endswith("and 40 others") and "…" not in str(few.value)
    with pytest.raises(InputError) as many:
        numbered("events[0]", "node", "twn60", [f"town{number}" for number in range(61)])
    assert str(many.value).endswith(
        "did you mean 'town60'? accepted: a number up to 60, or a name: town0, town1, town2, town3,"
        " town4, town5, town6, town7, …"
    )


@pytest.mark.parametrize("given", [True, False, 2, -1])
def test_truths_and_numbers_beyond_are_no_numbers(given: Any) -> None:
    with pytest.raises(InputError):
        numbered("events[0]", "link", given, NAMES["link"])


@pytest.mark.parametrize(
    ("given", "number"),
    [("Aix - en - Provence – Bonn", 0), ("bonn–aix-en-provence", 0), ("aix-en-provence > bonn", 0),
     ("Bonn → Ulm", 1), (("ulm", "BONN"), 1), (1, 1)],
)  # fmt: skip
def test_dashes_within_names_and_between_them(given: Any, number: int) -> None:
    names = ["Aix-en-Provence – Bonn", "Bonn – Ulm"]
    assert numbered("events[0]", "link", given, names) == number


def test_a_name_of_two_dashes_that_joins_nothing_is_shown_as_it_was_given() -> None:
    with pytest.raises(InputError, match=r"link = \['Ulm', 'Rom'\]"):
        numbered("events[0]", "link", ("Ulm", "Rom"), NAMES["link"])


def test_what_lasts_is_told_by_its_last_change() -> None:
    half = {"at_s": 5, "event": "capacity", "link": 0, "factor": 0.5}
    again = {"at_s": 7, "event": "capacity", "link": 0, "factor": 0.25}
    fails = {"at_s": 8, "event": "fails", "link": 1}
    stays = {"at_s": 9, "event": "fails", "node": 1}
    found = lasting(plan(half, again, fails, stays), "capacity", "fails")
    assert [(made.subject, made.number, made.time_s) for made in found] == [
        ("link", 0, 7), ("link", 1, 8), ("node", 1, 9)
    ]  # fmt: skip
    assert lasting(plan(half, fails), "capacity")[0].factor == 0.5
