"""The physical network of an episode: what nodes and links have left, and who holds what."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgesim.twin.core.forking import Rebuilt
from edgesim.twin.network.network import Network

__all__ = ["Substrate"]

FloatArray = npt.NDArray[np.float64]


class Substrate(Rebuilt):
    """CPU of the nodes, and the links of the network, as virtual networks see them.

    A virtual link holds its bandwidth in both directions of every link of its path.

    Args:
        network: carries the links.
        cpu: CPU units of each node, shape (nodes,).

    Attributes:
        cpu: CPU units of each node.
        cpu_left: those that nobody holds.
        capacity_bps: of each edge each way, shape (edges,), bit/s.
        away: units that failed hosts keep from being had, by node.
        total_bps: sum of these.
        delay_s: of each edge, propagation alone, shape (edges,), s.
    """

    views = ("_ceiling", "_reserved")

    def __init__(self, network: Network, cpu: FloatArray) -> None:
        self.cpu = cpu
        self.cpu_left = cpu.copy()
        self.away: dict[int, float] = {}  # units of failed hosts
        self.network = network
        wiring = network.links.wiring
        self.capacity_bps = np.array(wiring.capacity_bps[::2])
        self.total_bps = float(self.capacity_bps.sum())
        self.delay_s = np.array(wiring.propagation_s[::2])
        self.look()

    def look(self) -> None:
        """Have the figures of the links at hand as arrays."""
        links = self.network.links
        self._reserved = np.frombuffer(links.reserved_bps)
        self._ceiling = np.frombuffer(links.ceiling_bps)

    def room_bps(self) -> FloatArray:
        """What each edge has left both ways, shape (edges,), bit/s; below 0 while it is down."""
        left = self._ceiling - self._reserved
        room: FloatArray = np.minimum(left[::2], left[1::2])
        return room

    def take_cpu(self, node: int, units: float) -> bool:
        """Hold CPU of a node; False where it has too little left."""
        if self.cpu_left[node] < units:
            return False
        self.cpu_left[node] -= units
        return True

    def scale_cpu(self, node: int, factor: float) -> None:
        """A node has ``factor`` times the CPU that it had; what is held beyond it stays."""
        more = self.cpu[node] * (factor - 1.0)
        self.cpu[node] += more
        self.cpu_left[node] += more

    def fail_host(self, node: int) -> None:
        """The CPU of a node is not to be had."""
        self.away[node] = self.cpu[node] + 1.0  # so that even 0 units do not fit
        self.cpu_left[node] -= self.away[node]

    def repair_host(self, node: int) -> None:
        """The CPU of a node is there again."""
        self.cpu_left[node] += self.away.pop(node)

    def give_cpu(self, node: int, units: float) -> None:
        """Give CPU of a node back."""
        self.cpu_left[node] += units

    def take_path(self, path: Sequence[int], bandwidth_bps: float) -> None:
        """Hold bandwidth along a path, both ways. ValueError where it lacks room."""
        if bandwidth_bps > 0 and path:
            self.network.reserve(_both_ways(path), bandwidth_bps)

    def give_path(self, path: Sequence[int], bandwidth_bps: float) -> None:
        """Give bandwidth along a path back."""
        if bandwidth_bps > 0 and path:
            self.network.release(_both_ways(path), bandwidth_bps)


def _both_ways(path: Sequence[int]) -> list[int]:
    return [link for there in path for link in (there, there ^ 1)]
