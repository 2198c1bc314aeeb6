"""Transfers that share links fairly: how many begin and end in a CPU second, by how they meet."""

from array import array
from collections.abc import Callable
from itertools import cycle, pairwise
from time import process_time
from typing import NamedTuple

import networkx as nx
import numpy as np
from scipy.sparse.csgraph import shortest_path

from edgesim.benchmark.measures import Measure
from edgesim.twin.core.clock import Clock
from edgesim.twin.network.fair import FairTransfers

__all__ = ["HOW", "Crowd", "of_transfers"]

_NODES, _EDGES = 1000, 3000
_RATES_BPS = (1e9, 2.5e9, 10e9)  # of Ethernet; an edge of the mesh has one of them
_MEAN_BYTES = 100e6
_DRAWN = 10_000  # sizes beyond those of the first, and paths of the mesh that are not in use
_STRIDE = 8  # events between two looks at the time


class Ways(NamedTuple):
    """Links, the paths of those who begin at first, and others for those who come after them."""

    room_bps: list[float]
    paths: list[tuple[int, ...]]
    others: list[tuple[int, ...]]


def of_transfers(how: str, transfers: int) -> Measure:
    """Events a CPU second where so many transfers are always there: as one ends another begins.

    Each of the two is an event. Sizes are exponential.

    Args:
        how: a key of :data:`HOW`.
        transfers: how many.
    """
    crowd: Crowd | None = None

    def measure(seconds: float) -> float:
        nonlocal crowd
        if crowd is None:
            crowd = Crowd(HOW[how](transfers))
        return crowd.run(seconds)

    return measure


class Crowd:
    """Transfers of which another begins whenever one ends.

    Args:
        ways: links and paths.
    """

    def __init__(self, ways: Ways) -> None:
        sizes = np.random.default_rng(0).exponential(_MEAN_BYTES, len(ways.paths) + _DRAWN)
        self._sizes = cycle(sizes.tolist())
        self._others = ways.others
        self._next = 0
        self._ended = 0
        self._clock = Clock()
        self.transfers = FairTransfers(self._clock, array("d", ways.room_bps))
        for path in ways.paths:
            self._begin(path)
        self.run(0.0)  # all begin; what is compiled is compiled now

    def run(self, seconds: float) -> float:
        """Run for so many CPU seconds, or a few events; events a CPU second."""
        step, before = self._clock.step, self._ended
        begun = process_time()
        while True:
            goal = self._ended + _STRIDE
            while self._ended < goal:
                step()
            spent = process_time() - begun
            if spent >= seconds and spent > 0.0:
                return 2 * (self._ended - before) / spent

    def _begin(self, path: tuple[int, ...]) -> None:
        self.transfers.send(next(self._sizes), path, self._end, path)

    def _end(self, path: tuple[int, ...]) -> None:
        self._ended += 1
        if self._others:
            self._next = place = (self._next + 1) % len(self._others)
            path, self._others[place] = self._others[place], path
        self._begin(path)


def _apart(transfers: int) -> Ways:
    """Everyone has two links to himself."""
    paths: list[tuple[int, ...]] = [(2 * number, 2 * number + 1) for number in range(transfers)]
    return Ways([1e9] * 2 * transfers, paths, [])


def _one_path(transfers: int) -> Ways:
    """All go the same way."""
    return Ways([1e9] * 2, [(0, 1)] * transfers, [])


def _one_link(transfers: int) -> Ways:
    """A server's link is everyone's bottleneck; behind it they part: all rates always change."""
    paths: list[tuple[int, ...]] = [(0, 1 + number) for number in range(transfers)]
    return Ways([1e9] * (transfers + 1), paths, [])


def _mesh(transfers: int) -> Ways:
    """Shortest paths between any two nodes of a random graph: all meet, by one another."""
    graph = nx.gnm_random_graph(_NODES, _EDGES, seed=0)
    rng = np.random.default_rng(0)
    number: dict[tuple[int, int], int] = {}
    for one, other in graph.edges:
        number[one, other] = len(number)
        number[other, one] = len(number)
    rates = np.repeat(rng.choice(_RATES_BPS, _EDGES), 2).tolist()
    matrix = nx.to_scipy_sparse_array(graph)
    # Older versions of networkx make indices of 64 bits, which older ones of SciPy refuse.
    matrix.indices, matrix.indptr = (it.astype(np.int32) for it in (matrix.indices, matrix.indptr))
    _, before = shortest_path(matrix, unweighted=True, return_predecessors=True)
    paths: list[tuple[int, ...]] = []
    while len(paths) < transfers + _DRAWN:
        source, target = rng.integers(_NODES, size=2).tolist()
        nodes = [target]
        while before[source, nodes[-1]] >= 0:
            nodes.append(int(before[source, nodes[-1]]))
        if nodes[-1] == source != target:  # the graph need not be connected
            paths.append(tuple(number[hop] for hop in pairwise(reversed(nodes))))
    return Ways(rates, paths[:transfers], paths[transfers:])


HOW: dict[str, Callable[[int], Ways]] = {
    "transfers apart": _apart,
    "transfers on one path": _one_path,
    "transfers on one link": _one_link,
    "transfers on a mesh": _mesh,
}
"""How they meet, see the functions."""
