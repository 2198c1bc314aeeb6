"""A greedy by marginal cost: each virtual node where its links cost the least, from some roots."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.agents.policies import Env
from edgesim.agents.vne import ranks
from edgesim.agents.vne.policies import Planner
from edgesim.envs.vne.env import VNEEnv
from edgesim.envs.vne.orders import outwards
from edgesim.twin.core.compiled import compiled
from edgesim.twin.network.spare import NEVER, Neighbours, trace, tree_from
from edgesim.twin.vne.request import Demands

__all__ = ["ROOTS", "MarginalCost", "MarginalCostAll"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

ROOTS = 5
"""Hosts that are tried for the first virtual node."""


class MarginalCost(Planner):
    """Goes through the virtual nodes from the most demanding outwards, from each of some roots.

    A virtual node gets the host from which the links to its placed neighbours take the least
    bandwidth times hops over links that have room; of equals the one with the most CPU times
    bandwidth left. Its links are led at once. The roots, hosts of the first virtual node, are those
    with the most CPU times bandwidth left; of their embeddings the cheapest is taken.

    It plans as environments with ``routing="shortest"`` and ``order="outwards"`` will do it.

    Args:
        envs: the environments.
        seed: not used.
        roots: how many roots are tried; None: all nodes.
    """

    def __init__(self, envs: Sequence[Env], seed: int, roots: int | None = ROOTS) -> None:
        super().__init__(envs, seed)
        self._roots = roots

    def plan(self, env: VNEEnv) -> list[int] | None:
        """See :class:`edgesim.agents.vne.policies.Planner`."""
        request, substrate = env.embedding.request, env.substrate
        around = env.world.neighbourhood
        order = np.array(outwards(request), dtype=np.int64)
        left = ranks.nrm(ranks.physical(substrate))
        fits = np.flatnonzero(substrate.cpu_left >= request.cpu[order[0]])
        roots = fits[np.argsort(-left[fits], kind="stable")][: self._roots]
        room = substrate.room_bps()
        best, least = None, np.inf
        for root in roots.tolist():
            ground = _Ground(
                around.near,
                around.start_of,
                room.copy(),
                substrate.delay_s,
                substrate.cpu_left,
                left,
            )
            hosts, cost = _embedded(ground, request.demands, order, root, least)
            if cost < least:
                best, least = hosts, cost
        return None if best is None else best.tolist()


class MarginalCostAll(MarginalCost):
    """As :class:`MarginalCost`, from every node that fits the first virtual node."""

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        super().__init__(envs, seed, None)


class _Ground(NamedTuple):
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
def _embedded(
    ground: _Ground, demands: Demands, order: IntArray, root: int, dear: float
) -> tuple[IntArray, float]:
    """Hosts of all virtual nodes and their cost, bandwidth times hops.

    Infinite where a node has none, or as soon as the cost is no less than ``dear``.
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
def _costs(ground: _Ground, demands: Demands, hosts: IntArray, node: int) -> FloatArray:
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
def _cheapest(ground: _Ground, cpu: float, cost: FloatArray, hosts: IntArray) -> int:
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
def _lead(ground: _Ground, demands: Demands, hosts: IntArray, node: int) -> float:
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
