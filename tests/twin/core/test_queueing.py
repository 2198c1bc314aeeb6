"""The finite queue against figures worked by hand, the defining sums, and a simulated queue."""

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edgesim.twin.core.clock import Clock
from edgesim.twin.core.queueing import finite_queue, finite_queues


@pytest.mark.parametrize(
    ("load", "places", "stay", "blocked"),
    [
        (0.0, 5, 1.0, 0.0),
        # One place: whoever gets in is served at once; rho / (1 + rho) do not.
        (0.5, 1, 1.0, 1 / 3),
        (1.0, 1, 1.0, 1 / 2),
        # States 0, 1, 2 are alike: a third is turned away, one waits half a service on average.
        (1.0, 2, 1.5, 1 / 3),
        # Weights 1, 1/2, 1/4, 1/8: P = 1/15, N = (1/2 + 2/4 + 3/8) / (15/8) = 11/15.
        (0.5, 3, (11 / 15) / (0.5 * 14 / 15), 1 / 15),
        (1.0, 99, 50.0, 1 / 100),
        # With much room it is M/M/1.
        (0.8, 1000, 5.0, 0.0),
    ],
)
def test_figures_worked_by_hand(load: float, places: int, stay: float, blocked: float) -> None:
    assert finite_queue(load, places) == pytest.approx((stay, blocked), rel=1e-9, abs=1e-12)


@settings(max_examples=200, deadline=None)
@given(st.floats(1e-6, 1.0), st.integers(1, 300))
@example(1 - 1e-5, 99)
@example(1 - 1.001e-5, 99)
@example(1 - 1e-16, 300)
@example(1 - 4e-6, 250)
def test_the_closed_form_is_the_sum_over_states(load: float, places: int) -> None:
    weight = load ** np.arange(places + 1)
    share = weight / weight.sum()
    present = float((share * np.arange(places + 1)).sum())
    stay, blocked = finite_queue(load, places)
    assert blocked == pytest.approx(float(share[-1]), rel=2e-6, abs=1e-12)
    assert stay == pytest.approx(present / (load * (1 - float(share[-1]))), rel=2e-6)


@pytest.mark.parametrize("places", [1, 3, 100, 100_000])
def test_many_queues_at_once_are_the_same_to_the_last_bit(places: int) -> None:
    loads = np.concatenate([np.random.default_rng(0).random(500), 1 - np.geomspace(1e-9, 1e-1, 50)])
    loads = np.concatenate([loads, [0.0, 1.0]])
    expected = np.array([finite_queue(load, places) for load in loads.tolist()])
    np.testing.assert_array_equal(np.transpose(finite_queues(loads, places)), expected)


@pytest.mark.parametrize("places", [1, 10, 100, 100_000])
def test_more_load_means_longer_stays_and_more_loss_without_a_jump(places: int) -> None:
    loads = np.concatenate([np.linspace(0, 0.99, 300), 1 - np.geomspace(1e-2, 1e-12, 300), [1.0]])
    figures = np.array([finite_queue(float(load), places) for load in loads])
    assert (np.diff(figures, axis=0) >= -1e-6 * figures[1:]).all()
    assert figures[-1] == pytest.approx([(places + 1) / 2, 1 / (places + 1)])


def test_a_simulated_queue_agrees() -> None:
    load, places, count = 0.8, 5, 150_000
    rng = np.random.default_rng(1)
    clock = Clock()
    times = rng.exponential(1 / load, count).cumsum().tolist()
    service = rng.exponential(1.0, count).tolist()
    present, free_s, lost, stays = 0, 0.0, 0, 0.0

    def leave(_: Any) -> None:
        nonlocal present
        present -= 1

    def come(moment: Any) -> None:
        nonlocal present, free_s, lost, stays
        number = moment.value
        if number + 1 < count:
            clock.at(times[number + 1], come, number + 1)
        if present == places:
            lost += 1
            return
        present += 1
        free_s = max(free_s, clock.now) + service[number]
        stays += free_s - clock.now
        clock.at(free_s, leave)

    clock.at(times[0], come, 0)
    clock.advance()
    stay, blocked = finite_queue(load, places)
    assert lost / count == pytest.approx(blocked, rel=0.04)
    assert stays / (count - lost) == pytest.approx(stay, rel=0.02)
