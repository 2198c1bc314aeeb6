"""The cables between the switches: capacity and propagation of every directed link."""

from functools import cached_property

import networkx as nx
import numpy as np
import numpy.typing as npt

from edgesim.errors import InputError
from edgesim.scenarios.parts.links import Backhaul, Links
from edgesim.twin.core.forking import Shared

__all__ = ["Wiring"]


class Wiring(Shared):
    """The directed links of a network: what a world keeps.

    Edge e of the graph is link 2e in its own direction and link 2e + 1 in the other, so that
    ``link ^ 1`` is the way back and ``link >> 1`` the edge.

    Args:
        graph: nodes 0 … N-1, edges with ``length_km``; where an edge's capacity is not that of the
            scenario ``capacity_bps``, where others hold some of it ``reserved_bps``, where the way
            back has others ``capacity_back_bps`` and ``reserved_back_bps``, and where its
            propagation does not follow from the length ``propagation_s``: see
            :func:`edgesim.twin.network.topology.load_topology`.
        links: the scenario's links.
        switch_delay_s: what the switch at the end of a link takes to send a message on, s.

    Attributes:
        ends: (from, to) of every link; a link's number is its place here.
        capacity_bps: capacity of every link.
        reserved_bps: what others hold of every link from beginning to end.
        propagation_s: time along every link.
        burst_s: time that every link takes to send one burst.
        byte_s: time that every link takes to send a byte where nothing else uses it.
        fixed_s: time of a message on every link besides its sending: propagation and switch.
        idle_s: delay of every link without load, ``propagation_s`` + ``burst_s``.
        leaving: numbers of the links that leave each node.
        arriving: numbers of the links that arrive at each node.
        number: number of the link between two nodes, by its ends.

    Raises:
        ValueError: the nodes are not 0 … N-1.
        InputError: more is reserved on a link than its capacity.
    """

    def __init__(self, graph: "nx.Graph[int]", links: Links, switch_delay_s: float = 0.0) -> None:
        nodes = graph.number_of_nodes()
        if not nodes or set(graph) != set(range(nodes)):
            raise ValueError(f"nodes {list(graph)[:8]}…: must be 0 … N-1")
        self.graph = graph
        self.nodes = nodes
        self.edges: list[tuple[int, int]] = [(one, other) for one, other in graph.edges]
        self.length_km: list[float] = [edge["length_km"] for _, _, edge in graph.edges(data=True)]
        self.ends: list[tuple[int, int]] = []
        self.capacity_bps: list[float] = []
        self.reserved_bps: list[float] = []
        self.propagation_s: list[float] = []
        self.burst_s: list[float] = []
        self.byte_s: list[float] = []
        self.fixed_s: list[float] = []
        self.idle_s: list[float] = []
        self.leaving: list[list[int]] = [[] for _ in range(nodes)]
        self.arriving: list[list[int]] = [[] for _ in range(nodes)]
        self.number: dict[tuple[int, int], int] = {}
        for one, other, edge in graph.edges(data=True):
            capacity = float(edge.get("capacity_bps", links.capacity_bps))
            reserved = float(edge.get("reserved_bps", 0.0))
            propagation = edge.get("propagation_s")
            if propagation is None:
                propagation = edge["length_km"] * links.propagation_ms_per_km / 1000
            capacity_back = edge.get("capacity_back_bps", capacity)
            reserved_back = edge.get("reserved_back_bps", reserved)
            ways = {
                (one, other): (capacity, reserved),
                (other, one): (
                    float(links.capacity_bps if capacity_back is None else capacity_back),
                    float(reserved_back or 0.0),
                ),
            }
            for ends, (capacity_bps, reserved_bps) in ways.items():
                if reserved_bps > capacity_bps:
                    names = " – ".join(repr(graph.nodes[end].get("name", end)) for end in ends)
                    raise InputError(
                        f"{graph.graph.get('name', 'network')}: reserved_bps of link {names}",
                        reserved_bps,
                        f"must be at most its capacity, {capacity_bps:g} bit/s",
                    )
                burst = links.burst_bytes * 8 / capacity_bps
                link = self.number[ends] = len(self.ends)
                self.ends.append(ends)
                self.leaving[ends[0]].append(link)
                self.arriving[ends[1]].append(link)
                self.capacity_bps.append(capacity_bps)
                self.reserved_bps.append(reserved_bps)
                self.propagation_s.append(propagation)
                self.burst_s.append(burst)
                self.byte_s.append(8.0 / capacity_bps)
                self.fixed_s.append(propagation + switch_delay_s)
                self.idle_s.append(propagation + burst)

    @cached_property
    def propagation_each_s(self) -> npt.NDArray[np.float64]:
        """:attr:`propagation_s` as an array, shape (links,)."""
        return np.array(self.propagation_s)

    @property
    def node_names(self) -> list[str]:
        """What people call each node: as its source does, by its number where that has no name."""
        names = [str(name or node) for node, name in self.graph.nodes(data="name")]
        return [
            f"{name} ({node})" if names.count(name) > 1 else name for node, name in enumerate(names)
        ]

    @property
    def edge_names(self) -> list[str]:
        """What people call each edge: the names of its ends."""
        names = self.node_names
        return [f"{names[one]} – {names[other]}" for one, other in self.edges]

    @classmethod
    def of_backhaul(cls, graph: "nx.Graph[int]", backhaul: Backhaul) -> "Wiring":
        """The links of a metro network.

        Args:
            graph: nodes 0 … S-1, edges with ``length_m`` and, where a link's rate is not the
                backhaul's, ``rate_bps``.
            backhaul: rate and delays of the links.

        Raises:
            ValueError: the nodes are not 0 … S-1.
        """
        wired: nx.Graph[int] = nx.Graph()
        wired.add_nodes_from(
            (node, {"name": f"site {node}", **data}) for node, data in graph.nodes(data=True)
        )
        for one, other, edge in graph.edges(data=True):
            length_km = edge["length_m"] / 1000
            wired.add_edge(
                one,
                other,
                length_km=length_km,
                propagation_s=length_km * backhaul.propagation_s_per_km,
                capacity_bps=edge.get("rate_bps", backhaul.link_rate_bps),
            )
        return cls(wired, Links(), backhaul.switch_delay_s)
