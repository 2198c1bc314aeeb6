"""Selections of devices by the labels of their next batches."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgesim.errors import InputError
from edgesim.methods.federated.selectors.balance import distance, optimum, wanted_counts
from edgesim.methods.federated.selectors.choosing import SELECTORS, selector
from edgesim.methods.federated.selectors.gbp_cs import gbp_cs, grow
from edgesim.methods.federated.selectors.greedy import greedy, greedy_swap
from edgesim.methods.federated.selectors.milp import milp


def test_two_devices_that_complete_each_other_are_found() -> None:
    # Device 0 has class 0 alone, device 1 class 1, device 2 both: wanted are two of each.
    counts = [[4, 0, 2, 4], [0, 4, 2, 0]]
    y = wanted_counts([0, 0], [0.5, 0.5], 4, 2)
    assert y.tolist() == [4.0, 4.0]
    assert distance(counts, y, [0, 1]) == 0.0
    assert distance(counts, y, [0, 3]) == pytest.approx(np.hypot(4, 4))
    assert optimum(counts, y, 2) == ([0, 1], 0.0)
    assert milp(counts, y, 2) in ([0, 1], [1, 3])


def test_gbp_cs_exchanges_along_the_gradient_as_worked_by_hand() -> None:
    # y = (3, 1): pinv of the identity is itself, so it begins at device 0; no exchange is better.
    found = gbp_cs(np.eye(2), [3, 1], 1)
    assert (found.start, found.swaps, found.chosen) == ([0], [], [0])
    assert found.distance == pytest.approx(np.hypot(2, 1))
    # From nobody: with one batch wanted, device 0 has the least gradient as well.
    assert grow(np.eye(2), [0, 0], [0.75, 0.25], 4, 1, 0).chosen == [0]


@given(st.integers(0, 10**6), st.integers(2, 9), st.integers(2, 12), st.data())
@settings(max_examples=60, deadline=None)
def test_greedy_with_exchanges_is_never_worse_than_gbp_cs(
    seed: int, classes: int, candidates: int, data: st.DataObject
) -> None:
    rng = np.random.default_rng(seed)
    count = data.draw(st.integers(0, candidates))
    counts = rng.multinomial(8, rng.dirichlet(np.ones(classes) * 0.3), size=candidates).T
    y = wanted_counts(np.zeros(classes), rng.dirichlet(np.ones(classes)), 8, count)
    best = optimum(counts, y, count)[1]
    swapped = greedy_swap(counts, y, count)
    assert len(set(swapped)) == count
    assert distance(counts, y, swapped) <= gbp_cs(counts, y, count).distance + 1e-9
    assert distance(counts, y, swapped) <= distance(counts, y, greedy(counts, y, count)) + 1e-9
    assert distance(counts, y, swapped) >= best - 1e-9


@pytest.mark.parametrize("seed", range(5))
def test_the_integer_program_finds_the_best_of_all_subsets(seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(16, rng.dirichlet(np.ones(6) * 0.2), size=12).T
    y = wanted_counts(np.zeros(6), np.full(6, 1 / 6), 16, 5)
    assert distance(counts, y, milp(counts, y, 5)) == pytest.approx(optimum(counts, y, 5)[1])


@pytest.mark.parametrize("name", SELECTORS)
def test_every_selector_chooses_so_many_different_devices(name: str) -> None:
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 5, size=(4, 7)).astype(float)
    chosen = selector(name)(counts, np.full(4, 6.0), 3, rng)
    assert len(set(chosen)) == 3
    assert all(0 <= k < 7 for k in chosen)


def test_more_devices_than_there_are_cannot_be_chosen() -> None:
    with pytest.raises(InputError, match="L_select = 3: 0 to 2"):
        gbp_cs(np.eye(2), [1, 1], 3)
    with pytest.raises(InputError, match="did you mean 'greedy'"):
        selector("gredy")
