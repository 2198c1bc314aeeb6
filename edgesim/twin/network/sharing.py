"""Transfers that share links fairly, on links that are reserved, loaded, and fail."""

from collections.abc import Callable
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

    __slots__ = ("done", "source", "stopped", "target", "value")

    def __init__(
        self,
        source: int,
        target: int,
        done: Callable[[Any], None],
        value: Any,
        stopped: Callable[[Any], None] | None,
    ) -> None:
        self.source, self.target = source, target
        self.done, self.value, self.stopped = done, value, stopped


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
    ) -> None:
        """Send bytes, otherwise as :meth:`edgesim.twin.network.messages.Messages.send`."""
        self._start(_Order(source, target, done, value, stopped), size_bytes)

    def _start(self, order: _Order, size_bytes: float) -> None:
        path = self._path(order)
        if path is None:
            self.waiting.append((order, size_bytes))
            return
        self._orders = number = self._orders + 1
        self._running[number] = self.fair.send(
            size_bytes, path, self._through, (number, order), self._fixed_s(path)
        )

    def _through(self, value: tuple[int, _Order]) -> None:
        number, order = value
        del self._running[number]
        order.done(order.value)

    def _path(self, order: _Order) -> tuple[int, ...] | None:
        links, source, target = self._links, order.source, order.target
        if not (links.node_up[source] and links.node_up[target]):
            return None
        if not links.version or all(links.up):
            return self._routes.paths[source][target]
        return self._routes.around(links.up, source).get(target)

    def _fixed_s(self, path: tuple[int, ...]) -> float:
        return sum(self._links.wiring.fixed_s[link] for link in path)

    def _loaded(self, numbers: npt.NDArray[np.int32]) -> None:
        links = self._links
        for watcher in links.watchers:
            watcher()
        load_bps = np.frombuffer(self.fair.load_bps)
        share_all(numbers, load_bps, self._clock.now, links.places, *self._tables)

    # ---- what the links tell

    def room_changed(self, link: int) -> None:
        """Nothing: :meth:`left_changed` follows."""

    def left_changed(self, link: int) -> None:
        """A link has more or less left."""
        self.fair.changed([link])

    def link_failed(self, link: int) -> None:
        """A link is down: what crosses it goes another way, or waits."""
        self.fair.changed([link])
        for transfer in self.fair.on(link):
            number, order = transfer.value
            if order.stopped is not None:
                order.stopped(order.value)
            path = self._path(order)
            if path:
                self.fair.move(transfer, path, self._fixed_s(path))
            else:
                del self._running[number]
                self.waiting.append((order, self.fair.cancel(transfer)))

    def repaired(self) -> None:
        """A link or a node works again: what waits looks for a way."""
        waiting, self.waiting = self.waiting, []
        for order, size_bytes in waiting:
            self._start(order, size_bytes)
