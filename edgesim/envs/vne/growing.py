"""Embeddings of a virtual network that are grown from one host outwards, node by node."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.twin.core.compiled import compiled
from edgesim.twin.network.spare import NEVER, Neighbours, trace, tree_from
from edgesim.twin.vne.request import Demands

__all__ = ["Ground", "grown"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Ground(NamedTuple):
    """What a virtual network is embedded in.

    Attributes:
        near: the neighbours of each node.
        start_of: the node at which each link starts.
        room: bit/s that each edge has left; written to.
        delay_s: of each edge, s.
        cpu_left: CPU units of each node.
        left: of equals the node of the highest value is taken.
    """

    near: Neighbours
    start_of: IntArray
    room: FloatArray
    delay_s: FloatArray
    cpu_left: FloatArray
    left: FloatArray


@compiled()
def grown(
    ground: Ground, demands: Demands, order: IntArray, root: int, dear: float
) -> tuple[IntArray, float]:
    """Hosts of all virtual nodes and their cost, bandwidth times hops.

    The first node of the order has the root as its host; each that follows has the node from which
    the links to those before it take the least bandwidth times hops over links that have room; of
    equals the one with the most left. Its links are led at once, so that room changes.

    Args:
        ground: the physical network.
        demands: of the virtual network.
        order: of its nodes, shape (nodes,).
        root: a physical node with CPU for the first of them.
        dear: cost at which growing is given up.

    Returns:
        hosts, shape (nodes,), and the cost: infinite where a node finds no host, or as soon as the
        cost is no less than ``dear``.
    """
    hosts = np.full(len(order), -1)
    total = 0.0
    for place in range(len(order)):
        node = order[place]
        host = root
        if place:
            host = _cheapest(ground, demands.cpu[node], _costs(ground, demands, hosts, node), hosts)
        if host < 0:
            return hosts, np.inf
        hosts[node] = host
        total += _lead(ground, demands, hosts, node)
        if total >= dear:
            return hosts, np.inf
    return hosts, total


@compiled()
def _costs(ground: Ground, demands: Demands, hosts: IntArray, node: int) -> FloatArray:
    """What the links of a virtual node to placed ones would cost from each physical node."""
    cost = np.zeros(len(ground.cpu_left))
    for link in range(len(demands.ends)):
        one, other = demands.ends[link]
        if node not in (one, other):
            continue
        host = hosts[other] if node == one else hosts[one]
        if host < 0:
            continue
        bandwidth, bound_s = demands.bandwidth_bps[link], demands.max_latency_s[link]
        tree = tree_from(ground.near, ground.room, ground.delay_s, host, bandwidth, bound_s)
        for at in range(len(cost)):
            cost[at] += np.inf if tree.hops[at] == NEVER else bandwidth * tree.hops[at]
    return cost


@compiled()
def _cheapest(ground: Ground, cpu: float, cost: FloatArray, hosts: IntArray) -> int:
    """The node of the least cost with CPU that is no host yet; -1 where there is none."""
    left, taken = ground.left, np.zeros(len(cost), dtype=np.bool_)
    for host in hosts:
        if host >= 0:
            taken[host] = True
    best = -1
    for at in range(len(cost)):
        if taken[at] or ground.cpu_left[at] < cpu or cost[at] == np.inf:
            continue
        if best < 0 or cost[at] < cost[best] or (cost[at] == cost[best] and left[at] > left[best]):
            best = at
    return best


@compiled()
def _lead(ground: Ground, demands: Demands, hosts: IntArray, node: int) -> float:
    """Lead the links of a virtual node to placed ones: their cost, infinite if one finds no path.

    As :class:`edgesim.twin.vne.workload.VNEWorkload` does it, in the same order.
    """
    total = 0.0
    for link in range(len(demands.ends)):
        one, other = demands.ends[link]
        if node not in (one, other) or hosts[one] < 0 or hosts[other] < 0:
            continue
        bandwidth, bound_s = demands.bandwidth_bps[link], demands.max_latency_s[link]
        tree = tree_from(ground.near, ground.room, ground.delay_s, hosts[one], bandwidth, bound_s)
        if tree.hops[hosts[other]] == NEVER:
            return np.inf
        for way in trace(tree, ground.start_of, hosts[other]):
            ground.room[way >> 1] -= bandwidth
        total += bandwidth * tree.hops[hosts[other]]
    return total
