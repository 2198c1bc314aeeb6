"""Processor sharing: what people who share a server see."""

from collections.abc import Callable
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgesim.twin.core.clock import Clock
from edgesim.twin.core.sharing import Job, ProcessorSharing


def equal_share(present: int) -> float:
    return 1 / present


def alone(present: int) -> float:
    return 1.0


def batch(present: int) -> float:
    return 1 / (1 + 0.5 * (present - 1))


class Diary:
    """A server whose jobs write down when they end."""

    def __init__(self, speed: Callable[[int], float] = equal_share) -> None:
        self.clock = Clock()
        self.server = ProcessorSharing(self.clock, speed)
        self.log: list[tuple[str, float]] = []
        self.jobs: dict[str, Job] = {}

    def ended(self, job: Job) -> None:
        self.log.append((job.value, self.clock.now))

    def comes(self, name: str, time_s: float, work: float) -> None:
        def arrive(_: object) -> None:
            self.jobs[name] = self.server.add(work, self.ended, name)

        self.clock.at(time_s, arrive)

    def happens(self, time_s: float, what: Callable[[], object]) -> None:
        def happen(_: object) -> None:
            what()

        self.clock.at(time_s, happen)


def test_two_share_and_the_one_left_speeds_up() -> None:
    diary = Diary()
    diary.comes("long", 0.0, 4.0)
    diary.comes("short", 1.0, 1.0)
    diary.clock.advance()
    # long is alone for 1 s and has 3 left; both then run at 1/2, short for 2 s; long has 2 left.
    assert diary.log == [("short", 3.0), ("long", 5.0)]


def test_a_batch_slows_each_by_less_than_its_share() -> None:
    diary = Diary(batch)
    diary.comes("a", 0.0, 2.0)
    diary.comes("b", 0.0, 2.0)
    diary.comes("c", 3.0, 1.0)
    diary.clock.advance()
    assert diary.log == [("a", 3.0), ("b", 3.0), ("c", 4.0)]


def test_equals_end_in_order_of_arrival() -> None:
    diary = Diary()
    for name in "dbca":
        diary.comes(name, 1.0, 1.0)
    diary.clock.advance()
    assert diary.log == [("d", 5.0), ("b", 5.0), ("c", 5.0), ("a", 5.0)]


def test_equals_on_paper_end_in_order_of_arrival_although_their_sums_round() -> None:
    diary = Diary()
    diary.comes("first", 0.0, 0.30000000000000004)
    diary.comes("second", 0.0, 0.3)
    diary.clock.advance()
    assert [name for name, _ in diary.log] == ["first", "second"]
    assert diary.log[0][1] == diary.log[1][1] == pytest.approx(0.6)


def test_who_leaves_early_makes_room_and_takes_the_rest_along() -> None:
    diary = Diary()
    diary.comes("stays", 0.0, 3.0)
    diary.comes("goes", 0.0, 5.0)
    diary.happens(2.0, lambda: diary.log.append(("left", diary.server.remove(diary.jobs["goes"]))))
    diary.clock.advance()
    assert diary.log == [("left", 4.0), ("stays", 4.0)]
    with pytest.raises(ValueError, match="not here"):
        diary.server.remove(diary.jobs["goes"])
    with pytest.raises(ValueError, match="not here"):
        diary.server.remove(diary.jobs["stays"])


def test_a_crash_drops_all_without_their_calls_and_life_goes_on() -> None:
    diary = Diary()
    diary.comes("b", 0.0, 3.0)
    diary.comes("a", 1.0, 1.5)
    diary.happens(
        2.0, lambda: diary.log.extend((job.value + " lost", 2.0) for job in diary.server.clear())
    )
    diary.comes("later", 2.5, 1.0)
    diary.clock.advance()
    assert diary.log == [("b lost", 2.0), ("a lost", 2.0), ("later", 3.5)]
    assert diary.server.count == 0


