"""The way that messages take between any two nodes, and how long it is on an idle network."""

from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from edgesim.errors import InputError
from edgesim.twin.core.forking import Shared
from edgesim.twin.network.wiring import Wiring

__all__ = ["MessageRoutes"]


class MessageRoutes(Shared):
    """The ways of messages over a whole network: what a world keeps.

    A hop of a message takes its transmission (size times 8 over the link's rate), the propagation
    along the link, and the delay of the switch at its end. Routes are those of the shortest delay
    for a message of ``route_bytes`` on an idle network.

    Args:
        wiring: the links.
        route_bytes: size of the message that the routes are made for, bytes.

    Attributes:
        paths: numbers of the links on the way from s to t: ``paths[s][t]``.
        hop_count: links on the way from s to t, shape (N, N), int.
        seconds_per_byte: transmission time of a byte over all hops, s, shape (N, N).
        fixed_s: propagation and switching over all hops, s, shape (N, N).

    Raises:
        InputError: the network is not connected.
    """

    def __init__(self, wiring: Wiring, route_bytes: float = 1e6) -> None:
        nodes = wiring.nodes
        if not nx.is_connected(wiring.graph):
            one, other, *_ = (min(part) for part in nx.connected_components(wiring.graph))
            ends = " and ".join(str(wiring.graph.nodes[it].get("name", it)) for it in (one, other))
            raise InputError("network", ends, "must be connected: no way joins these nodes")
        self.wiring = wiring
        self.route_bytes = route_bytes
        self.paths: list[list[tuple[int, ...]]] = [[()] * nodes for _ in range(nodes)]
        self.hop_count: NDArray[np.int64] = np.zeros((nodes, nodes), dtype=np.int64)
        self.seconds_per_byte: NDArray[np.float64] = np.zeros((nodes, nodes))
        self.fixed_s: NDArray[np.float64] = np.zeros((nodes, nodes))
        for source, ways in nx.all_pairs_dijkstra_path(wiring.graph, weight=self._delay):
            for target, passed in ways.items():
                path = tuple(wiring.number[hop] for hop in pairwise(passed))
                self.paths[source][target] = path
                self.hop_count[source, target] = len(path)
                self.seconds_per_byte[source, target] = sum(wiring.byte_s[link] for link in path)
                self.fixed_s[source, target] = sum(wiring.fixed_s[link] for link in path)

    def hops(self, source: int, target: int) -> int:
        """Number of links on the way from ``source`` to ``target``."""
        return len(self.paths[source][target])

    def delay_s(self, source: int, target: int, size_bytes: float) -> float:
        """Time (s) that a message takes from ``source`` to ``target`` on an idle network."""
        return float(
            self.fixed_s[source, target] + size_bytes * self.seconds_per_byte[source, target]
        )

    def around(self, up: list[bool], source: int) -> dict[int, tuple[int, ...]]:
        """The ways from a node to all that it reaches over the links that are up."""
        return self.ways(self.works(up), source)

    def works(self, up: list[bool]) -> "nx.Graph[int]":
        """The nodes, and the links that are up both ways."""
        wiring = self.wiring
        works: nx.Graph[int] = nx.Graph()
        works.add_nodes_from(wiring.graph)
        works.add_edges_from(
            ends for edge, ends in enumerate(wiring.edges) if up[2 * edge] and up[2 * edge + 1]
        )
        return works

    def ways(self, works: "nx.Graph[int]", source: int) -> dict[int, tuple[int, ...]]:
        """The ways from a node to all that it reaches over the links of a graph."""
        number = self.wiring.number
        ways = nx.single_source_dijkstra_path(works, source, weight=self._delay)
        return {
            target: tuple([number[hop] for hop in pairwise(passed)])
            for target, passed in ways.items()
        }

    def _delay(self, one: int, other: int, _: Any) -> float:
        link = self.wiring.number[one, other]
        return self.route_bytes * self.wiring.byte_s[link] + self.wiring.fixed_s[link]
