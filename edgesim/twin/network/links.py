"""The links that carry the data: reserved and background traffic, delay, loss, port counters."""

from array import array
from collections.abc import Callable, Sequence
from math import ceil, inf
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from edgesim.scenarios.parts import links as settings
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.queueing import finite_queue
from edgesim.twin.core.streams import Streams
from edgesim.twin.network.background import leave, load_all, make_room, settle_all
from edgesim.twin.network.wiring import Wiring

__all__ = ["FRAME_BYTES", "LinkListener", "LinkTables", "Links", "PortCounters"]

FloatArray = npt.NDArray[np.float64]

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


class LinkTables(NamedTuple):
    """The figures of :class:`Links` by link, for compiled loops: views.

    The last four are integrals up to ``since_s``, from when on the present load has held.
    """

    capacity_bps: FloatArray
    load_bps: FloatArray
    delay_s: FloatArray
    loss: FloatArray
    since_s: FloatArray
    sent_bytes: FloatArray
    received_bytes: FloatArray
    delay_area: FloatArray


class LinkListener(Protocol):
    """What is carried by the links and is planned by their room."""

    def room_changed(self, links: Sequence[int]) -> None:
        """The :attr:`Links.byte_s` of some links has changed."""

    def left_changed(self, links: Sequence[int]) -> None:
        """The :attr:`Links.left_bps` of some links has changed."""

    def link_failed(self, link: int) -> None:
        """A link is down from now on."""

    def repaired(self) -> None:
        """Some link is up again."""


