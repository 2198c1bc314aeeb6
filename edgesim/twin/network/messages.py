"""The metro network between the sites: links, routes, and messages that wait their turn."""

from collections.abc import Callable
from itertools import pairwise
from math import inf
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from edgesim.scenarios.parts.links import Backhaul
from edgesim.twin.core.clock import Clock, Moment
from edgesim.twin.core.forking import Shared

__all__ = ["MetroNetwork", "MetroRoutes"]


class MetroRoutes(Shared):
    """The links of a metro network and the way between any two sites: what a world keeps.

    A hop of a message takes its transmission (size times 8 over the link's rate), the propagation
    along the link, and the delay of the switch at its end. Routes are those of the shortest delay
    for a message of ``route_bytes`` on an idle network.

    Args:
        graph: nodes 0 … S-1, edges with ``length_m`` and, where a link's rate is not the
            backhaul's, ``rate_bps``.
        backhaul: rate and delays of the links.
        route_bytes: size of the message that the routes are made for, bytes.

    Attributes:
        hop_count: links on the way from s to t, shape (S, S), int.
        seconds_per_byte: transmission time of a byte over all hops, s, shape (S, S).
        fixed_s: propagation and switching over all hops, s, shape (S, S).

    Raises:
        ValueError: the nodes are not 0 … S-1, or the graph is not connected.
    """

    def __init__(
        self, graph: "nx.Graph[int]", backhaul: Backhaul, route_bytes: float = 1e6
    ) -> None:
        sites = graph.number_of_nodes()
        if not sites or set(graph) != set(range(sites)):
            raise ValueError(f"nodes {list(graph)[:8]}…: must be 0 … S-1")
        if not nx.is_connected(graph):
            raise ValueError("the graph is not connected: some sites cannot reach others")
        self.graph = graph
        self.links: list[tuple[int, int]] = []
        """(from, to) of every link and direction; a link's number is its place here."""
        self.link_seconds_per_byte: list[float] = []
        self.link_fixed_s: list[float] = []
        number: dict[tuple[int, int], int] = {}
        for one, other, edge in graph.edges(data=True):
            per_byte = 8.0 / edge.get("rate_bps", backhaul.link_rate_bps)
            fixed = (
                edge["length_m"] / 1000 * backhaul.propagation_s_per_km + backhaul.switch_delay_s
            )
            for ends in ((one, other), (other, one)):
                number[ends] = len(self.links)
                self.links.append(ends)
                self.link_seconds_per_byte.append(per_byte)
                self.link_fixed_s.append(fixed)

        def delay(one: int, other: int, _: Any) -> float:
            link = number[one, other]
            return route_bytes * self.link_seconds_per_byte[link] + self.link_fixed_s[link]

        self.paths: list[list[tuple[int, ...]]] = [[()] * sites for _ in range(sites)]
        """Numbers of the links on the way from s to t: ``paths[s][t]``."""
        self.hop_count: NDArray[np.int64] = np.zeros((sites, sites), dtype=np.int64)
        self.seconds_per_byte: NDArray[np.float64] = np.zeros((sites, sites))
        self.fixed_s: NDArray[np.float64] = np.zeros((sites, sites))
        for source, ways in nx.all_pairs_dijkstra_path(graph, weight=delay):
            for target, nodes in ways.items():
                path = tuple(number[hop] for hop in pairwise(nodes))
                self.paths[source][target] = path
                self.hop_count[source, target] = len(path)
                self.seconds_per_byte[source, target] = sum(
                    self.link_seconds_per_byte[link] for link in path
                )
                self.fixed_s[source, target] = sum(self.link_fixed_s[link] for link in path)

    def hops(self, source: int, target: int) -> int:
        """Number of links on the way from ``source`` to ``target``."""
        return len(self.paths[source][target])

    def delay_s(self, source: int, target: int, size_bytes: float) -> float:
        """Time (s) that a message takes from ``source`` to ``target`` on an idle network."""
        return float(
            self.fixed_s[source, target] + size_bytes * self.seconds_per_byte[source, target]
        )


class _Message:
    __slots__ = ("done", "hop", "path", "size_bytes", "value")

    def __init__(
        self, size_bytes: float, path: tuple[int, ...], done: Callable[[Any], None], value: Any
    ) -> None:
        self.size_bytes = size_bytes
        self.path = path
        self.hop = 0
        self.done = done
        self.value = value


class MetroNetwork:
    """The traffic of an episode: every link sends one message at a time each way, in their order.

    Store and forward: a switch has the whole message before it sends it on. A queue has room for
    all; nothing is lost. A hop is one event.

    Attributes:
        in_transit: messages on their way.
        delivered: messages that have arrived.
    """

    __slots__ = ("_clock", "_fixed_s", "_free_s", "_per_byte", "delivered", "in_transit", "routes")

    def __init__(self, clock: Clock, routes: MetroRoutes) -> None:
        self._clock = clock
        self.routes = routes
        self._per_byte = routes.link_seconds_per_byte
        self._fixed_s = routes.link_fixed_s
        self._free_s = [0.0] * len(routes.links)
        self.in_transit = 0
        self.delivered = 0

    def send(
        self,
        size_bytes: float,
        source: int,
        target: int,
        done: Callable[[Any], None],
        value: Any = None,
    ) -> None:
        """Send a message; ``done(value)`` is called when all of it has arrived at ``target``.

        From a site to itself it takes no time, but still an event: ``done`` is never called from
        within ``send``.

        Raises:
            ValueError: ``size_bytes`` is negative, infinite or not a number.
        """
        if not 0.0 <= size_bytes < inf:
            raise ValueError(f"size_bytes = {size_bytes}: must be finite and at least 0")
        self.in_transit += 1
        path = self.routes.paths[source][target]
        moment = Moment(self._go_on, _Message(size_bytes, path, done, value))
        if path:
            self._go_on(moment)
        else:
            self._clock.again(moment, self._clock._now)

    def backlog_s(self, source: int, target: int) -> float:
        """Time (s) until the first link from ``source`` to ``target`` has sent all that now waits.

        0 from a site to itself.
        """
        path = self.routes.paths[source][target]
        return max(0.0, self._free_s[path[0]] - self._clock._now) if path else 0.0

    def _go_on(self, moment: Moment) -> None:
        """Queue a message at its next link until it will have crossed it, or hand it over."""
        message: _Message = moment._value
        hop, path = message.hop, message.path
        if hop < len(path):
            message.hop = hop + 1
            link = path[hop]
            now, free_s = self._clock._now, self._free_s[link]
            start_s = free_s if free_s > now else now
            self._free_s[link] = sent_s = start_s + message.size_bytes * self._per_byte[link]
            self._clock.again(moment, sent_s + self._fixed_s[link])
            return
        self.in_transit -= 1
        self.delivered += 1
        message.done(message.value)
