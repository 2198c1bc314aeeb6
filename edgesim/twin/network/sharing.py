"""Transfers that share links fairly, on links that are reserved, loaded, and fail."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.twin.core.clock import Clock
from edgesim.twin.core.forking import Rebuilt
from edgesim.twin.network.fair import FairTransfers
from edgesim.twin.network.fair_ways import FairTransfer
from edgesim.twin.network.links import Links
from edgesim.twin.network.message_routes import MessageRoutes
from edgesim.twin.network.shares import share_all, share_tables

__all__ = ["SharingTransfers"]


class _Order:
    """Where a transfer goes, and who is told."""

    __slots__ = ("done", "links", "number", "source", "stopped", "target", "value")

    def __init__(
        self,
        number: int,
        source: int,
        target: int,
        done: Callable[[Any], None],
        value: Any,
        stopped: Callable[[Any], None] | None,
        links: tuple[int, ...] | None = None,
    ) -> None:
        self.number = number
        self.source, self.target = source, target
        self.done, self.value, self.stopped = done, value, stopped
        self.links = links  # of one that crosses these and no others


class SharingTransfers(Rebuilt):
    """Max-min fair transfers between nodes, see :class:`FairTransfers`.

    They share what reservations, background traffic and messages leave of each link
    (:attr:`Links.left_bps`). When a link fails, a transfer goes on with what it lacks over the
    shortest way that is up, from its source; where there is none it waits for a repair.

    Args:
        clock: the world's clock.
        links: the links of the episode.
        routes: the ways while everything is up.

    Attributes:
        fair: the transfers on their links.
        waiting: transfers that no way leads on, and what each lacks, bytes.
    """

    views = ("_tables",)

    def __init__(self, clock: Clock, links: Links, routes: MessageRoutes) -> None:
        self._clock, self._links, self._routes = clock, links, routes
        self.fair = FairTransfers(clock, links.left_bps, self._loaded)
        self._running: dict[int, FairTransfer] = {}
        self._orders = 0
        # Ways since the last failure or repair, and what they take besides sending, s.
        self._version = links.version
        self._known: dict[tuple[int, int], tuple[tuple[int, ...], float]] = {}
        self.waiting: list[tuple[_Order, float]] = []
        links.metered = True
        links.listeners.append(self)
        self.look()

    def look(self) -> None:
        """Have the figures of the links at hand as arrays."""
        self._tables = share_tables(self._links)

    def send(
        self,
        size_bytes: float,
        source: int,
        target: int,
        done: Callable[[Any], None],
        value: Any = None,
        stopped: Callable[[Any], None] | None = None,
    ) -> int:
        """Send bytes, otherwise as :meth:`edgesim.twin.network.messages.Messages.send`.

        Returns:
            the number by which :meth:`cancel` knows the transfer.
        """
        self._orders = number = self._orders + 1
        self._start(_Order(number, source, target, done, value, stopped), size_bytes)
        return number

    def along(
        self,
        size_bytes: float,
        links: Sequence[int],
        done: Callable[[Any], None],
        value: Any = None,
        stopped: Callable[[Any], None] | None = None,
    ) -> int:
        """Send bytes over all these links at once, as one rate: the hops of a ring in lockstep.

        When one of the links fails the transfer is taken away after ``stopped(value)``: whoever
        sent it knows the way on. Otherwise as :meth:`send`, without propagation.
        """
        self._orders = number = self._orders + 1
        order = _Order(number, -1, -1, done, value, stopped, tuple(links))
        self._running[number] = self.fair.send(size_bytes, links, self._through, order)
        return number

    def alone(self, change: Callable[[Any], None], value: Any) -> None:
        """See :meth:`FairTransfers.alone`."""
        self.fair.alone(change, value)

    def cancel(self, number: int) -> float:
        """Take a transfer away without its call; the bytes that it still lacked.

        0 where all are through, or the transfer is not there.
        """
        transfer = self._running.pop(number, None)
        if transfer is not None:
            return self.fair.cancel(transfer)
        for place, (order, lacking_bytes) in enumerate(self.waiting):
            if order.number == number:
                del self.waiting[place]
                return lacking_bytes
        return 0.0

    def lacking_bytes(self, number: int) -> float:
        """What a transfer still lacks, bytes; 0 where it is not there."""
        transfer = self._running.get(number)
        if transfer is not None:
            return self.fair.lacking_bytes(transfer)
        return next((size for order, size in self.waiting if order.number == number), 0.0)

    def _start(self, order: _Order, size_bytes: float) -> None:
        version, key = self._links.version, (order.source, order.target)
        if version != self._version:
            self._version = version
            self._known.clear()
        found = self._known.get(key)
        if found is None:
            path = self._path(order)
            if path is None:
                self.waiting.append((order, size_bytes))
                return
            found = self._known[key] = path, self._fixed_s(path)
        path, fixed_s = found
        self._running[order.number] = self.fair.send(
            size_bytes, path, self._through, order, fixed_s
        )

    def _through(self, order: _Order) -> None:
        del self._running[order.number]
        order.done(order.value)

    def _path(self, order: _Order) -> tuple[int, ...] | None:
        if order.links is not None:
            return None
        links, source, target = self._links, order.source, order.target
        if not (links.node_up[source] and links.node_up[target]):
            return None
        if links.all_up:
            return self._routes.paths[source][target]
        return self._routes.around(links.up, source).get(target)

    def _fixed_s(self, path: tuple[int, ...]) -> float:
        fixed_s = self._links.wiring.fixed_s
        return sum([fixed_s[link] for link in path])

    def _loaded(self, numbers: npt.NDArray[np.int32]) -> None:
        links = self._links
        if links.metered:
            numbers = numbers.copy()  # watchers may send
        for watcher in links.watchers:
            watcher()
        if not links.metered:
            return
        load_bps = np.frombuffer(self.fair.load_bps)
        share_all(numbers, load_bps, self._clock.now, links.places, *self._tables)

    # ---- what the links tell

    def room_changed(self, links: Sequence[int]) -> None:
        """Nothing: :meth:`left_changed` follows."""

    def left_changed(self, links: Sequence[int]) -> None:
        """Some links have more or less left."""
        self.fair.changed(links, checked=True)

    def link_failed(self, link: int) -> None:
        """A link is down: what crosses it goes another way, or waits."""
        self.fair.changed([link])
        for transfer in self.fair.on(link):
            order = transfer.value
            if order.number not in self._running:  # one that was told before took it away
                continue
            if order.stopped is not None:
                order.stopped(order.value)
                if order.number not in self._running:
                    continue
            path = self._path(order)
            if path:
                self.fair.move(transfer, path, self._fixed_s(path))
                continue
            del self._running[order.number]
            lacking_bytes = self.fair.cancel(transfer)
            if order.links is None:
                self.waiting.append((order, lacking_bytes))

    def repaired(self) -> None:
        """A link or a node works again: what waits looks for a way."""
        waiting, self.waiting = self.waiting, []
        for order, size_bytes in waiting:
            self._start(order, size_bytes)
