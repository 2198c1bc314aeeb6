"""Port statistics by own requests: for a controller whose frames carry no counters."""

from math import ceil
from typing import Any

from edgesim.twin.core.clock import Clock
from edgesim.twin.network.links import Links
from edgesim.twin.sdn import southbound
from edgesim.twin.sdn.link_view import LinkView
from edgesim.twin.sdn.southbound import ControlChannel, SouthboundTally
from edgesim.twin.sdn.timetable import Draw

__all__ = ["PortStats"]


class _Count:
    """A counter of one port, as of the last reply."""

    __slots__ = ("delta", "read_s", "turn", "turn_before", "value")

    def __init__(self) -> None:
        self.turn = 0
        self.turn_before = -1
        self.read_s = 0.0
        self.value = 0.0
        self.delta = 0.0  # since turn_before

    def take(self, turn: int, read_s: float, value: float) -> float:
        """A later reading; the time since the one before it."""
        elapsed_s = read_s - self.read_s
        self.turn_before, self.turn = self.turn, turn
        self.delta = value - self.value
        self.read_s, self.value = read_s, value
        return elapsed_s


class PortStats:
    """Every ``period_s`` the controller asks all switches for the counters of all their ports.

    A switch that gets the request (multipart, OFPMP_PORT_STATS for any port) reads its counters and
    replies. From two replies of the near switch follows a link's available bandwidth; loss needs
    the far switch's too, of the same two turns. The two switches read their counters a little
    apart, which the loss shows as noise.

    It writes into ``view`` available bandwidth and loss; the age there is that of the delay.
    """

    def __init__(
        self,
        clock: Clock,
        links: Links,
        channel: ControlChannel,
        tally: SouthboundTally,
        view: LinkView,
        period_s: float,
        jitter_s: Draw,
    ) -> None:
        self._clock = clock
        self._links = links
        self._channel_s = channel.delay_s
        self._tally = tally
        self._view = view
        self._period_s = period_s
        self._jitter_s = jitter_s
        count = len(links.wiring.ends)
        self._near = [_Count() for _ in range(count)]
        self._far = [_Count() for _ in range(count)]
        for node in range(links.wiring.nodes):
            self._ask(node, 1)

    def _ask(self, node: int, turn: int) -> None:
        arrival_s = turn * self._period_s + self._channel_s[node] + float(self._jitter_s(1)[0])
        self._clock.at(max(arrival_s, self._clock.now), self._read, (node, turn))

    def _read(self, moment: Any) -> None:
        """A switch reads its counters."""
        node, turn = moment.value
        quiet = ceil(self._links.quiet_until_s / self._period_s)
        if quiet > turn:  # nobody looks at what would be read before
            self._count_messages(node, quiet - turn)
            self._ask(node, quiet)
            return
        back_s = self._clock.now + self._channel_s[node] + float(self._jitter_s(1)[0])
        self._ask(node, turn + 1)
        links, wiring = self._links, self._links.wiring
        if not links.node_up[node]:
            return
        sent = [links.counters(link).sent_bytes for link in wiring.leaving[node]]
        received = [links.counters(link).received_bytes for link in wiring.arriving[node]]
        self._count_messages(node, 1)
        reply = (node, turn, self._clock.now, sent, received)
        self._clock.at(back_s, self._reply, reply)

    def _count_messages(self, node: int, turns: int) -> None:
        if self._links.node_up[node]:
            ports = len(self._links.wiring.leaving[node])
            size = southbound.PORT_STATS_REPLY + ports * southbound.PORT_STATS
            self._tally.add("port_stats_request", southbound.PORT_STATS_REQUEST, turns)
            self._tally.add("port_stats_reply", size, turns)

    def _reply(self, moment: Any) -> None:
        node, turn, read_s, sent, received = moment.value
        wiring, view = self._links.wiring, self._view
        for link, value in zip(wiring.leaving[node], sent, strict=True):
            count = self._near[link]
            elapsed_s = count.take(turn, read_s, value)
            if elapsed_s > 0.0:
                spare_bps = self._links.capacity_bps[link] - 8.0 * count.delta / elapsed_s
                view.see_available(link, spare_bps)
            self._compare(link)
        for link, value in zip(wiring.arriving[node], received, strict=True):
            self._far[link].take(turn, read_s, value)
            self._compare(link)

    def _compare(self, link: int) -> None:
        near, far = self._near[link], self._far[link]
        if (near.turn_before, near.turn) == (far.turn_before, far.turn) and near.delta > 0.0:
            self._view.see_loss(link, 1.0 - far.delta / near.delta)
