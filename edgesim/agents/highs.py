"""Linear programmes by HiGHS, and the prices that come with their solutions."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog

__all__ = ["Prices", "maximise"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Prices:
    """Dual prices of a maximisation, all 0 or more.

    Attributes:
        at_most: of the inequality lines.
        upper: of the variables' upper bounds.
    """

    at_most: FloatArray
    upper: FloatArray


def maximise(
    worth: FloatArray,
    at_most: tuple[Any, FloatArray],
    equal: tuple[Any, FloatArray] | None = None,
    bounds: FloatArray | tuple[float, float] = (0.0, np.inf),
) -> Prices | None:
    """Prices of ``max worth x`` over ``at_most[0] x <= at_most[1]`` and ``equal[0] x = equal[1]``.

    Returns:
        the prices, as exact as an interior-point method and its crossover make them; None where
        there is no solution.
    """
    matrix, right = at_most
    # Any: the stubs of linprog do not know scipy's sparse arrays of index types other than int64.
    solve: Any = linprog
    solved = solve(
        -worth,
        A_ub=matrix.tocsr(),
        b_ub=right,
        A_eq=None if equal is None else equal[0].tocsr(),
        b_eq=None if equal is None else equal[1],
        bounds=bounds,
        method="highs-ipm",
    )
    if solved.status != 0:
        return None
    # HiGHS minimises -worth: its marginals are the prices with the other sign.
    return Prices(
        np.maximum(-solved.ineqlin.marginals, 0.0), np.maximum(-solved.upper.marginals, 0.0)
    )
