"""The best ways through a layered graph, by dynamic programming."""

import numpy as np
import numpy.typing as npt

from edgesim.twin.core.compiled import compiled

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


@compiled()
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
    least_rest = through(cost)
    least = float(least_rest[stage, previous].min())
    choices: list[int] = []
    for at in range(stage, len(cost)):
        previous = int(least_rest[at, previous].argmin())
        choices.append(previous)
    return choices, least


def pareto_chains(cost: FloatArray, stage: int, previous: int) -> tuple[IntArray, FloatArray]:
    """All trade-offs between costs of several kinds: the chains that no other beats.

    A chain beats another that costs at least as much of every kind. Label-setting from stage to
    stage (Martins, "On a multicriteria shortest path problem", EJOR 16(2), 1984): what is beaten on
    its way to an instance stays so, whatever follows.

    Args:
        cost: costs of each way, shape (stages, instances, instances, kinds), index [stage,
            previous, next, kind]; infinite where a way does not exist.
        stage: the first stage to choose for.
        previous: the instance chosen before it.

    Returns:
        choices, shape (chains, stages - stage), and their costs, shape (chains, kinds), by
        ascending cost of the first kind, equals by the next; of chains that are equal in all one is
        kept. Empty where no chain exists.
    """
    stages, width = cost.shape[:2]
    places = np.arange(width)
    spent, at, chosen = cost[stage, previous], places, places[:, None]
    for level in range(stage, stages):
        if level > stage:
            spent = (spent[:, None] + cost[level, at]).reshape(-1, cost.shape[-1])
            chosen = np.column_stack([chosen.repeat(width, axis=0), np.resize(places, len(spent))])
            at = chosen[:, -1]
        group = at if level < stages - 1 else np.zeros_like(at)
        order = np.lexsort((*spent.T[::-1], group))
        keep = order[_unbeaten(spent[order], group[order])]
        spent, at, chosen = spent[keep], at[keep], chosen[keep]
    return chosen, spent


@compiled()
def _unbeaten(cost: FloatArray, group: IntArray) -> npt.NDArray[np.bool_]:
    """Whether each row is finite and not beaten within its group.

    Rows come by group, then by ascending cost, of equals the next kind: only an earlier one can
    beat another, and if any does, one that is unbeaten itself.
    """
    rows, kinds = cost.shape
    keep = np.zeros(rows, dtype=np.bool_)
    kept = np.empty(rows, dtype=np.int64)
    first = count = 0
    for row in range(rows):
        if row and group[row] != group[row - 1]:
            first = count
        beaten = not np.isfinite(cost[row]).all()
        place = first
        while not beaten and place < count:
            beaten = True
            for kind in range(kinds):
                beaten &= cost[kept[place], kind] <= cost[row, kind]
            place += 1
        if not beaten:
            keep[row] = True
            kept[count] = row
            count += 1
    return keep
