"""The LLDP collector: what the controller measures with the frames that discover links."""

import numpy as np
import numpy.typing as npt

from edgesim.scenarios.parts.sdn import Collector
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.forking import Rebuilt
from edgesim.twin.core.streams import Streams
from edgesim.twin.network.links import Links
from edgesim.twin.sdn import southbound
from edgesim.twin.sdn.frames import (
    ARRIVED,
    CROSSING,
    ECHO,
    HEARD,
    LOST,
    SENT,
    Kept,
    Lines,
    advance,
)
from edgesim.twin.sdn.link_view import LinkView
from edgesim.twin.sdn.port_stats import PortStats
from edgesim.twin.sdn.southbound import ControlChannel, SouthboundTally, frame_bytes
from edgesim.twin.sdn.timetable import Crossings, Echoes, Jitter

__all__ = ["LLDPCollector"]

FloatArray = npt.NDArray[np.float64]

PIGGYBACK_VALUES = 4
"""Of the measurement TLV: time, bytes and frames sent, frames received."""


class LLDPCollector(Rebuilt):
    """Discovery frames of an episode, and what the controller learns from them.

    Each ``period_s`` the controller sends every port of every switch an LLDP frame (packet-out).
    The frame leaves the port, crosses the link with the data, waiting as they wait and lost as they
    are lost, and the switch at the far end hands it to the controller (packet-in). Phases of the
    ports are spread evenly over the period. A message on the control channel takes the channel's
    delay and an exponential jitter of mean ``noise_ms``. Every ``echo_period_s`` the controller
    sends each switch an echo request; half the round trip is the latency of the switch. A link's
    delay is, as Floodlight has it,

        t_received - t_sent - L_source - L_target,

    negative results read as 0, and the mean of the last ``smoothing`` of them.

    Available bandwidth is capacity - 8 Δbytes / Δt, and loss 1 - Δreceived / Δsent, from counters
    of the two ports between two frames. In mode ``piggyback`` the near port writes its counters and
    the time into a TLV as the frame leaves, the far port its own as it arrives. Frames do not
    overtake the data, so that what has then been received is what was sent before the frame and
    not lost. No message is added. In mode ``separate`` discovery frames measure nothing: every
    link gets a probe frame besides, and every switch a port-stats request
    (:class:`edgesim.twin.sdn.port_stats.PortStats`), with the same period. In mode ``truth`` the
    view is the truth; frames are sent as in ``piggyback``, so that what is counted stays the same.

    Frames and echoes change nothing but what is known of the network, so that the clock need not
    stop for each. All that were due are worked out, one by one and in their order
    (:func:`edgesim.twin.sdn.frames.advance`), as soon as anything looks at what they have found,
    and before any link changes: each meets the network as it is when it crosses. When they cross
    (:mod:`edgesim.twin.sdn.timetable`) and how they fare comes from the streams
    ``collector/jitter``, ``collector/loss``, ``collector/echo`` and ``collector/stats`` in an order
    that the data traffic cannot change. Frames and echoes are too few to count as traffic of the
    links.

    Args:
        clock: the world's clock.
        collector: the scenario's collector.
        links: the links of the episode.
        channel: delays of the control channel.
        tally: counts the messages.
        streams: the episode's streams.

    Attributes:
        view: what the controller believes.
    """

    views = ("_tables",)

    def __init__(
        self,
        clock: Clock,
        collector: Collector,
        links: Links,
        channel: ControlChannel,
        tally: SouthboundTally,
        streams: Streams,
    ) -> None:
        self._clock = clock
        self._links = links
        self._tally = tally
        self._until_s = -1.0  # what was due up to then is worked out
        self._tallied = np.zeros(3, dtype=np.int64)  # what the tally has: sent, arrived, heard
        self._truth = collector.mode == "truth"
        self.view = LinkView(clock, links, self.update, truth=collector.mode == "truth")

        # With probes of their own every port has two lines of frames, otherwise one. A frame with
        # the time alone is padded to the length of a bare one.
        separate = collector.mode == "separate"
        ends = np.array(links.wiring.ends)
        ports, nodes = len(ends), links.wiring.nodes
        near, far = np.ascontiguousarray(np.tile(ends.T, 2 if separate else 1))
        self._size_bytes = frame_bytes(PIGGYBACK_VALUES if not separate else 1)
        # Bare discovery frames measure nothing, and where the truth is known none does.
        first_probe = {"piggyback": 0, "separate": ports, "truth": len(near)}[collector.mode]

        noise_s = collector.noise_ms / 1000
        channel_s = np.array(channel.delay_s)
        self._crossings = Crossings(
            np.resize(np.arange(ports) / ports * collector.period_s, len(near)),
            collector.period_s,
            channel_s[near],
            channel_s[far],
            Jitter(streams["collector/jitter"], noise_s),
            streams["collector/loss"].random,
        )
        self._echoes = Echoes(
            np.arange(nodes) / nodes * collector.echo_period_s,
            collector.echo_period_s,
            channel_s,
            Jitter(streams["collector/echo"], noise_s),
        )
        self._next_crossings, self._next_echoes = next(self._crossings), next(self._echoes)
        self._counters = np.zeros(8, dtype=np.int64)
        self._before: tuple[list[npt.NDArray[np.float64]], int, int] | None = None  # in an outage
        self._flying = np.zeros((16, 6))
        self._version = links.version
        self._lines = Lines(near, far, first_probe, collector.mode == "piggyback")
        self._kept = Kept(
            node_up=np.ones(nodes, dtype=bool),
            latency_s=channel_s + collector.noise_ms / 1000,
            last=np.zeros((ports, 3)),
            delays_s=np.zeros((ports, 1 + collector.smoothing)),
            measured=np.zeros((ports, 2)),
        )
        self.look()
        self._periods_s = (collector.period_s, collector.echo_period_s)
        links.watchers.append(self.update)
        links.resters.append(self._rest)
        tally.watchers.append(self._report)
        if separate:
            draw = Jitter(streams["collector/stats"], noise_s)
            PortStats(clock, links, channel, tally, self.view, collector.period_s, draw)

    def look(self) -> None:
        """Have all that frames read and write at hand."""
        self._tables = (self._lines, self._links.tables(), self._kept, self.view.tables())

    @property
    def latency_s(self) -> list[float]:
        """Measured latency (s) of each switch; its true mean until the first echo."""
        self.update()
        latency_s: list[float] = self._kept.latency_s.tolist()
        return latency_s

    def measured(self) -> FloatArray:
        """Delays of each link that have been measured so far: how many, and their sum (s).

        Each counts once, before any smoothing. A difference of two such tables gives the mean of
        what was measured between them, to be held beside that of
        :meth:`edgesim.twin.network.links.Links.delay_integral`; shape (links, 2).
        """
        self.update()
        return self._kept.measured.copy()

    @property
    def sent_frames(self) -> int:
        """Frames that switches were given to send."""
        self.update()
        return int(self._counters[SENT])

    @property
    def lost_frames(self) -> int:
        """Those of the sent frames that never reached the controller."""
        self.update()
        in_outage = 0 if self._before is None else self._counters[ARRIVED] - self._before[1]
        return int(self._counters[LOST] + in_outage)

    def update(self) -> None:
        """Work out all frames and echoes that were due up to now.

        No link and no switch has changed since the last time.
        """
        now = self._clock._now
        if now <= self._until_s:
            if self._before is not None:
                self._forget()  # port statistics are written as they come
            return
        self._until_s = now
        if self._version != self._links.version:
            self._version = self._links.version
            self._kept.node_up[:] = self._links.node_up
        counters = self._counters
        while not advance(
            now, counters, self._flying, self._next_crossings, self._next_echoes, *self._tables
        ):
            self._turn_over()
        if self._before is not None:
            self._forget()

    def _rest(self, until_s: float) -> None:
        """Leave out the frames and echoes of whole periods until then, but count their messages.

        Of those left out as many are lost as are to be expected on the links as they are now.
        """
        counters, links, now = self._counters, self._links, self._clock._now
        turns, echoes = (int((until_s - now) / period_s) for period_s in self._periods_s)
        by_s = turns * self._periods_s[0]
        for times_s in (self._next_crossings.crossed_s, self._next_crossings.sent_s):
            times_s[counters[CROSSING] :] += by_s
        self._next_crossings.back_s[counters[CROSSING] :] += by_s
        self._crossings.shift(by_s)
        self._next_echoes.heard_s[counters[ECHO] :] += echoes * self._periods_s[1]
        self._echoes.shift(echoes * self._periods_s[1])
        up, near, far = np.array(links.node_up), self._lines.near, self._lines.far
        loss = np.where(up[far], np.resize(np.frombuffer(links.loss), len(near)), 1.0)
        sent, lost = turns * int(up[near].sum()), round(turns * float(loss[up[near]].sum()))
        counters[SENT] += sent
        counters[LOST] += lost
        counters[ARRIVED] += sent - lost
        counters[HEARD] += echoes * int(up.sum())

    def fail(self) -> None:
        """What frames and echoes bring is lost from now on: the controller knows what it knew."""
        self.update()
        counters = self._counters
        self._before = (
            [table.copy() for table in self._known()],
            int(counters[ARRIVED]),
            int(counters[HEARD]),
        )

    def repair(self) -> None:
        """The controller hears again. Frames of the outage count as lost."""
        self.update()
        assert self._before is not None
        self._forget()
        _, arrived, heard = self._before
        counters = self._counters
        counters[LOST] += counters[ARRIVED] - arrived
        counters[ARRIVED], counters[HEARD] = arrived, heard
        self._before = None

    def _known(self) -> list[npt.NDArray[np.float64]]:
        """All that the controller keeps of what came."""
        kept = self._kept
        view = () if self._truth else self.view.tables()
        return [kept.latency_s, kept.last, kept.delays_s, kept.measured, *view]

    def _forget(self) -> None:
        """Put back what was known when the outage began."""
        assert self._before is not None
        for table, before in zip(self._known(), self._before[0], strict=True):
            table[:] = before

    def _report(self) -> None:
        """Tell the tally what has been sent."""
        self.update()
        counts = self._counters[[SENT, ARRIVED, HEARD]]
        if self._before is not None:
            counts[1:] = self._before[1:]
        sent, arrived, heard = (counts - self._tallied).tolist()
        self._tallied = counts
        tally = self._tally
        tally.add("packet_out", southbound.PACKET_OUT + self._size_bytes, sent)
        tally.add("packet_in", southbound.PACKET_IN + self._size_bytes, arrived)
        tally.add("echo_request", southbound.ECHO, heard)
        tally.add("echo_reply", southbound.ECHO, heard)

    def _turn_over(self) -> None:
        """A table of frames or echoes has come to its end: the next ones, or more room."""
        counters = self._counters
        if counters[CROSSING] == len(self._next_crossings.crossed_s):
            self._next_crossings, counters[CROSSING] = next(self._crossings), 0
        elif counters[ECHO] == len(self._next_echoes.heard_s):
            self._next_echoes, counters[ECHO] = next(self._echoes), 0
        else:
            self._flying = np.concatenate([self._flying, np.zeros_like(self._flying)])
