"""Routes: the few shortest ways between two switches, and the first of them with room."""

from collections.abc import Sequence
from itertools import islice, pairwise
from math import inf

import networkx as nx

from edgesim.twin.data_links import DataLinks
from edgesim.twin.wiring import Wiring

__all__ = ["Path", "Routes", "Routing"]

Path = tuple[int, ...]
"""Numbers of the links along a way, in order; empty from a node to itself."""


class Routes:
    """The k shortest simple paths by idle delay while everything is up: what a world keeps.

    Found by networkx (J. Y. Yen, "Finding the k shortest loopless paths in a network", Management
    Science 17, 1971), each pair when it is first asked for, and kept: episodes of one world share
    them. The ways back are the ways there, reversed.

    Args:
        wiring: the links.
        count: k, how many paths of a pair are kept.
    """

    def __init__(self, wiring: Wiring, count: int) -> None:
        self.wiring = wiring
        self.count = count
        self.graph: nx.Graph[int] = nx.Graph()
        self.graph.add_nodes_from(range(wiring.nodes))
        for edge, (one, other) in enumerate(wiring.edges):
            self.graph.add_edge(one, other, idle_s=wiring.idle_s[2 * edge])
        self.known: dict[tuple[int, int], tuple[Path, ...]] = {}
        """Paths of the pairs asked for so far."""

    def between(self, source: int, target: int) -> tuple[Path, ...]:
        """The k shortest paths from one node to another, or as many as there are."""
        paths = self.known.get((source, target))
        if paths is None:
            paths = self.search(self.graph, source, target)
            self.known[source, target] = paths
            self.known[target, source] = _back(paths)
        return self.known[source, target]

    def search(self, graph: "nx.Graph[int]", source: int, target: int) -> tuple[Path, ...]:
        """The same on another graph, with ``idle_s`` of the edges; () where no path leads there."""
        if source == target:
            return ((),)
        if source > target:
            return _back(self.search(graph, target, source))
        ways = nx.shortest_simple_paths(graph, source, target, weight="idle_s")
        number = self.wiring.number
        try:
            return tuple(
                tuple(number[hop] for hop in pairwise(way)) for way in islice(ways, self.count)
            )
        except nx.NetworkXNoPath:
            return ()


def _back(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    return tuple(tuple(link ^ 1 for link in reversed(path)) for path in paths)


class Routing:
    """The routes of an episode: those of the world less what is down.

    A pair's paths are looked up once and kept until a link or a node fails or is repaired. Pairs
    whose paths avoid all that is down keep them, since taking other links away makes none shorter.
    """

    __slots__ = ("_known", "_reduced", "_version", "links", "routes")

    def __init__(self, routes: Routes, links: DataLinks) -> None:
        self.routes = routes
        self.links = links
        self._version = -1
        self._known: dict[tuple[int, int], tuple[Path, ...]] = {}
        self._reduced: nx.Graph[int] | None = None  # without what is down; None while all is up

    def paths(self, source: int, target: int) -> tuple[Path, ...]:
        """The k shortest paths over what is up; () where there is none or an end is down."""
        if self._version != self.links.version:
            self._refresh()
        paths = self._known.get((source, target))
        return self._find(source, target) if paths is None else paths

    def path(self, source: int, target: int, bandwidth_bps: float) -> Path | None:
        """The first of the k shortest paths whose links all have room for that much more.

        Room is what the controller has not given away, its own ledger and not a measurement.
        """
        links = self.links
        if self._version != links.version:
            self._refresh()
        paths = self._known.get((source, target))
        if paths is None:
            paths = self._find(source, target)
        reserved, ceiling = links.reserved_bps, links.ceiling_bps
        for path in paths:
            for link in path:
                if reserved[link] + bandwidth_bps > ceiling[link]:
                    break
            else:
                return path
        return None

    def survey(
        self,
        source: int,
        targets: Sequence[int],
        bandwidth_bps: float,
        delay_s: Sequence[float],
        available_bps: Sequence[float],
        loss: Sequence[float],
    ) -> tuple[list[bool], list[float], list[float], list[float]]:
        """What a view of the links says of the ways from one node to several others.

        The way to a target is the one that :meth:`path` takes, or where none has room the shortest.

        Args:
            source: where the ways begin.
            targets: where they end, T of them.
            bandwidth_bps: what is to be carried.
            delay_s: delay of every link, as the view has it.
            available_bps: available bandwidth of every link, likewise.
            loss: loss of every link, likewise.

        Returns:
            Four lists of length T: whether a path has room; delay (s) along the way, infinite
            where no way is up; least available bandwidth (bit/s) of its links, infinite for the
            empty way, 0 where none is up; share that is lost on it, 1 where none is up.
        """
        room: list[bool] = []
        delays: list[float] = []
        bottlenecks: list[float] = []
        losses: list[float] = []
        for target in targets:
            path = self.path(source, target, bandwidth_bps)
            room.append(path is not None)
            if path is None:
                paths = self.paths(source, target)
                if not paths:
                    delays.append(inf)
                    bottlenecks.append(0.0)
                    losses.append(1.0)
                    continue
                path = paths[0]
            delay, bottleneck, kept = 0.0, inf, 1.0
            for link in path:
                delay += delay_s[link]
                kept *= 1.0 - loss[link]
                spare = available_bps[link]
                bottleneck = spare if spare < bottleneck else bottleneck
            delays.append(delay)
            bottlenecks.append(bottleneck)
            losses.append(1.0 - kept)
        return room, delays, bottlenecks, losses

    def _refresh(self) -> None:
        links = self.links
        self._version = links.version
        if all(links.up) and all(links.node_up):
            self._reduced = None
            self._known = self.routes.known
            return
        self._known = {}
        self._reduced = reduced = self.routes.graph.copy()
        wiring = links.wiring
        reduced.remove_edges_from(
            ends for edge, ends in enumerate(wiring.edges) if not links.up[2 * edge]
        )

    def _find(self, source: int, target: int) -> tuple[Path, ...]:
        paths = self.routes.between(source, target)
        if self._reduced is None:
            return paths
        links = self.links
        if not (links.node_up[source] and links.node_up[target]):
            paths = ()
        elif not all(links.up[link] for path in paths for link in path):
            paths = self.routes.search(self._reduced, source, target)
        self._known[source, target] = paths
        return paths
