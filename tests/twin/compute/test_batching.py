"""A server of batches: its story, queueing theory's figures, and the time that a batch takes."""

from collections.abc import Callable, Sequence
from math import inf
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from edgesim.twin.aigc.task import Task
from edgesim.twin.compute.batching import BatchServer, BatchTime, Seat
from edgesim.twin.core.clock import Clock

Log = list[tuple[float, str, Any]]


def serve(
    tasks: Sequence[tuple[float, int]],
    seconds: Callable[[Sequence[float]], float],
    window_s: float = 0.0,
    max_batch: int = 1,
) -> tuple[list[Seat], Log]:
    """Requests (arrival in s, steps) at one server: their seats as they leave, and its log."""
    clock, left, log = Clock(), [], Log()

    def timed(steps: Sequence[float]) -> float:
        log.append((clock.now, "begin", list(steps)))
        return seconds(steps)

    server = BatchServer(clock, timed, window_s, max_batch)

    def over(seat: Seat) -> None:
        left.append(seat)
        log.append((clock.now, "over", seat.value.number))  # type: ignore[attr-defined]

    for number, (time_s, steps) in enumerate(tasks):
        task = Task(number, time_s, steps, 0)
        clock.at(time_s, lambda moment: server.run(moment.value, over), task)
    clock.run()
    assert server.waiting == server.running == 0
    return left, log


def ten(steps: Sequence[float]) -> float:
    return 10.0


# --- its story --------------------------------------------------------------------------------


def test_a_first_request_waits_for_others_and_those_that_come_meanwhile_queue() -> None:
    _, log = serve([(0, 5), (1, 6), (4, 7), (30, 8)], ten, window_s=2.0, max_batch=3)
    assert log == [
        (2.0, "begin", [5, 6]),  # the window of the first is over
        (12.0, "over", 0),
        (12.0, "over", 1),
        (12.0, "begin", [7]),  # has waited longer than the window already
        (22.0, "over", 2),
        (32.0, "begin", [8]),  # alone, and waited for nobody
        (42.0, "over", 3),
    ]


def test_a_full_batch_waits_for_no_window_and_takes_the_first_that_came() -> None:
    _, log = serve([(0, 1), (1, 2), (2, 3), (2, 4), (3, 5)], ten, window_s=60.0, max_batch=2)
    assert [entry for entry in log if entry[1] == "begin"] == [
        (1.0, "begin", [1, 2]),
        (11.0, "begin", [3, 4]),
        (63.0, "begin", [5]),  # window of the one that came at 3 s
    ]


def test_one_that_is_taken_away_while_it_waits_never_ran() -> None:
    clock, left = Clock(), []
    server = BatchServer(clock, ten, max_batch=2)
    tasks = [Task(number, 0.0, 5, 0) for number in range(3)]
    for task in tasks:
        server.run(task, lambda seat: left.append((clock.now, seat.value.number)))
    clock.run(until=4.0)
    assert (server.running, server.waiting) == (1, 2)
    assert server.stop(tasks[1]) == 0.0
    assert server.stop(tasks[0]) == pytest.approx(0.4)
    assert tasks[2].run.began_s == inf
    clock.run()
    assert left == [(14.0, 2)]  # began at once where nothing was left of the first batch


def test_a_batch_goes_on_without_a_member_that_was_taken_away() -> None:
    clock, left = Clock(), []
    server = BatchServer(clock, ten, window_s=1.0, max_batch=2)
    tasks = [Task(number, 0.0, 5, 0) for number in range(2)]
    for task in tasks:
        server.run(task, lambda seat: left.append((clock.now, seat.value.number)))
    clock.run(until=5.0)
    assert server.stop(tasks[0]) == pytest.approx(0.5)
    clock.run()
    assert left == [(10.0, 1)]


def test_a_crash_ends_all_and_begins_none_of_those_that_waited() -> None:
    clock = Clock()
    begun = []

    def timed(steps: Sequence[float]) -> float:
        begun.append(len(steps))
        return 10.0

    server = BatchServer(clock, timed, max_batch=2)
    tasks = [Task(number, 0.0, 5, 0) for number in range(5)]
    for task in tasks:
        server.run(task, lambda seat: pytest.fail("nothing ends"))
    clock.run(until=4.0)
    assert [server.stop(task) for task in tasks] == [pytest.approx(0.4), 0, 0, 0, 0]
    clock.run()
    assert begun == [1]
    assert server.waiting == server.running == 0


# --- its laws ---------------------------------------------------------------------------------


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_one_at_a_time_for_a_fixed_time_is_the_queue_m_d_1(load: float) -> None:
    """Mean wait ``load / (2 (1 - load))`` service times (Pollaczek and Khinchine)."""
    rng = np.random.default_rng(7)
    arrivals = np.cumsum(rng.exponential(1.0 / load, 40_000))
    left, _ = serve([(float(time_s), 1) for time_s in arrivals], lambda _: 1.0)
    waits = np.array([seat.began_s - seat.came_s for seat in left])[4000:]
    means = waits.reshape(25, -1).mean(axis=1)
    half = float(stats.t.ppf(0.995, 24)) * means.std(ddof=1) / 5.0
    expected = load / (2 * (1 - load))
    assert half < 0.15 * expected
    assert abs(means.mean() - expected) <= half


