"""What the links between institutions offer now: rates, ways, and delays of control messages."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.twin.network.network import Network
from edgesim.twin.training.wan.plans import Sources
from edgesim.twin.training.wan.ring import (
    Hops,
    Path,
    hops_of,
    layers,
    pairs_of,
    rounds_of,
    share_of,
)
from edgesim.twin.training.wan.world import WANWorld

__all__ = ["LinkMonitor"]

_NO_LINKS: Any = np.empty(0, dtype=np.int64)


class _Senders(NamedTuple):
    """Who reaches a newcomer, whatever the rates are.

    Attributes:
        nodes: institutions, shape (senders,).
        start_s: until the first byte of each is there, s, shape (senders,).
        links: of all their ways, one after the other.
        first: where each way begins in it, shape (senders,).
        last: the link into the newcomer.
    """

    nodes: npt.NDArray[np.int64]
    start_s: npt.NDArray[np.float64]
    links: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]
    last: int


class _Crossed(NamedTuple):
    """What an all-reduce crosses.

    Attributes:
        hops: of each node to the next; None where somebody is out of reach.
        rounds_s: what its rounds take to arrive, s.
        times: how many hops cross each link of the network, up to the last one crossed.
    """

    hops: Hops | None
    rounds_s: float
    times: npt.NDArray[np.int64]


class LinkMonitor:
    """The cluster monitor: measured rates and ways between institutions.

    Ways are worked out once for each ring and newcomer, and again after a failure or a repair;
    rates once until :meth:`moved` says that some link has another room.

    Args:
        world: the world.
        network: the network of the episode.
    """

    def __init__(self, world: WANWorld, network: Network) -> None:
        self._world, self._network = world, network
        # Of the network as it is since the last failure or repair.
        self._version = network.links.version
        self._up = np.array(network.links.up)
        self._paths: dict[tuple[int, int], Path | None] = {}
        self._delays_s: dict[tuple[int, int], float] = {}
        self._senders: dict[tuple[int, ...], _Senders] = {}
        self._crossed: dict[tuple[int, ...], _Crossed] = {}
        # Of the rates as they are.
        self._sources: dict[tuple[int, ...], Sources] = {}

    def moved(self) -> None:
        """Links have more or less room than before."""
        self._sources.clear()

    def _look(self) -> None:
        """Forget what is no longer so."""
        links = self._network.links
        if self._version == links.version:
            return
        self._version = links.version
        was, self._up = self._up, np.array(links.up)
        failed = set(np.flatnonzero(was & ~self._up).tolist())
        repaired = bool((self._up & ~was).any())
        shortest, first = self._network.world.message_routes.paths, self._world.first
        for pair, path in list(self._paths.items()):
            # A way is another one where it has failed, or where a shorter one may be back.
            if path is None:
                stays = not repaired
            else:
                one, other = pair
                stays = failed.isdisjoint(path) and (
                    not repaired or path is shortest[first + one][first + other]
                )
            if not stays:
                del self._paths[pair]
                self._delays_s.pop(pair, None)
        self._senders.clear()
        self._crossed.clear()
        self._sources.clear()

    def path(self, one: int, other: int) -> Path | None:
        """The links from one institution to another; None where no way leads there."""
        self._look()
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
        if links.all_up:
            return routes.paths[source][target]
        return routes.around(links.up, source).get(target)

    def one_way_s(self, one: int, other: int) -> float:
        """Time of a control message, s; that of the network while all was up where no way leads."""
        self._look()
        key = (one, other)
        delay_s = self._delays_s.get(key)
        if delay_s is None:
            path, idle_s = self.path(one, other), self._network.links.wiring.idle_s
            self._delays_s[key] = delay_s = (
                self._world.one_way_s(one, other)
                if path is None
                else sum([idle_s[link] for link in path])
            )
        return delay_s

    def round_trip_s(self, one: int, others: list[int]) -> float:
        """The longest round trip from one institution to others, s."""
        return max([2 * self.one_way_s(one, other) for other in others], default=0.0)

    def sources(self, newcomer: int, nodes: list[int]) -> Sources:
        """Who of these can send to a newcomer, the best first: by rate, then by delay."""
        self._look()
        key = (newcomer, *nodes)
        found = self._sources.get(key)
        if found is None:
            found = self._sources[key] = self._measured(key)
        return found

    def _measured(self, key: tuple[int, ...]) -> Sources:
        """The sources of a newcomer, the first of the key, by their rates now."""
        senders = self._senders.get(key)
        if senders is None:
            senders = self._senders[key] = self._reaching(*key)
        if not len(senders.nodes):
            return Sources([], np.empty(0), np.empty(0), 0.0)
        left_bps = np.frombuffer(self._network.links.left_bps)
        rates = np.minimum.reduceat(left_bps[senders.links], senders.first) / 8
        order = np.lexsort((senders.nodes, senders.start_s, -rates))
        return Sources(
            senders.nodes[order].tolist(),
            rates[order],
            senders.start_s[order],
            left_bps.item(senders.last) / 8,
        )

    def _reaching(self, newcomer: int, *nodes: int) -> _Senders:
        """Who of these reaches a newcomer."""
        there = [(node, path) for node in nodes if (path := self.path(node, newcomer)) is not None]
        links = [link for _, path in there for link in path]
        lengths = [len(path) for _, path in there]
        return _Senders(
            np.array([node for node, _ in there], dtype=np.int64),
            np.array([2 * self.one_way_s(node, newcomer) for node, _ in there]),
            np.array(links, dtype=np.int64),
            np.cumsum([0, *lengths[:-1]]),
            links[-1] if links else 0,
        )

    def hops(self, ring: list[int]) -> Hops | None:
        """The hops of a ring; None where somebody is out of reach."""
        return hops_of(self._world.scenario.training.reduction, ring, self.path)

    def layers(self, ring: list[int]) -> tuple[list[Path] | None, float]:
        """What an all-reduce crosses, and what its rounds take to arrive, s."""
        found = self._crossing(ring)
        return None if found.hops is None else layers(found.hops), found.rounds_s

    def _crossing(self, ring: list[int]) -> _Crossed:
        self._look()
        key = tuple(ring)
        found = self._crossed.get(key)
        if found is None:
            found = self._crossed[key] = self._cross(ring)
        return found

    def _cross(self, ring: list[int]) -> _Crossed:
        hops, kind = self.hops(ring), self._world.scenario.training.reduction
        if hops is None:
            return _Crossed(None, 0.0, _NO_LINKS)
        longest = max([self.one_way_s(*pair) for pair in pairs_of(kind, ring)], default=0.0)
        links = np.array([link for hop in hops for link in hop], dtype=np.int64)
        return _Crossed(hops, rounds_of(kind, max(len(ring), 1)) * longest, np.bincount(links))

    def step_s(self, ring: list[int]) -> float:
        """About what a step of a ring takes now, with nothing else on the links, s."""
        world = self._world
        if not ring:
            return 0.0
        found = self._crossing(ring)
        if found.hops is None:
            return np.inf
        slowest = 0.0
        if len(found.times):
            left_bps = np.frombuffer(self._network.links.left_bps)[: len(found.times)]
            slowest = float((found.times / np.maximum(left_bps, 1e-9)).max())
        training = world.scenario.training
        share = share_of(training.reduction, len(ring)) * training.gradient_bytes
        compute_s = max([world.compute_s(node) for node in ring])
        return compute_s + share * 8 * slowest + found.rounds_s
