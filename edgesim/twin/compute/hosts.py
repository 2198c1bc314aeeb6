"""NFV nodes: which VNF instances stand where, how busy they are, how long they take."""

from array import array
from math import inf

import networkx as nx
import numpy as np

from edgesim.errors import InputError
from edgesim.notes import note
from edgesim.scenarios.parts.hosts import Instances
from edgesim.twin.compute.stated import StatedInstance, stated_hosts, stated_instances
from edgesim.twin.core.forking import Shared
from edgesim.twin.core.queueing import finite_queue

__all__ = ["Placement", "VNFHosts"]


class Placement(Shared):
    """The VNF instances of a network and the nodes they run on: what a world keeps.

    Instances that are stated stand where they are stated. Else hosts are drawn among the nodes, or
    among those that a topology file marks. One type after the other, its instances go to different
    hosts, drawn among those that have the fewest instances so far. Instances are numbered by type.

    Where not all types have as many instances, the last number is that of no instance: it has no
    capacity, so that nothing fits on it, and fills the places that a type lacks.

    Args:
        nodes: number of nodes of the network, or its topology.
        instances: the scenario's VNF types and instances.
        rng: a generator that nothing else draws from.

    Attributes:
        hosts: nodes that host instances, in ascending order.
        node: the node of each instance.
        vnf: the type of each instance, its place in ``instances.types``.
        of_type: the instances of each type.
        width: most instances of a type.
        capacity_bps: what each instance processes.
        processing_ms: service of one packet batch by each instance.

    Raises:
        InputError: there are not enough nodes for the hosts, or for the instances of a type, or
            something stated is none.
    """

    hosts: list[int]

    def __init__(
        self, nodes: "int | nx.Graph[int]", instances: Instances, rng: np.random.Generator
    ) -> None:
        self._instances = instances
        self.node: list[int] = []
        self.vnf: list[int] = []
        self.capacity_bps: list[float] = []
        self.processing_ms: list[float] = []
        self.of_type: list[list[int]] = [[] for _ in instances.types]
        graph = nx.empty_graph(nodes) if isinstance(nodes, int) else nodes
        stated = stated_instances(graph, instances)
        if stated is None:
            self._draw(graph, rng)
        else:
            for one in sorted(stated, key=lambda one: one.vnf):
                self._add(one)
            self.hosts = sorted(set(self.node))
        self.width = max(map(len, self.of_type))
        if any(of and len(of) < self.width for of in self.of_type):
            self._add(StatedInstance(-1, self.hosts[0], 0.0, instances.processing_ms))

    def padded(self, vnf: int) -> list[int]:
        """The instances of a type, filled up with the one that is none."""
        of = self.of_type[vnf]
        return of + [len(self.node) - 1] * (self.width - len(of))

    def _add(self, one: StatedInstance) -> None:
        if one.vnf >= 0:
            self.of_type[one.vnf].append(len(self.node))
        self.node.append(one.node)
        self.vnf.append(one.vnf)
        self.capacity_bps.append(one.capacity_bps)
        self.processing_ms.append(one.processing_ms)

    def _draw(self, graph: "nx.Graph[int]", rng: np.random.Generator) -> None:
        instances, said = self._instances, stated_hosts(graph)
        possible = list(graph) if said.nodes is None else said.nodes
        hosts = len(possible) if said.nodes is not None and instances.hosts is None else None
        hosts = instances.hosts_of(len(possible)) if hosts is None else hosts
        count = min(instances.usual, hosts)
        if instances.per_type is not None and instances.per_type > hosts:
            raise InputError(
                "network.instances.per_type",
                instances.per_type,
                f"instances of a VNF stand on different hosts, and there are {hosts}",
            )
        if count < instances.usual:
            note(
                str(graph.graph.get("name", "network")),
                f"instances of each VNF: {count}, since hosts are so few"
                " (network.instances.per_type)",
            )
        drawn = rng.permutation(len(possible))[:hosts].tolist()
        self.hosts = sorted(possible[place] for place in drawn)
        held = np.zeros(hosts)
        for vnf in range(len(instances.types)):
            # The random part breaks ties: fewest instances first, then by lot.
            chosen = np.argsort(held + rng.random(hosts))[:count]
            held[chosen] += 1
            for host in chosen.tolist():
                node = self.hosts[host]
                capacity_bps = said.capacity_bps.get(node, float(instances.capacity_bps))
                processing_ms = said.processing_ms.get(node, instances.processing_ms)
                self._add(StatedInstance(vnf, node, capacity_bps, processing_ms))