def test_batches_as_large_as_they_come_keep_up_with_any_load() -> None:
    """Batches of up to 8 in one second hold out against 5 a second, and single ones do not."""
    rng = np.random.default_rng(1)
    tasks = [(float(t), 1) for t in np.cumsum(rng.exponential(0.2, 2000))]
    together, _ = serve(tasks, lambda _: 1.0, max_batch=8)
    alone, _ = serve(tasks, lambda _: 1.0)
    waits = [max(seat.began_s - seat.came_s for seat in left) for left in (together, alone)]
    assert waits[0] < 5.0
    assert waits[1] > 1000.0


requests = st.lists(
    st.tuples(st.sampled_from([0.0, 0.5, 1.0, 1.0, 2.5, 7.0, 30.0]), st.integers(1, 9)),
    min_size=1,
    max_size=30,
)


@settings(max_examples=100, deadline=None)
@given(requests, st.sampled_from([0.0, 0.5, 3.0]), st.integers(1, 5))
def test_all_leave_in_the_order_in_which_they_came_and_no_batch_is_too_large(
    tasks: list[tuple[float, int]], window_s: float, max_batch: int
) -> None:
    tasks = sorted(tasks, key=lambda task: task[0])
    left, log = serve(tasks, lambda steps: 1.0 + max(steps), window_s, max_batch)
    assert [seat.value.number for seat in left] == list(range(len(tasks)))  # type: ignore[attr-defined]
    batches = [entry for entry in log if entry[1] == "begin"]
    assert sum(len(batch[2]) for batch in batches) == len(tasks)
    assert all(len(batch[2]) <= max_batch for batch in batches)
    ends = [batch[0] + 1.0 + max(batch[2]) for batch in batches]
    for end_s, batch in zip(ends, batches[1:], strict=False):
        assert batch[0] >= end_s  # one batch at a time
    free_s = [-inf, *ends]
    for seat in left:
        assert seat.began_s >= seat.came_s
        # Nobody waits longer than the window while the server is free.
        before = max(end_s for end_s in free_s if end_s <= seat.began_s)
        assert seat.began_s <= max(before, seat.came_s + window_s) + 1e-9


# --- the time of a batch ----------------------------------------------------------------------


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=8),
    st.tuples(*[st.floats(0.0, 2.0)] * 4),
)
def test_the_time_of_a_batch_is_the_sum_over_its_denoising_steps(
    steps: list[int], model: tuple[float, float, float, float]
) -> None:
    fixed_s, image_s, step_s, image_step_s = model
    total = fixed_s + image_s * len(steps)
    for step in range(max(steps)):
        active = sum(wanted > step for wanted in steps)
        total += step_s + image_step_s * active
    assert BatchTime(*model).mean_s(steps) == pytest.approx(total)


def test_scatter_is_that_of_the_nearest_measured_batch() -> None:
    samples = [(10, 1, [1.0, 1.2]), (10, 4, [4.4]), (100, 1, [9.0, 11.0])]
    time = BatchTime(0.0, 0.0, 0.0, 0.1, samples)
    assert time.scatters
    assert [time.ratio(12, 1, place) for place in (0.0, 0.49, 0.5, 0.99)] == pytest.approx(
        [1.0, 1.0, 1.2, 1.2]
    )
    assert time.ratio(9, 3, 0.7) == pytest.approx(1.1)
    assert time.ratio(90, 1, 0.0) == pytest.approx(0.9)
    assert time.least_ratio == pytest.approx(0.9)
    assert time.drawn_s([12], 0.5) == pytest.approx(1.2 * 1.2)


def test_a_device_twice_as_fast_takes_half_the_time_and_scatters_alike() -> None:
    samples = [(10, 2, [1.0, 1.4])]
    one, two = (BatchTime(0.1, 0.2, 0.03, 0.04, samples, speed) for speed in (1.0, 2.0))
    for place in (0.0, 0.6):
        assert two.drawn_s([7, 9], place) == pytest.approx(one.drawn_s([7, 9], place) / 2)


def test_without_measurements_nothing_scatters() -> None:
    time = BatchTime(0.1, 0.0, 0.01, 0.0)
    assert not time.scatters
    assert time.least_ratio == 1.0
    assert time.drawn_s([10, 20], 0.3) == time.mean_s([10, 20]) == pytest.approx(0.3)


def test_a_batch_that_takes_no_time_is_done_as_a_whole_when_it_is_stopped() -> None:
    clock = Clock()
    server = BatchServer(clock, lambda steps: 0.0, 0.0, 2)
    task = Task(0, 0.0, 1, 0)
    server.run(task, lambda seat: None)
    assert server.stop(task) == 1.0


def test_what_is_done_of_a_run_is_its_share_of_the_time_of_the_batch() -> None:
    clock = Clock()
    server = BatchServer(clock, ten, 0.0, 2)
    first, waits = Task(0, 0.0, 1, 0), Task(1, 0.0, 1, 0)
    server.run(first, lambda seat: None)
    clock.run(until=2.5)
    server.run(waits, lambda seat: None)
    assert (server.running, server.waiting) == (1, 1)
    assert server.stop(waits) == 0.0 and server.waiting == 0
    assert server.stop(first) == 0.25 and server.running == 0
