"""Routes: the few shortest ways between two switches, and the first of them with room."""

from array import array
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import yen

from edgesim.twin.core.forking import Rebuilt, Shared
from edgesim.twin.network.links import Links
from edgesim.twin.network.wiring import Wiring

__all__ = ["Bundle", "Path", "Points", "Routes", "Routing"]

IntArray = npt.NDArray[np.int64]

Path = tuple[int, ...]
"""Numbers of the links along a way, in order; empty from a node to itself."""

Points = tuple[tuple[int, ...], ...]
"""Nodes that can follow one another: some of the first tuple, then one of the next, and so on."""


class Bundle(NamedTuple):
    """The paths of many ways, for figures of all of them at once.

    Way w has the paths ``ways[w]`` to ``ways[w + 1]``, the shortest first; path p has the links
    ``links[paths[p]]`` to ``links[paths[p + 1]]``; ends not included.
    """

    ways: IntArray
    paths: IntArray
    links: IntArray


class Routes(Shared):
    """The k shortest simple paths by idle delay while everything is up: what a world keeps.

    Found by SciPy (J. Y. Yen, "Finding the k shortest loopless paths in a network", Management
    Science 17, 1971), each pair when it is first asked for, and kept: episodes of one world share
    them. The ways back are the ways there, reversed.

    Args:
        wiring: the links.
        count: k, how many paths of a pair are kept.
    """

    def __init__(self, wiring: Wiring, count: int) -> None:
        self.wiring = wiring
        self.count = count
        self._whole = self.graph([True] * len(wiring.ends))
        self.known: dict[tuple[int, int], tuple[Path, ...]] = {}
        """Paths of the pairs asked for so far."""
        self.bundles: dict[Points, Bundle] = {}
        """Bundles of paths asked for so far."""

    def graph(self, up: Sequence[bool]) -> csr_array:
        """Idle delay from node to node over the links that are up, as a sparse matrix."""
        wiring = self.wiring
        links = [link for link, works in enumerate(up) if works]
        ends = np.array([wiring.ends[link] for link in links], dtype=np.int32).reshape(-1, 2)
        idle_s = [wiring.idle_s[link] for link in links]
        return csr_array((idle_s, (ends[:, 0], ends[:, 1])), shape=(wiring.nodes, wiring.nodes))

    def between(self, source: int, target: int) -> tuple[Path, ...]:
        """The k shortest paths from one node to another, or as many as there are."""
        paths = self.known.get((source, target))
        if paths is None:
            paths = self.search(self._whole, source, target)
            self.known[source, target] = paths
            self.known[target, source] = _back(paths)
        return self.known[source, target]

    def search(self, graph: csr_array, source: int, target: int) -> tuple[Path, ...]:
        """The same on another :meth:`graph`; () where no path leads there."""
        if source == target:
            return ((),)
        if source > target:
            return _back(self.search(graph, target, source))
        lengths, before = yen(graph, source, target, self.count, return_predecessors=True)
        return tuple(self._trace(row, source, target) for row in before[: len(lengths)].tolist())

    def _trace(self, before: list[int], source: int, target: int) -> Path:
        """The links of a path that is given by the node before each node."""
        links: list[int] = []
        while target != source:
            links.append(self.wiring.number[before[target], target])
            target = before[target]
        return tuple(reversed(links))


def _back(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    return tuple(tuple(link ^ 1 for link in reversed(path)) for path in paths)


class Routing(Rebuilt):
    """The routes of an episode: those of the world less what is down.

    A pair's paths are looked up once and kept until a link or a node fails or is repaired. Pairs
    whose paths avoid all that is down keep them, since taking other links away makes none shorter.
    """

    __slots__ = ("_bundles", "_known", "_reduced", "_version", "links", "routes")
    views = ("_bundles", "_known", "_reduced", "_version")

    def __init__(self, routes: Routes, links: Links) -> None:
        self.routes = routes
        self.links = links
        self.look()

    def look(self) -> None:
        """Forget all paths: they are looked up when they are next asked for."""
        self._version = -1
        self._known: dict[tuple[int, int], tuple[Path, ...]] = {}
        self._bundles: dict[Points, Bundle] = {}
        self._reduced: csr_array | None = None  # without what is down; None while all is up

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

    def bundle(self, points: Points) -> Bundle:
        """The paths of all ways from each of some nodes to each of the next.

        Ways are in the order of their first end, then of their second, then of the tuples.
        """
        if self._version != self.links.version:
            self._refresh()
        bundle = self._bundles.get(points)
        if bundle is None:
            bundle = self._bundles[points] = self._tie(points)
        return bundle

    def _tie(self, points: Points) -> Bundle:
        if self._reduced is not None and all(self.links.node_up):
            whole = self.routes.bundles.get(points)
            if whole is not None and np.array(self.links.up)[whole.links].all():
                return whole
        ways, paths, links = [0], [0], array("q")
        for sources, targets in pairwise(points):
            for source in sources:
                for target in targets:
                    for path in self.paths(source, target):
                        links.extend(path)
                        paths.append(len(links))
                    ways.append(len(paths) - 1)
        return Bundle(np.array(ways), np.array(paths), np.array(links, dtype=np.int64))

    def _refresh(self) -> None:
        links = self.links
        self._version = links.version
        if all(links.up) and all(links.node_up):
            self._reduced = None
            self._known, self._bundles = self.routes.known, self.routes.bundles
            return
        self._known, self._bundles = {}, {}
        self._reduced = self.routes.graph(links.up)

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
