"""The world of training over a WAN: the backbone, institutions behind access links, speeds."""

from functools import cached_property, lru_cache
from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt

from edgesim.scenarios.parts.failures import Failures
from edgesim.scenarios.parts.links import Links
from edgesim.scenarios.training.wan import WANScenario
from edgesim.twin.core.forking import Shared
from edgesim.twin.core.streams import Streams
from edgesim.twin.network.network import NetworkWorld
from edgesim.twin.network.topology import load_topology
from edgesim.twin.network.wiring import Wiring
from edgesim.twin.training.wan.routes import AccessRoutes

__all__ = ["WANWorld"]

_MBPS = 1e6


class WANWorld(Shared):
    """What stays the same in all episodes of a scenario.

    Institutions hang on the backbone's nodes, dealt out in a drawn order, so that none has two
    before all have one. Institution ``i`` is the network's node ``first + i``.

    Args:
        scenario: the scenario.

    Attributes:
        scenario: the scenario.
        map: the backbone.
        first: number of the first institution's node.
        switches: the backbone's node that each institution hangs on.
        access_bps: rate of each access link out of a node, bit/s, shape (institutions,).
        speed: samples a second of each institution, shape (institutions,).
        centre: the institution with the fastest access link, where a controller and a storage
            would stand.
        network: the network.
        edges: numbers of the backbone's edges in it.
        whole: of those that are cut, the others that are not the only way somewhere.

    Raises:
        InputError: the topology cannot be used, or is not connected.
    """

    def __init__(self, scenario: WANScenario) -> None:
        self.scenario = scenario
        streams = Streams(np.random.SeedSequence(scenario.world_seed))
        backbone, people = scenario.backbone, scenario.institutions
        self.map = load_topology(backbone.topology, streams["topology"])
        self.first = self.map.number_of_nodes()
        rng = streams["institutions"]
        rounds = -(-people.count // self.first)
        order = np.concatenate([rng.permutation(self.first) for _ in range(rounds)])
        self.switches: list[int] = [int(switch) for switch in order[: people.count]]
        spread = rng.normal(0.0, people.access_spread, people.count)
        self.access_bps: npt.NDArray[np.float64] = people.access_mbps * _MBPS * np.exp(spread)
        delay_s = rng.uniform(people.access_ms[0], people.access_ms[1], people.count) / 1000
        shares = rng.uniform(people.speed[0], people.speed[1], people.count)
        self.speed: npt.NDArray[np.float64] = shares * scenario.training.samples_per_s
        self.centre = int(self.access_bps.argmax())
        self._compute_s = (scenario.training.samples / self.speed).tolist()
        graph = self._graph(delay_s)
        self.network = network = _Network(graph, self.map, self.switches, self._links())
        self.whole = lru_cache(maxsize=1024)(self._find_whole)
        self.edges = [network.wiring.number[ends] >> 1 for ends in self.map.edges]

    def _links(self) -> Links:
        backbone = self.scenario.backbone
        return Links(
            capacity_bps=backbone.capacity_bps,
            propagation_ms_per_km=backbone.propagation_ms_per_km,
            background_share=backbone.background_share,
            background_period_s=backbone.background_period_s,
        )

    def _graph(self, delay_s: npt.NDArray[np.float64]) -> "nx.Graph[int]":
        graph, download = self.map.copy(), self.scenario.institutions.download
        for place, switch in enumerate(self.switches):
            node = self.first + place
            at = self.map.nodes[switch]
            graph.add_node(node, name=f"institution {place}", x=at.get("x"), y=at.get("y"))
            graph.add_edge(
                switch,
                node,
                length_km=0.0,
                propagation_s=float(delay_s[place]),
                capacity_bps=float(self.access_bps[place]) * download,
                capacity_back_bps=float(self.access_bps[place]),
            )
        return graph

    @property
    def institutions(self) -> int:
        """How many there are."""
        return len(self.switches)

    def compute_s(self, institution: int) -> float:
        """Time that an institution takes for its samples of a step, s."""
        seconds: float = self._compute_s[institution]
        return seconds

    def _find_whole(self, cut: tuple[int, ...]) -> list[int]:
        edges = self.network.wiring.edges
        works: nx.Graph[int] = nx.Graph()
        works.add_nodes_from(self.map)
        left = [edge for edge in self.edges if edge not in cut]
        works.add_edges_from(edges[edge] for edge in left)
        found: Any = nx.bridges(works)  # pairs of nodes, which the stubs do not know
        bridges = {(min(one, other), max(one, other)) for one, other in found}
        return [edge for edge in left if (min(edges[edge]), max(edges[edge])) not in bridges]

    def one_way_s(self, one: int, other: int) -> float:
        """Time of a control message between institutions while everything is up, s.

        Control messages go before all data (a queue of their own), so that they wait for at most
        the burst that is being sent.
        """
        wiring, first = self.network.wiring, self.first
        path = self.network.message_routes.paths[first + one][first + other]
        return float(sum(wiring.idle_s[link] for link in path))


class _Network(NetworkWorld):
    """A network whose routes are put together at the access links."""

    def __init__(
        self, graph: "nx.Graph[int]", backbone: "nx.Graph[int]", switches: list[int], links: Links
    ) -> None:
        self._backbone = Wiring(backbone, links)
        self._switches = switches
        super().__init__(Wiring(graph, links), links, Failures())

    @cached_property
    def message_routes(self) -> Any:
        """The ways, see :class:`AccessRoutes`."""
        return AccessRoutes(self.wiring, self._backbone, self._switches)
