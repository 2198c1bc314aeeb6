"""What lies ahead of a request: the least that the rest of a chain costs."""

from math import inf

from edgesim.envs.sfc.kernel.inlined import inlined
from edgesim.envs.sfc.kernel.rules import FloatArray, Rules
from edgesim.envs.sfc.kernel.state import State
from edgesim.twin.core.compiled import NO_ARRAYS_MADE, compiled

__all__ = ["look_ahead"]

# What is compiled by itself here takes few arrays: its numbers stay in registers.


@inlined
def look_ahead(rules: Rules, state: State, k: int, residual: FloatArray) -> None:
    """The least that the rest of a chain of the request at hand costs over links that hold so much.

    Where all links hold, and they mostly do, its least delay is the same for every request.
    """
    bandwidth = state.worlds[k].bandwidth
    stages, width, _ = rules.delay_ms.shape
    if _price(residual, width * width, bandwidth, rules.far, state.price, state.far):
        _least_delay(rules.delay_ms, state.far, state.to_go_ms[k])
        _least_costs(rules.weighted, state.price, state.far, state.to_go[k])
    else:
        for stage in range(stages):
            for i in range(width):
                state.to_go_ms[k, stage, i] = rules.open_ms[stage, i]
        _least_open_costs(rules.weighted, state.price, state.to_go[k])


@compiled(**NO_ARRAYS_MADE)
def _price(
    residual: FloatArray,
    first: int,
    bandwidth: float,
    no_way: float,
    price: FloatArray,
    far: FloatArray,
) -> int:
    """The prices of the links from ``first`` on, and what is added where one does not hold.

    Returns:
        how many links do not hold.
    """
    short = 0
    for link in range(first, len(residual)):
        left = residual[link]
        price[link] = bandwidth / max(left, bandwidth)
        far[link] = 0.0 if left >= bandwidth else no_way
        short += left < bandwidth
    return short


@compiled(**NO_ARRAYS_MADE)
def _least_delay(delay_ms: FloatArray, far: FloatArray, to_go_ms: FloatArray) -> None:
    """The least delay to the end of the chain."""
    stages, width, _ = delay_ms.shape
    for stage in range(stages - 1, -1, -1):
        for i in range(width):
            least = inf
            first = (stage * width + i) * width
            for j in range(width):
                least = min(least, delay_ms[stage, i, j] + far[first + j] + to_go_ms[stage + 1, j])
            to_go_ms[stage, i] = least


@compiled(**NO_ARRAYS_MADE)
def _least_costs(
    weighted: FloatArray, price: FloatArray, far: FloatArray, to_go: FloatArray
) -> None:
    """The least weighted costs to the end of the chain.

    A name for the least cost of each weight, and no loop over them: names are kept in registers.
    """
    stages, width, _, _ = weighted.shape
    for stage in range(stages - 1, -1, -1):
        after = stage + 1
        for i in range(width if stage else 1):
            least0 = least1 = least2 = least3 = inf
            first = (stage * width + i) * width
            for j in range(width):
                cost, dead = price[first + j], far[first + j]
                least0 = min(least0, cost + weighted[stage, i, j, 0] + dead + to_go[after, j, 0])
                least1 = min(least1, cost + weighted[stage, i, j, 1] + dead + to_go[after, j, 1])
                least2 = min(least2, cost + weighted[stage, i, j, 2] + dead + to_go[after, j, 2])
                least3 = min(least3, cost + weighted[stage, i, j, 3] + dead + to_go[after, j, 3])
            to_go[stage, i, 0] = least0
            to_go[stage, i, 1] = least1
            to_go[stage, i, 2] = least2
            to_go[stage, i, 3] = least3


@compiled(**NO_ARRAYS_MADE)
def _least_open_costs(weighted: FloatArray, price: FloatArray, to_go: FloatArray) -> None:
    """The same where all links hold, in two thirds of the time: the last weight is of no delay."""
    stages, width, _, _ = weighted.shape
    for stage in range(stages - 1, -1, -1):
        after = stage + 1
        for i in range(width if stage else 1):
            least0 = least1 = least2 = least3 = inf
            first = (stage * width + i) * width
            for j in range(width):
                cost = price[first + j]
                least0 = min(least0, cost + weighted[stage, i, j, 0] + to_go[after, j, 0])
                least1 = min(least1, cost + weighted[stage, i, j, 1] + to_go[after, j, 1])
                least2 = min(least2, cost + weighted[stage, i, j, 2] + to_go[after, j, 2])
                least3 = min(least3, cost + to_go[after, j, 3])
            to_go[stage, i, 0] = least0
            to_go[stage, i, 1] = least1
            to_go[stage, i, 2] = least2
            to_go[stage, i, 3] = least3
