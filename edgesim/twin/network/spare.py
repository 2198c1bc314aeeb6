"""Ways over links with room to spare: the fewest hops, or the least delay, compiled.

A way joins two nodes in both directions, so that an edge has room where both of its links have.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.twin.core.compiled import compiled
from edgesim.twin.core.forking import Shared
from edgesim.twin.network.wiring import Wiring

__all__ = ["NEVER", "Neighbourhood", "Neighbours", "Tree", "hops_along", "trace", "tree_from"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

NEVER = -1
"""Hops to a node to which no way leads."""


class Neighbours(NamedTuple):
    """Who is next to whom: of node n the entries ``start[n]`` to ``start[n + 1]``.

    Attributes:
        start: shape (nodes + 1,).
        node: the node at the other end.
        link: the link that leads there.
    """

    start: IntArray
    node: IntArray
    link: IntArray


class Tree(NamedTuple):
    """Ways from one node to all others.

    Attributes:
        hops: links on the way to each node, :data:`NEVER` where there is none; shape (nodes,).
        last: the last link of the way of fewest hops.
        fast: the last link of the way of least delay.
        is_fast: whether the way to a node is that of least delay.
    """

    hops: IntArray
    last: IntArray
    fast: IntArray
    is_fast: npt.NDArray[np.bool_]


@compiled()
def tree_from(
    near: Neighbours,
    room: FloatArray,
    delay_s: FloatArray,
    source: int,
    bandwidth: float,
    bound_s: float,
) -> Tree:
    """The ways from a node over edges that have room, each within a bound on its delay.

    A way has the fewest hops; where that breaks the bound, it is the way of least delay, if that
    keeps it.

    Args:
        near: the neighbours.
        room: what each edge has left, shape (edges,).
        delay_s: of each edge, shape (edges,), s.
        source: where the ways begin.
        bandwidth: what a way needs, in the unit of ``room``.
        bound_s: on the delay of a way, s; infinite: none.
    """
    nodes = len(near.start) - 1
    hops = np.full(nodes, NEVER)
    last = np.full(nodes, -1)
    fast = np.full(nodes, -1)
    is_fast = np.zeros(nodes, dtype=np.bool_)
    queue = np.empty(nodes, dtype=np.int64)
    spent_s = np.zeros(nodes)
    hops[source] = 0
    queue[0] = source
    filled, at = 1, 0
    broken = False
    while at < filled:
        here = queue[at]
        at += 1
        for k in range(near.start[here], near.start[here + 1]):
            there, edge = near.node[k], near.link[k] >> 1
            if hops[there] == NEVER and room[edge] >= bandwidth:
                hops[there] = hops[here] + 1
                last[there] = near.link[k]
                spent_s[there] = spent_s[here] + delay_s[edge]
                if spent_s[there] > bound_s:
                    broken = True
                queue[filled] = there
                filled += 1
    if broken:
        _take_fast_ways(
            near, room, delay_s, source, bandwidth, bound_s, spent_s, hops, fast, is_fast
        )
    return Tree(hops, last, fast, is_fast)


@compiled()
def _take_fast_ways(
    near: Neighbours,
    room: FloatArray,
    delay_s: FloatArray,
    source: int,
    bandwidth: float,
    bound_s: float,
    spent_s: FloatArray,
    hops: IntArray,
    fast: IntArray,
    is_fast: npt.NDArray[np.bool_],
) -> None:
    """Replace ways that break the bound by those of least delay (Dijkstra's algorithm)."""
    nodes = len(hops)
    least_s = np.full(nodes, np.inf)
    taken = np.zeros(nodes, dtype=np.bool_)
    count = np.zeros(nodes, dtype=np.int64)
    least_s[source] = 0.0
    for _ in range(nodes):
        here = -1
        for node in range(nodes):
            if not taken[node] and (here < 0 or least_s[node] < least_s[here]):
                here = node
        if least_s[here] > bound_s:
            break
        taken[here] = True
        for k in range(near.start[here], near.start[here + 1]):
            there, edge = near.node[k], near.link[k] >> 1
            through_s = least_s[here] + delay_s[edge]
            if room[edge] >= bandwidth and through_s < least_s[there]:
                least_s[there] = through_s
                fast[there] = near.link[k]
                count[there] = count[here] + 1
    for node in range(nodes):
        if spent_s[node] > bound_s:
            is_fast[node] = taken[node]
            hops[node] = count[node] if taken[node] else NEVER


@compiled()
def trace(tree: Tree, start_of: IntArray, target: int) -> IntArray:
    """The links of the way to a node, the last one first.

    Args:
        tree: of :func:`tree_from`.
        start_of: the node at which each link starts, shape (links,).
        target: a node to which a way leads.
    """
    last = tree.fast if tree.is_fast[target] else tree.last
    links = np.empty(tree.hops[target], dtype=np.int64)
    for k in range(len(links)):
        links[k] = last[target]
        target = start_of[last[target]]
    return links


@compiled()
def hops_along(
    ways: IntArray,
    paths: IntArray,
    links: IntArray,
    room: FloatArray,
    delay_s: FloatArray,
    bandwidth: float,
    bound_s: float,
) -> IntArray:
    """Hops of the first path of each way that has room and keeps a bound; :data:`NEVER`: of none.

    Args:
        ways: see :class:`edgesim.twin.network.routing.Bundle`.
        paths: likewise.
        links: likewise.
        room: what each edge has left, shape (edges,).
        delay_s: of each edge, shape (edges,), s.
        bandwidth: what a way needs, in the unit of ``room``.
        bound_s: on the delay of a path, s.

    Returns:
        shape (ways,).
    """
    hops = np.full(len(ways) - 1, NEVER)
    for way in range(len(hops)):
        for path in range(ways[way], ways[way + 1]):
            spent_s, fits = 0.0, True
            for k in range(paths[path], paths[path + 1]):
                edge = links[k] >> 1
                spent_s += delay_s[edge]
                if room[edge] < bandwidth:
                    fits = False
                    break
            if fits and spent_s <= bound_s:
                hops[way] = paths[path + 1] - paths[path]
                break
    return hops


class Neighbourhood(Shared):
    """The neighbours of a wiring as arrays: what a world keeps.

    Attributes:
        near: the neighbours.
        start_of: the node at which each link starts, shape (links,).
    """

    def __init__(self, wiring: Wiring) -> None:
        start = np.cumsum([0, *(len(links) for links in wiring.leaving)])
        link = np.array([link for links in wiring.leaving for link in links], dtype=np.int64)
        node = np.array([wiring.ends[number][1] for number in link.tolist()], dtype=np.int64)
        self.near = Neighbours(start, node, link)
        self.start_of = np.array([start for start, _ in wiring.ends], dtype=np.int64)
