"""The best selection, by an integer program (HiGHS)."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import Bounds, LinearConstraint
from scipy.optimize import milp as solve
from scipy.sparse import csr_array, hstack, vstack

from edgesim.methods.federated.selectors.balance import check_choice
from edgesim.methods.federated.selectors.greedy import greedy_swap

__all__ = ["milp"]


def milp(A: ArrayLike, y: ArrayLike, L_select: int, limit_s: float = 5.0) -> list[int]:
    """The ``L_select`` columns of A, of whole numbers, whose sum is nearest to y in the L2 norm.

    A class's count is a whole number, and the square of its gap is convex: the secants between
    neighbouring whole numbers bound it from below and meet it at each of them, so that the linear
    program is exact.

    Args:
        A: label counts of the candidates, whole numbers.
        y: counts that are wanted.
        L_select: how many are chosen.
        limit_s: of the solver, s; what it then has, or greedy_swap's choice, if that is better.

    Raises:
        InputError: more are chosen than there are.
    """
    counts, target = np.asarray(A, float), np.asarray(y, float)
    classes, candidates = counts.shape
    check_choice(candidates, L_select)
    rows, constants, whose = [], [], []
    for c in range(classes):
        ordered = np.sort(counts[c])
        low, high = int(ordered[:L_select].sum()), int(ordered[candidates - L_select :].sum())
        for k in range(low, max(high, low + 1)):
            # The secant of (r - y)^2 through r = k and k + 1 has the slope 2 k + 1 - 2 y.
            slope = 2 * k + 1 - 2 * target[c]
            rows.append(slope * counts[c])
            constants.append((k - target[c]) ** 2 - slope * k)
            whose.append(c)
    square = csr_array((np.ones(len(rows)), (range(len(rows)), whose)), (len(rows), classes))
    above = LinearConstraint(hstack([csr_array(-np.array(rows)), square]), lb=np.array(constants))
    number = hstack([csr_array(np.ones((1, candidates))), csr_array((1, classes))])
    found = solve(
        np.r_[np.zeros(candidates), np.ones(classes)],
        constraints=[above, LinearConstraint(vstack([number]), L_select, L_select)],
        integrality=np.r_[np.ones(candidates), np.zeros(classes)],
        bounds=Bounds(
            np.zeros(candidates + classes), np.r_[np.ones(candidates), np.full(classes, np.inf)]
        ),
        options={"time_limit": limit_s},
    )
    choices = [greedy_swap(counts, target, L_select)]
    if found.x is not None:
        choices.append([int(k) for k in np.flatnonzero(found.x[:candidates] > 0.5)])
    gaps = [np.linalg.norm(counts[:, chosen].sum(axis=1) - target) for chosen in choices]
    return choices[int(np.argmin(gaps))]
