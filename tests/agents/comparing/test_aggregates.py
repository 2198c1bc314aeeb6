"""Several runs together: checked against hand-counted cases and against known laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.agents.comparing.aggregates import (
    improvement_interval,
    interquartile_mean,
    interval,
    normalised,
    performance_profile,
    probability_of_improvement,
    stratified_interval,
)

SCORES = st.lists(st.floats(-5, 5).map(lambda x: round(x, 3)), min_size=1, max_size=8)


def test_the_middle_half_alone_counts() -> None:
    assert interquartile_mean([-1000, 1, 2, 3, 4, 5, 6, 1000]) == pytest.approx(3.5)


def test_random_is_nought_and_the_bound_is_one() -> None:
    assert normalised([2.0, 6.0, 4.0], 2, 6).tolist() == [0, 1, 0.5]
    with pytest.raises(ValueError, match="low"):
        normalised([1.0], 3, 3)


def test_a_pair_that_ties_counts_half() -> None:
    assert probability_of_improvement([[1, 2]], [[1, 0]]) == (0.5 + 1 + 1 + 1) / 4
    assert probability_of_improvement([[1], [0]], [[0], [1]]) == 0.5


@given(SCORES, SCORES)
def test_what_one_gains_the_other_loses(ours: list[float], theirs: list[float]) -> None:
    there = probability_of_improvement([ours], [theirs])
    back = probability_of_improvement([theirs], [ours])
    counted = np.mean([(x > y) + 0.5 * (x == y) for x in ours for y in theirs])
    assert there == pytest.approx(counted)
    assert there + back == pytest.approx(1)


def test_an_interval_of_improvement_tells_ties_from_wins() -> None:
    better, worse = [[3.0, 4.0, 5.0]] * 2, [[0.0, 1.0, 2.0]] * 2
    assert improvement_interval(better, worse) == (1, 1)
    low, high = improvement_interval(better, better)
    assert low < 0.5 < high
    # one task won and one lost for certain: even, without doubt
    assert improvement_interval([[1, 1], [0, 0]], [[0, 0], [1, 1]]) == (0.5, 0.5)


def test_a_profile_counts_the_runs_above_a_threshold() -> None:
    profile = performance_profile([[0.1, 0.5], [0.9, 0.95]], [0.0, 0.5, 0.92, 1.0])
    assert profile.tolist() == [1.0, 0.5, 0.25, 0.0]


def test_an_interval_covers_the_true_mean_about_95_times_in_100() -> None:
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(60):
        returns = rng.normal(0, 1, size=(12, 1)) + rng.normal(0, 1, size=(1, 40))
        low, high = interval(returns)
        covered += low <= 0 <= high
    assert 50 <= covered <= 60


def test_the_spread_of_episodes_counts_where_nothing_is_trained() -> None:
    rng = np.random.default_rng(2)
    returns = rng.normal(10, 2, size=(1, 400))
    low, high = interval(returns)
    assert high - low == pytest.approx(2 * 1.96 * 2 / 20, rel=0.15)


def test_each_task_is_resampled_on_its_own() -> None:
    # The runs of a task agree; all spread lies between the tasks, and is not resampled.
    assert stratified_interval([[0.2, 0.2, 0.2], [0.8, 0.8, 0.8]]) == pytest.approx((0.5, 0.5))
    low, high = stratified_interval([[0.1, 0.3, 0.2], [0.7, 0.9, 0.8]], np.mean)
    assert 0.4 < low < 0.5 < high < 0.6


def test_equal_scores_give_equal_intervals() -> None:
    returns = np.random.default_rng(3).normal(size=(5, 20))
    assert interval(returns) == interval(returns)
    tasks = [returns[:, 0], returns[:, 1]]
    assert stratified_interval(tasks) == stratified_interval(tasks)
