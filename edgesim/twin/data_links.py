"""The links that carry the data: reserved and background traffic, delay, loss, port counters."""

from collections.abc import Sequence
from math import inf
from typing import Any, NamedTuple

from edgesim.scenarios.sfc import Links
from edgesim.twin.clock import Clock
from edgesim.twin.queueing import finite_queue
from edgesim.twin.streams import Streams
from edgesim.twin.wiring import Wiring

__all__ = ["FRAME_BYTES", "DataLinks", "PortCounters"]

FRAME_BYTES = 1000
"""Mean size of a data frame, by which counters of bytes become counters of frames."""


class PortCounters(NamedTuple):
    """What the two ports of a link have counted since the episode began.

    ``sent`` is what the near port was given to send; ``received`` what came out at the far port.
    The difference was lost in the near port's full queue. The fluid is not cut into whole frames.
    """

    sent_bytes: float
    received_bytes: float

    @property
    def sent_frames(self) -> float:
        """Frames that the near port was given."""
        return self.sent_bytes / FRAME_BYTES

    @property
    def received_frames(self) -> float:
        """Frames that came out at the far port."""
        return self.received_bytes / FRAME_BYTES


class DataLinks:
    """The links of an episode: who has reserved what, what else flows, and what that does.

    Traffic is a fluid. Chains reserve bandwidth and send all of it. Background traffic wants a
    share of the capacity that is drawn anew for every link each ``background_period_s``, uniform
    on ``background_share``, from the stream ``links/background`` alone; it is best effort and
    gets what the chains leave, so that the two together never exceed the capacity.

    The fluid comes in bursts of ``burst_bytes`` on average, which makes a port an M/M/1/K queue of
    ``queue_bursts`` places (:func:`edgesim.twin.queueing.finite_queue`): a link's delay is its
    propagation plus the mean stay in that queue, burst_bytes · 8 / (capacity − load) as long as
    the queue is far from full; its loss is the share of bursts that find it full.

    A link is up where neither its edge nor a node at its ends has failed. While it is down it
    carries nothing and loses everything; what was reserved on it stays so until it is released.

    All lists are indexed by link and are always true of the present; they are read, never written,
    from outside. A change of a link is O(1).

    Attributes:
        reserved_bps: bandwidth that chains have reserved.
        ceiling_bps: what reservations may reach: the capacity, or -1 while the link is down.
        load_bps: reserved and background traffic.
        available_bps: capacity less load; 0 while down.
        delay_s: mean delay of a burst over the link; idle delay while down.
        loss: share of the bursts that are lost; 1 while down.
        up: whether the link is up.
        node_up: whether each node is up.
        version: grows with each failure and repair.
    """

    __slots__ = (
        "_background_s",
        "_clock",
        "_delay_area",
        "_demand_bps",
        "_holders",
        "_period",
        "_places",
        "_received_bytes",
        "_rng",
        "_sent_bytes",
        "_share",
        "_since_s",
        "_trouble",
        "available_bps",
        "ceiling_bps",
        "delay_s",
        "edge_up",
        "load_bps",
        "loss",
        "node_up",
        "reserved_bps",
        "up",
        "version",
        "wiring",
    )

    def __init__(self, clock: Clock, wiring: Wiring, links: Links, streams: Streams) -> None:
        count = len(wiring.ends)
        self._clock = clock
        self.wiring = wiring
        self._places = links.queue_bursts
        self.reserved_bps = [0.0] * count
        self.ceiling_bps = list(wiring.capacity_bps)
        self.load_bps = [0.0] * count
        self.available_bps = list(wiring.capacity_bps)
        self.delay_s = list(wiring.idle_s)
        self.loss = [0.0] * count
        self.up = [True] * count
        self.edge_up = [True] * (count // 2)
        self.node_up = [True] * wiring.nodes
        self.version = 0
        self._trouble = [0] * count  # failures that keep a link down: its edge, its ends
        self._holders = [0] * count  # reservations on it
        self._demand_bps = [0.0] * count
        # Integrals up to _since_s, at which the present load began.
        self._since_s = [clock.now] * count
        self._sent_bytes = [0.0] * count
        self._received_bytes = [0.0] * count
        self._delay_area = [0.0] * count
        low, high = links.background_share
        self._share = (float(low), float(high))
        self._background_s = links.background_period_s
        self._period = 0
        if high > 0:
            self._rng = streams["links/background"]
            self._vary(None)

    # ---- reservations

    def fits(self, path: Sequence[int], bandwidth_bps: float) -> bool:
        """Whether all links of a path are up and have room for that much more."""
        reserved, ceiling = self.reserved_bps, self.ceiling_bps
        for link in path:  # noqa: SIM110 - a plain loop is half the time of all()
            if reserved[link] + bandwidth_bps > ceiling[link]:
                return False
        return True

    def reserve(self, path: Sequence[int], bandwidth_bps: float) -> None:
        """Reserve bandwidth on every link of a path, or on none.

        Raises:
            ValueError: the bandwidth is not above 0 and finite, a link is down or lacks room, or
                the path crosses a link twice.
        """
        if not 0.0 < bandwidth_bps < inf:
            raise ValueError(f"bandwidth_bps = {bandwidth_bps}: must be above 0 and finite")
        if len(set(path)) != len(path):
            raise ValueError(f"path {tuple(path)}: crosses a link twice")
        if not self.fits(path, bandwidth_bps):
            raise ValueError(f"path {tuple(path)}: no room for {bandwidth_bps} bit/s on all links")
        reserved, holders = self.reserved_bps, self._holders
        for link in path:
            reserved[link] += bandwidth_bps
            holders[link] += 1
            self._change(link)

    def release(self, path: Sequence[int], bandwidth_bps: float) -> None:
        """Give back what was reserved along a path; down links included.

        Raises:
            ValueError: nothing is reserved on one of the links.
        """
        reserved, holders = self.reserved_bps, self._holders
        for link in path:
            if not holders[link]:
                raise ValueError(f"link {link}: nothing is reserved on it")
            holders[link] -= 1
            # What no one holds is exactly nothing, whatever the sums were rounded to.
            rest = reserved[link] - bandwidth_bps if holders[link] else 0.0
            reserved[link] = max(0.0, rest)
            self._change(link)

    # ---- failures

    def fail_edge(self, edge: int) -> None:
        """The cable breaks, both ways. ValueError where it is broken already."""
        if not self.edge_up[edge]:
            raise ValueError(f"edge {edge} is down already")
        self.edge_up[edge] = False
        self._lower((2 * edge, 2 * edge + 1))

    def repair_edge(self, edge: int) -> None:
        """The cable is whole again. ValueError where it was whole."""
        if self.edge_up[edge]:
            raise ValueError(f"edge {edge} is up already")
        self.edge_up[edge] = True
        self._raise((2 * edge, 2 * edge + 1))

    def fail_node(self, node: int) -> None:
        """The switch fails, and all its links with it. ValueError where it is down already."""
        if not self.node_up[node]:
            raise ValueError(f"node {node} is down already")
        self.node_up[node] = False
        self._lower((*self.wiring.leaving[node], *self.wiring.arriving[node]))

    def repair_node(self, node: int) -> None:
        """The switch works again. ValueError where it did."""
        if self.node_up[node]:
            raise ValueError(f"node {node} is up already")
        self.node_up[node] = True
        self._raise((*self.wiring.leaving[node], *self.wiring.arriving[node]))

    # ---- figures up to now

    def counters(self, link: int) -> PortCounters:
        """The port counters of a link, exact integrals of its traffic up to now."""
        self._settle(link)
        return PortCounters(self._sent_bytes[link], self._received_bytes[link])

    def delay_integral(self, link: int) -> float:
        """Integral of ``delay_s`` over time (s²) up to now: a difference of two over the time
        between them is the mean delay.
        """
        self._settle(link)
        return self._delay_area[link]

    # ---- within

    def _settle(self, link: int) -> None:
        now = self._clock._now
        elapsed = now - self._since_s[link]
        if elapsed > 0.0:
            self._since_s[link] = now
            sent = self.load_bps[link] * elapsed * 0.125
            self._sent_bytes[link] += sent
            self._received_bytes[link] += sent * (1.0 - self.loss[link])
            self._delay_area[link] += self.delay_s[link] * elapsed

    def _change(self, link: int) -> None:
        """Close the integrals of the old load and begin the new one."""
        self._settle(link)
        wiring = self.wiring
        if self._trouble[link]:
            self.load_bps[link] = self.available_bps[link] = 0.0
            self.delay_s[link] = wiring.idle_s[link]
            self.loss[link] = 1.0
            return
        capacity = wiring.capacity_bps[link]
        room = capacity - self.reserved_bps[link]
        if room < 0.0:
            raise RuntimeError(f"link {link}: {self.reserved_bps[link]} reserved of {capacity}")
        self.available_bps[link] = spare = max(0.0, room - self._demand_bps[link])
        self.load_bps[link] = load = capacity - spare
        stay, self.loss[link] = finite_queue(load / capacity, self._places)
        self.delay_s[link] = wiring.propagation_s[link] + stay * wiring.burst_s[link]

    def _vary(self, _: Any) -> None:
        """Draw what the background wants in the next period, for all links at once."""
        capacity = self.wiring.capacity_bps
        shares = self._rng.uniform(*self._share, len(capacity)).tolist()
        for link, share in enumerate(shares):
            self._demand_bps[link] = share * capacity[link]
            self._change(link)
        self._period += 1
        self._clock.at(self._period * self._background_s, self._vary)

    def _lower(self, links: Sequence[int]) -> None:
        self.version += 1
        for link in links:
            self._trouble[link] += 1
            self.up[link] = False
            self.ceiling_bps[link] = -1.0
            self._change(link)

    def _raise(self, links: Sequence[int]) -> None:
        self.version += 1
        for link in links:
            self._trouble[link] -= 1
            if not self._trouble[link]:
                self.up[link] = True
                self.ceiling_bps[link] = self.wiring.capacity_bps[link]
                self._change(link)
