"""The world of a scenario of virtual network embedding: its map, and the ways on it."""

import networkx as nx
import numpy as np
import numpy.typing as npt
from scipy.sparse.csgraph import breadth_first_order, shortest_path

from edgesim.notes import note
from edgesim.scenarios.parts.events import read_events
from edgesim.scenarios.parts.failures import Failures
from edgesim.scenarios.parts.links import Links
from edgesim.scenarios.vne.schema import VNEScenario
from edgesim.twin.core.crowds import loads
from edgesim.twin.core.forking import Shared
from edgesim.twin.core.happenings import Names, happenings
from edgesim.twin.core.streams import Streams
from edgesim.twin.network.network import NetworkWorld
from edgesim.twin.network.routing import Routes
from edgesim.twin.network.spare import Neighbourhood
from edgesim.twin.network.topology import load_topology
from edgesim.twin.network.wiring import Wiring
from edgesim.twin.vne.arrivals import MBPS

__all__ = ["VNEWorld"]

FloatArray = npt.NDArray[np.float64]


class VNEWorld(Shared):
    """What stays the same in all episodes of a scenario.

    Args:
        scenario: the scenario.

    Attributes:
        map: nodes and links, without what they hold.
        routes: the shortest paths by hops between two nodes, found when they are first asked for.
        neighbourhood: who is next to whom, as arrays.
        hops: fewest hops between any two nodes, shape (nodes, nodes).
        degree: links of each node, shape (nodes,).
        plan: stated events that happen to the CPU of nodes.
        network_plan: those that happen to links and nodes.
        load: what stated events do to the load.

    Raises:
        InputError: the topology cannot be used.
    """

    def __init__(self, scenario: VNEScenario) -> None:
        self.scenario = scenario
        physical = scenario.physical
        streams = Streams(np.random.SeedSequence(scenario.world_seed))
        waxman = (physical.waxman_alpha, physical.waxman_beta)
        self.map = load_topology(physical.topology, streams["topology"], waxman)
        self._say_unused()
        # All links alike, so that the shortest way by idle delay is that of the fewest hops.
        alike: nx.Graph[int] = nx.Graph()
        alike.add_nodes_from(self.map)
        alike.add_edges_from(self.map.edges, length_km=0.0)
        wiring = Wiring(alike, Links())
        self.routes = Routes(wiring, scenario.paths)
        self.neighbourhood = Neighbourhood(wiring)
        self._joined = self.routes.graph([True] * len(wiring.ends))
        self._shortest: dict[int, tuple[list[int], list[int]]] = {}
        self.hops = shortest_path(self._joined, unweighted=True)
        self.degree = np.array([len(links) for links in wiring.leaving])
        self._names = {
            "link": wiring.edge_names,
            "node": wiring.node_names,
            "host": wiring.node_names,
        }
        events = read_events(scenario.events)
        plan = happenings(events, self._names)
        self.plan = [made for made in plan if made.subject == "host"]
        self.network_plan = [made for made in plan if made.subject != "host"]
        self.load = loads(events, {None: scenario.virtual.arrival_rate_hz})

    def _say_unused(self) -> None:
        """Say what a topology file states that is drawn here."""
        links = any("capacity_bps" in edge for *_, edge in self.map.edges(data=True))
        held = any("reserved_bps" in edge for *_, edge in self.map.edges(data=True))
        hosts = any({"host", "vnfs"} & of.keys() for _, of in self.map.nodes(data=True))
        told = [
            what
            for what, there in (
                ("capacities of links (physical.bandwidth_mbps draws them)", links),
                ("reservations on links", held),
                ("hosts of VNFs", hosts),
            )
            if there
        ]
        if told:
            note(self.scenario.physical.topology.source, f"not used: {', '.join(told)}")

    def shortest(self, source: int) -> tuple[list[int], list[int]]:
        """A shortest way from a node to each other, by hops.

        Returns:
            the other nodes, the nearer first, and the node before each on its way.
        """
        if source not in self._shortest:
            order, before = breadth_first_order(self._joined, source)
            self._shortest[source] = (order[1:].tolist(), before.tolist())
        return self._shortest[source]

    @property
    def elements(self) -> Names:
        """What there is to fail, by name; a host is the CPU of a node."""
        return self._names

    @property
    def nodes(self) -> int:
        """Number of physical nodes."""
        return self.map.number_of_nodes()

    def cpu(self, streams: Streams) -> FloatArray:
        """CPU units of each node in an episode, shape (nodes,)."""
        rng = self._drawn_by(streams)["physical/cpu"]
        low, high = self.scenario.physical.cpu
        return rng.integers(low, high, size=self.nodes, endpoint=True).astype(float)

    def network(self, streams: Streams) -> NetworkWorld:
        """The network of an episode: the map, and what its links hold."""
        physical = self.scenario.physical
        rng = self._drawn_by(streams)["physical/bandwidth"]
        low, high = physical.bandwidth_mbps
        mbps = rng.integers(low, high, size=self.map.number_of_edges(), endpoint=True)
        graph = self.map.copy()
        for (_, _, edge), capacity in zip(graph.edges(data=True), mbps.tolist(), strict=True):
            edge["capacity_bps"] = capacity * MBPS
        links = Links(
            propagation_ms_per_km=physical.propagation_ms_per_km, background_share=[0.0, 0.0]
        )
        return NetworkWorld(Wiring(graph, links), links, Failures(), self.network_plan)

    def _drawn_by(self, streams: Streams) -> Streams:
        if self.scenario.physical.drawn == "episode":
            return streams
        return Streams(np.random.SeedSequence(self.scenario.world_seed))
