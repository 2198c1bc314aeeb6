"""The formulas of elastic training against truths worked by hand."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgesim.errors import InputError
from edgesim.twin.training.goodput import GradientStats, StepTimes, efficiency, optimise
from edgesim.twin.training.noise_scale import averaged, by_replicas, noise_scale, smoothed
from edgesim.twin.training.parallel import MODELS, Hardware, Strategy, best_step, step_of
from edgesim.twin.training.shards import (
    Neighbour,
    best_chain,
    best_single_s,
    equal_split_s,
    fluid_bound_s,
    greedy,
    makespan_s,
    milp,
)

NEIGHBOURS = st.lists(
    st.builds(
        Neighbour,
        st.floats(0.1, 100.0),
        st.floats(0.0, 5.0),
        st.sampled_from([0.0, 0.01, 0.3]),
    ),
    min_size=1,
    max_size=5,
)


def test_two_neighbours_by_hand() -> None:
    """12 bytes in 4 shards of 3: the fast one (3 B/s) takes a second a shard, the slow one three.

    The third and the slow one's first shard end at 3 s together: of equals the first goes first.
    """
    two = [Neighbour(3.0), Neighbour(1.0)]
    assert greedy(12.0, two, 4) == ((3, 1), 3.0)
    assert milp(12.0, two, 4).seconds == 3.0
    assert best_single_s(12.0, two) == 4.0
    assert fluid_bound_s(12.0, two) == 3.0
    assert equal_split_s(12.0, two, 4) == 6.0  # two shards of 3 bytes at 1 B/s
    assert makespan_s(12.0, two, (4, 0)) == 4.0


def test_who_starts_late_is_left_out() -> None:
    late = [Neighbour(1.0), Neighbour(1.0, start_s=10.0)]
    assert greedy(8.0, late, 8) == ((8, 0), 8.0)
    assert fluid_bound_s(8.0, late) == 8.0
    assert fluid_bound_s(20.0, late) == 15.0  # 15 bytes and 5


def test_more_shards_are_not_better_where_each_costs() -> None:
    """One neighbour: a shard costs a second, so that one shard is best."""
    assert best_chain(10.0, [Neighbour(1.0, shard_s=1.0)]) == (1, ((1,), 11.0))


@settings(max_examples=25, deadline=None)
@given(st.floats(1.0, 1000.0), NEIGHBOURS, st.integers(1, 20))
def test_the_greedy_is_the_optimum(state: float, neighbours: list[Neighbour], count: int) -> None:
    found = greedy(state, neighbours, count)
    assert found.seconds == pytest.approx(milp(state, neighbours, count).seconds, rel=1e-6)
    assert found.seconds == pytest.approx(makespan_s(state, neighbours, found.counts), rel=1e-12)
    assert fluid_bound_s(state, neighbours) <= found.seconds * (1 + 1e-9)


@pytest.mark.parametrize(
    ("state", "neighbours", "count", "named"),
    [
        (0.0, [Neighbour(1.0)], 1, "state_bytes"),
        (1.0, [], 1, "neighbours"),
        (1.0, [Neighbour(-1.0)], 1, "bytes_per_s of neighbour 0"),
        (1.0, [Neighbour(1.0, -1.0)], 1, "start_s of neighbour 0"),
        (1.0, [Neighbour(1.0)], 0, "shards"),
        (math.nan, [Neighbour(1.0)], 1, "state_bytes"),
    ],
)
def test_shards_that_cannot_be(
    state: float, neighbours: list[Neighbour], count: int, named: str
) -> None:
    with pytest.raises(InputError, match=named):
        greedy(state, neighbours, count)


# ---- goodput

TIMES = StepTimes(1.0, 0.5, 4.0, 1.0, 2.0, 0.5, 1.0)


def test_a_step_by_hand() -> None:
    """Four samples: 1 + 0.5 · 4 = 3 s a pass. gamma = 1: pass and all-reduce one after the other.

    Four replicas on two nodes: 4 + 1 · 2 = 6 s; inside one: 2 + 0.5 · 2 = 3 s; alone: none.
    """
    assert TIMES.step_s(2, 4, 4) == pytest.approx(9.0)
    assert TIMES.step_s(1, 4, 4) == pytest.approx(6.0)
    assert TIMES.step_s(1, 1, 4) == pytest.approx(3.0, rel=1e-7)
    assert TIMES.step_s(2, 4, 4, 2) == pytest.approx(15.0)
    assert TIMES.throughput(2, 4, 4, 2) == pytest.approx(48 / 15)


def test_efficiency_by_hand() -> None:
    """A noise scale of 30 samples at an initial batch of 10: (30 + 10)/(30 + 50)."""
    stats = GradientStats(sqr=1.0, var=3.0, initial_batch=10.0)
    assert stats.noise_scale == 30.0
    assert efficiency(stats, 50.0) == pytest.approx(0.5)
    assert efficiency(stats, 10.0) == 1.0
    assert efficiency(GradientStats(0.0, 1.0, 10.0), 50.0) == 1.0
    assert efficiency(GradientStats(1.0, 0.0, 10.0), 50.0) == pytest.approx(0.2)


def test_on_one_replica_larger_batches_accumulate() -> None:
    stats = GradientStats(sqr=1.0, var=1e9, initial_batch=4.0)
    found = optimise(TIMES, stats, 1, 1, 64, 64)
    assert (found.atomic, found.accumulation) == (32, 1)  # the largest batch, in two passes
    with pytest.raises(InputError, match="max_batch"):
        optimise(TIMES, stats, 1, 1, 2, 64)
    with pytest.raises(InputError, match="nodes"):
        optimise(TIMES, stats, 3, 2, 64, 64)
    with pytest.raises(InputError, match="gamma"):
        StepTimes(1.0, 0.5, 4.0, 1.0, 2.0, 0.5, 0.5)


# ---- the noise scale


def test_a_noise_scale_by_hand() -> None:
    """|G|² = 2 and tr Σ = 24: 2 + 24/4 = 8 at four samples, 2 + 24/12 = 4 at twelve."""
    assert noise_scale(8.0, 4.0, 4, 12) == pytest.approx((2.0, 24.0, 12.0))
    assert by_replicas(8.0, 4.0, 3) == pytest.approx((2.0, 6.0))  # 24 = 6 · 4 samples
    with pytest.raises(InputError, match="batches"):
        noise_scale(8.0, 4.0, 12, 4)
    with pytest.raises(InputError, match="replicas"):
        by_replicas(8.0, 4.0, 1)


def test_norms_are_averaged_before_they_are_divided() -> None:
    assert averaged([6.0, 10.0], [3.0, 5.0], 4, 12) == pytest.approx((2.0, 24.0, 12.0))
    assert smoothed([6.0, 10.0], [3.0, 5.0], 4, 12, beta=0.0) == noise_scale(10.0, 5.0, 4, 12)
    # beta = 0.5: weights 1/3 and 2/3
    found = smoothed([6.0, 12.0], [3.0, 6.0], 4, 12, beta=0.5)
    assert found == pytest.approx(noise_scale(10.0, 5.0, 4, 12))
    with pytest.raises(InputError, match="norms"):
        averaged([1.0, 2.0], [1.0], 4, 12)


# ---- 3D parallelism

H100 = Hardware(8, 8, 989e12, 0.45, 300e9, 40e9, 80e9)


def test_a_step_of_data_parallelism_by_hand() -> None:
    """3.2e9 parameters, one sequence of 2048 tokens a micro-batch, eight replicas, two each.

    6 · 3.2e9 · 2048 / (0.45 · 989e12) = 88.4 ms a micro-batch; the gradients, 6.4 GB, take
    2 · 7/8 · 6.4e9 / 300e9 = 37.3 ms, of which 0.7 are seen.
    """
    step = step_of(H100, MODELS["3B"], Strategy(1, 1, 8, 1), 16)
    assert step.micro_s == pytest.approx(6 * 3.2e9 * 2048 / (0.45 * 989e12))
    assert step.reduce_s == pytest.approx(2 * 7 / 8 * 6.4e9 / 300e9)
    assert step.step_s == pytest.approx(2 * step.micro_s + 0.7 * step.reduce_s)


def test_what_cannot_be_cut_is_refused() -> None:
    with pytest.raises(InputError, match="multiply to the 8 devices"):
        step_of(H100, MODELS["3B"], Strategy(2, 2, 4, 1), 16)
    with pytest.raises(InputError, match="batch = 9"):
        step_of(H100, MODELS["3B"], Strategy(1, 1, 8, 1), 9)
    with pytest.raises(InputError, match="no strategy"):
        best_step(H100, MODELS["32B"], 1)
    with pytest.raises(InputError, match="intra_bytes_per_s"):
        Hardware(8, 8, 989e12, 0.45, -1.0, 40e9, 80e9)
