"""Messages: every link sends one at a time each way, in their order, store and forward."""

from collections import deque
from collections.abc import Callable, Sequence
from math import inf
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.twin.core.clock import Clock, Moment
from edgesim.twin.network.links import Links
from edgesim.twin.network.message_routes import MessageRoutes

__all__ = ["Message", "Messages"]


class Message:
    """So many bytes on their way.

    Attributes:
        size_bytes: its size, bytes.
        target: where it goes.
        path: the links that it takes, from where it was sent, or last found another way.
        hop: how many of them it has been queued at.
        value: what the caller attached to it.
        account: by link, where its bytes are booked besides, once they have crossed; None: nowhere.
    """

    __slots__ = (
        "account",
        "begun_s",
        "done",
        "hop",
        "left_bytes",
        "moment",
        "path",
        "sent_s",
        "size_bytes",
        "stopped",
        "target",
        "value",
    )

    def __init__(
        self,
        size_bytes: float,
        target: int,
        path: tuple[int, ...],
        done: Callable[[Any], None],
        value: Any,
        stopped: Callable[[Any], None] | None,
    ) -> None:
        self.size_bytes = size_bytes
        self.target = target
        self.path = path
        self.hop = 0
        self.done = done
        self.value = value
        self.stopped = stopped
        self.account: list[float] | None = None
        self.moment: Any = None  # at which it will have crossed the link that it is queued at
        # On the link that it is queued at:
        self.left_bytes = size_bytes  # not sent yet ...
        self.begun_s = 0.0  # ... when its sending began, or goes on
        self.sent_s = 0.0  # when its last byte will have left the node


