"""Slices over a real topology: switches and links, NFV nodes, a controller and its collector."""

from itertools import pairwise

import numpy as np

from edgesim.errors import InputError, did_you_mean
from edgesim.scenarios.parts.events import read_events
from edgesim.scenarios.parts.faults import read_faults
from edgesim.scenarios.sfc.schema import SFCScenario
from edgesim.twin.compute.hosts import Placement
from edgesim.twin.core.crowds import loads
from edgesim.twin.core.faults import with_fault_crowds
from edgesim.twin.core.forking import Shared
from edgesim.twin.core.happenings import Names, happenings, numbered
from edgesim.twin.core.layered import to_go
from edgesim.twin.core.streams import Streams
from edgesim.twin.core.workload import Host
from edgesim.twin.network.link_table import state_links
from edgesim.twin.network.network import NetworkWorld
from edgesim.twin.network.routing import Routes
from edgesim.twin.network.topology import load_topology
from edgesim.twin.network.wiring import Wiring
from edgesim.twin.sdn.southbound import ControlChannel
from edgesim.twin.sfc.chain import QoS, Request
from edgesim.twin.sfc.fabric import ChainListener, Requests
from edgesim.twin.sfc.slice_arrivals import SliceArrivals
from edgesim.twin.sfc.slice_fabric import SliceFabric

__all__ = ["SliceWorld"]


