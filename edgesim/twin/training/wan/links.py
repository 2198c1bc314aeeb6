"""What the links between institutions offer now: rates, ways, and delays of control messages."""

import numpy as np

from edgesim.twin.network.network import Network
from edgesim.twin.training.wan.plans import Sources
from edgesim.twin.training.wan.ring import (
    Hops,
    Path,
    hops_of,
    layers,
    rounds_of,
    share_of,
    tree_hops_of,
)
from edgesim.twin.training.wan.world import WANWorld

__all__ = ["LinkMonitor"]


class LinkMonitor:
    """The cluster monitor: measured rates and ways between institutions.

    Args:
        world: the world.
        network: the network of the episode.
    """

    def __init__(self, world: WANWorld, network: Network) -> None:
        self._world, self._network = world, network
        # Of the network as it is since the last failure or repair.
        self._version = -1
        self._paths: dict[tuple[int, int], Path | None] = {}
        self._delays_s: dict[tuple[int, int], float] = {}

    def path(self, one: int, other: int) -> Path | None:
        """The links from one institution to another; None where no way leads there."""
        if self._version != self._network.links.version:
            self._version = self._network.links.version
            self._paths.clear()
            self._delays_s.clear()
        key = (one, other)
        if key not in self._paths:
            self._paths[key] = self._path(one, other)
        return self._paths[key]

    def _path(self, one: int, other: int) -> Path | None:
        world, links = self._world, self._network.links
        source, target = world.first + one, world.first + other
        if not (links.node_up[source] and links.node_up[target]):
            return None
        routes = self._network.world.message_routes
        if not links.version or all(links.up):
            return routes.paths[source][target]
        return routes.around(links.up, source).get(target)

    def one_way_s(self, one: int, other: int) -> float:
        """Time of a control message, s; that of the network while all was up where no way leads."""
        path, key = self.path(one, other), (one, other)
        if key not in self._delays_s:
            idle_s = self._network.links.wiring.idle_s
            self._delays_s[key] = (
                self._world.one_way_s(one, other)
                if path is None
                else sum([idle_s[link] for link in path])
            )
        return self._delays_s[key]

    def round_trip_s(self, one: int, others: list[int]) -> float:
        """The longest round trip from one institution to others, s."""
        return max((2 * self.one_way_s(one, other) for other in others), default=0.0)

    def sources(self, newcomer: int, nodes: list[int]) -> Sources:
        """Who of these can send to a newcomer, the best first: by rate, then by delay."""
        left_bps = self._network.links.left_bps
        found = []
        access = 0.0
        for node in nodes:
            path = self.path(node, newcomer)
            if path is None:
                continue
            rate = min([left_bps[link] for link in path]) / 8
            access = left_bps[path[-1]] / 8
            start_s = 2 * self.one_way_s(node, newcomer)
            found.append((-rate, start_s, node))
        found.sort()
        return Sources(
            [node for _, _, node in found],
            np.array([-rate for rate, _, _ in found]),
            np.array([start for _, start, _ in found]),
            access,
        )

    def hops(self, ring: list[int]) -> Hops | None:
        """The hops of a ring; None where somebody is out of reach."""
        tree = self._world.scenario.training.reduction == "tree"
        return (tree_hops_of if tree else hops_of)(ring, self.path)

    def layers(self, ring: list[int]) -> tuple[list[Path] | None, float]:
        """What an all-reduce crosses, and what its rounds take to arrive, s."""
        hops = self.hops(ring)
        if hops is None:
            return None, 0.0
        idle_s = self._network.links.wiring.idle_s
        longest = max((sum([idle_s[link] for link in hop]) for hop in hops), default=0.0)
        rounds = rounds_of(self._world.scenario.training.reduction, max(len(ring), 1))
        return layers(hops), rounds * longest

    def step_s(self, ring: list[int]) -> float:
        """About what a step of a ring takes now, with nothing else on the links, s."""
        world = self._world
        if not ring:
            return 0.0
        compute_s = max(world.compute_s(node) for node in ring)
        cut, rounds_s = self.layers(ring)
        if cut is None:
            return np.inf
        left_bps = self._network.links.left_bps
        slowest = 0.0
        for times in range(len(cut), 0, -1):
            for link in cut[times - 1]:
                slowest = max(slowest, times / max(left_bps[link], 1e-9))
        training = world.scenario.training
        share = share_of(training.reduction, len(ring)) * training.gradient_bytes
        return compute_s + share * 8 * slowest + rounds_s
