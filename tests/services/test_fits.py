"""Curves are found again from points that lie on them."""

import numpy as np
import pytest

from edgesim.profiles.profile import (
    AffineLatency,
    ExponentialFit,
    HillFit,
    LatencySample,
    MemorySample,
    PiecewiseFit,
)
from edgesim.services.fits import (
    extrapolated,
    fit_batches,
    fit_curves,
    fit_inputs,
    fit_latency,
    fit_memory,
    r_squared,
)

STEPS = [10, 25, 40, 60, 80, 100, 130, 160, 200, 250]


def test_a_line_with_two_corners_is_found_again() -> None:
    true = PiecewiseFit(33.0, 0.1, 171.0, 0.8, 1.0)
    found = fit_curves(STEPS, [true.at(s) for s in STEPS]).piecewise
    assert found is not None and found.r2 > 0.9999
    assert (found.ax, found.bx) == pytest.approx((33.0, 171.0), abs=1.0)
    assert (found.ay, found.by) == pytest.approx((0.1, 0.8), abs=0.005)


def test_a_falling_metric_is_fitted_as_well() -> None:
    true = HillFit(300.0, 4.0, 1.5, 2.0, 1.0)
    steps = [1, 2, 3, 5, 8, 12, 20, 35]
    found = fit_curves(steps, [true.at(s) for s in steps]).hill
    assert found is not None and found.r2 > 0.99999
    assert found.top == pytest.approx(4.0, abs=0.1)


def test_an_exponential_is_found_again() -> None:
    true = ExponentialFit(0.1, 0.9, 40.0, 1.0)
    found = fit_curves(STEPS, [true.at(s) for s in STEPS]).exponential
    assert found is not None
    assert (found.floor, found.top, found.scale) == pytest.approx((0.1, 0.9, 40.0), rel=1e-3)


@pytest.mark.parametrize(("steps", "values"), [([1, 2, 3], [1, 2, 3]), (STEPS, [0.5] * 10)])
def test_no_curve_goes_through_too_few_points_or_a_constant(steps, values) -> None:
    fits = fit_curves(steps, values)
    assert (fits.piecewise, fits.hill, fits.exponential) == (None, None, None)


def test_r_squared_is_one_for_a_hit_and_zero_for_the_mean() -> None:
    values = [1.0, 2.0, 6.0]
    assert r_squared(values, values) == 1.0
    assert r_squared(values, [3.0, 3.0, 3.0]) == 0.0


def test_the_affine_model_of_batches_is_found_again_through_noise() -> None:
    true = AffineLatency(0.05, 0.01, 0.004, 0.006, 1.0)
    rng = np.random.default_rng(0)
    samples = [
        LatencySample(
            s, n, tuple(float(true.seconds(s, n) * rng.normal(1, 0.01)) for _ in range(5))
        )
        for s in (10, 50, 150)
        for n in (1, 2, 4, 8)
    ]
    found = fit_latency(samples)
    assert found.r2 > 0.999
    assert found.seconds(250, 8) == pytest.approx(true.seconds(250, 8), rel=0.02)


def test_a_batch_of_differing_steps_costs_its_longest_and_its_sum() -> None:
    # 0.1 + 0.2 n + 0.01 max + 0.02 sum
    batches = [
        (steps, 0.1 + 0.2 * len(steps) + 0.01 * max(steps) + 0.02 * sum(steps))
        for steps in ([10], [40], [10, 40], [40, 40], [5, 10, 20], [20, 20, 20, 40])
    ]
    found = fit_batches(batches)
    parts = (found.fixed_s, found.fixed_s_per_item, found.work_s, found.work_s_per_item)
    assert parts == pytest.approx((0.1, 0.2, 0.01, 0.02))


def test_memory_is_a_line() -> None:
    memory = fit_memory([MemorySample(n, 1000 + 50 * n) for n in (1, 2, 4)])
    assert memory.bytes_of(8) == pytest.approx(1400)


def test_the_longest_batches_are_foretold_by_the_others() -> None:
    true = AffineLatency(0.1, 0.02, 0.004, 0.003, 1.0)
    samples = [
        LatencySample(steps, batch, (true.seconds(steps, batch),))
        for steps in (25, 75, 250)
        for batch in (1, 4)
    ]
    found = extrapolated(samples)
    assert found is not None and (found.work, found.batches) == (250, (1, 4))
    assert found.error == pytest.approx((0.0, 0.0), abs=1e-6)
    # Batches that take half as long again as they should are foretold a third too short.
    longer = [
        LatencySample(item.work, item.batch, (1.5 * item.seconds[0],)) if item.work == 250 else item
        for item in samples
    ]
    found = extrapolated(longer)
    assert found is not None and found.error == pytest.approx((-1 / 3, -1 / 3), abs=1e-3)


def test_nothing_is_foretold_from_one_number_of_steps() -> None:
    samples = [LatencySample(steps, 1, (0.1 * steps,)) for steps in (5, 10)]
    assert extrapolated(samples) is None


def test_work_that_takes_no_time_beside_the_noise_takes_a_tick() -> None:
    noisy = [LatencySample(work, batch, (0.01 / work,)) for work in (1, 4, 16) for batch in (1, 2)]
    found = fit_latency(noisy)
    assert (found.work_s, found.work_s_per_item) == (0.0, 1e-9)
    assert 0.0 < found.fixed_s + found.fixed_s_per_item < 0.011


def test_what_inputs_change_is_found_again() -> None:
    sizes, parts = np.array([20.0, 60.0, 100.0, 60.0]), np.array([3.0, 4.0, 12.0, 5.0])
    share, mean = sizes / sizes.mean(), parts.mean()

    def took(work: float, items: list[int]) -> float:
        own = sum(0.003 * work * share[it] + 0.002 * parts[it] for it in items)
        return float(0.01 + 0.02 * len(items) + own)

    samples = [
        LatencySample(work, n, (took(work, list(range(n))),)) for work in (4, 36) for n in (1, 2, 4)
    ]
    alone = [[took(work, [it]) for it in range(4)] for work in (4, 36)]
    affine, inputs = fit_inputs(samples, sizes.tolist(), parts.tolist(), (4, 36), alone)
    assert affine.fixed_s_per_item == pytest.approx(0.02 + 0.002 * mean)
    # What a batch shares cannot be told from what each item takes where all are alone or alike.
    assert affine.work_s + affine.work_s_per_item == pytest.approx(0.003)
    assert inputs.part_s == pytest.approx(0.002) and inputs.r2 == pytest.approx(1.0)
    assert inputs.share == pytest.approx(share) and sum(inputs.more_s) == pytest.approx(0.0)