class Links:
    """The links of an episode: who has reserved what, what else flows, and what that does.

    Traffic is a fluid. Chains reserve bandwidth and send all of it. Background traffic wants a
    share of the capacity that is drawn anew for every link each ``background_period_s``, uniform
    on ``background_share``, from the stream ``links/background`` alone; it is best effort and
    gets what the chains leave, so that the two together never exceed the capacity.

    The fluid comes in bursts of ``burst_bytes`` on average, which makes a port an M/M/1/K queue of
    ``queue_bursts`` places (:func:`edgesim.twin.core.queueing.finite_queue`): a link's delay is its
    propagation plus the mean stay in that queue, burst_bytes · 8 / (capacity − load) as long as
    the queue is far from full; its loss is the share of bursts that find it full.

    A link is up where neither its edge nor a node at its ends has failed. While it is down it
    carries nothing and loses everything; what was reserved on it stays so until it is released.

    All that is indexed by link is always true of the present; it is read, never written, from
    outside. Figures stand in arrays of the standard library, quick to read one by one and, through
    ``numpy.frombuffer``, all at once. A change of a link is O(1).

    Attributes:
        capacity_bps: capacity of every link: the wiring's, until :meth:`scale` changes it.
        reserved_bps: bandwidth that chains have reserved.
        ceiling_bps: what reservations may reach: the capacity, or -1 while the link is down.
        load_bps: reserved and background traffic, and the whole capacity while a transfer is sent.
        available_bps: capacity less load; 0 while down.
        delay_s: mean delay of a burst over the link; idle delay while down.
        loss: share of the bursts that are lost; 1 while down.
        byte_s: time that a transfer takes to send a byte with what is left to it, the capacity less
            reserved and background traffic; infinite where that is nothing.
        left_bps: what is left to transfers that share: the capacity less reserved and background
            traffic, and nothing while a message is sent.
        shared_bps: what these take of it.
        busy: whether a transfer is being sent; told only where ``metered``.
        metered: whether somebody looks at what transfers do to delay, loss and counters.
        up: whether the link is up.
        node_up: whether each node is up.
        places: of each port's queue, bursts.
        version: grows with each failure and repair.
        listeners: told of changes of ``byte_s`` and of failures.
        watchers: called before anything changes or is counted. Whoever works out late what it would
            have seen of the links in time does so now.
        quiet_until_s: nobody looks before, see :meth:`rest`.
        resters: told of it.
    """

    __slots__ = (
        "_background_s",
        "_burst_s",
        "_clock",
        "_delay_area",
        "_demand_bps",
        "_down",
        "_holders",
        "_period",
        "_received_bytes",
        "_rng",
        "_scaled",
        "_sent_bytes",
        "_share",
        "_since_s",
        "_trouble",
        "available_bps",
        "busy",
        "byte_s",
        "capacity_bps",
        "ceiling_bps",
        "delay_s",
        "edge_up",
        "left_bps",
        "listeners",
        "load_bps",
        "loss",
        "metered",
        "node_up",
        "places",
        "quiet_until_s",
        "reserved_bps",
        "resters",
        "shared_bps",
        "up",
        "version",
        "watchers",
        "wiring",
    )

    def __init__(
        self, clock: Clock, wiring: Wiring, links: settings.Links, streams: Streams
    ) -> None:
        count = len(wiring.ends)
        self._clock = clock
        self.wiring = wiring
        self.places = links.queue_bursts
        self.capacity_bps = array("d", wiring.capacity_bps)
        self._burst_s = array("d", wiring.burst_s)
        self._scaled = False  # whether a capacity is not the wiring's
        self.reserved_bps = array("d", wiring.reserved_bps)
        self.ceiling_bps = array("d", wiring.capacity_bps)
        self.load_bps = array("d", [0.0] * count)
        self.available_bps = array("d", wiring.capacity_bps)
        self.delay_s = array("d", wiring.idle_s)
        self.loss = array("d", [0.0] * count)
        self.byte_s = array("d", wiring.byte_s)
        self.busy = [False] * count
        self.left_bps = array("d", wiring.capacity_bps)
        self.shared_bps = array("d", [0.0] * count)
        self.metered = False
        self.listeners: list[LinkListener] = []
        self.up = [True] * count
        self.edge_up = [True] * (count // 2)
        self.node_up = [True] * wiring.nodes
        self.version = 0
        self.watchers: list[Callable[[], None]] = []
        self.quiet_until_s = 0.0
        self.resters: list[Callable[[float], None]] = []
        self._down = 0  # links that are
        self._trouble = [0] * count  # failures that keep a link down: its edge, its ends
        self._holders = [int(held > 0) for held in wiring.reserved_bps]  # reservations on it
        self._demand_bps = array("d", [0.0] * count)
        # Integrals up to _since_s; the present load has held since.
        self._since_s = array("d", [clock.now] * count)
        self._sent_bytes = array("d", [0.0] * count)
        self._received_bytes = array("d", [0.0] * count)
        self._delay_area = array("d", [0.0] * count)
        for link, held in enumerate(wiring.reserved_bps):
            if held:
                self._change(link)
        low, high = links.background_share
        self._share = (float(low), float(high))
        self._background_s = links.background_period_s
        self._period = 0
        if high > 0:
            self._rng = streams["links/background"]
            self._vary(None)

    # ---- idle time

    def rest(self, until_s: float) -> None:
        """Nobody looks at the network before ``until_s``: what goes on by the clock is left out.

        The background keeps what it has, and its stream goes on as if it had not. Failures happen.
        """
        self._announce()
        self.quiet_until_s = until_s
        for rester in self.resters:
            rester(until_s)

    def turns_to_rest(self, period_s: float) -> int:
        """How many of the next periods that begin now nobody looks at."""
        return max(ceil((self.quiet_until_s - self._clock._now) / period_s), 0)

    @property
    def all_up(self) -> bool:
        """Whether every link is up."""
        return not self._down

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
        self._announce()
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
        self._announce()
        reserved, holders = self.reserved_bps, self._holders
        for link in path:
            if not holders[link]:
                raise ValueError(f"link {link}: nothing is reserved on it")
            holders[link] -= 1
            # What no one holds is exactly nothing, whatever the sums were rounded to.
            rest = reserved[link] - bandwidth_bps if holders[link] else 0.0
            reserved[link] = max(0.0, rest)
            self._change(link)

    # ---- transfers

    def occupy(self, link: int) -> None:
        """A transfer is sent from now on, with all that is left to it."""
        self._announce()
        self.busy[link] = True
        self._change(link)

    def vacate(self, link: int) -> None:
        """Nothing is sent any more."""
        self._announce()
        self.busy[link] = False
        self._change(link)

    def share(self, link: int, bandwidth_bps: float) -> None:
        """Transfers that share take so much of a link from now on."""
        if bandwidth_bps == self.shared_bps[link]:
            return
        self._announce()
        self.shared_bps[link] = bandwidth_bps
        self._change(link)

    # ---- failures

    def fail_edge(self, edge: int) -> None:
        """The cable breaks, both ways. ValueError where it is broken already."""
        if not self.edge_up[edge]:
            raise ValueError(f"edge {edge} is down already")
        self._announce()
        self.edge_up[edge] = False
        self._lower((2 * edge, 2 * edge + 1))

    def repair_edge(self, edge: int) -> None:
        """The cable is whole again. ValueError where it was whole."""
        if self.edge_up[edge]:
            raise ValueError(f"edge {edge} is up already")
        self._announce()
        self.edge_up[edge] = True
        self._raise((2 * edge, 2 * edge + 1))

    def fail_node(self, node: int) -> None:
        """The switch fails, and all its links with it. ValueError where it is down already."""
        if not self.node_up[node]:
            raise ValueError(f"node {node} is down already")
        self._announce()
        self.node_up[node] = False
        self._lower((*self.wiring.leaving[node], *self.wiring.arriving[node]))

    def repair_node(self, node: int) -> None:
        """The switch works again. ValueError where it did."""
        if self.node_up[node]:
            raise ValueError(f"node {node} is up already")
        self._announce()
        self.node_up[node] = True
        self._raise((*self.wiring.leaving[node], *self.wiring.arriving[node]))

    # ---- capacity

    def scale(self, edge: int, factor: float) -> None:
        """An edge has ``factor`` times the capacity that it had, both ways.

        Where less is left than is reserved, the link is overloaded until somebody gives way: it is
        full, and loses the share that is too much.

        Raises:
            ValueError: the factor is not above 0 and finite.
        """
        if not 0.0 < factor < inf:
            raise ValueError(f"factor = {factor}: must be above 0 and finite")
        self._announce()
        self._scaled = True
        for link in (2 * edge, 2 * edge + 1):
            self._settle(link, self._clock._now)
            capacity = self.capacity_bps[link] * factor
            nominal = self.wiring.capacity_bps[link]
            if abs(capacity - nominal) <= 1e-9 * nominal:  # what is undone is undone exactly
                capacity = nominal
            self.capacity_bps[link] = capacity
            self._burst_s[link] = self.wiring.burst_s[link] * nominal / capacity
            if self.up[link]:
                self.ceiling_bps[link] = capacity
            self._change(link)

    def excess_bps(self, link: int) -> float:
        """What is reserved on a link beyond its capacity, bit/s; 0 where it holds."""
        return max(0.0, self.reserved_bps[link] - self.capacity_bps[link])

    # ---- figures up to now

    def counters(self, link: int) -> PortCounters:
        """The port counters of a link, exact integrals of its traffic up to now."""
        self._announce()
        self._settle(link, self._clock._now)
        return PortCounters(self._sent_bytes[link], self._received_bytes[link])

    def tables(self) -> LinkTables:
        """What frames that cross late read and count, see
        :func:`edgesim.twin.sdn.frames.advance`.
        """
        return LinkTables(
            np.frombuffer(self.capacity_bps),
            np.frombuffer(self.load_bps),
            np.frombuffer(self.delay_s),
            np.frombuffer(self.loss),
            np.frombuffer(self._since_s),
            np.frombuffer(self._sent_bytes),
            np.frombuffer(self._received_bytes),
            np.frombuffer(self._delay_area),
        )

    def delay_integral(self, link: int) -> float:
        """Integral of ``delay_s`` over time (s²) up to now: a difference of two over the time
        between them is the mean delay.
        """
        self._announce()
        self._settle(link, self._clock._now)
        return self._delay_area[link]

    # ---- within

    def _announce(self) -> None:
        for watcher in self.watchers:
            watcher()

    def _settle(self, link: int, now: float) -> None:
        """Bring the integrals up to ``now``."""
        elapsed = now - self._since_s[link]
        if elapsed > 0.0:
            self._since_s[link] = now
            sent = self.load_bps[link] * elapsed * 0.125
            self._sent_bytes[link] += sent
            self._received_bytes[link] += sent * (1.0 - self.loss[link])
            self._delay_area[link] += self.delay_s[link] * elapsed

    def _change(self, link: int) -> None:
        """Close the integrals of the old load and begin the new one."""
        self._settle(link, self._clock._now)
        wiring = self.wiring
        if self._trouble[link]:
            self.load_bps[link] = self.available_bps[link] = 0.0
            self.delay_s[link] = wiring.idle_s[link]
            self.loss[link] = 1.0
            self.byte_s[link] = inf
            self.left_bps[link] = 0.0
            return
        capacity = self.capacity_bps[link]
        room = capacity - self.reserved_bps[link]
        if room < 0.0 and not self._scaled:
            raise RuntimeError(f"link {link}: {self.reserved_bps[link]} reserved of {capacity}")
        spare = room - self._demand_bps[link]
        spare = spare if spare > 0.0 else 0.0
        byte_s = 8.0 / spare if spare else inf
        if byte_s != self.byte_s[link]:
            self.byte_s[link] = byte_s
            for listener in self.listeners:
                listener.room_changed((link,))
        if self.busy[link]:
            spare = 0.0
        if spare != self.left_bps[link]:
            self.left_bps[link] = spare
            for listener in self.listeners:
                listener.left_changed((link,))
        shared = self.shared_bps[link]
        if shared:
            spare = max(0.0, spare - shared)
        self.available_bps[link] = spare
        self.load_bps[link] = load = capacity - spare
        stay, self.loss[link] = finite_queue(load / capacity, self.places)
        self.delay_s[link] = wiring.propagation_s[link] + stay * self._burst_s[link]
        if room < 0.0:
            self.loss[link] = 1.0 - (1.0 - self.loss[link]) * capacity / self.reserved_bps[link]

    def _vary(self, _: Any) -> None:
        """Draw what the background wants in the next period, for all links at once."""
        turns = self.turns_to_rest(self._background_s)
        if turns:
            bits: Any = self._rng.bit_generator
            bits.advance(turns * len(self.capacity_bps))  # a uniform number takes one of its steps
            self._period += turns
            self._clock.at(self._period * self._background_s, self._vary)
            return
        self._announce()
        of, capacity = np.frombuffer, np.frombuffer(self.capacity_bps)
        settle_all(self._clock._now, *self.tables()[1:])
        demand = of(self._demand_bps)
        demand[:] = self._rng.uniform(*self._share, len(capacity)) * capacity
        # What _change does, of all links that are up.
        reserved, ceiling = of(self.reserved_bps), of(self.ceiling_bps)
        spare, changed = np.empty(len(demand)), np.empty(len(demand), dtype=np.int64)
        count = make_room(capacity, reserved, demand, ceiling, of(self.byte_s), spare, changed)
        if count:
            for listener in self.listeners:
                listener.room_changed(changed[:count].tolist())
        count = leave(spare, np.array(self.busy), ceiling, of(self.left_bps), changed)
        if count:
            for listener in self.listeners:
                listener.left_changed(changed[:count].tolist())
        load_all(
            spare,
            capacity,
            reserved,
            of(self.shared_bps),
            ceiling,
            self.wiring.propagation_each_s,
            of(self._burst_s),
            self.places,
            of(self.available_bps),
            of(self.load_bps),
            of(self.loss),
            of(self.delay_s),
        )
        self._period += 1
        self._clock.at(self._period * self._background_s, self._vary)

    def _lower(self, links: Sequence[int]) -> None:
        self.version += 1
        failed = [link for link in links if self.up[link]]
        self._down += len(failed)
        for link in links:
            self._trouble[link] += 1
            self.up[link] = False
            self.ceiling_bps[link] = -1.0
            self._change(link)
        for listener in self.listeners:
            for link in failed:
                listener.link_failed(link)

    def _raise(self, links: Sequence[int]) -> None:
        self.version += 1
        for link in links:
            self._trouble[link] -= 1
            if not self._trouble[link]:
                self.up[link] = True
                self._down -= 1
                self.ceiling_bps[link] = self.capacity_bps[link]
                self._change(link)
        for listener in self.listeners:
            listener.repaired()