class SliceWorld(Shared):
    """What stays the same in all episodes of a scenario with a network.

    Args:
        scenario: the scenario.
        shared: a network that the chains share with others, instead of the scenario's own.

    Attributes:
        wiring: switches and links.
        network: these, with their queues, background traffic and failures.
        node_names, edge_names: what people call the nodes and edges.
        placement: which VNF instances stand where.
        routes: the shortest ways between nodes.
        channel: where the controller stands.
        arrivals: where an episode's requests come from (a trace is checked once, here).
        chains: the VNFs of each slice's chain, by their place in ``instances.types``.
        stages: VNFs of the longest chain.
        instances_of: numbers of the instances of each slice's chain, in the placement, shape
            (stages, instances) each.
        instances: instances of each VNF.
        most_bandwidth: most that a request can ask for, bit/s.
        most_delay_ms: largest bound that a request can state.
        offered_load: bandwidth that running chains would hold on average if all requests were
            admitted, over the capacity of all instances of the VNF that has least.
        plan: stated events that happen to the machines at nodes.
        network_plan: those that happen to links and nodes.
        load: what stated events do to the load.
        faults: what fails by chance.

    Raises:
        InputError: a topology or a trace that cannot be used, more hosts than nodes.
    """

    def __init__(self, scenario: SFCScenario, shared: NetworkWorld | None = None) -> None:
        network = scenario.network
        assert network is not None
        self.scenario = scenario
        streams = Streams(np.random.SeedSequence(scenario.world_seed))
        if shared is None:
            graph = load_topology(network.topology, streams["topology"])
            if network.links.table is not None:
                state_links(graph, network.links.table)
            wiring = Wiring(graph, network.links)
            shared = NetworkWorld(wiring, network.links, network.failures)
        self.network: NetworkWorld | None = shared
        self.wiring = shared.wiring
        self.node_names, self.edge_names = self.wiring.node_names, self.wiring.edge_names
        self.placement = Placement(self.wiring.graph, network.instances, streams["placement"])
        self.routes = Routes(self.wiring, network.controller.routes)
        self.channel = ControlChannel(self.wiring, network.controller)
        types = network.instances.types
        self.chains = [[types.index(vnf) for vnf in part.chain] for part in network.slices]
        placement = self.placement
        for vnf in sorted({vnf for chain in self.chains for vnf in chain}):
            if not placement.of_type[vnf]:
                accepted = f"a slice needs it; {did_you_mean('', self._placed_types(types))}"
                raise InputError(
                    "network.instances.placement: no instance of", types[vnf], accepted
                )
        self.instances_of = [
            np.array([placement.padded(vnf) for vnf in chain]) for chain in self.chains
        ]
        # A place that a type lacks lies where its first instance is: the ways there are known.
        self._hosts = [
            [
                tuple(
                    placement.node[
                        place if placement.vnf[place] == vnf else placement.of_type[vnf][0]
                    ]
                    for place in placement.padded(vnf)
                )
                for vnf in chain
            ]
            for chain in self.chains
        ]
        self.stages = max(map(len, self.chains))
        self.instances = placement.width
        self.arrivals = SliceArrivals(scenario, self.wiring)
        self.most_bandwidth = self.arrivals.most_bandwidth
        self.most_delay_ms = self.arrivals.most_delay_ms
        used = {vnf for chain in self.chains for vnf in chain}
        self.offered_load = self.arrivals.mean_held / min(
            sum(placement.capacity_bps[place] for place in placement.of_type[vnf]) for vnf in used
        )
        self._least_ms: dict[tuple[int, int, int], float] = {}
        self._read_events()

    def _placed_types(self, types: list[str]) -> list[str]:
        return [name for name, of in zip(types, self.placement.of_type, strict=True) if of]

    @property
    def elements(self) -> Names:
        """What there is to fail, by name; a host is a node with VNF instances."""
        # By node, so that a host has the number of its node.
        return {"link": self.edge_names, "node": self.node_names, "host": self.node_names}

    @property
    def hosts(self) -> list[str]:
        """Names of the nodes with VNF instances."""
        names = self.node_names
        return [names[node] for node in self.placement.hosts]

    def _read_events(self) -> None:
        """What happens in every episode, and what it does to the load.

        Raises:
            InputError: an event names what is not there.
        """
        self.faults = read_faults(self.scenario.faults)
        network, events = self.scenario.network, read_events(self.scenario.events)
        assert network is not None and self.network is not None
        elements = self.elements if events else {}
        plan = happenings(events, elements)
        self.plan = [made for made in plan if made.subject == "host"]
        self.network_plan = [made for made in plan if made.subject != "host"]
        if self.network_plan:
            self.network.plan = tuple(self.network_plan)
        for made in self.plan:
            if made.number not in self.placement.hosts:
                accepted = did_you_mean(made.name, self.hosts)
                raise InputError("events: host", made.name, f"has no VNF instances; {accepted}")
        rates_hz: dict[str | None, float] = {
            part.name: network.arrival_rate_hz * part.share for part in network.slices
        }
        load = loads(events, rates_hz, network.horizon_s)
        crowds = tuple(
            crowd
            if crowd.node is None
            else crowd._replace(node=numbered(crowd.place, "node", crowd.node, elements["node"]))
            for crowd in load.crowds
        )
        self.load = load._replace(crowds=crowds)

    def points(self, request: Request) -> list[tuple[int, ...]]:
        """Where a request's chain may pass: its source, the nodes of each VNF's instances in their
        order, its destination.
        """
        return [(request.source,), *self._hosts[request.kind], (request.destination,)]

    def requests(self, streams: Streams) -> Requests:
        """See :class:`edgesim.twin.sfc.fabric.World`."""
        network, load = self.scenario.network, self.load
        assert network is not None
        if self.faults:
            rate_hz, horizon_s = network.arrival_rate_hz, network.horizon_s
            load = with_fault_crowds(load, self.faults, rate_hz, horizon_s, streams)
        return self.arrivals.requests(streams, load)

    def fabric(self, host: Host, streams: Streams, listener: ChainListener) -> SliceFabric:
        """See :class:`edgesim.twin.sfc.fabric.World`."""
        return SliceFabric(self, host, streams, listener)

    def best_qos(self, request: Request) -> QoS | None:
        """See :class:`edgesim.twin.sfc.fabric.World`: idle links, idle instances."""
        asked = (request.kind, request.source, request.destination)
        least_ms = self._least_ms.get(asked)
        if least_ms is None:
            least_ms = self._least_ms[asked] = self._find_least_ms(request)
        return QoS(least_ms, request.bandwidth, 0.0) if np.isfinite(least_ms) else None

    def _find_least_ms(self, request: Request) -> float:
        """The least delay of a request's chain with everything idle; infinite where it has none."""
        points = self.points(request)
        width = self.instances
        ways = np.full((request.stages + 1, width, width), np.inf)
        for stage, (before, after) in enumerate(pairwise(points)):
            for i, source in enumerate(before):
                for j, target in enumerate(after):
                    ways[stage, i, j] = self._idle_ms(source, target)
            if stage < request.stages:
                places = self.instances_of[request.kind][stage]
                ways[stage] += [self.placement.processing_ms[place] for place in places]
        return float((ways[0, 0] + to_go(ways)[0]).min())

    def _idle_ms(self, source: int, target: int) -> float:
        idle_s = self.wiring.idle_s
        paths = self.routes.between(source, target)
        return 1000 * sum(idle_s[link] for link in paths[0]) if paths else float("inf")
