"""One episode of slices over a topology: what chains hold, what the controller knows of it."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from edgesim.scenarios.sfc.schema import SFCScenario
from edgesim.twin.compute.hosts import Placement, VNFHosts
from edgesim.twin.core.compiled import compiled
from edgesim.twin.core.forking import Rebuilt
from edgesim.twin.core.happenings import Happening
from edgesim.twin.core.streams import Streams
from edgesim.twin.core.workload import Host
from edgesim.twin.network.routing import Routes, Routing
from edgesim.twin.network.wiring import Wiring
from edgesim.twin.sdn.collector import LLDPCollector
from edgesim.twin.sdn.controller import Flow, SDNController
from edgesim.twin.sdn.southbound import ControlChannel, SouthboundTally
from edgesim.twin.sdn.survey import UNREACHABLE_MS, Survey
from edgesim.twin.sfc.chain import Chain, QoS, Request
from edgesim.twin.sfc.fabric import ChainListener, Layers, Reserved

__all__ = ["Held", "SliceFabric"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Slices(Protocol):
    """What stays the same in all episodes, see :class:`edgesim.twin.sfc.slice_world.SliceWorld`."""

    scenario: SFCScenario
    wiring: Wiring
    placement: Placement
    routes: Routes
    channel: ControlChannel
    chains: list[list[int]]
    instances_of: list[Ints]
    node_names: list[str]
    edge_names: list[str]

    def points(self, request: Request) -> Sequence[tuple[int, ...]]: ...


class Held:
    """What a chain holds: its flow over the links, its instances, and whether it is interrupted."""

    __slots__ = ("flow", "instances", "interrupted")

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.instances: list[int] = []
        self.interrupted = False


class SliceFabric(Rebuilt):
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
        network: the network that it is part of.
        failed: edges and nodes that are down now.
    """

    views = ("_of_instances",)

    def __init__(
        self, world: Slices, host: Host, streams: Streams, listener: ChainListener
    ) -> None:
        network = world.scenario.network
        assert network is not None
        self.world = world
        self._listener = listener
        clock, self.network = host.clock, host.network
        self.links = self.network.links
        self.links.metered = True
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
        self._hosts_down: set[int] = set()  # nodes whose machines a stated event took down
        self._survey = Survey(self._routing, self.collector.view)
        self.look()
        self.network.watch(self)

    def look(self) -> None:
        """Have the figures of the instances at hand as arrays."""
        hosts = self.hosts
        self._of_instances = tuple(
            np.frombuffer(column)
            for column in (hosts.delay_s, hosts.ceiling_bps, hosts.reserved_bps)
        )

    # --- what may be known ----------------------------------------------------------------------

    def layers(self, request: Request) -> Layers:
        """The ways as the controller knows them: room from its ledger, the rest as measured."""
        figures = self._survey.between(self.world.points(request), request.bandwidth)
        known = _by_stage(figures, self.world.instances_of[request.kind], *self._of_instances)
        return Layers(*known)

    def reserved(self) -> Reserved:
        """See :class:`edgesim.twin.sfc.fabric.Fabric`."""
        network = self.world.scenario.network
        assert network is not None
        links_bps = np.array(self.world.wiring.capacity_bps)
        held_bps = np.frombuffer(self.hosts.reserved_bps)
        instances_bps = np.full(len(held_bps), network.instances.capacity_bps)
        return Reserved(
            np.frombuffer(self.links.reserved_bps) / links_bps,
            held_bps / instances_bps,
            np.concatenate([links_bps, instances_bps]),
        )

    def along(self, request: Request, of_links: Floats, of_instances: Floats) -> Floats:
        """See :class:`edgesim.twin.sfc.fabric.Fabric`."""
        of_ways = self._survey.along(self.world.points(request), request.bandwidth, of_links)
        return _along_by_stage(of_ways, self.world.instances_of[request.kind], of_instances)

    def instance(self, stage: int, choice: int, request: Request) -> int:
        """Number of the instance in the world's placement."""
        return int(self.world.instances_of[request.kind][stage, choice])

    @property
    def capacities(self) -> list[float]:
        """Of each instance, bit/s; 0 while its node is down."""
        return [max(float(bps), 0.0) for bps in self.hosts.ceiling_bps]

    def words(self, chain: Chain) -> dict[str, Any]:
        """The slice, the nodes on the way in order, and which VNF is passed at which node."""
        world, request = self.world, chain.request
        names, ends = world.node_names, world.wiring.ends
        held: Held = chain.held
        settings = world.scenario.network
        assert settings is not None
        way = [request.source]
        for path in held.flow.paths:
            way += [ends[link][1] for link in path]
        vnfs = [settings.instances.types[world.placement.vnf[place]] for place in held.instances]
        nodes = [names[world.placement.node[place]] for place in held.instances]
        return {
            "slice": settings.slices[request.kind].name,
            "bandwidth_bps": request.bandwidth,
            "path": " > ".join(names[node] for node in way),
            "vnfs": ", ".join(f"{vnf} at {node}" for vnf, node in zip(vnfs, nodes, strict=True)),
        }

    def resample(self) -> None:
        """See :class:`edgesim.twin.sfc.fabric.Fabric`; measurements are drawn as they come."""

    def southbound(self) -> tuple[int, int]:
        """See :class:`edgesim.twin.sfc.fabric.Fabric`."""
        return self.tally.total()

    # --- the life of a chain --------------------------------------------------------------------

    def extend(self, chain: Chain, choice: int) -> str | None:
        """See :class:`edgesim.twin.sfc.fabric.Fabric`; also ``"processing"``: the instance is
        full.
        """
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
        """See :class:`edgesim.twin.sfc.fabric.Fabric`."""
        if chain.held is not None:
            self.release(chain)

    def release(self, chain: Chain) -> None:
        """See :class:`edgesim.twin.sfc.fabric.Fabric`."""
        held: Held = chain.held
        self.controller.release(held.flow)
        self._free_instances(chain)

    def qos(self, chain: Chain) -> QoS:
        """What the network truly does for the chain now."""
        held: Held = chain.held
        if held.interrupted:
            return QoS(UNREACHABLE_MS, 0.0, 1.0)
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

    def taken_bps(self, chain: Chain, instance: int) -> float:
        """What a chain takes of one of its instances, bit/s."""
        return float(chain.request.bandwidth)

    # --- inside ---------------------------------------------------------------------------------

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
            self._listener.remeter(chain)

    def _interrupted(self, flow: Flow) -> None:
        chain: Chain = flow.value
        chain.held.interrupted = True
        self._listener.remeter(chain)

    def _rerouted(self, flow: Flow) -> None:
        self._listener.reroute(flow.value)

    def _dropped(self, flow: Flow) -> None:
        chain: Chain = flow.value
        self._listener.drop(chain, "failure")
        self._free_instances(chain)

    def edge_failed(self, edge: int) -> None:
        """See :class:`edgesim.twin.network.network.NetworkListener`."""
        self._listener.note("link fails", edge, element=self.world.edge_names[edge])
        self.controller.edges_changed([edge])

    def edge_repaired(self, edge: int) -> None:
        """See :class:`edgesim.twin.network.network.NetworkListener`."""
        self._listener.note("link repaired", edge, element=self.world.edge_names[edge])
        self.controller.edges_changed([edge])

    def node_failed(self, node: int) -> None:
        """See :class:`edgesim.twin.network.network.NetworkListener`."""
        self.hosts.fail_node(node)
        self._listener.note("node fails", node, element=self.world.node_names[node])
        self.controller.edges_changed(self._edges_at(node))

    def node_repaired(self, node: int) -> None:
        """See :class:`edgesim.twin.network.network.NetworkListener`."""
        if node not in self._hosts_down:
            self.hosts.repair_node(node)
        self._listener.note("node repaired", node, element=self.world.node_names[node])
        self.controller.edges_changed(self._edges_at(node))

    def capacity_changed(self, edge: int, factor: float) -> None:
        """See :class:`edgesim.twin.network.network.NetworkListener`."""
        self._listener.note("link capacity", edge, factor, element=self.world.edge_names[edge])
        if factor < 1.0:
            self.controller.capacity_lowered(edge)

    def happen(self, made: Happening) -> None:
        """See :class:`edgesim.twin.sfc.fabric.Fabric`: what happens to the machines at a node."""
        node = made.number
        if made.change == "capacity":
            self.hosts.scale_node(node, made.factor)
            self._listener.note("host capacity", node, made.factor, element=made.name)
        elif made.change == "fails":
            self._hosts_down.add(node)
            self.hosts.fail_node(node)
            self._listener.note("host fails", node, element=self.world.node_names[node])
            self.controller.host_failed(node)
        else:
            self._hosts_down.discard(node)
            if self.links.node_up[node]:
                self.hosts.repair_node(node)
            self._listener.note("host repaired", node, element=self.world.node_names[node])
            self.controller.host_repaired(node)

    def _edges_at(self, node: int) -> list[int]:
        return sorted({link >> 1 for link in self.world.wiring.leaving[node]})