class Messages:
    """The messages of an episode.

    A node has the whole message before it sends it on; its queues have room for all. A link sends
    with what reservations and background traffic leave of it (:attr:`Links.byte_s`), and goes on
    with what is left of a message when that changes: on a link that nothing else uses a message
    takes exactly its size over the capacity. A hop is one event.

    When a link fails, what it has not sent is sent again from the node that holds it, over the
    shortest way that is up. Where there is none, because the network has fallen apart or a node is
    down, the message waits at its node until something is repaired. What has left its node arrives.

    Args:
        clock: the world's clock.
        links: the links of the episode.
        routes: the ways while everything is up.

    Attributes:
        in_transit: messages on their way.
        delivered: messages that have arrived.
        sent_bytes: what each link has sent of messages that have crossed it, bytes.
        wasted_bytes: what each link had sent of messages when it failed, bytes.
    """

    __slots__ = (
        "_around",
        "_clock",
        "_fixed_s",
        "_free_s",
        "_links",
        "_pace",
        "_queues",
        "_stuck",
        "_version",
        "_waiting",
        "delivered",
        "in_transit",
        "routes",
        "sent_bytes",
        "wasted_bytes",
    )

    def __init__(self, clock: Clock, links: Links, routes: MessageRoutes) -> None:
        count = len(links.wiring.ends)
        self._clock = clock
        self._links = links
        self.routes = routes
        self._fixed_s = links.wiring.fixed_s
        self._pace = list(links.byte_s)  # seconds a byte that the queue of a link is planned with
        self._free_s = [0.0] * count  # when each link has sent all that is queued
        # On each link what waits, is sent, or has been sent and has not arrived.
        self._queues: list[deque[Message]] = [deque() for _ in range(count)]
        self._stuck: set[int] = set()  # busy links that send nothing
        self._waiting: list[tuple[int, Message]] = []  # at nodes that no way leads on from
        self._around: dict[int, dict[int, tuple[int, ...]]] = {}  # ways of _version
        self._version = links.version
        self.in_transit = 0
        self.delivered = 0
        self.sent_bytes = [0.0] * count
        self.wasted_bytes = [0.0] * count
        links.listeners.append(self)

    @property
    def waiting(self) -> int:
        """Messages at nodes that no way leads on from now."""
        return len(self._waiting)

    def backlog(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """When each link will have sent all that now waits there (s), and how much that is.

        Of these messages, one may be sent now; shape (links,) each.
        """
        now = self._clock._now
        waiting = [sum(one.sent_s > now for one in queue) for queue in self._queues]
        return np.array(self._free_s), np.array(waiting, dtype=float)

    def send(
        self,
        size_bytes: float,
        source: int,
        target: int,
        done: Callable[[Any], None],
        value: Any = None,
        stopped: Callable[[Any], None] | None = None,
    ) -> Message:
        """Send a message; ``done(value)`` is called when all of it has arrived at ``target``.

        From a node to itself it takes no time, but still an event: ``done`` is never called from
        within ``send``.

        Args:
            size_bytes: its size, bytes.
            source: the node that has it.
            target: the node that it goes to.
            done: called with ``value`` at its arrival.
            value: handed back.
            stopped: called with ``value`` each time a failure stops it.

        Raises:
            ValueError: ``size_bytes`` is negative, infinite or not a number.
        """
        if not 0.0 <= size_bytes < inf:
            raise ValueError(f"size_bytes = {size_bytes}: must be finite and at least 0")
        self.in_transit += 1
        path = self.routes.paths[source][target]
        message = Message(size_bytes, target, path, done, value, stopped)
        message.moment = Moment(self._go_on, message)
        if not path:
            self._clock.again(message.moment, self._clock._now)
        elif self._links.version:
            self._go_from(source, message)
        else:
            self._go_on(message.moment)
        return message

    def backlog_s(self, source: int, target: int) -> float:
        """Time (s) until the first link from ``source`` to ``target`` has sent all that now waits.

        0 from a node to itself.
        """
        path = self.routes.paths[source][target]
        return max(0.0, self._free_s[path[0]] - self._clock._now) if path else 0.0

    def way_s(self, source: int, target: int) -> tuple[float, float]:
        """What a message would meet on the way, if all stayed as it is now.

        Returns:
            sending a byte over all links, and all that its size does not change: queues,
            propagation and switching; s.
        """
        links, now, free_s = self._links, self._clock._now, self._free_s
        byte_s, fixed_s = 0.0, 0.0
        for link in self.routes.paths[source][target]:
            byte_s += links.byte_s[link]
            fixed_s += self._fixed_s[link] + max(0.0, free_s[link] - now)
        return byte_s, fixed_s

    # ---- what the links tell

    def room_changed(self, links: Sequence[int]) -> None:
        """Some links send at another pace from now on: plan their queues anew."""
        for link in links:
            self._paced(link)

    def _paced(self, link: int) -> None:
        queue = self._queues[link]
        pace = self._pace[link]
        self._pace[link] = now_pace = self._links.byte_s[link]
        if not queue or pace == now_pace:
            return
        clock, fixed_s = self._clock, self._fixed_s[link]
        now = free_s = clock._now
        for message in queue:
            if message.sent_s <= now:
                continue
            if message.begun_s < now and pace < inf:
                left = message.left_bytes - (now - message.begun_s) / pace
                message.left_bytes = left if left > 0.0 else 0.0
            message.moment.cancel()
            message.moment = Moment(self._go_on, message)
            message.begun_s = free_s
            free_s = message.sent_s = self._sent_s(free_s, message.left_bytes, now_pace)
            if free_s < inf:
                clock.again(message.moment, free_s + fixed_s)
        self._free_s[link] = free_s
        if link in self._stuck and free_s < inf:
            self._stuck.discard(link)
            clock.at(free_s, self._look, link)

    def left_changed(self, links: Sequence[int]) -> None:
        """Nothing: messages come before transfers that share."""

    def link_failed(self, link: int) -> None:
        """A link has failed: what it has not sent finds another way."""
        queue = self._queues[link]
        now, pace = self._clock._now, self._pace[link]
        unsent = [message for message in queue if message.sent_s > now]
        for message in unsent:
            queue.remove(message)
            message.moment.cancel()
            message.moment = Moment(self._go_on, message)
            left = message.left_bytes
            if message.begun_s < now and pace < inf:
                left -= (now - message.begun_s) / pace
            self.wasted_bytes[link] += message.size_bytes - left
        self._free_s[link], self._pace[link] = now, inf
        if link in self._stuck:
            self._stuck.discard(link)
            self._links.vacate(link)
        node = self._links.wiring.ends[link][0]
        for message in unsent:
            if message.stopped is not None:
                message.stopped(message.value)
            self._go_from(node, message)

    def repaired(self) -> None:
        """A link or a node works again: what waits looks for a way."""
        waiting, self._waiting = self._waiting, []
        for node, message in waiting:
            self._go_from(node, message)

    # ---- within

    @staticmethod
    def _sent_s(start_s: float, left_bytes: float, pace: float) -> float:
        """When so many bytes have been sent; never where nothing is sent."""
        return start_s + left_bytes * pace if pace < inf else inf

    def _look(self, moment: Moment) -> None:
        """See whether a link has sent all that was queued, and is free for others."""
        link: int = moment._value
        free_s = self._free_s[link]
        if free_s <= self._clock._now:
            self._links.vacate(link)
        elif free_s < inf:
            self._clock.at(free_s, self._look, link)
        else:
            self._stuck.add(link)

    def _go_on(self, moment: Moment) -> None:
        """A message has crossed a link, or sets out: queue it at its next link, or hand it over.

        All in one function: it is called for every hop of every message.
        """
        message: Message = moment._value
        hop, path, links = message.hop, message.path, self._links
        if hop:
            link = path[hop - 1]
            self._queues[link].popleft()
            self.sent_bytes[link] += message.size_bytes
            if message.account is not None:
                message.account[link] += message.size_bytes
        if hop == len(path):
            if links.node_up[message.target]:
                self._deliver(message)
            else:
                self._waits(message.target, message)
            return
        link = path[hop]
        if hop and links.version:
            node = links.wiring.ends[link][0]
            if not self._leads_on(node, message):
                self._waits(node, message)  # a failure ahead, from before it came here
            return
        message.hop = hop + 1
        now, free_s, pace = self._clock._now, self._free_s[link], self._pace[link]
        message.begun_s = start_s = free_s if free_s > now else now
        message.left_bytes = size_bytes = message.size_bytes
        self._queues[link].append(message)
        if pace + start_s == inf:  # one of them is: nothing is sent
            self._free_s[link] = message.sent_s = inf
            return
        self._free_s[link] = message.sent_s = sent_s = start_s + size_bytes * pace
        self._clock.again(moment, sent_s + self._fixed_s[link])
        if links.metered and not links.busy[link]:
            links.occupy(link)
            self._clock.at(sent_s, self._look, link)

    def _deliver(self, message: Message) -> None:
        # The moment holds its message: in a circle both would wait for Python's garbage collector.
        message.moment = None
        self.in_transit -= 1
        self.delivered += 1
        message.done(message.value)

    def _waits(self, node: int, message: Message) -> None:
        """A message on its way has come to a node that no way leads on from."""
        self._waiting.append((node, message))
        if message.stopped is not None:
            message.stopped(message.value)

    def _go_from(self, node: int, message: Message) -> None:
        """Send a message on from a node, or have it wait there."""
        if not self._leads_on(node, message):
            self._waiting.append((node, message))

    def _leads_on(self, node: int, message: Message) -> bool:
        """Send a message on from a node, now that something has failed before; whether it can."""
        links = self._links
        if node == message.target and links.node_up[node]:
            self._deliver(message)
            return True
        if links.node_up[node] and links.node_up[message.target]:
            if self._version != links.version:
                self._version, self._around = links.version, {}
            path: tuple[int, ...] | None
            if all(links.up):
                path = self.routes.paths[node][message.target]
            else:
                if node not in self._around:
                    self._around[node] = self.routes.around(links.up, node)
                path = self._around[node].get(message.target)
            if path:
                message.path, message.hop = path, 0
                self._go_on(message.moment)
                return True
        return False