def test_what_is_left_can_be_asked_at_any_time() -> None:
    diary = Diary()
    left: list[tuple[float, float, int]] = []
    diary.comes("a", 0.0, 3.0)
    diary.comes("b", 1.0, 3.0)
    for time_s in (0.5, 2.0, 5.5):
        diary.happens(
            time_s,
            lambda: left.append(
                (
                    diary.clock.now,
                    diary.server.remaining(diary.jobs["a"]),
                    diary.server.count,
                )
            ),
        )
    diary.clock.advance()
    assert left == [(0.5, 2.5, 1), (2.0, 1.5, 2), (5.5, 0.0, 1)]
    assert diary.log == [("a", 5.0), ("b", 6.0)]


def test_the_end_of_one_may_bring_the_next() -> None:
    clock = Clock()
    server = ProcessorSharing(clock, equal_share)
    log: list[tuple[int, float]] = []

    def again(job: Job) -> None:
        log.append((job.value, clock.now))
        if job.value < 3:
            server.add(1.0, again, job.value + 1)

    server.add(1.0, again, 1)
    server.add(10.0, again, 99)
    clock.advance()
    assert log == [(1, 2.0), (2, 4.0), (3, 6.0), (99, 13.0)]


def test_the_end_of_one_may_drop_those_that_would_end_with_it() -> None:
    clock = Clock()
    server = ProcessorSharing(clock, equal_share)
    log: list[str] = []

    def crash(job: Job) -> None:
        log.append(f"{job.value} ends")
        log.extend(f"{lost.value} lost" for lost in server.clear())

    for name in "abc":
        server.add(1.0, crash, name)
    clock.advance()
    assert log == ["a ends", "b lost", "c lost"]
    assert clock.now == 3.0


def test_the_end_of_one_may_take_out_another() -> None:
    clock = Clock()
    server = ProcessorSharing(clock, equal_share)
    log: list[tuple[str, float]] = []
    jobs: dict[str, Job] = {}

    def ended(job: Job) -> None:
        log.append((job.value, clock.now))
        if job.value == "a":
            log.append(("b left with", server.remove(jobs["b"])))

    for name in "abc":
        jobs[name] = server.add(1.0, ended, name)
    clock.advance()
    assert log == [("a", 3.0), ("b left with", 0.0), ("c", 3.0)]


def test_no_work_takes_no_time_but_an_event() -> None:
    diary = Diary()
    job = diary.server.add(0.0, diary.ended, "nothing")
    assert diary.log == []
    assert diary.server.count == 1
    diary.clock.advance()
    assert diary.log == [("nothing", 0.0)]
    assert diary.server.remaining(job) == 0.0


def test_a_server_may_stand_still() -> None:
    diary = Diary(lambda present: 0.0 if present > 1 else 1.0)
    diary.comes("a", 0.0, 2.0)
    diary.comes("b", 1.0, 1.0)
    diary.happens(5.0, lambda: diary.server.remove(diary.jobs["b"]))
    diary.clock.advance()
    assert diary.log == [("a", 6.0)]


@pytest.mark.parametrize("work", [-1.0, nan, inf])
def test_impossible_work_is_refused(work: float) -> None:
    diary = Diary()
    with pytest.raises(ValueError, match="work"):
        diary.server.add(work, diary.ended)
    assert diary.server.count == 0


@pytest.mark.parametrize("rate", [-1.0, nan])
def test_an_impossible_speed_is_an_error(rate: float) -> None:
    diary = Diary(lambda present: rate)
    with pytest.raises(ValueError, match="speed"):
        diary.server.add(1.0, diary.ended)


def test_late_in_a_long_world_tiny_work_still_ends() -> None:
    clock = Clock()
    server = ProcessorSharing(clock, equal_share)
    ended: list[float] = []

    def arrive(_: object) -> None:
        for work in (1e-7, 1e-9, 0.0, 1e3):
            server.add(work, lambda job: ended.append(job.work))

    clock.at(1e12, arrive)
    events = 0
    while clock.peek() < inf:
        clock.step()
        events += 1
    assert ended == [0.0, 1e-9, 1e-7, 1e3]
    assert events < 12


# ---- as a law: the fluid, worked out the slow way

