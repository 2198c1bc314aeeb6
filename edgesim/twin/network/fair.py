"""Transfers that share the links of their ways fairly, as a fluid, exact in the time of events."""

from array import array
from collections.abc import Callable, Iterable, Sequence
from math import inf
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.twin.core.clock import NORMAL, Clock, Moment
from edgesim.twin.network.fair_ways import FairTransfer, Way, Ways

__all__ = ["FairTransfers"]

_LAST = NORMAL + 1
"""The priority of what happens at an instant after all else."""

_order = attrgetter("_order")


class FairTransfers:
    """The transfers of a network whose links are shared max-min fairly.

    A transfer is a fluid on all links of its path at once. Rates are max-min fair at every instant
    under what each link has left for transfers: none can grow but at the cost of one that is no
    higher (D. Bertsekas and R. Gallager, "Data Networks", 2nd ed., 1992, section 6.5.2). On one
    link that is processor sharing.

    A change costs what it changes, see :mod:`edgesim.twin.network.waterfilling`; transfers that do
    not meet cost one another nothing. All changes of an instant are worked out together: when all
    else of that instant has happened, or as soon as a rate or a load is asked for. Transfers that
    end at one instant leave in order of arrival. Counting anew from zero whenever a path has no
    transfers keeps rounding from growing.

    Args:
        clock: the world's clock.
        room_bps: what each directed link has left for transfers, at least 0; 0 while it is down.
            It is read here; who changes it says so by :meth:`changed`.
        loaded: called with the numbers of the links whose load has changed, whenever rates have
            been worked out; true until they are worked out again.

    Attributes:
        count: transfers that lack bytes.
    """

    __slots__ = (
        "_changed_links",
        "_changed_ways",
        "_clock",
        "_due_s",
        "_loaded",
        "_moment",
        "_moment_s",
        "_order",
        "_waiting",
        "_ways",
        "count",
    )

    def __init__(
        self,
        clock: Clock,
        room_bps: "array[float]",
        loaded: Callable[[npt.NDArray[np.int32]], None] | None = None,
    ) -> None:
        self._clock = clock
        self._ways = Ways(room_bps, clock.now)
        self._loaded = loaded
        self.count = 0
        self._order = 0
        # What has changed since rates were worked out, and whether a moment of now will do so.
        self._changed_ways: list[Way] = []
        self._changed_links: list[int] = []
        self._waiting = False
        self._due_s = inf  # when the next transfer ends if nothing changes
        self._moment = Moment(self._fire, None)  # at _moment_s, never later than _due_s
        self._moment_s = inf  # not in the clock's queue

    # ---- what comes and goes

    def send(
        self,
        size_bytes: float,
        path: Sequence[int],
        done: Callable[[Any], None],
        value: Any = None,
        delay_s: float = 0.0,
    ) -> FairTransfer:
        """Send bytes along a path; ``done(value)`` is called ``delay_s`` after the last is through.

        Without bytes or without links that still takes an event: ``done`` is never called from
        within ``send``.

        Args:
            size_bytes: how many, at least 0.
            path: numbers of the directed links.
            done: what is called.
            value: what it is called with.
            delay_s: propagation along the path, at least 0.

        Raises:
            ValueError: ``size_bytes`` or ``delay_s`` is negative, infinite or not a number, or the
                path crosses a link twice or one that does not exist.
        """
        if not 0.0 <= size_bytes < inf:
            raise ValueError(f"size_bytes = {size_bytes}: must be finite and at least 0")
        links = self._checked(path, delay_s)
        self._order = order = self._order + 1
        transfer = FairTransfer(order, size_bytes, links, done, value, delay_s)
        if size_bytes and links:
            self.count += 1
            self._join(transfer, size_bytes)
        else:
            self._let_through(transfer)
        return transfer

    def cancel(self, transfer: FairTransfer) -> float:
        """Take a transfer away without its call; the bytes that it still lacked.

        Raises:
            ValueError: it is over.
        """
        if transfer._call is not None:
            transfer._call.cancel()
            transfer._call = None
            return 0.0
        lacking = self._leave(transfer)
        self.count -= 1
        return lacking

    def move(
        self, transfer: FairTransfer, path: Sequence[int], delay_s: float | None = None
    ) -> None:
        """Let a transfer go on along another path, with what it lacks and in its old order.

        Args:
            transfer: one that lacks bytes.
            path: as in :meth:`send`; where it is empty the transfer is through.
            delay_s: propagation along it; None: what it was.

        Raises:
            ValueError: the transfer is through or over, or as in :meth:`send`.
        """
        delay_s = transfer.delay_s if delay_s is None else delay_s
        links = self._checked(path, delay_s)
        lacking = self._leave(transfer)
        transfer.path, transfer.delay_s = links, delay_s
        if links:
            self._join(transfer, lacking)
        else:
            self.count -= 1
            self._let_through(transfer)

    def changed(self, links: Iterable[int], *, checked: bool = False) -> None:
        """Say that the room of some links has changed just now.

        Args:
            links: their numbers.
            checked: whether they are known to be there.

        Raises:
            ValueError: there is no such link.
        """
        numbers = list(links)
        if not checked:
            self._ways.check_links(numbers)
        self._changed_links += numbers
        self._wait()

    def alone(self, change: Callable[[Any], None], value: Any) -> None:
        """Make changes by ``change(value)``, and work out the rates right away where nothing else
        happens at this instant: what would be done at its end, without an event for that.
        """
        if self._waiting:
            change(value)
            return
        self._waiting = True
        change(value)
        self._waiting = False
        if self._changed_ways or self._changed_links:
            if self._clock._now < self._clock.free_until_s:
                self.settle()
            else:
                self._wait()

    # ---- what is so now

    @property
    def load_bps(self) -> "array[float]":
        """What the transfers take of each link. Who keeps it sees it change when :meth:`settle`
        has run: at the end of each instant at the latest.
        """
        self.settle()
        return self._ways.load_bps

    def rate_bps(self, transfer: FairTransfer) -> float:
        """The rate of a transfer; 0 where it is through or over."""
        if transfer._way is None:
            return 0.0
        self.settle()
        return self._ways.rate_bps(transfer._way)

    def lacking_bytes(self, transfer: FairTransfer) -> float:
        """Bytes that a transfer still lacks; 0 where it is through or over."""
        way = transfer._way
        if way is None:
            return 0.0
        lacking = transfer._line - self._ways.attained_bytes(way, self._clock._now)
        return lacking if lacking > 0.0 else 0.0

    def carried_bytes(self, link: int) -> float:
        """Bytes that have crossed a link so far."""
        return self._ways.carried_bytes(link, self._clock._now)

    def on(self, link: int) -> list[FairTransfer]:
        """The transfers that lack bytes and cross a link, in order of arrival."""
        found = [transfer for way in self._ways.on(link) for transfer in way.transfers()]
        return sorted(found, key=_order)

    def settle(self) -> None:
        """Work out the rates after all that has changed up to now.

        This happens by itself at the end of an instant, and where a rate or a load is asked for.
        Where more changes come in the same instant rates are the same on paper; their last bits may
        differ from those that are worked out once.
        """
        ways, links = self._changed_ways, self._changed_links
        if not ways and not links:
            return
        self._due_s = self._ways.share(ways, links, self._clock._now)
        ways.clear()
        links.clear()
        self._plan()
        if self._loaded is not None and len(altered := self._ways.altered()):
            self._loaded(altered)

    # ---- within

    def _checked(self, path: Sequence[int], delay_s: float) -> tuple[int, ...]:
        if not 0.0 <= delay_s < inf:
            raise ValueError(f"delay_s = {delay_s}: must be finite and at least 0")
        links = tuple(path)
        self._ways.check(links)
        return links

    def _let_through(self, transfer: FairTransfer) -> None:
        """Call when the last byte, which is through, has arrived."""
        transfer._call = call = Moment(transfer._finish, None)
        self._clock.again(call, self._clock._now + transfer.delay_s)

    def _join(self, transfer: FairTransfer, lacking_bytes: float) -> None:
        now = self._clock._now
        way = self._ways.along(transfer.path, now)
        way.add(transfer, self._ways.attained_bytes(way, now) + lacking_bytes)
        self._touch(way)

    def _leave(self, transfer: FairTransfer) -> float:
        way = transfer._way
        if way is None:
            raise ValueError("the transfer is not on its way: it is through, or was taken away")
        lacking = self.lacking_bytes(transfer)
        way.remove(transfer)
        self._touch(way)
        return lacking

    def _touch(self, way: Way) -> None:
        if not way.changed:
            way.changed = True
            self._changed_ways.append(way)
            self._wait()

    def _wait(self) -> None:
        if not self._waiting:
            self._waiting = True
            self._clock.at(self._clock._now, self._end_instant, None, _LAST)

    def _end_instant(self, _: Moment) -> None:
        self._waiting = False
        self.settle()

    def _plan(self) -> None:
        """See that a moment is pending at or before the end of the next transfer."""
        due = self._due_s
        if due < self._moment_s:
            if self._moment_s < inf:
                self._moment.cancel()
                self._moment = Moment(self._fire, None)
            self._clock.again(self._moment, due)
            self._moment_s = due

    def _fire(self, _: Moment) -> None:
        self._moment_s = inf
        now = self._clock._now
        if self._changed_ways or self._changed_links:
            self.settle()  # plans the next moment, perhaps at once
            return
        if now < self._due_s:
            self._plan()
            return
        self.alone(self._let_go, now)

    def _let_go(self, now: float) -> None:
        """Let those go that end now."""
        ended: list[FairTransfer] = []
        for way, transfers in self._ways.end(now):
            ended += transfers
            self._touch(way)
        self._due_s = inf
        self.count -= len(ended)
        ended.sort(key=_order)
        for transfer in ended:
            transfer._call = Moment(transfer._finish, None)
        for transfer in ended:
            call = transfer._call
            if call is None:
                continue  # taken away by one that ended before it
            if transfer.delay_s:
                self._clock.again(call, now + transfer.delay_s)
            else:
                transfer._finish(call)
