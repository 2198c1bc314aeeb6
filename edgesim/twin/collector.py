"""The LLDP collector: what the controller measures with the frames that discover links."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from edgesim.scenarios.sfc import Collector
from edgesim.twin import southbound
from edgesim.twin.clock import Clock
from edgesim.twin.data_links import DataLinks, PortCounters
from edgesim.twin.link_view import LinkView
from edgesim.twin.port_stats import PortStats
from edgesim.twin.southbound import ControlChannel, SouthboundTally, frame_bytes
from edgesim.twin.streams import Streams

__all__ = ["LLDPCollector"]

_BLOCK = 2048
PIGGYBACK_VALUES = 4
"""Of the measurement TLV: time, bytes and frames sent, frames received."""


def _stream(draw: Callable[[int], Any]) -> Iterator[float]:
    """Random numbers one by one, drawn by the block."""
    while True:
        yield from draw(_BLOCK).tolist()


class _Port:
    """A directed link and the frames that the collector sends over it."""

    __slots__ = (
        "counters",
        "crossed_s",
        "delays_s",
        "far",
        "learn",
        "link",
        "near",
        "sent_s",
        "size_bytes",
    )

    def __init__(
        self,
        link: int,
        near: int,
        far: int,
        size_bytes: int,
        smoothing: int,
        learn: "_Learn",
        sent_s: float,
    ) -> None:
        self.link = link
        self.near = near
        self.far = far
        self.size_bytes = size_bytes
        self.learn = learn
        self.sent_s = sent_s  # when the next frame leaves the controller
        self.crossed_s = 0.0  # when the last frame that came back left its port
        self.counters = PortCounters(0.0, 0.0)  # what it carried
        self.delays_s: deque[float] = deque(maxlen=smoothing)


_Learn = Callable[[_Port, float, float, PortCounters], None]


class LLDPCollector:
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
    (:class:`edgesim.twin.port_stats.PortStats`), with the same period. In mode ``truth`` the view
    is the truth; frames are sent as in ``piggyback``, so that what is counted stays the same.

    A frame is two events, an echo one. Jitter and losses come from the streams
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
        latency_s: measured latency of each switch; its true mean until the first echo.
        sent_frames: frames that switches were given to send.
        lost_frames: those of them that never reached the controller.
    """

    def __init__(
        self,
        clock: Clock,
        collector: Collector,
        links: DataLinks,
        channel: ControlChannel,
        tally: SouthboundTally,
        streams: Streams,
    ) -> None:
        self._clock = clock
        self._links = links
        self._channel_s = channel.delay_s
        self._tally = tally
        self._period_s = collector.period_s
        self._echo_period_s = collector.echo_period_s
        self._noise_s = noise = collector.noise_ms / 1000
        self.view = LinkView(clock, links, truth=collector.mode == "truth")
        self.latency_s: list[float] = [delay + noise for delay in channel.delay_s]
        self.sent_frames = 0
        self.lost_frames = 0
        self._jitter = _stream(self._exponential(streams, "collector/jitter"))
        self._echo_jitter = _stream(self._exponential(streams, "collector/echo"))
        self._uniform = _stream(streams["collector/loss"].random)

        if collector.mode == "separate":
            self._start(frame_bytes(0), collector.smoothing, self._ignore)
            self._start(frame_bytes(1), collector.smoothing, self._time)
            jitter = _stream(self._exponential(streams, "collector/stats"))
            PortStats(clock, links, channel, tally, self.view, collector.period_s, jitter)
        else:
            learn = self._learn if collector.mode == "piggyback" else self._ignore
            self._start(frame_bytes(PIGGYBACK_VALUES), collector.smoothing, learn)
        switches = links.wiring.nodes
        for node in range(switches):
            self._echo(node, node / switches * self._echo_period_s)

    def _exponential(self, streams: Streams, name: str) -> Callable[[int], Any]:
        rng = streams[name]
        noise = self._noise_s
        return lambda count: rng.exponential(noise, count) if noise else np.zeros(count)

    def _start(self, size_bytes: int, smoothing: int, learn: "_Learn") -> None:
        """Put the first frame of every port on its way, spread over the period."""
        ends = self._links.wiring.ends
        for link, (near, far) in enumerate(ends):
            sent_s = link / len(ends) * self._period_s
            port = _Port(link, near, far, size_bytes, smoothing, learn, sent_s)
            entered_s = sent_s + self._channel_s[near] + next(self._jitter)
            self._clock.at(entered_s, self._cross, port)

    def _cross(self, moment: Any) -> None:
        """A frame leaves its port; the next one is put on its way.

        All that is random in its way is drawn here: frames leave in an order that only the control
        channel makes.
        """
        port: _Port = moment.value
        clock, links, jitter = self._clock, self._links, self._jitter
        now = clock._now
        link, near, sent_s = port.link, port.near, port.sent_s
        port.sent_s = following = sent_s + self._period_s
        entered_s = following + self._channel_s[near] + next(jitter)
        clock.at(entered_s if entered_s > now else now, self._cross, port)
        back_s = now + self._channel_s[port.far] + next(jitter)
        fate = next(self._uniform)
        if not links.node_up[near]:
            return  # the switch is not connected to the controller
        tally = self._tally
        tally.messages["packet_out"] += 1
        tally.message_bytes["packet_out"] += southbound.PACKET_OUT + port.size_bytes
        self.sent_frames += 1
        if fate < links.loss[link]:
            self.lost_frames += 1
            return
        carried = (port, sent_s, now, links.counters(link))
        clock.at(back_s + links.delay_s[link], self._packet_in, carried)

    def _packet_in(self, moment: Any) -> None:
        """The switch at the far end has handed the frame to the controller."""
        port: _Port
        port, sent_s, crossed_s, counters = moment.value
        if not self._links.node_up[port.far]:
            self.lost_frames += 1
            return
        tally = self._tally
        tally.messages["packet_in"] += 1
        tally.message_bytes["packet_in"] += southbound.PACKET_IN + port.size_bytes
        port.learn(port, sent_s, crossed_s, counters)

    def _ignore(self, port: _Port, sent_s: float, crossed_s: float, counters: PortCounters) -> None:
        """The link is there: all that bare discovery says."""

    def _time(self, port: _Port, sent_s: float, crossed_s: float, counters: PortCounters) -> None:
        """Take the link's delay from the frame's times."""
        delay_s = self._clock._now - sent_s - self.latency_s[port.near] - self.latency_s[port.far]
        delays_s = port.delays_s
        delays_s.append(delay_s if delay_s > 0.0 else 0.0)
        self.view.delay_s[port.link] = sum(delays_s) / len(delays_s)
        self.view.measured_s[port.link] = crossed_s

    def _learn(self, port: _Port, sent_s: float, crossed_s: float, counters: PortCounters) -> None:
        """Take the delay, and from the counters in the TLV what happened since the last frame."""
        elapsed_s = crossed_s - port.crossed_s
        if elapsed_s <= 0.0:
            return  # an older frame that a later one has overtaken in the control channel
        self._time(port, sent_s, crossed_s, counters)
        sent, received = counters
        sent_before, received_before = port.counters
        port.crossed_s, port.counters = crossed_s, counters
        sent -= sent_before
        view, link = self.view, port.link
        spare_bps = self._links.wiring.capacity_bps[link] - 8.0 * sent / elapsed_s
        view.available_bps[link] = spare_bps if spare_bps > 0.0 else 0.0
        loss = 1.0 - (received - received_before) / sent if sent > 0.0 else 0.0
        view.loss[link] = loss if loss > 0.0 else 0.0

    def _echo(self, node: int, sent_s: float) -> None:
        """Send an echo request at ``sent_s``; its reply is the event."""
        jitter = self._echo_jitter
        round_s = 2 * self._channel_s[node] + next(jitter) + next(jitter)
        due_s = max(sent_s + round_s, self._clock.now)
        self._clock.at(due_s, self._echoed, (node, sent_s, round_s))

    def _echoed(self, moment: Any) -> None:
        node, sent_s, round_s = moment.value
        if self._links.node_up[node]:
            self._tally.add("echo_request", southbound.ECHO)
            self._tally.add("echo_reply", southbound.ECHO)
            self.latency_s[node] = round_s / 2
        self._echo(node, sent_s + self._echo_period_s)
