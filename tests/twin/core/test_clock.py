"""The clock: moments among SimPy's events, pauses, and time that is passed over."""

import pickle
from math import inf
from typing import Any

import pytest

from edgesim.twin.core.clock import NORMAL, URGENT, Clock, Moment

LOG: list[str] = []


def say(moment: Moment) -> None:
    """What a moment of the tests calls: of the module, so that it can be pickled."""
    LOG.append(moment.value)


@pytest.fixture(autouse=True)
def fresh() -> None:
    LOG.clear()


def test_moments_come_by_time_then_by_priority_then_in_their_order() -> None:
    clock = Clock()
    clock.at(2.0, say, "late")
    clock.at(1.0, say, "first", NORMAL)
    clock.at(1.0, say, "second")
    clock.at(1.0, say, "urgent", URGENT)
    clock.after(0.5, say, "soon")
    clock.after(1.0, say, "urgent too", URGENT)
    assert not clock.advance()
    assert LOG == ["soon", "urgent", "urgent too", "first", "second", "late"]
    assert clock.now == 2.0


def test_a_delay_counts_from_now() -> None:
    clock, times = Clock(), []

    def wait(_: Moment) -> None:
        clock.after(2.0, lambda _: times.append(clock.now))

    clock.at(3.0, wait)
    clock.advance()
    assert times == [5.0]


def test_the_past_is_over_and_the_present_is_not() -> None:
    clock = Clock()
    clock.run(until=3.0)
    clock.at(3.0, say, "now")
    with pytest.raises(ValueError, match=r"time_s = 2\.5: it is already 3\.0"):
        clock.at(2.5, say)
    clock.advance()
    assert LOG == ["now"]


def test_a_cancelled_moment_passes_without_its_call_and_keeps_its_place() -> None:
    clock = Clock()
    moment = clock.at(4.0, say, "never")
    moment.cancel()
    assert clock.free_until_s == 4.0
    clock.advance()
    assert (LOG, clock.now) == ([], 4.0)


def test_a_moment_that_has_passed_can_be_called_again() -> None:
    clock = Clock()
    moment = clock.at(1.0, say, "again")
    clock.advance()
    clock.again(moment, 2.0)
    clock.at(2.0, say, "urgent", URGENT)
    clock.at(2.0, say, "after it")
    clock.advance()
    assert LOG == ["again", "urgent", "again", "after it"]


def test_time_can_be_passed_over_where_nothing_is_due() -> None:
    clock = Clock()
    assert clock.free_until_s == inf
    clock.at(5.0, say, "due")
    assert clock.free_until_s == 5.0
    assert [clock.skip(time_s) for time_s in (5.0, 6.0, -1.0)] == [False] * 3
    assert clock.now == 0.0
    assert clock.skip(4.0) and clock.skip(4.0) and clock.now == 4.0
    assert not clock.skip(3.0)
    clock.advance()
    assert clock.skip(100.0) and clock.now == 100.0


def test_a_paused_clock_stops_after_the_event_and_passes_nothing_over() -> None:
    clock = Clock()
    clock.at(1.0, lambda _: clock.pause())
    clock.at(2.0, say, "later")
    assert clock.advance()
    assert (clock.now, LOG) == (1.0, [])
    assert clock.free_until_s == 1.0 and not clock.skip(1.5)
    assert not clock.advance()
    assert LOG == ["later"]


def test_processes_of_simpy_stand_in_the_same_queue() -> None:
    clock, log = Clock(), []

    def story() -> Any:
        yield clock.timeout(1.0)
        log.append(("process", clock.now))
        yield clock.timeout(1.0)
        log.append(("process", clock.now))

    clock.process(story())
    clock.at(1.5, lambda _: log.append(("moment", clock.now)))
    clock.advance()
    assert log == [("process", 1.0), ("moment", 1.5), ("process", 2.0)]


def test_a_copy_stands_where_the_clock_stood_and_numbers_on() -> None:
    clock = Clock()
    clock.at(1.0, say, "before")
    clock.at(3.0, say, "first")
    clock.at(3.0, say, "second")
    clock.step()
    copy = pickle.loads(pickle.dumps(clock))
    assert (copy.now, copy.free_until_s) == (1.0, 3.0)
    copy.at(3.0, say, "third")
    copy.advance()
    assert LOG == ["before", "first", "second", "third"]
    LOG.clear()
    clock.at(3.0, say, "also third")
    clock.advance()
    assert LOG == ["first", "second", "also third"]
