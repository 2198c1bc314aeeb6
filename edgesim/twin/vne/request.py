"""A virtual network that is asked for, and its embedding in the physical one."""

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["UNPLACED", "Demands", "Embedding", "VirtualLink", "VirtualNetwork"]

UNPLACED = -1
"""The host of a virtual node that has none yet."""


class VirtualLink(NamedTuple):
    """A link of a virtual network.

    Attributes:
        one, other: the virtual nodes that it joins, the lower first.
        bandwidth_bps: what its path must hold each way, bit/s.
        max_latency_s: most that its path may take, s; infinite where there is no bound.
    """

    one: int
    other: int
    bandwidth_bps: float
    max_latency_s: float


class Demands(NamedTuple):
    """What a virtual network asks for, as arrays for compiled loops.

    Attributes:
        cpu: of each node, shape (nodes,).
        ends: nodes of each link, shape (links, 2).
        bandwidth_bps: of each link, shape (links,).
        max_latency_s: of each link, shape (links,).
    """

    cpu: npt.NDArray[np.float64]
    ends: npt.NDArray[np.int64]
    bandwidth_bps: npt.NDArray[np.float64]
    max_latency_s: npt.NDArray[np.float64]


class VirtualNetwork:
    """A request for a virtual network (VN).

    Attributes:
        number: its index in the episode, from 0.
        arrival_s: when it is asked for, s.
        lifetime_s: how long it stays once it is accepted, s.
        cpu: CPU units that each node asks for.
        links: its links, by their ends.
        beside: of each node its neighbours: (neighbour, index of the link).
    """

    def __init__(
        self,
        number: int,
        arrival_s: float,
        lifetime_s: float,
        cpu: list[float],
        links: list[VirtualLink],
    ) -> None:
        self.number = number
        self.arrival_s = arrival_s
        self.lifetime_s = lifetime_s
        self.cpu = cpu
        self.links = links
        self.beside: list[list[tuple[int, int]]] = [[] for _ in cpu]
        for index, link in enumerate(links):
            self.beside[link.one].append((link.other, index))
            self.beside[link.other].append((link.one, index))

    @property
    def nodes(self) -> int:
        """Number of its nodes."""
        return len(self.cpu)

    @cached_property
    def bandwidth_bps(self) -> float:
        """Sum over its links, bit/s."""
        return sum(link.bandwidth_bps for link in self.links)

    @cached_property
    def demands(self) -> Demands:
        """What it asks for, as arrays."""
        links = self.links
        return Demands(
            np.array(self.cpu),
            np.array([(link.one, link.other) for link in links], dtype=np.int64).reshape(-1, 2),
            np.array([link.bandwidth_bps for link in links]),
            np.array([link.max_latency_s for link in links]),
        )

    def __repr__(self) -> str:
        return f"VirtualNetwork({self.number}, nodes={self.nodes}, links={len(self.links)})"


class Embedding:
    """A virtual network and where its parts lie so far.

    Attributes:
        request: the virtual network.
        hosts: the physical node of each virtual node, :data:`UNPLACED` where it has none yet.
        paths: the physical links of each virtual link, from the host of its end ``one`` to that
            of ``other``; None where it is not led yet.
        placed: how many virtual nodes have a host.
        end: the event of its release.
    """

    __slots__ = ("end", "hosts", "paths", "placed", "request")

    def __init__(self, request: VirtualNetwork) -> None:
        self.request = request
        self.hosts = [UNPLACED] * request.nodes
        self.paths: list[tuple[int, ...] | None] = [None] * len(request.links)
        self.placed = 0
        self.end: Any = None

    @property
    def complete(self) -> bool:
        """Whether every virtual node has a host."""
        return self.placed == len(self.hosts)

    @property
    def hop_bps(self) -> float:
        """Sum over the links that are led of bandwidth times hops, bit/s."""
        return sum(
            link.bandwidth_bps * len(path)
            for link, path in zip(self.request.links, self.paths, strict=True)
            if path is not None
        )

    def __repr__(self) -> str:
        return f"Embedding({self.request!r}, hosts={self.hosts})"
