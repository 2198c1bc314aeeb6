"""Greedy selection by exact distance, and exchanges that make it better."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgesim.methods.federated.selectors.balance import check_choice
from edgesim.methods.federated.selectors.gbp_cs import gbp_cs

__all__ = ["greedy", "greedy_swap"]

Floats = NDArray[np.float64]


def greedy(A: ArrayLike, y: ArrayLike, L_select: int) -> list[int]:
    """Add the column that brings the sum nearest to y, one by one; of equal ones the first.

    Raises:
        InputError: more are chosen than there are.
    """
    counts, target = np.asarray(A, float), np.asarray(y, float)
    check_choice(counts.shape[1], L_select)
    lengths = (counts**2).sum(axis=0)
    free = np.ones(counts.shape[1], bool)
    gap = -target.copy()
    for _ in range(L_select):
        cost = np.where(free, 2 * counts.T @ gap + lengths, np.inf)
        best = int(cost.argmin())
        free[best] = False
        gap += counts[:, best]
    return [int(k) for k in np.flatnonzero(~free)]


def greedy_swap(A: ArrayLike, y: ArrayLike, L_select: int) -> list[int]:
    """The better of greedy and GBP-CS, then the best exchange of two as long as one is better.

    All exchanges are weighed exactly: for one out and one in the squared distance changes by
    ``2 g'(a_in - a_out) + ||a_in - a_out||^2`` with the gap ``g = A x - y``. Beginning at the
    better of the two, it is never worse than GBP-CS.

    Raises:
        InputError: more are chosen than there are.
    """
    counts, target = np.asarray(A, float), np.asarray(y, float)
    picked = np.zeros(counts.shape[1], bool)
    starts = [greedy(counts, target, L_select), gbp_cs(counts, target, L_select).chosen]
    picked[min(starts, key=lambda it: _squared(counts, target, it))] = True
    inner = counts.T @ counts
    lengths = np.diag(inner)
    while picked.any() and not picked.all():
        inside, outside = np.flatnonzero(picked), np.flatnonzero(~picked)
        slope = 2 * counts.T @ (counts @ picked - target)
        alone = lengths + slope
        change = (
            alone[outside][None, :]
            + (lengths - slope)[inside][:, None]
            - 2 * inner[np.ix_(inside, outside)]
        )
        one, other = np.unravel_index(int(change.argmin()), change.shape)
        if change[one, other] >= -1e-9:
            break
        picked[[inside[one], outside[other]]] = False, True
    return [int(k) for k in np.flatnonzero(picked)]


def _squared(counts: Floats, target: Floats, chosen: list[int]) -> float:
    gap = counts[:, chosen].sum(axis=1) - target
    return float(gap @ gap)
