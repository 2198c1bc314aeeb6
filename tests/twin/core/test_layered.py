"""Dynamic programming on a layered graph equals looking at every chain."""

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edgesim.twin.core.layered import best_chain, pareto_chains, through, to_go


def cost_of(cost, chain, stage=0, previous=0):
    total = 0.0
    for at, choice in enumerate(chain, start=stage):
        total += cost[at, previous, choice]
        previous = choice
    return total


@st.composite
def graphs(draw):
    """Three whole-number costs of each way, some missing; a stage and an instance before it."""
    stages, width = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    costs = rng.integers(0, 6, size=(3, stages, width, width)).astype(float)
    costs[:, rng.random(costs.shape[1:]) < draw(st.floats(0, 0.5))] = np.inf
    costs[:, 0] = costs[:, 0, :1]  # no instance comes before the first
    return costs, draw(st.integers(0, stages - 1)), draw(st.integers(0, width - 1))


def chains(cost, stage):
    return list(product(range(cost.shape[-1]), repeat=len(cost) - stage))


@settings(deadline=None)  # the first call compiles
@given(graphs())
def test_the_best_chain_is_the_first_of_the_least_cost(graph):
    (cost, *_), stage, previous = graph
    by_hand = [cost_of(cost, chain, stage, previous) for chain in chains(cost, stage)]
    choices, least = best_chain(cost, stage, previous)
    assert least == min(by_hand)
    if np.isfinite(least):
        assert tuple(choices) == chains(cost, stage)[int(np.argmin(by_hand))]


@settings(deadline=None)  # the first call compiles
@given(graphs())
def test_what_lies_ahead_of_each_way(graph):
    costs, stage, previous = graph
    whole = through(costs.transpose(1, 2, 3, 0))  # all costs at once, on a further axis
    for kind, cost in enumerate(costs):
        np.testing.assert_array_equal(whole[..., kind], through(cost))
        np.testing.assert_array_equal(to_go(cost)[-1], 0)
        for choice in range(cost.shape[-1]):
            rest = [c for c in chains(cost, stage) if c[0] == choice]
            least = min(cost_of(cost, chain, stage, previous) for chain in rest)
            assert whole[stage, previous, choice, kind] == least


@settings(deadline=None)  # the first call compiles
@given(graphs(), st.integers(1, 3))
def test_pareto_chains_are_all_trade_offs_and_nothing_else(graph, kinds):
    costs, stage, previous = graph
    costs = costs[:kinds]

    def costs_of(chain):
        return tuple(cost_of(cost, chain, stage, previous) for cost in costs)

    points = {costs_of(chain) for chain in chains(costs[0], stage)}
    points = {point for point in points if np.isfinite(point).all()}
    front = sorted(
        point
        for point in points
        if not any(other != point and np.less_equal(other, point).all() for other in points)
    )
    found, totals = pareto_chains(costs.transpose(1, 2, 3, 0), stage, previous)
    assert [tuple(total) for total in totals] == front
    assert [costs_of(chain) for chain in found] == front
