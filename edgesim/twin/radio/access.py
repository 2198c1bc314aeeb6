"""The air between users and sites: uploads and downloads, measurements and handovers."""

from collections import deque
from collections.abc import Callable
from math import inf
from typing import Any

from edgesim.scenarios.parts.radio import Radio
from edgesim.twin.core.clock import Clock, Moment
from edgesim.twin.core.forking import Shared
from edgesim.twin.core.sharing import Job
from edgesim.twin.radio.band import Band, Transfer
from edgesim.twin.radio.radio_map import RadioMap

__all__ = ["RadioAccess", "RadioMap"]


class _Cells(Shared):
    """The strongest site of each pixel while some are down."""

    __slots__ = ("serving",)

    def __init__(self, radio_map: RadioMap, down: set[int]) -> None:
        gain = radio_map.gain.copy()
        gain[:, sorted(down)] = 0.0
        self.serving: list[int] = gain.argmax(axis=1).tolist()


class RadioAccess:
    """The air of an episode: uploads and downloads on the bands of all sites.

    A transfer starts at the strongest site of its user's pixel, at the efficiency found there then.
    Every ``measurement_period_s`` an active one measures again, where its user then is: where some
    site's gain passes the serving one's by ``handover_margin_db``, the bits that are left move to
    the strongest site (a handover, without an interruption); else they go on at the new efficiency.
    In between, efficiencies hold, and only the sharing changes.

    Args:
        clock: the world's clock.
        radio: the air interface.
        radio_map: the gains, of the same ``radio``.

    Attributes:
        uplink: the bands of the uploads.
        downlink: the bands of the downloads.
        in_transfer: transfers on the air.
        handovers: handovers so far.
        ended: of each transfer that has ended when, at which site, and how long it took, s; kept
            where somebody sets a list.
    """

    __slots__ = (
        "_bandwidth_hz",
        "_cells",
        "_clock",
        "_down",
        "_margin",
        "_moment",
        "_period_s",
        "_turns",
        "downlink",
        "ended",
        "handovers",
        "in_transfer",
        "radio_map",
        "uplink",
    )

    def __init__(self, clock: Clock, radio: Radio, radio_map: RadioMap) -> None:
        self._clock = clock
        self._bandwidth_hz = radio.bandwidth_hz
        self._period_s = radio.measurement_period_s
        self._margin = 10 ** (radio.handover_margin_db / 10)
        # All wait the same period: who measures next is who measured longest ago, so one pending
        # moment serves everyone, and a transfer that ends before its turn costs no event.
        self._turns: deque[tuple[float, Transfer]] = deque()
        self._moment: Moment | None = None
        self.radio_map = radio_map
        self._cells: RadioMap | _Cells = radio_map
        self._down: set[int] = set()
        self.uplink = Band(clock, radio, radio_map, up=True)
        self.downlink = Band(clock, radio, radio_map, up=False)
        self.in_transfer = 0
        self.handovers = 0
        self.ended: list[tuple[float, int, float]] | None = None

    def upload(
        self,
        position: Callable[[float], tuple[float, float]],
        size_bytes: float,
        fading: float,
        done: Callable[[int, Any], None],
        value: Any = None,
        pixel: int | None = None,
    ) -> Transfer:
        """Send ``size_bytes`` from a user to the network.

        Args:
            position: where the user is at a time (s): (x, y) in m.
            size_bytes: bytes, 0 or more.
            fading: factor on the received power, for the whole transfer; 1 is none.
            done: called as ``done(site, value)`` when the last bit is through, with the site that
                served it; never from within.
            value: handed back to ``done``.
            pixel: where the user is now on the radio map, where the caller has looked already.

        Raises:
            ValueError: ``size_bytes`` is negative, infinite or not a number, or ``fading`` is not
                above 0.
        """
        return self._start(self.uplink, position, size_bytes, fading, done, value, pixel)

    def download(
        self,
        position: Callable[[float], tuple[float, float]],
        size_bytes: float,
        fading: float,
        done: Callable[[int, Any], None],
        value: Any = None,
        pixel: int | None = None,
    ) -> Transfer:
        """Send ``size_bytes`` from the network to a user; otherwise as :meth:`upload`."""
        return self._start(self.downlink, position, size_bytes, fading, done, value, pixel)

    def serving(self, x_m: float, y_m: float) -> int:
        """The site that a transfer from (x, y) would start at: the strongest."""
        return self._cells.serving[self.radio_map.pixel(x_m, y_m)]

    def strongest(self, pixel: int) -> int:
        """The site that a transfer from a pixel would start at."""
        return self._cells.serving[pixel]

    def may_fail(self, site: int) -> bool:
        """Whether a site is up and not the last that is."""
        return site not in self._down and len(self._down) + 1 < len(self.uplink.cells)

    def fail_cell(self, site: int) -> None:
        """A site sends and receives no more: its transfers go on at the strongest other one.

        Raises:
            ValueError: it is down already, or the last one that is up.
        """
        if site in self._down or len(self._down) + 1 == len(self.uplink.cells):
            raise ValueError(f"site {site}: is down, or the last that is up")
        self._down.add(site)
        self._cells = _Cells(self.radio_map, self._down)
        now = self._clock._now
        for _, transfer in list(self._turns):
            if transfer.job is not None and transfer.site == site:
                self._measure_one(transfer, transfer.job, now)

    def repair_cell(self, site: int) -> None:
        """A site works again; transfers come back to it by handover. ValueError where it did."""
        if site not in self._down:
            raise ValueError(f"site {site}: is up already")
        self._down.discard(site)
        self._cells = _Cells(self.radio_map, self._down) if self._down else self.radio_map

    def _start(
        self,
        band: Band,
        position: Callable[[float], tuple[float, float]],
        size_bytes: float,
        fading: float,
        done: Callable[[int, Any], None],
        value: Any,
        pixel: int | None,
    ) -> Transfer:
        if not (0.0 <= size_bytes < inf and 0.0 < fading < inf):
            raise ValueError(
                f"size_bytes = {size_bytes}, fading = {fading}: must be finite, at least 0 and "
                "above 0"
            )
        now = self._clock._now
        radio_map = self.radio_map
        if pixel is None:
            pixel = radio_map.pixel(*position(now))
        site = self._cells.serving[pixel]
        transfer = Transfer(band, position, pixel, site, fading, done, value)
        transfer.efficiency = efficiency = band.efficiency(pixel, site, fading)
        transfer.begun_s = now
        band.enter(transfer)
        self.in_transfer += 1
        transfer.job = band.cells[site].add(
            size_bytes * 8.0 / (efficiency * self._bandwidth_hz), self._finished, transfer
        )
        turn_s = now + self._period_s
        self._turns.append((turn_s, transfer))
        if self._moment is None:
            self._moment = self._clock.at(turn_s, self._measure)
        return transfer

    def _finished(self, job: Job) -> None:
        transfer: Transfer = job.value
        transfer.job = None
        band = transfer.band
        band.leave(transfer)
        band.delivered += 1
        self.in_transfer -= 1
        if self.ended is not None:
            now = self._clock._now
            self.ended.append((now, transfer.site, now - transfer.begun_s))
        transfer.done(transfer.site, transfer.value)

    def _measure(self, moment: Any) -> None:
        """Let those measure whose turn has come, and pass over those that have ended."""
        turns = self._turns
        now = self._clock._now
        while turns:
            turn_s, transfer = turns[0]
            job = transfer.job
            if job is not None:
                if turn_s > now:
                    self._moment = self._clock.at(turn_s, self._measure)
                    return
                self._measure_one(transfer, job, now)
                turns.append((now + self._period_s, transfer))
            turns.popleft()
        self._moment = None

    def _measure_one(self, transfer: Transfer, job: Job, now: float) -> None:
        radio_map = self.radio_map
        band = transfer.band
        pixel = radio_map.pixel(*transfer.position(now))
        site = transfer.site
        best = self._cells.serving[pixel]
        if best != site:
            gains = radio_map.rows[pixel]
            if gains[best] <= gains[site] * self._margin and site not in self._down:
                best = site
        if pixel != transfer.pixel or best != site:
            band.leave(transfer)
            transfer.pixel = pixel
            transfer.site = best
            band.enter(transfer)
        before = transfer.efficiency
        efficiency = band.efficiency(pixel, best, transfer.fading)
        if best != site:
            self.handovers += 1
        elif efficiency == before:
            return
        transfer.efficiency = efficiency
        remaining_s = band.cells[site].remove(job) * before / efficiency
        transfer.job = band.cells[best].add(remaining_s, self._finished, transfer)
