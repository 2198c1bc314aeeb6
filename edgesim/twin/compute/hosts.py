"""NFV nodes: which VNF instances stand where, how busy they are, how long they take."""

from array import array
from math import inf

import numpy as np

from edgesim.scenarios.parts.hosts import Instances
from edgesim.twin.core.forking import Shared
from edgesim.twin.core.queueing import finite_queue

__all__ = ["Placement", "VNFHosts"]


class Placement(Shared):
    """The VNF instances of a network and the nodes they run on: what a world keeps.

    Hosts are drawn among the nodes. One type after the other, its instances go to different hosts,
    drawn among those that have the fewest instances so far. Instances are numbered by type:
    instance i of type t is ``t · per_type + i``.

    Args:
        nodes: number of nodes of the network.
        instances: the scenario's VNF types and instances.
        rng: a generator that nothing else draws from.

    Attributes:
        hosts: nodes that host instances, in ascending order.
        node: the node of each instance.
        vnf: the type of each instance, its place in ``instances.types``.
        of_type: the instances of each type.

    Raises:
        InputError: there are not enough nodes for the hosts, or for the instances of a type.
    """

    def __init__(self, nodes: int, instances: Instances, rng: np.random.Generator) -> None:
        hosts = instances.hosts_of(nodes)
        self.hosts: list[int] = sorted(rng.permutation(nodes)[:hosts].tolist())
        self.node: list[int] = []
        self.vnf: list[int] = []
        self.of_type: list[list[int]] = []
        held = np.zeros(hosts)
        for vnf in range(len(instances.types)):
            # The random part breaks ties: fewest instances first, then by lot.
            chosen = np.argsort(held + rng.random(hosts))[: instances.per_type]
            held[chosen] += 1
            first = len(self.node)
            self.node += [self.hosts[host] for host in chosen.tolist()]
            self.vnf += [vnf] * instances.per_type
            self.of_type.append(list(range(first, first + instances.per_type)))


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
        self.capacity_bps = array("d", [float(instances.capacity_bps)] * count)
        self._stated_bps = float(instances.capacity_bps)
        self._service_s = instances.processing_ms / 1000
        self._places = instances.queue_packets
        self._holders = [0] * count
        self._on: dict[int, list[int]] = {}
        for instance, node in enumerate(placement.node):
            self._on.setdefault(node, []).append(instance)
        self.reserved_bps = array("d", [0.0] * count)
        self.ceiling_bps = array("d", self.capacity_bps)
        self.delay_s = array("d", [self._service_s] * count)
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
            self.delay_s[instance] = self._service_s

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
            if abs(capacity - self._stated_bps) <= 1e-9 * self._stated_bps:
                capacity = self._stated_bps  # what is undone is undone exactly
            self.capacity_bps[instance] = capacity
            if self.up[instance]:
                self.ceiling_bps[instance] = capacity
            self._set(instance, self.reserved_bps[instance])

    def _set(self, instance: int, reserved_bps: float) -> None:
        self.reserved_bps[instance] = reserved_bps
        if self.up[instance]:
            stay, _ = finite_queue(reserved_bps / self.capacity_bps[instance], self._places)
            self.delay_s[instance] = self._service_s * stay
