"""The best ways through a layered graph, by dynamic programming."""

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["best_chain", "pareto_chains", "through", "to_go"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


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
    stages, width = cost.shape[:2]
    _go_back(cost.reshape(stages, width, width, -1), ahead.reshape(stages, width, -1))
    return ahead


@njit(cache=True)
def _go_back(cost: FloatArray, ahead: FloatArray) -> None:
    """Fill ``ahead`` from the last stage to the first."""
    stages, width, _, kinds = cost.shape
    for stage in range(stages - 1, 0, -1):
        for before in range(width):
            for kind in range(kinds):
                least = np.inf
                for after in range(width):
                    least = min(least, cost[stage, before, after, kind] + ahead[stage, after, kind])
                ahead[stage - 1, before, kind] = least


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


def pareto_chains(
    one: FloatArray, other: FloatArray, stage: int, previous: int
) -> tuple[IntArray, FloatArray, FloatArray]:
    """All trade-offs between two costs: the chains that no other beats in both.

    Args:
        one: cost of each way, shape (stages, instances, instances), index [stage, previous, next];
            infinite where a way does not exist.
        other: likewise, of another kind.
        stage: the first stage to choose for.
        previous: the instance chosen before it.

    Returns:
        choices, shape (chains, stages - stage), and both costs, shape (chains,), by ascending
        ``one``; of chains that are equal in both one is kept. Empty where no chain exists.
    """
    places = np.arange(one.shape[-1])
    cost, cost_other, at = one[stage, previous], other[stage, previous], places
    chosen = places[:, None]
    for level in range(stage, len(one)):
        if level > stage:
            cost = (cost[:, None] + one[level, at]).reshape(-1)
            cost_other = (cost_other[:, None] + other[level, at]).reshape(-1)
            chosen = np.repeat(chosen, len(places), axis=0)
            at = np.resize(places, len(cost))
            chosen = np.column_stack([chosen, at])
        last = level == len(one) - 1
        keep = _unbeaten(cost, cost_other, np.zeros_like(at) if last else at)
        cost, cost_other, chosen, at = cost[keep], cost_other[keep], chosen[keep], at[keep]
    return chosen, cost, cost_other


def _unbeaten(one: FloatArray, other: FloatArray, group: IntArray) -> IntArray:
    """Places that no other of their group beats in both costs, by group and ascending ``one``."""
    order = np.lexsort((other, one, group))
    order = order[np.isfinite(one[order]) & np.isfinite(other[order])]
    if not len(order):
        return order
    values = other[order]
    # Each group lies below all of the group before: the running least starts anew with it.
    values = values - group[order] * (values.max() - values.min() + 1.0)
    least_before = np.concatenate([[np.inf], np.minimum.accumulate(values)[:-1]])
    unbeaten: IntArray = order[values < least_before]
    return unbeaten