@compiled()
def _by_stage(
    figures: Floats, instances: Ints, delay_s: Floats, ceiling_bps: Floats, reserved_bps: Floats
) -> Floats:
    """Delay, residual and loss as :class:`edgesim.twin.sfc.fabric.Layers` has them, one after
    another.

    Args:
        figures: of the ways, see :meth:`edgesim.twin.sdn.survey.Survey.between`.
        instances: the instances of each stage, shape (stages, instances).
        delay_s: processing delay of every instance.
        ceiling_bps: what reservations may reach, of every instance.
        reserved_bps: what is reserved on every instance.

    Returns:
        shape (3, stages, instances, instances).
    """
    stages, width = instances.shape
    known = np.empty((3, stages, width, width))
    for stage in range(stages):
        for after in range(width):
            # What an instance takes and holds counts to the ways that lead to it.
            instance = instances[stage, after]
            processing_ms = 1000 * delay_s[instance]
            room = max(ceiling_bps[instance] - reserved_bps[instance], 0.0)
            for before in range(width):
                # From the source come as many ways as there are instances.
                way = width + ((stage - 1) * width + before) * width + after if stage else after
                delay_ms, residual, loss = figures[0, way], figures[1, way], figures[2, way]
                delay_ms, residual = delay_ms + processing_ms, min(residual, room)
                if stage == stages - 1:
                    last = figures.shape[1] - width + after
                    delay_ms += figures[0, last]
                    residual = min(residual, figures[1, last])
                    loss = 1.0 - (1.0 - loss) * (1.0 - figures[2, last])
                known[0, stage, before, after] = delay_ms
                known[1, stage, before, after] = residual
                known[2, stage, before, after] = loss
    return known


@compiled()
def _along_by_stage(of_ways: Floats, instances: Ints, of_instances: Floats) -> Floats:
    """Figures of ways with those of the instances they lead to, [stage, previous, next, kind]."""
    stages, width = instances.shape
    kinds = of_ways.shape[1]
    sums = np.empty((stages, width, width, kinds))
    for stage in range(stages):
        for after in range(width):
            for before in range(width):
                way = width + ((stage - 1) * width + before) * width + after if stage else after
                for kind in range(kinds):
                    figure = of_ways[way, kind] + of_instances[instances[stage, after], kind]
                    if stage == stages - 1:
                        figure += of_ways[len(of_ways) - width + after, kind]
                    sums[stage, before, after, kind] = figure
    return sums
