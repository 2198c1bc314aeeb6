"""One episode of slices over a topology: what chains hold, what the controller knows of it."""

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from edgesim.twin.chain import Chain, QoS, Request
from edgesim.twin.clock import Clock
from edgesim.twin.collector import LLDPCollector
from edgesim.twin.controller import Flow, SDNController
from edgesim.twin.data_links import DataLinks
from edgesim.twin.fabric import Keeper, Layers
from edgesim.twin.failures import FailureProcess
from edgesim.twin.routing import Routing
from edgesim.twin.southbound import SouthboundTally
from edgesim.twin.streams import Streams
from edgesim.twin.vnf_hosts import VNFHosts

if TYPE_CHECKING:
    from edgesim.twin.slice_world import SliceWorld

__all__ = ["Held", "SliceFabric"]

_UNREACHABLE_MS = 1e6


class Held:
    """What a chain holds: its flow over the links, its instances, and whether it is interrupted."""

    __slots__ = ("flow", "instances", "interrupted")

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.instances: list[int] = []
        self.interrupted = False


class SliceFabric:
    """Links, hosts, controller and collector of an episode, behind the seam of the twin.

    What can be decided is what the controller knows: its own ledger of reservations, exactly, and
    delays and losses of links as its collector measured them last. What is paid is what the network
    does: :meth:`qos` is the truth.

    A chain that has been admitted counts as served while its first rules are written (tens of
    milliseconds of its life); one that a failure interrupts gets nothing until it is mended.

    Attributes:
        links: the links.
        hosts: the VNF instances.
        controller: routes chains and writes their rules.
        collector: measures the links.
        tally: southbound messages.
        failures: what breaks.
        failed: edges and nodes that are down now.
    """

    def __init__(
        self, world: "SliceWorld", clock: Clock, streams: Streams, keeper: Keeper
    ) -> None:
        network = world.scenario.network
        assert network is not None
        self.world = world
        self._keeper = keeper
        self.links = DataLinks(clock, world.wiring, network.links, streams)
        self.hosts = VNFHosts(world.placement, network.instances)
        self.tally = SouthboundTally()
        self._routing = Routing(world.routes, self.links)
        self.controller = SDNController(
            clock,
            network.controller,
            world.channel,
            self.tally,
            self._routing,
            ready=self._ready,
            interrupted=self._interrupted,
            rerouted=self._rerouted,
            dropped=self._dropped,
        )
        self.collector = LLDPCollector(
            clock, network.collector, self.links, world.channel, self.tally, streams
        )
        self.failures = FailureProcess(
            clock,
            network.failures,
            len(world.wiring.edges),
            world.wiring.nodes,
            streams,
            self._edge_failed,
            self._edge_repaired,
            self._node_failed,
            self._node_repaired,
        )

    # --- what may be known ----------------------------------------------------------------------

    def layers(self, request: Request) -> Layers:
        """The ways as the controller knows them: room from its ledger, the rest as measured."""
        width, stages = self.world.instances, request.stages
        delay_ms = np.zeros((stages, width, width))
        residual = np.zeros((stages, width, width))
        loss = np.zeros((stages, width, width))
        points = self.world.points(request)
        for stage in range(stages):
            for i, source in enumerate(points[stage]):
                ways = [self._way(source, target, request) for target in points[stage + 1]]
                row = (stage, i) if stage else 0
                delay_ms[row] = [way[0] for way in ways]
                residual[row] = [way[1] for way in ways]
                loss[row] = [way[2] for way in ways]
            self._count_instances(stage, request, delay_ms, residual)
        (destination,) = points[-1]
        for j, source in enumerate(points[stages]):
            way_ms, room, lost = self._way(source, destination, request)
            delay_ms[-1, :, j] += way_ms
            np.minimum(residual[-1, :, j], room, out=residual[-1, :, j])
            loss[-1, :, j] = 1.0 - (1.0 - loss[-1, :, j]) * (1.0 - lost)
        return Layers(delay_ms, residual, loss)

    def age_s(self, request: Request) -> list[float]:
        """Age of the oldest measurement on the way to each instance of the first VNF, and so on.

        Returns:
            one number a stage: the mean over its instances of the age (s) of the oldest measurement
            on the shortest way there from the request's source.
        """
        view, between = self.collector.view, self.world.routes.between
        points = self.world.points(request)
        ages = []
        for targets in points[1:-1]:
            oldest = [view.oldest_s(between(request.source, target)[0]) for target in targets]
            ages.append(sum(oldest) / len(oldest))
        return ages

    def instance(self, stage: int, choice: int, request: Request) -> int:
        """Number of the instance in the world's placement."""
        vnf = self.world.chains[request.kind][stage]
        return self.world.placement.of_type[vnf][choice]

    def southbound(self) -> tuple[int, int]:
        """See :class:`edgesim.twin.fabric.Fabric`."""
        return self.tally.total()

    # --- the life of a chain --------------------------------------------------------------------

    def extend(self, chain: Chain, choice: int) -> str | None:
        """See :class:`edgesim.twin.fabric.Fabric`; also ``"processing"``: the instance is full."""
        request = chain.request
        held: Held = chain.held
        if held is None:
            flow = self.controller.open(request.source, request.bandwidth, chain)
            held = chain.held = Held(flow)
        instance = self.instance(len(chain.choices), choice, request)
        if not self.hosts.fits(instance, request.bandwidth):
            return "processing"
        if not self.controller.extend(held.flow, self.world.placement.node[instance]):
            return "bandwidth"
        self.hosts.reserve(instance, request.bandwidth)
        held.instances.append(instance)
        chain.choices.append(choice)
        chain.delay_ms += self._measured_ms(held.flow) + 1000 * self.hosts.delay_s[instance]
        return "delay" if chain.delay_ms > request.max_delay_ms else None

    def admit(self, chain: Chain) -> str | None:
        """Lead the chain on to its destination and write its rules."""
        held: Held = chain.held
        request = chain.request
        if not self.controller.extend(held.flow, request.destination):
            return "bandwidth"
        chain.delay_ms += self._measured_ms(held.flow)
        if chain.delay_ms > request.max_delay_ms:
            return "delay"
        self.controller.install(held.flow)
        return None

    def abandon(self, chain: Chain) -> None:
        """See :class:`edgesim.twin.fabric.Fabric`."""
        if chain.held is not None:
            self.release(chain)

    def release(self, chain: Chain) -> None:
        """See :class:`edgesim.twin.fabric.Fabric`."""
        held: Held = chain.held
        self.controller.release(held.flow)
        self._free_instances(chain)

    def qos(self, chain: Chain) -> QoS:
        """What the network truly does for the chain now."""
        held: Held = chain.held
        if held.interrupted:
            return QoS(_UNREACHABLE_MS, 0.0, 1.0)
        delay_s, loss = self.links.delay_s, self.links.loss
        total_s, kept = 0.0, 1.0
        for path in held.flow.paths:
            for link in path:
                total_s += delay_s[link]
                kept *= 1.0 - loss[link]
        processing_s = self.hosts.delay_s
        for instance in held.instances:
            total_s += processing_s[instance]
        return QoS(1000 * total_s, chain.request.bandwidth, 1.0 - kept)

    # --- inside ---------------------------------------------------------------------------------

    def _way(self, source: int, target: int, request: Request) -> tuple[float, float, float]:
        """Measured delay (ms), room by the ledger (bit/s) and measured loss of one way."""
        bandwidth = request.bandwidth
        path = self._routing.path(source, target, bandwidth)
        room = 0.0
        if path is None:
            paths = self._routing.paths(source, target)
            if not paths:
                return _UNREACHABLE_MS, 0.0, 1.0
            path = paths[0]
        else:
            reserved, ceiling = self.links.reserved_bps, self.links.ceiling_bps
            room = min([ceiling[link] - reserved[link] for link in path], default=np.inf)
        view = self.collector.view
        delay_s, lost = view.delay_s, view.loss
        total_s, kept = 0.0, 1.0
        for link in path:
            total_s += delay_s[link]
            kept *= 1.0 - lost[link]
        return 1000 * total_s, room, 1.0 - kept

    def _count_instances(
        self,
        stage: int,
        request: Request,
        delay_ms: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
        residual: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    ) -> None:
        """Add what the instances of a stage take and hold to the ways that lead to them."""
        hosts = self.hosts
        vnf = self.world.chains[request.kind][stage]
        for j, instance in enumerate(self.world.placement.of_type[vnf]):
            room = hosts.ceiling_bps[instance] - hosts.reserved_bps[instance]
            delay_ms[stage, :, j] += 1000 * hosts.delay_s[instance]
            np.minimum(residual[stage, :, j], max(room, 0.0), out=residual[stage, :, j])

    def _measured_ms(self, flow: Flow) -> float:
        """Delay of the flow's last path, as measured."""
        delay_s = self.collector.view.delay_s
        return 1000 * sum([delay_s[link] for link in flow.paths[-1]])

    def _free_instances(self, chain: Chain) -> None:
        for instance in chain.held.instances:
            self.hosts.release(instance, chain.request.bandwidth)
        chain.held.instances = []

    # --- what the controller reports, and what fails --------------------------------------------

    def _ready(self, flow: Flow) -> None:
        chain: Chain = flow.value
        if chain.held.interrupted:
            chain.held.interrupted = False
            self._keeper.remeter(chain)

    def _interrupted(self, flow: Flow) -> None:
        chain: Chain = flow.value
        chain.held.interrupted = True
        self._keeper.remeter(chain)

    def _rerouted(self, flow: Flow) -> None:
        self._keeper.reroute(flow.value)

    def _dropped(self, flow: Flow) -> None:
        chain: Chain = flow.value
        self._keeper.drop(chain, "failure")
        self._free_instances(chain)

    def _edge_failed(self, edge: int) -> None:
        self.links.fail_edge(edge)
        self._keeper.note("link fails", edge)
        self.controller.edges_changed([edge])

    def _edge_repaired(self, edge: int) -> None:
        self.links.repair_edge(edge)
        self._keeper.note("link repaired", edge)
        self.controller.edges_changed([edge])

    def _node_failed(self, node: int) -> None:
        self.links.fail_node(node)
        self.hosts.fail_node(node)
        self._keeper.note("node fails", node)
        self.controller.edges_changed(self._edges_at(node))

    def _node_repaired(self, node: int) -> None:
        self.links.repair_node(node)
        self.hosts.repair_node(node)
        self._keeper.note("node repaired", node)
        self.controller.edges_changed(self._edges_at(node))

    def _edges_at(self, node: int) -> list[int]:
        return sorted({link >> 1 for link in self.world.wiring.leaving[node]})
