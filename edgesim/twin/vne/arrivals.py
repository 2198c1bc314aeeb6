"""The stream of virtual networks of an episode."""

from math import inf

import numpy as np

from edgesim.scenarios.vne.schema import VirtualNetworks
from edgesim.twin.core.crowds import Crowd, Load, Merged
from edgesim.twin.core.streams import Streams
from edgesim.twin.vne.request import VirtualLink, VirtualNetwork

__all__ = ["MBPS", "Arrivals", "CrowdedArrivals", "arrivals_of"]

MBPS = 1e6
"""bit/s in a Mbit/s."""

_STREAMS = ("arrivals", "lifetimes", "sizes", "links", "cpu", "bandwidth", "max_latency")


class Arrivals:
    """An iterator over an episode's virtual networks, as fresh objects; each is drawn when asked.

    Each quantity has a stream of its own. A Poisson number of seconds passes between two arrivals,
    or an exponential time; a VN's links are drawn, pair by pair, until they join all its nodes.

    Args:
        virtual: the scenario's keys.
        streams: the streams of the episode.
        crowd: whose virtual networks alone these are; None: the usual ones.
    """

    def __init__(
        self, virtual: VirtualNetworks, streams: Streams, crowd: Crowd | None = None
    ) -> None:
        self._virtual = virtual
        self._crowd = crowd
        self._rng = {name: streams[name] for name in _STREAMS}
        self._number = 0
        self._arrival_s = 0.0 if crowd is None else crowd.from_s

    def __iter__(self) -> "Arrivals":
        """Itself."""
        return self

    def __next__(self) -> VirtualNetwork:
        """The next virtual network."""
        virtual, rng = self._virtual, self._rng
        crowd = self._crowd
        if crowd is None and self._number == virtual.count:
            raise StopIteration
        mean_s = 1.0 / (virtual.arrival_rate_hz if crowd is None else crowd.rate_hz)
        if virtual.intervals == "poisson":
            self._arrival_s += float(rng["arrivals"].poisson(mean_s))
        else:
            self._arrival_s += float(rng["arrivals"].exponential(mean_s))
        if crowd is not None and self._arrival_s >= crowd.to_s:
            self._arrival_s = crowd.to_s
            raise StopIteration
        lifetime_s = float(rng["lifetimes"].exponential(virtual.lifetime_s))
        nodes = int(rng["sizes"].integers(virtual.nodes[0], virtual.nodes[1], endpoint=True))
        cpu = rng["cpu"].integers(virtual.cpu[0], virtual.cpu[1], size=nodes, endpoint=True)
        request = VirtualNetwork(
            self._number,
            self._arrival_s,
            lifetime_s,
            [float(units) for units in cpu.tolist()],
            self._links(nodes),
        )
        self._number += 1
        return request

    def resample(self, now_s: float, arrived: int) -> None:
        """Draw the virtual networks anew that have not arrived.

        The time to the next arrival is drawn as if the last one had been now: exponential times
        have no memory, and Poisson numbers lose some of theirs.

        Args:
            now_s: time now, s.
            arrived: how many have arrived.
        """
        begin_s = now_s if self._crowd is None else max(self._crowd.from_s, now_s)
        self._number, self._arrival_s = arrived, begin_s

    def rest_s(self) -> float:
        """How long a virtual network that is running goes on, drawn anew, s.

        An exponential time has no memory: what is left of it is as long as a new one.
        """
        return float(self._rng["lifetimes"].exponential(self._virtual.lifetime_s))

    def _links(self, nodes: int) -> list[VirtualLink]:
        virtual, rng = self._virtual, self._rng
        one, other = np.triu_indices(nodes, 1)
        while True:
            joined = rng["links"].random(len(one)) < virtual.link_probability
            ends = list(zip(one[joined].tolist(), other[joined].tolist(), strict=True))
            if _connected(nodes, ends):
                break
        low, high = virtual.bandwidth_mbps
        asked = rng["bandwidth"].integers(low, high, size=len(ends), endpoint=True)
        bounds_s = [inf] * len(ends)
        if virtual.max_latency_ms is not None:
            least_ms, most_ms = virtual.max_latency_ms
            bounds = rng["max_latency"].uniform(least_ms, most_ms, len(ends))
            bounds_s = [bound / 1000 for bound in bounds.tolist()]
        return [
            VirtualLink(*pair, mbps * MBPS, bound_s)
            for pair, mbps, bound_s in zip(ends, asked.tolist(), bounds_s, strict=True)
        ]


class CrowdedArrivals(Merged[VirtualNetwork]):
    """The usual virtual networks and those of crowds, an iterator like :class:`Arrivals`."""

    usual: Arrivals

    def __next__(self) -> VirtualNetwork:
        """The next virtual network; there is none after the last of the usual ones."""
        request = self.following()
        if request is None:
            raise StopIteration
        return request

    def rest_s(self) -> float:
        """See :meth:`Arrivals.rest_s`."""
        return self.usual.rest_s()


def arrivals_of(
    virtual: VirtualNetworks, streams: Streams, load: Load
) -> Arrivals | CrowdedArrivals:
    """All virtual networks of an episode, with what events do to the load."""
    usual = Arrivals(virtual, streams)
    if not load:
        return usual
    beside = [Arrivals(virtual, streams.of(crowd.name), crowd) for crowd in load.crowds]
    kept = [(from_s, to_s, None, share) for from_s, to_s, _, share in load.kept]
    return CrowdedArrivals(usual, beside, kept, streams["events/kept"], stops=True)


def _connected(nodes: int, ends: list[tuple[int, int]]) -> bool:
    """Whether links join all nodes: merge the parts that they join, until one is left."""
    part = list(range(nodes))
    parts = nodes
    for one, other in ends:
        if part[one] != part[other]:
            old, new = part[one], part[other]
            part = [new if at == old else at for at in part]
            parts -= 1
    return parts == 1
