"""The least way through a layered graph, by dynamic programming from its end."""

import numpy as np
import numpy.typing as npt

__all__ = ["best_chain", "through", "to_go"]

FloatArray = npt.NDArray[np.float64]


def to_go(cost: FloatArray) -> FloatArray:
    """Least cost from each instance to the end of the chain.

    Args:
        cost: cost of each way, shape (stages, instances, instances, ...), index [stage, previous,
            next, ...]; infinite where a way does not exist. Further axes are costs of other kinds,
            each made small by itself.

    Returns:
        shape (stages, instances, ...): what the stages after ``stage`` cost at least from an
        instance of ``stage``; 0 at the last stage.
    """
    ahead = np.zeros((cost.shape[0], *cost.shape[2:]))
    for stage in range(len(cost) - 1, 0, -1):
        np.minimum.reduce(cost[stage] + ahead[stage], axis=1, out=ahead[stage - 1])
    return ahead


def through(cost: FloatArray) -> FloatArray:
    """Least cost of the rest of the chain by its next instance, the way there included.

    Args:
        cost: as of :func:`to_go`.

    Returns:
        shape of ``cost``: index [stage, previous, next, ...] is the way from ``previous`` to
        ``next`` and the least cost from there to the end.
    """
    return cost + to_go(cost)[:, None]


def best_chain(cost: FloatArray, stage: int, previous: int) -> tuple[list[int], float]:
    """The choices of least cost for the stages from ``stage`` on; of equals, the first in order.

    Args:
        cost: shape (stages, instances, instances), as of :func:`to_go`.
        stage: the first stage to choose for.
        previous: the instance chosen before it (any at stage 0, where all are alike).

    Returns:
        the choices and what they cost, which is infinite where no chain exists.
    """
    whole = through(cost)
    least = float(whole[stage, previous].min())
    choices: list[int] = []
    for at in range(stage, len(cost)):
        previous = int(whole[at, previous].argmin())
        choices.append(previous)
    return choices, least
