"""What a decision maker sees when the next node of a virtual network is to have a host."""

from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.envs.choice_box import ChoiceBox
from edgesim.envs.vne.outlook import Outlook
from edgesim.twin.vne.arrivals import MBPS
from edgesim.twin.vne.request import UNPLACED
from edgesim.twin.vne.workload import VNEWorkload
from edgesim.twin.vne.world import VNEWorld

__all__ = ["Observer"]

Observation = npt.NDArray[np.float32]


class Observer:
    """Writes the observation: what each physical node has and would cost, then the request.

    The entries of a feature stand together, one a physical node.

    Args:
        world: the world.

    Attributes:
        space: ``ChoiceBox(0, 1)``, shape (entries,).
        names: name of each entry.
        features: what is told of each physical node, in order.
        request: what is told of the virtual network, in order.
    """

    features = (
        "cpu",  # CPU left, over the most that a node has
        "room",  # bandwidth left on its links, over the most that all links of a node have
        "widest",  # most left on one of its links, over the most that a link has
        "degree",  # its links, over the most that a node has
        "fits",  # whether it has CPU for the virtual node and no other node of the VN
        "reaches",  # whether every link to a placed neighbour would find a path
        "cost",  # bandwidth times hops of these links, over that at the greatest distance
        "far",  # mean hops to the hosts of the VN so far, over the greatest distance
    )
    request = (
        "cpu",  # that the virtual node asks for, over the most
        "joined",  # bandwidth of its links to placed neighbours, over the most of nine links
        "open",  # of those to neighbours that follow, likewise
        "nodes",  # of the VN, over the most
        "placed",  # share of them that have a host
        "cpu used",  # share of the CPU of all nodes that is held
        "bandwidth used",  # likewise of all links
    )

    def __init__(self, world: VNEWorld) -> None:
        self._world = world
        physical, virtual = world.scenario.physical, world.scenario.virtual
        nodes = world.nodes
        self.names = [f"{feature} {node}" for feature in self.features for node in range(nodes)]
        self.names += [f"request {name}" for name in self.request]
        low = np.zeros(len(self.names), dtype=np.float32)
        self.space: Any = ChoiceBox(low, low + 1, self.names, self.features, nodes)
        self._most_cpu = max(float(physical.cpu[1]), 1.0)
        self._most_bps = float(physical.bandwidth_mbps[1]) * MBPS
        self._most_degree = float(world.degree.max())
        self._farthest = float(world.hops.max())
        self._most_nodes = float(virtual.nodes[1])
        self._most_asked = max(float(virtual.cpu[1]), 1.0)
        links = max(virtual.nodes[1] - 1, 1)
        self._most_joined_bps = max(float(virtual.bandwidth_mbps[1]), 1.0) * links * MBPS
        near = world.neighbourhood.near
        self._edges = near.link >> 1  # of all nodes in turn
        self._first = near.start[:-1]
        self._degree = world.degree / self._most_degree

    def observe(self, twin: VNEWorkload, outlook: Outlook) -> Observation:
        """The observation of the virtual node that the outlook is of, shape (entries,)."""
        substrate, embedding = twin.substrate, twin.embedding
        request, node = embedding.request, outlook.node
        room = np.maximum(substrate.room_bps(), 0.0)
        at_node = room[self._edges]
        seen = np.empty(len(self.names), dtype=np.float32)
        nodes = self._world.nodes
        page = seen[: len(self.features) * nodes].reshape(len(self.features), nodes)
        page[0] = substrate.cpu_left / self._most_cpu
        page[1] = np.add.reduceat(at_node, self._first) / (self._most_degree * self._most_bps)
        page[2] = np.maximum.reduceat(at_node, self._first) / self._most_bps
        page[3] = self._degree
        page[4] = outlook.fits
        page[5] = outlook.reaches
        page[6] = 0.0
        if outlook.joined_bps:
            page[6] = outlook.hop_bps / (outlook.joined_bps * self._farthest)
        hosts = [host for host in embedding.hosts if host != UNPLACED]
        page[7] = self._world.hops[hosts].mean(axis=0) / self._farthest if hosts else 0.0
        asked = sum(request.links[index].bandwidth_bps for _, index in request.beside[node])
        seen[-len(self.request) :] = (
            request.cpu[node] / self._most_asked,
            outlook.joined_bps / self._most_joined_bps,
            (asked - outlook.joined_bps) / self._most_joined_bps,
            request.nodes / self._most_nodes,
            embedding.placed / request.nodes,
            1.0 - substrate.cpu_left.sum() / max(substrate.cpu.sum(), 1.0),
            1.0 - room.sum() / substrate.total_bps,
        )
        np.clip(seen, 0.0, 1.0, out=seen)
        return seen
