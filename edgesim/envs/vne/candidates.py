"""A few whole embeddings for a virtual network: the cheapest of many that are grown."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.envs.vne.growing import Ground, grown
from edgesim.envs.vne.orders import outwards
from edgesim.twin.core.compiled import compiled
from edgesim.twin.vne.request import Demands
from edgesim.twin.vne.workload import VNEWorkload

__all__ = ["KEPT", "TRIED", "Candidates", "find_candidates"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

KEPT = 12
"""Embeddings that are kept: the cheapest with different hosts."""

TRIED = 240
"""Embeddings that are grown at most, so that a request takes some milliseconds on any map."""


class Candidates(NamedTuple):
    """Embeddings that a virtual network may have, the cheapest first.

    Attributes:
        hosts: of each virtual node, shape (candidates, nodes).
        orders: of the virtual nodes in which links find this room, shape (candidates, nodes).
        cost: bandwidth times hops, bit/s, shape (candidates,).
        room: what each edge has left after it, shape (candidates, edges), bit/s.
    """

    hosts: IntArray
    orders: IntArray
    cost: FloatArray
    room: FloatArray


def find_candidates(twin: VNEWorkload) -> Candidates:
    """The cheapest embeddings of the virtual network at hand, at most :data:`KEPT`.

    From each virtual node as the first an order outwards is made (see
    :func:`edgesim.envs.vne.orders.outwards`), and grown from each physical node with CPU for it;
    where that is more than :data:`TRIED`, from those with the most CPU times bandwidth left. The
    same hosts are kept once.
    """
    request, substrate = twin.embedding.request, twin.substrate
    around, room = twin.world.neighbourhood, substrate.room_bps()
    near = around.near
    at_node = np.add.reduceat(np.maximum(room, 0.0)[near.link >> 1], near.start[:-1])
    ground = Ground(
        near,
        around.start_of,
        room,
        substrate.delay_s,
        substrate.cpu_left,
        substrate.cpu_left * at_node,
    )
    orders = np.array([outwards(request, first) for first in range(request.nodes)])
    best_first = np.argsort(-ground.left, kind="stable")
    return Candidates(*_search(ground, request.demands, orders, best_first, TRIED, KEPT))


@compiled()
def _search(
    ground: Ground,
    demands: Demands,
    orders: IntArray,
    roots: IntArray,
    tried: int,
    kept: int,
) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """The embeddings, as :class:`Candidates` has them."""
    count, nodes = orders.shape
    found = 0
    hosts = np.empty((kept + 1, nodes), dtype=np.int64)
    order_of = np.empty(kept + 1, dtype=np.int64)
    cost = np.full(kept + 1, np.inf)
    most = max(tried // count, 1)
    for which in range(count):
        grown_here = 0
        for root in roots:
            if grown_here == most:
                break
            if ground.cpu_left[root] < demands.cpu[orders[which, 0]]:
                continue
            grown_here += 1
            own = _fresh(ground, ground.room.copy())
            there, price = grown(own, demands, orders[which], root, cost[kept - 1])
            if price == np.inf or _among(hosts, found, there):
                continue
            place = found
            while place and cost[place - 1] > price:
                hosts[place], cost[place] = hosts[place - 1], cost[place - 1]
                order_of[place] = order_of[place - 1]
                place -= 1
            hosts[place], cost[place], order_of[place] = there, price, which
            found = min(found + 1, kept)
            cost[kept] = np.inf
    room = np.empty((found, len(ground.room)))
    for place in range(found):
        room[place] = ground.room
        own = _fresh(ground, room[place])
        order = orders[order_of[place]]
        grown(own, demands, order, hosts[place, order[0]], np.inf)
    return hosts[:found].copy(), orders[order_of[:found]], cost[:found].copy(), room


@compiled()
def _fresh(ground: Ground, room: FloatArray) -> Ground:
    """The same ground with room of its own."""
    return Ground(ground.near, ground.start_of, room, ground.delay_s, ground.cpu_left, ground.left)


@compiled()
def _among(hosts: IntArray, found: int, there: IntArray) -> bool:
    """Whether the hosts are among those found before."""
    for place in range(found):  # noqa: SIM110  # Numba compiles no generator expressions
        if (hosts[place] == there).all():
            return True
    return False
