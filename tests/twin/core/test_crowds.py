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


def test_an_episode_has_something_to_decide_though_all_would_stay_away() -> None:
    """The first of the usual ones that stays away comes then, and no other."""
    nobody = [(0.0, inf, None, 0.0)]
    found = list(merged(Part(1.0, 2.0), kept=nobody))
    assert [(it.arrival_s, it.number) for it in found] == [(1.0, 0)]
    assert [it.arrival_s for it in merged(Part(1.0), kept=nobody, stops=True)] == [1.0]
    # With a crowd there is enough to decide
    assert [it.arrival_s for it in merged(Part(1.0, 2.0), Part(5.0), kept=nobody)] == [5.0]


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


def test_a_crowd_is_drawn_from_now_on() -> None:
    """Of 10 to 30 s the last quarter is left at 25 s: 2.5 requests on average."""
    crowd = Crowd("c", 10.0, 30.0, 0.5, None, None, "events[0]")
    rng = np.random.default_rng(1)
    draws = [crowd.times(rng, 25.0) for _ in range(2000)]
    assert np.mean([len(times) for times in draws]) == pytest.approx(2.5, abs=0.15)
    times = np.concatenate(draws)
    assert 25 <= times.min() < 25.1 and 29.9 < times.max() <= 30
    assert all((np.diff(times) >= 0).all() for times in draws)


def test_each_change_has_streams_and_a_place_of_its_own() -> None:
    found = load(
        {"at_s": 10, "event": "load", "factor": 3, "slice": "a", "until_s": 20},
        {"at_s": 30, "event": "flash_crowd", "factor": 1.5, "until_s": 40, "slice": "b"},
        {"at_s": 50, "event": "joins", "group": "fans", "rate_hz": 0.5, "until_s": 60},
    )
    assert [(it.name, it.place) for it in found.crowds] == [
        ("events/load/a/10", "events[0]"),
        ("events/flash_crowd/1", "events[1]"),
        ("events/joins/2", "events[2]"),
    ]
    # Half as much again of the one request a second of slice b; the group's end is stated.
    assert spans(found) == [(10, 20, 4.0, "a"), (30, 40, 0.5, "b"), (50, 60, 0.5, None)]
    alone = loads(read_events([{"at_s": 0, "event": "load", "factor": 2}]), {None: 1.0}, 10.0)
    assert alone.crowds[0].name == "events/load/all/0" and bool(alone)


def test_a_factor_of_one_changes_nothing() -> None:
    assert not load({"at_s": 10, "event": "load", "factor": 1})
    assert not load({"at_s": 10, "event": "flash_crowd", "factor": 1, "until_s": 20})


def test_a_group_goes_when_it_leaves_and_not_when_another_does_or_it_did_before() -> None:
    found = load(
        {"at_s": 5, "event": "joins", "group": "fans", "rate_hz": 0.5},
        {"at_s": 10, "event": "joins", "group": "staff", "rate_hz": 0.25},
        {"at_s": 20, "event": "leaves", "group": "fans"},
        {"at_s": 40, "event": "joins", "group": "fans", "rate_hz": 1.0},
        {"at_s": 60, "event": "leaves", "group": "staff"},
        {"at_s": 70, "event": "leaves", "group": "fans"},
    )
    assert [(it.from_s, it.to_s) for it in found.crowds] == [(5, 20), (10, 60), (40, 70)]


def test_shares_that_hold_together_multiply_from_their_beginning_to_before_their_end() -> None:
    kept = [(10, 20, None, 0.5), (15, 20, None, 0.5), (15, 20, 1, 0.0)]
    rows = [Request(0, at) for at in (9.99, 10.0, 14.99, 15.0, 19.99, 20.0)]
    rows.append(Request(0, 15.0, kind=1))

    class Half:
        """A number just below a half, a quarter, …: what is kept at a share of 0.5, not of 0.25."""

        def random(self) -> float:
            return 0.3

    dice: Any = Half()
    merged_ = Merged(Part(), [], kept, dice)
    assert [merged_._comes(row) for row in rows] == [True, True, True, False, False, True, False]
    exact: Any = type("Exact", (), {"random": lambda self: 0.5})()
    assert not Merged(Part(), [], kept[:1], exact)._comes(rows[1])


def test_one_number_is_drawn_for_each_of_the_usual_requests_and_for_no_other() -> None:
    rng = np.random.default_rng(5)
    requests = Merged(Part(1, 2, 3), [Part(1.5, 2.5)], [(50, 60, None, 0.5)], rng)
    assert len(list(requests)) == 5
    other = np.random.default_rng(5)
    other.random(3)
    assert rng.random() == other.random()


def test_what_comes_at_one_instant_comes_part_by_part() -> None:
    kinds = [it.kind for it in Merged(Part(), [Fixed(3.0, 1), Fixed(3.0, 2)], (), None)]  # type: ignore[arg-type]
    assert kinds == [1, 2]


class Fixed(Part):
    """One request of a kind."""

    def __init__(self, time_s: float, kind: int) -> None:
        super().__init__(time_s)
        self.kind = kind

    def __iter__(self) -> Any:
        for request in super().__iter__():
            request.kind = self.kind
            yield request


class Earlier(Part):
    """Drawn anew it has a request before now, and one after."""

    def resample(self, now_s: float, arrived: int) -> None:
        self.times = [now_s - 1.0, now_s, now_s + 2.0]
        self.given, self.arrived = 0, arrived


def test_what_would_have_come_before_now_does_not_come_after_a_new_draw() -> None:
    requests = merged(Earlier(1, 4))
    next(iter(requests))
    requests.resample(2.5, 1)
    assert [(it.number, it.arrival_s) for it in requests] == [(1, 2.5), (2, 4.5)]


class Ready(Part):
    """An iterator itself."""

    def __next__(self) -> Any:
        return next(super().__iter__())

    def __iter__(self) -> Any:
        return self


def test_the_next_request_can_be_asked_for_by_itself() -> None:
    requests = merged(Ready(1, 4), Ready(2))
    found = [requests.following() for _ in range(4)]
    assert [it and it.arrival_s for it in found] == [1, 2, 4, None]


def test_parts_that_had_ended_go_on_after_a_new_draw() -> None:
    requests = merged(Part(1), Part(2))
    assert [it.arrival_s for it in requests] == [1, 2]
    requests.resample(5.0, 1)
    assert [(it.number, it.arrival_s) for it in requests] == [(1, 6.0), (2, 6.0)]
