"""Means and their intervals."""

import numpy as np
import pytest

from edgesim.agents.comparing.statistics import ci95, mean, std, summary


def test_four_numbers_by_hand() -> None:
    """t(3; 0.975) = 3.1824; the standard error of 1, 2, 3, 4 is sqrt(5/3)/2."""
    assert mean([1, 2, 3, 4]) == 2.5
    assert std([1, 2, 3, 4]) == pytest.approx((5 / 3) ** 0.5)
    low, high = ci95([1, 2, 3, 4])
    assert high - 2.5 == pytest.approx(3.182446 * (5 / 3) ** 0.5 / 2, abs=1e-6)
    assert 2.5 - low == pytest.approx(high - 2.5)


def test_one_number_claims_no_spread() -> None:
    assert summary([7.0]) == {"mean": 7.0, "std": 0.0, "ci95": [7.0, 7.0]}


def test_the_interval_holds_the_true_mean_nineteen_times_in_twenty() -> None:
    rng = np.random.default_rng(1)
    samples = rng.normal(10, 3, size=(4000, 6))
    held = np.mean([low <= 10 <= high for low, high in map(ci95, samples.tolist())])
    assert held == pytest.approx(0.95, abs=4 * (0.95 * 0.05 / 4000) ** 0.5)
