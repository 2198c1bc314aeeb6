"""A few whole chains for a request: the best under several trade-offs between QoS and scarcity."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.envs.sfc.outlook import FAR
from edgesim.twin.core.compiled import compiled

__all__ = ["TRADE_OFFS", "Candidates", "find_candidates"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

TRADE_OFFS = np.array(
    [
        (1.0, 0.0, 0.0, 0.0, 0.0, 0.0),
        *[(1.0, 1.0, price, 0.0, 0.0, 0.0) for price in (0.0, 1.0, 3.0, 6.0, 12.0, 48.0)],
        *[(0.0, 0.0, 0.0, 1.0, 1.0, others) for others in (0.0, 0.25, 0.5, 1.0, 4.0)],
        *[(0.0, 0.0, price, 1.0, 1.0, 0.5) for price in (2.0, 6.0)],
    ]
)
"""What candidates make small: weights of delay over the bound and of loss over the QoE model's loss
bound, both as measured; of bandwidth over what each way has left; of expected delay and loss, in
the same units; and of the QoE that others are expected to lose. The fastest chain comes first. The
weights go from none to more than is of use to anybody: which chain is worth what is for the policy
to learn."""


class Candidates(NamedTuple):
    """Chains that a request may take.

    Attributes:
        choices: instance of each stage, shape (candidates, stages).
        there: whether the chain holds within the bound, and no candidate before it is the same.
        sums: of the figures over its ways, shape (candidates, kinds).
        tightest: the largest share of what a way has left, shape (candidates,).
    """

    choices: Ints
    there: npt.NDArray[np.bool_]
    sums: Floats
    tightest: Floats


def find_candidates(
    figures: Floats,
    holds: npt.NDArray[np.bool_],
    units: Floats,
    bound_ms: float,
) -> Candidates:
    """A chain for each of :data:`TRADE_OFFS`, by dynamic programming over the layered graph.

    Args:
        figures: of each way, shape (stages, instances, instances, kinds); the first kinds are those
            that the trade-offs weigh, delay (ms) the first of all and bandwidth over what is left
            the third.
        holds: whether each way holds.
        units: what counts as 1 of each of these, shape (6,).
        bound_ms: what the chain may take.
    """
    stages, count = len(figures), len(TRADE_OFFS)
    found = Candidates(
        choices=np.zeros((count, stages), dtype=np.int64),
        there=np.zeros(count, dtype=np.bool_),
        sums=np.zeros((count, figures.shape[-1])),
        tightest=np.zeros(count),
    )
    _fill(figures, holds, TRADE_OFFS / units, bound_ms, *found)
    return found


@compiled()
def _fill(
    figures: Floats,
    holds: npt.NDArray[np.bool_],
    weights: Floats,
    bound_ms: float,
    choices: Ints,
    there: npt.NDArray[np.bool_],
    sums: Floats,
    tightest: Floats,
) -> None:
    """Fill the candidates, as :class:`Candidates` has them."""
    stages, width, _, kinds = figures.shape
    weighed = weights.shape[1]
    cost = np.empty((stages, width, width))
    rest = np.zeros((stages + 1, width))
    for row in range(len(weights)):
        for stage in range(stages - 1, -1, -1):
            for before in range(width):
                least = np.inf
                for after in range(width):
                    this = rest[stage + 1, after]
                    for kind in range(weighed):
                        this += weights[row, kind] * figures[stage, before, after, kind]
                    if not holds[stage, before, after]:
                        this += FAR
                    cost[stage, before, after] = this
                    least = min(least, this)
                rest[stage, before] = least
        before, fits = 0, True
        for stage in range(stages):
            after = 0
            for other in range(1, width):
                if cost[stage, before, other] < cost[stage, before, after]:
                    after = other
            fits &= holds[stage, before, after]
            choices[row, stage] = after
            for kind in range(kinds):
                sums[row, kind] += figures[stage, before, after, kind]
            tightest[row] = max(tightest[row], figures[stage, before, after, 2])
            before = after
        there[row] = fits and sums[row, 0] <= bound_ms
        for earlier in range(row):
            there[row] &= (choices[earlier] != choices[row]).any()
