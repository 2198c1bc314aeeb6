"""How a virtual link is led from host to host, as soon as both its ends have one."""

import numpy as np
import numpy.typing as npt

from edgesim.twin.core.forking import Rebuilt
from edgesim.twin.network.routing import Routing
from edgesim.twin.network.spare import hops_along, trace, tree_from
from edgesim.twin.vne.substrate import Substrate
from edgesim.twin.vne.world import VNEWorld

__all__ = ["Router"]


class Router(Rebuilt):
    """Finds paths with room for virtual links.

    ``k_shortest``: the first of the few shortest paths, by hops, whose links have room and whose
    delay keeps the bound. ``shortest``: the path of the fewest hops over links that have room, or
    where its delay breaks the bound, the path of the least delay over them, if that keeps it.

    Args:
        world: the map and its shortest paths.
        substrate: what links have left.
        kind: one of :data:`edgesim.scenarios.vne.schema.ROUTINGS`.
    """

    views = ("_everywhere",)

    def __init__(self, world: VNEWorld, substrate: Substrate, kind: str) -> None:
        self._world, self._substrate, self.kind = world, substrate, kind
        self._routing = Routing(world.routes, substrate.network.links)
        self.look()

    def look(self) -> None:
        """Make the tuple of all nodes."""
        self._everywhere = tuple(range(self._world.nodes))

    def hops(
        self, source: int, bandwidth_bps: float, max_latency_s: float
    ) -> npt.NDArray[np.int64]:
        """Hops that a virtual link from a node to every other would take now.

        Args:
            source: the node.
            bandwidth_bps: of the link, bit/s.
            max_latency_s: bound on its delay, s.

        Returns:
            shape (nodes,); :data:`edgesim.twin.network.spare.NEVER` where no path holds.
        """
        substrate = self._substrate
        room, delay_s = substrate.room_bps(), substrate.delay_s
        if self.kind == "shortest":
            near = self._world.neighbourhood.near
            return tree_from(near, room, delay_s, source, bandwidth_bps, max_latency_s).hops
        bundle = self._routing.bundle(((source,), self._everywhere))
        return hops_along(*bundle, room, delay_s, bandwidth_bps, max_latency_s)

    def path(
        self, source: int, target: int, bandwidth_bps: float, max_latency_s: float
    ) -> tuple[int, ...] | None:
        """The links of the path of a virtual link, in order; None where there is none."""
        substrate = self._substrate
        if self.kind == "shortest":
            world = self._world.neighbourhood
            tree = tree_from(
                world.near,
                substrate.room_bps(),
                substrate.delay_s,
                source,
                bandwidth_bps,
                max_latency_s,
            )
            if tree.hops[target] < 0:
                return None
            return tuple(trace(tree, world.start_of, target)[::-1].tolist())
        links, delay_s = substrate.network.links, substrate.delay_s
        for path in self._routing.paths(source, target):
            both = [*path, *(link ^ 1 for link in path)]
            if not links.fits(both, bandwidth_bps):
                continue
            if max_latency_s == np.inf or sum(delay_s[k >> 1] for k in path) <= max_latency_s:
                return path
        return None
