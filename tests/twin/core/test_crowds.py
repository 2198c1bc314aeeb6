"""Load that changes: how much comes beside the usual requests, which stay what they are."""

from math import inf
from typing import Any

import numpy as np
import pytest

from edgesim.scenarios.parts.events import read_events
from edgesim.twin.core.crowds import Crowd, Load, Merged, loads


class Request:
    def __init__(self, number: int, arrival_s: float, kind: int = 0) -> None:
        self.number, self.arrival_s, self.kind = number, arrival_s, kind


class Part:
    """Requests at given times; drawn anew they come a second later."""

    def __init__(self, *times: float) -> None:
        self.times = list(times)
        self.given = self.arrived = 0

    def __iter__(self) -> Any:
        while self.given < len(self.times):
            self.given += 1
            yield Request(self.given - 1, self.times[self.given - 1])

    def resample(self, now_s: float, arrived: int) -> None:
        self.times = [now_s + 1.0]
        self.given, self.arrived = 0, arrived


def load(*events: dict[str, Any], horizon_s: float = 100.0) -> Load:
    return loads(read_events(list(events)), {"a": 2.0, "b": 1.0}, horizon_s)


def spans(found: Load) -> list[tuple[float, float, float, str | None]]:
    return [(it.from_s, it.to_s, it.rate_hz, it.slice) for it in found.crowds]


def test_nothing_stated_changes_nothing() -> None:
    assert not load()


def test_a_factor_above_one_brings_the_difference_in_every_slice() -> None:
    found = load({"at_s": 10, "event": "load", "factor": 3, "until_s": 20})
    assert spans(found) == [(10, 20, 4.0, "a"), (10, 20, 2.0, "b")]
    assert not found.kept


def test_factors_that_hold_together_multiply() -> None:
    found = load(
        {"at_s": 10, "event": "load", "factor": 4},
        {"at_s": 20, "event": "load", "factor": 0.25, "slice": "a"},
        {"at_s": 30, "event": "load", "factor": 0.5, "slice": "a"},
    )
    assert spans(found) == [(10, 20, 6.0, "a"), (10, 20, 3.0, "b"), (20, 30, 3.0, "b"),
                            (30, 100, 3.0, "b")]  # fmt: skip
    assert found.kept == ((30, 100, "a", 0.5),)


def test_a_flash_crowd_comes_on_top_from_its_place() -> None:
    (crowd,) = load(
        {"at_s": 5, "event": "flash_crowd", "factor": 3, "until_s": 8, "node": "Ulm"}
    ).crowds
    assert (crowd.from_s, crowd.to_s, crowd.rate_hz, crowd.node) == (5, 8, 6.0, "Ulm")


def test_a_group_stays_until_it_leaves() -> None:
    found = load(
        {"at_s": 5, "event": "joins", "group": "fans", "rate_hz": 0.5, "slice": "a"},
        {"at_s": 50, "event": "leaves", "group": "fans"},
        {"at_s": 60, "event": "joins", "group": "fans", "rate_hz": 0.25},
    )
    assert spans(found) == [(5, 50, 0.5, "a"), (60, 100, 0.25, None)]


def test_a_crowd_is_poisson() -> None:
    """Mean and variance of the number are rate times length; within four standard errors."""
    crowd = Crowd("c", 10.0, 30.0, 0.5, None, None, "events[0]")
    rng = np.random.default_rng(0)
    draws = [crowd.times(rng, 0.0) for _ in range(2000)]
    counts = np.array([len(times) for times in draws])
    assert counts.mean() == pytest.approx(10.0, abs=4 * (10 / 2000) ** 0.5)
    assert counts.var() == pytest.approx(10.0, rel=0.15)
    times = np.concatenate(draws)
    assert 10 <= times.min() < 10.1 and 29.9 < times.max() <= 30
    assert crowd.times(rng, 31.0).size == 0


def merged(usual: Part, *beside: Part, kept: Any = (), stops: bool = False) -> Merged[Request]:
    return Merged(usual, beside, kept, np.random.default_rng(0), stops=stops)


def test_requests_come_in_time_and_are_numbered_anew() -> None:
    requests = list(merged(Part(1, 4, 9), Part(2, 9.5)))
    assert [(it.number, it.arrival_s) for it in requests] == [
        (0, 1), (1, 2), (2, 4), (3, 9), (4, 9.5)
    ]  # fmt: skip


def test_an_iteration_goes_on_where_the_last_one_stopped() -> None:
    requests = merged(Part(1, 4), Part(2, 3))
    first = iter(requests)
    assert [next(first).arrival_s, next(first).arrival_s] == [1, 2]
    assert [it.arrival_s for it in requests] == [3, 4]


def test_an_episode_may_end_with_the_last_of_the_usual_ones() -> None:
    assert [it.arrival_s for it in merged(Part(1, 4), Part(2, 5, 6), stops=True)] == [1, 2, 4]


def test_where_fewer_come_the_others_stay_what_they_are() -> None:
    usual = [float(time) for time in range(1000)]
    left = [it.arrival_s for it in merged(Part(*usual), kept=[(500, inf, None, 0.25)])]
    assert left[:500] == usual[:500]
    assert set(left) <= set(usual)
    assert len(left) - 500 == pytest.approx(125, abs=4 * (500 * 0.25 * 0.75) ** 0.5)


def test_nobody_comes_where_the_factor_is_zero() -> None:
    assert [it.arrival_s for it in merged(Part(1, 4, 9), kept=[(3, 8, None, 0.0)])] == [1, 9]


def test_another_future_is_drawn_of_every_part() -> None:
    requests = merged(Part(1, 4, 9), Part(2, 3))
    there = iter(requests)
    [next(there) for _ in range(3)]  # the third, at 3 s, has not arrived yet
    requests.resample(2.5, 2)
    assert [(it.number, it.arrival_s) for it in requests] == [(2, 3.5), (3, 3.5)]


def test_each_part_is_told_how_many_of_its_own_have_arrived() -> None:
    parts = Part(1, 4, 9), Part(2, 3), Part(7)
    requests = merged(*parts)
    there = iter(requests)
    [next(there) for _ in range(3)]
    requests.resample(3.5, 3)
    assert [part.arrived for part in parts] == [1, 2, 0]
