"""GBP-CS, the gradient-based binary permutation of FedGS (arXiv 2202.01512).

Begin at the largest entries of ``pinv(A) y``, then exchange one device at a time along the gradient
``g = A'(A x - y)`` of the squared distance, as long as the distance falls.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgesim.methods.federated.selectors.balance import check_choice, distance, wanted_counts

_Floats = NDArray[np.float64]

__all__ = ["Permutation", "gbp_cs", "grow", "start_set"]


class Permutation(NamedTuple):
    """What GBP-CS did: a start, exchanges, and the distance before and after each of them.

    Attributes:
        start: the first choice, ascending.
        swaps: the exchanges, ``(out, in)``.
        distances: ``||A x - y||_2`` at the start and after each exchange.
        chosen: the last choice, ascending.
    """

    start: list[int]
    swaps: list[tuple[int, int]]
    distances: list[float]
    chosen: list[int]

    @property
    def distance(self) -> float:
        """``||A x - y||_2`` of the last choice."""
        return self.distances[-1]


def start_set(A: ArrayLike, y: ArrayLike, L_select: int) -> list[int]:
    """The ``L_select`` largest entries of ``pinv(A) y``, ascending; of equal ones the first."""
    weights = np.linalg.pinv(np.asarray(A, float)) @ np.asarray(y, float)
    return sorted(int(k) for k in np.argsort(-weights, kind="stable")[:L_select])


def gbp_cs(A: ArrayLike, y: ArrayLike, L_select: int) -> Permutation:
    """Choose ``L_select`` columns of A whose sum is near y.

    Args:
        A: label counts of the candidates' next batches, classes x candidates.
        y: counts that are wanted, one a class
            (:func:`~edgesim.methods.federated.selectors.balance.wanted_counts`).
        L_select: how many candidates are chosen.

    Raises:
        InputError: more are chosen than there are.
    """
    counts, target = np.asarray(A, float), np.asarray(y, float)
    check_choice(counts.shape[1], L_select)
    return _exchanged(counts, target, start_set(counts, target, L_select))


def grow(
    A: ArrayLike, b: ArrayLike, P_real: ArrayLike, n: float, L_select: int, L_rnd: int
) -> Permutation:
    """The variant that begins with nobody: devices come one by one, then they are exchanged.

    While k devices are chosen, the counts that are wanted are those of ``L_rnd + k`` batches, and
    the device of the least gradient joins. The published code stops to add at 8 devices, whatever
    it was asked for; here it is ``L_select``.

    Args:
        A: label counts of the candidates' next batches, classes x candidates.
        b: label counts of the devices that were drawn already.
        P_real: label shares of everybody.
        n: samples of a batch.
        L_select: how many candidates are chosen.
        L_rnd: how many devices were drawn.

    Raises:
        InputError: more are chosen than there are.
    """
    counts = np.asarray(A, float)
    check_choice(counts.shape[1], L_select)
    picked = np.zeros(counts.shape[1], bool)
    for k in range(L_select):
        g = counts.T @ (counts @ picked - wanted_counts(b, P_real, n, L_rnd + k))
        picked[int(np.argmin(np.where(picked, np.inf, g)))] = True
    return _exchanged(counts, wanted_counts(b, P_real, n, L_rnd + L_select), _chosen(picked))


def _exchanged(counts: _Floats, target: _Floats, start: list[int]) -> Permutation:
    """Exchange along the gradient while the distance strictly falls."""
    picked = np.zeros(counts.shape[1], bool)
    picked[start] = True
    swaps: list[tuple[int, int]] = []
    distances = [distance(counts, target, start)]
    while 0 < len(start) < len(picked):
        g = counts.T @ (counts @ picked - target)
        inwards = int(np.argmin(np.where(picked, np.inf, g)))
        outwards = int(np.argmax(np.where(picked, g, -np.inf)))
        picked[[inwards, outwards]] = True, False
        after = distance(counts, target, np.flatnonzero(picked))
        if after >= distances[-1]:
            picked[[inwards, outwards]] = False, True
            break
        swaps.append((outwards, inwards))
        distances.append(after)
    return Permutation(start, swaps, distances, _chosen(picked))


def _chosen(picked: NDArray[np.bool_]) -> list[int]:
    return [int(k) for k in np.flatnonzero(picked)]