class VNFHosts:
    """The instances of an episode: who has reserved how much of their capacity.

    An instance that handles a share rho of its capacity takes the stay in an M/M/1/K queue of
    ``queue_packets`` places, of which ``processing_ms`` is the service:
    processing_ms / (1 - rho) as long as the queue is far from full, see
    :func:`edgesim.twin.core.queueing.finite_queue`. What the full queue would lose is not modelled.

    All that is indexed by instance is read, never written, from outside.

    Attributes:
        capacity_bps: traffic that each instance processes.
        reserved_bps: traffic that chains have reserved.
        ceiling_bps: what reservations may reach: the capacity, or -1 while its node is down.
        delay_s: processing delay now; that of an idle instance while down.
        up: whether the instance's node is up.
    """

    __slots__ = (
        "_holders",
        "_on",
        "_places",
        "_service_s",
        "_stated_bps",
        "capacity_bps",
        "ceiling_bps",
        "delay_s",
        "placement",
        "reserved_bps",
        "up",
    )

    def __init__(self, placement: Placement, instances: Instances) -> None:
        count = len(placement.node)
        self.placement = placement
        self.capacity_bps = array("d", placement.capacity_bps)
        self._stated_bps = array("d", placement.capacity_bps)
        self._service_s = array("d", [ms / 1000 for ms in placement.processing_ms])
        self._places = instances.queue_packets
        self._holders = [0] * count
        self._on: dict[int, list[int]] = {}
        for instance, node in enumerate(placement.node):
            if placement.vnf[instance] >= 0:
                self._on.setdefault(node, []).append(instance)
        self.reserved_bps = array("d", [0.0] * count)
        self.ceiling_bps = array("d", self.capacity_bps)
        self.delay_s = array("d", self._service_s)
        self.up = [True] * count

    def fits(self, instance: int, bandwidth_bps: float) -> bool:
        """Whether the instance is up and has room for that much more."""
        return self.reserved_bps[instance] + bandwidth_bps <= self.ceiling_bps[instance]

    def reserve(self, instance: int, bandwidth_bps: float) -> None:
        """Reserve part of an instance's capacity.

        Raises:
            ValueError: the bandwidth is not above 0 and finite, the instance's node is down, or it
                lacks room.
        """
        if not 0.0 < bandwidth_bps < inf:
            raise ValueError(f"bandwidth_bps = {bandwidth_bps}: must be above 0 and finite")
        if not self.fits(instance, bandwidth_bps):
            raise ValueError(f"instance {instance}: no room for {bandwidth_bps} bit/s")
        self._holders[instance] += 1
        self._set(instance, self.reserved_bps[instance] + bandwidth_bps)

    def release(self, instance: int, bandwidth_bps: float) -> None:
        """Give back what was reserved, also while down. ValueError where nothing was."""
        if not self._holders[instance]:
            raise ValueError(f"instance {instance}: nothing is reserved on it")
        self._holders[instance] -= 1
        rest = self.reserved_bps[instance] - bandwidth_bps if self._holders[instance] else 0.0
        self._set(instance, max(0.0, rest))

    def message_s(self, instance: int, size_bytes: float) -> float:
        """Time (s) that an instance takes for a whole message, with what is not reserved of it.

        At least a hundredth of its capacity is left to those who reserve nothing, so that every
        message gets through.
        """
        capacity = self.capacity_bps[instance]
        left_bps = max(capacity - self.reserved_bps[instance], capacity / 100)
        return self.delay_s[instance] + size_bytes * 8.0 / left_bps

    def fail_node(self, node: int) -> None:
        """The node fails, and the instances on it."""
        for instance in self._on.get(node, ()):
            self.up[instance] = False
            self.ceiling_bps[instance] = -1.0
            self.delay_s[instance] = self._service_s[instance]

    def repair_node(self, node: int) -> None:
        """The node and its instances work again."""
        for instance in self._on.get(node, ()):
            self.up[instance] = True
            self.ceiling_bps[instance] = self.capacity_bps[instance]
            self._set(instance, self.reserved_bps[instance])

    def scale_node(self, node: int, factor: float) -> None:
        """The instances on a node have ``factor`` times the capacity that they had.

        What is reserved beyond it stays, and waits longer in the queue.
        """
        for instance in self._on.get(node, ()):
            capacity = self.capacity_bps[instance] * factor
            stated = self._stated_bps[instance]
            if abs(capacity - stated) <= 1e-9 * stated:
                capacity = stated  # what is undone is undone exactly
            self.capacity_bps[instance] = capacity
            if self.up[instance]:
                self.ceiling_bps[instance] = capacity
            self._set(instance, self.reserved_bps[instance])

    def _set(self, instance: int, reserved_bps: float) -> None:
        self.reserved_bps[instance] = reserved_bps
        if self.up[instance]:
            stay, _ = finite_queue(reserved_bps / self.capacity_bps[instance], self._places)
            self.delay_s[instance] = self._service_s[instance] * stay