Arrivals = list[tuple[float, float]]
SPEEDS = [equal_share, alone, batch, lambda present: 1 / present**0.5]


def fluid(arrivals: Arrivals, speed: Callable[[int], float]) -> dict[int, float]:
    """When each job ends: every job's own remaining work, drained from one change to the next."""
    now, ends = 0.0, {}
    lacking: dict[int, float] = {}
    coming = list(enumerate(arrivals))
    while coming or lacking:
        next_arrival = coming[0][1][0] if coming else inf
        rate = speed(len(lacking)) if lacking else 0.0
        next_end = now + min(lacking.values()) / rate if lacking else inf
        then = min(next_arrival, next_end)
        lacking = {name: left - (then - now) * rate for name, left in lacking.items()}
        if next_end <= next_arrival:
            least = min(lacking.values())
            for name in [name for name, left in lacking.items() if left <= least]:
                ends[name] = then
                del lacking[name]
        else:
            name, (_, work) = coming.pop(0)
            lacking[name] = work
        now = then
    return ends


@st.composite
def arrivals(draw: st.DrawFn) -> Arrivals:
    gap = st.one_of(st.just(0.0), st.floats(0.001, 3.0))
    work = st.one_of(st.sampled_from([0.5, 1.0]), st.floats(0.001, 5.0))
    rows = draw(st.lists(st.tuples(gap, work), min_size=1, max_size=25))
    time_s, out = 0.0, []
    for wait, size in rows:
        time_s += wait
        out.append((time_s, size))
    return out


@settings(max_examples=150, deadline=None)
@given(arrivals(), st.sampled_from(SPEEDS))
def test_ends_equal_those_of_the_fluid(rows: Arrivals, speed: Callable[[int], float]) -> None:
    clock = Clock()
    server = ProcessorSharing(clock, speed)
    ends: dict[int, float] = {}

    def ended(job: Job) -> None:
        ends[job.value] = clock.now

    def come(moment: Any) -> None:
        name, work = moment.value
        server.add(work, ended, name)

    for name, (time_s, work) in enumerate(rows):
        clock.at(time_s, come, (name, work))
    clock.advance()
    expected = fluid(rows, speed)
    assert ends.keys() == expected.keys()
    for name, time_s in ends.items():
        assert time_s == pytest.approx(expected[name], rel=1e-9, abs=1e-9)
    assert server.count == 0


@settings(max_examples=150, deadline=None)
@given(arrivals(), st.lists(st.tuples(st.floats(0, 20), st.integers(0, 24)), max_size=8))
def test_work_is_conserved(rows: Arrivals, leavers: list[tuple[float, int]]) -> None:
    """Work brought = work done + work taken away + work still there, at every instant."""
    clock = Clock()
    server = ProcessorSharing(clock, equal_share)
    jobs: dict[int, Job] = {}
    brought = taken = busy_s = last_s = 0.0

    def ended(job: Job) -> None:
        del jobs[job.value]

    def come(moment: Any) -> None:
        nonlocal brought
        name, work = moment.value
        jobs[name] = server.add(work, ended, name)
        brought += work

    def go(moment: Any) -> None:
        nonlocal taken
        job = jobs.pop(moment.value, None)
        if job is not None:
            taken += server.remove(job)

    for name, (time_s, work) in enumerate(rows):
        clock.at(time_s, come, (name, work))
    for time_s, name in leavers:
        clock.at(time_s, go, name)
    while clock.peek() < inf:
        if server.count:
            busy_s += clock.peek() - last_s
        last_s = clock.peek()
        clock.step()
        left = sum(server.remaining(job) for job in jobs.values())
        assert server.count == len(jobs)
        # One unit a second while anybody is there, whoever gets it.
        assert busy_s + taken + left == pytest.approx(brought, abs=1e-9)


def test_the_same_world_twice() -> None:
    def run() -> list[tuple[str, float]]:
        diary = Diary(batch)
        for number in range(200):
            diary.comes(str(number), number * 0.37 % 11, number * 0.731 % 3)
        diary.clock.advance()
        return diary.log

    assert run() == run()
