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
    after = demands.bandwidth_bps.sum()  # what the links to come take at least: a hop each
    for place in range(len(order)):
        node = order[place]
        host = root
        if place:
            after -= _joined(demands, hosts, node)
            most = dear - total - after
            cost = _costs(ground, demands, hosts, node, most)
            host = _cheapest(ground, demands.cpu[node], cost, hosts)
        if host < 0:
            return hosts, np.inf
        hosts[node] = host
        total += _lead(ground, demands, hosts, node)
        if total + after >= dear:
            return hosts, np.inf
    return hosts, total


@compiled()
def _joined(demands: Demands, hosts: IntArray, node: int) -> float:
    """Bandwidth of the links of a virtual node to placed ones, bit/s."""
    total = 0.0
    for link in range(len(demands.ends)):
        one, other = demands.ends[link]
        if (node == one and hosts[other] >= 0) or (node == other and hosts[one] >= 0):
            total += demands.bandwidth_bps[link]
    return total


@compiled()
def _costs(ground: Ground, demands: Demands, hosts: IntArray, node: int, most: float) -> FloatArray:
    """What the links of a virtual node to placed ones would cost from each physical node.

    Infinite where there is no path, and where it would be above ``most``.
    """
    cost = np.zeros(len(ground.cpu_left))
    least = _joined(demands, hosts, node)
    for link in range(len(demands.ends)):
        one, other = demands.ends[link]
        if node not in (one, other):
            continue
        host = hosts[other] if node == one else hosts[one]
        if host < 0:
            continue
        bandwidth, bound_s = demands.bandwidth_bps[link], demands.max_latency_s[link]
        if bound_s == np.inf:
            far = (most - least) / bandwidth + 1.0 if bandwidth > 0.0 else np.inf
            hops = _hops(ground, host, bandwidth, far)
        else:
            hops = tree_from(
                ground.near, ground.room, ground.delay_s, host, bandwidth, bound_s
            ).hops
        for at in range(len(cost)):
            cost[at] += np.inf if hops[at] == NEVER else bandwidth * hops[at]
    return cost


@compiled()
def _hops(ground: Ground, source: int, bandwidth: float, far: float) -> IntArray:
    """Hops to each node over edges that have room; :data:`NEVER` to those beyond ``far``."""
    near, nodes = ground.near, len(ground.cpu_left)
    hops = np.full(nodes, NEVER)
    queue = np.empty(nodes, dtype=np.int64)
    hops[source], queue[0] = 0, source
    filled, at = 1, 0
    while at < filled:
        here = queue[at]
        at += 1
        if hops[here] + 1 > far:
            break
        for k in range(near.start[here], near.start[here + 1]):
            there = near.node[k]
            if hops[there] == NEVER and ground.room[near.link[k] >> 1] >= bandwidth:
                hops[there] = hops[here] + 1
                queue[filled] = there
                filled += 1
    return hops


@compiled()
def _taken(ground: Ground, source: int, target: int, bandwidth: float) -> int:
    """Take bandwidth along the way of fewest hops: how many they are, :data:`NEVER` without one.

    It is the way of :func:`edgesim.twin.network.spare.tree_from`, which goes on to all nodes.
    """
    near, nodes = ground.near, len(ground.cpu_left)
    last = np.full(nodes, -1)
    queue = np.empty(nodes, dtype=np.int64)
    queue[0] = source
    filled, at = 1, 0
    while at < filled and last[target] < 0:
        here = queue[at]
        at += 1
        for k in range(near.start[here], near.start[here + 1]):
            there = near.node[k]
            if last[there] < 0 and there != source and ground.room[near.link[k] >> 1] >= bandwidth:
                last[there] = near.link[k]
                queue[filled] = there
                filled += 1
    if last[target] < 0:
        return NEVER
    hops = 0
    while target != source:
        ground.room[last[target] >> 1] -= bandwidth
        target = ground.start_of[last[target]]
        hops += 1
    return hops


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
        if bound_s == np.inf:
            hops = _taken(ground, hosts[one], hosts[other], bandwidth)
            if hops == NEVER:
                return np.inf
            total += bandwidth * hops
            continue
        tree = tree_from(ground.near, ground.room, ground.delay_s, hosts[one], bandwidth, bound_s)
        if tree.hops[hosts[other]] == NEVER:
            return np.inf
        for way in trace(tree, ground.start_of, hosts[other]):
            ground.room[way >> 1] -= bandwidth
        total += bandwidth * tree.hops[hosts[other]]
    return total
