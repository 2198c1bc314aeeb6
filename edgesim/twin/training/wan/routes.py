"""Ways between institutions: an access link, the backbone, and an access link."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import networkx as nx

from edgesim.twin.core.forking import Shared
from edgesim.twin.network.message_routes import MessageRoutes
from edgesim.twin.network.wiring import Wiring

__all__ = ["AccessRoutes"]


class AccessRoutes(Shared):
    """As :class:`MessageRoutes`, put together from those of the backbone: fast for many leaves.

    Args:
        wiring: the whole network, whose first nodes are the backbone's.
        backbone: the backbone alone.
        switches: where each institution's access link ends; institution ``i`` is the node
            ``backbone.nodes + i``.

    Attributes:
        paths: as of :class:`MessageRoutes`, worked out when they are asked for.

    Raises:
        InputError: the backbone is not connected.
    """

    def __init__(self, wiring: Wiring, backbone: Wiring, switches: Sequence[int]) -> None:
        self._wiring, self._first, self._switches = wiring, backbone.nodes, list(switches)
        self._backbone = MessageRoutes(backbone)
        self._number = [wiring.number[ends] for ends in backbone.ends]  # of its links in the whole
        self.paths: Any = [_Ways(self, node) for node in range(wiring.nodes)]
        self._around = lru_cache(maxsize=2048)(self._backbone_around)
        self._works = lru_cache(maxsize=64)(self._backbone_works)
        self._last_up: list[bool] = []
        self._last_down: tuple[int, ...] = ()

    def path(self, source: int, target: int) -> tuple[int, ...]:
        """Numbers of the links from one node to another while everything is up."""
        return self._joined(self._backbone.paths, source, target)

    def around(self, up: list[bool], source: int) -> "_Around":
        """The ways from a node to all that it reaches over the links that are up."""
        return _Around(self, up, source)

    def up_path(self, up: list[bool], source: int, target: int) -> tuple[int, ...] | None:
        """The shortest way over links that are up; None where there is none."""
        path: tuple[int, ...] = self.paths[source][target]
        for link in path:
            if not up[link]:
                break
        else:
            return path  # the shortest of all is the shortest of those that are up
        ways = self._around(self._down(up), self._switch(source))
        if self._switch(target) not in ways:
            return None
        path = self._joined({self._switch(source): ways}, source, target)
        return path if all(up[link] for link in path) else None

    def _down(self, up: list[bool]) -> tuple[int, ...]:
        """The links of the backbone that are down, from the last time where nothing has changed."""
        if up != self._last_up:
            self._last_up = list(up)
            self._last_down = tuple([link for link in self._number if not up[link]])
        return self._last_down

    def _backbone_around(self, down: tuple[int, ...], source: int) -> dict[int, tuple[int, ...]]:
        return self._backbone.ways(self._works(down), source)

    def _backbone_works(self, down: tuple[int, ...]) -> "nx.Graph[int]":
        return self._backbone.works([link not in down for link in self._number])

    def _switch(self, node: int) -> int:
        return node if node < self._first else self._switches[node - self._first]

    def _joined(self, ways: Any, source: int, target: int) -> tuple[int, ...]:
        if source == target:
            return ()
        first, number = self._first, self._wiring.number
        start, end = self._switch(source), self._switch(target)
        path = tuple([self._number[link] for link in ways[start][end]])
        if source >= first:
            path = (number[source, start], *path)
        return path if target < first else (*path, number[end, target])


class _Around:
    """The ways from one node over the links that are up, by target."""

    __slots__ = ("_routes", "_source", "_up")

    def __init__(self, routes: AccessRoutes, up: list[bool], source: int) -> None:
        self._routes, self._up, self._source = routes, up, source

    def get(self, target: int) -> tuple[int, ...] | None:
        """The way to a target; None where there is none."""
        return self._routes.up_path(self._up, self._source, target)


class _Ways(Shared):
    """The paths from one node, by target."""

    def __init__(self, routes: AccessRoutes, source: int) -> None:
        self._routes, self._source = routes, source
        self._known: dict[int, tuple[int, ...]] = {}

    def __getitem__(self, target: int) -> tuple[int, ...]:
        path = self._known.get(target)
        if path is None:
            path = self._known[target] = self._routes.path(self._source, target)
        return path
