"""The problem that selectors solve: chosen batches that together have the labels of everybody.

Of the candidates' label counts ``A`` (classes x candidates) some columns are added to the counts
``b`` of the devices that were drawn already, so that the sum is near ``n L P``: ``L`` batches of
``n`` samples with the label shares ``P`` (FedGS, arXiv 2202.01512, section IV).
"""

from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgesim.errors import InputError

__all__ = ["deviation", "distance", "optimum", "wanted_counts"]

_SUBSETS = 2_000_000  # subsets that are tried one by one; more go to the integer program


def wanted_counts(b: ArrayLike, P_real: ArrayLike, n: float, devices: int) -> NDArray[np.float64]:
    """What the chosen batches should add up to: ``y = n L P - b``, a count for each class.

    Args:
        b: label counts of the devices that were drawn already, one a class.
        P_real: label shares of everybody, one a class.
        n: samples of a batch.
        devices: how many batches there are in all, drawn and chosen ones.
    """
    return np.asarray(n * devices * np.asarray(P_real, float) - np.asarray(b, float), float)


def distance(A: ArrayLike, y: ArrayLike, chosen: Any) -> float:
    """``||A x - y||_2`` where x picks the columns ``chosen`` of A."""
    counts = np.asarray(A, float)
    picked = counts[:, list(chosen)].sum(axis=1)
    return float(np.linalg.norm(picked - np.asarray(y, float)))


def deviation(A: ArrayLike, y: ArrayLike, chosen: Any, n: float, devices: int) -> float:
    """L2 distance of the label shares of all batches to those of everybody: over ``n L``."""
    return distance(A, y, chosen) / (n * devices)


def optimum(A: ArrayLike, y: ArrayLike, L_select: int) -> tuple[list[int], float]:
    """The ``L_select`` columns of A nearest to y, all subsets tried; the first of equal ones.

    Raises:
        InputError: there are more than two million subsets.
    """
    counts, target = np.asarray(A, float), np.asarray(y, float)
    candidates = counts.shape[1]
    check_choice(candidates, L_select)
    if comb(candidates, L_select) > _SUBSETS:
        raise InputError("L_select", L_select, f"of {candidates}: too many subsets to try them all")
    best: tuple[list[int], float] = ([], np.inf)
    for chosen in combinations(range(candidates), L_select):
        gap = counts[:, chosen].sum(axis=1) - target
        if (squared := float(gap @ gap)) < best[1] - 1e-12:
            best = (list(chosen), squared)
    return best[0], float(np.sqrt(best[1]))


def check_choice(candidates: int, L_select: int) -> None:
    """Refuse to choose more devices than there are.

    Raises:
        InputError: ``L_select`` is negative, or above ``candidates``.
    """
    if not 0 <= L_select <= candidates:
        raise InputError("L_select", L_select, f"0 to {candidates}, the number of candidates")
