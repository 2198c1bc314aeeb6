"""The air between users and sites: what the streets do to signals, and who shares which band."""

from collections import deque
from collections.abc import Callable
from math import inf, log2
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter
from scipy.special import ndtr

from edgesim.errors import InputError
from edgesim.scenarios.aigc import Radio
from edgesim.twin.clock import Clock, Moment
from edgesim.twin.pathloss import (
    los_path_loss_db,
    los_probability,
    nlos_path_loss_db,
    thermal_noise_dbm,
)
from edgesim.twin.sharing import Job, ProcessorSharing

__all__ = ["Band", "RadioAccess", "RadioMap", "Transfer"]

_NEAREST_M = 10.0  # TR 38.901 gives no path loss for less
_LARGEST_MAP = 20_000_000


class RadioMap:
    """Gains from every site to every pixel of a square: a property of the streets, kept by a world.

    Line of sight and shadowing vary over the square and are the same for everyone who stands in a
    pixel. For each site a field of uniform numbers is compared with the line-of-sight probability
    of TR 38.901, and a field of standard normal numbers is multiplied by the shadowing deviation of
    the state found. Both fields are white noise smoothed by a Gaussian kernel, and so correlated as
    exp(-(d / D)^2), D the ``shadowing_distance_m`` at which the correlation has fallen to 1/e.
    Distances are those of the pixel's centre, and at least 10 m, where the standard begins.

    Args:
        radio: the air interface.
        side_m: side of the square, m.
        sites: coordinates, m, shape (S, 2).
        rng: a generator that nothing else draws from.

    Attributes:
        gain: linear power gain (received over sent), shape (pixels, S).
        line_of_sight: which pixels see which sites, shape (pixels, S), bool.
        strongest: site of the highest gain in each pixel, shape (pixels,), int.

    Raises:
        ValueError: ``sites`` is not of shape (S, 2) with S >= 1.
        InputError: the pixels are so small that the map would fill the memory.
    """

    def __init__(
        self, radio: Radio, side_m: float, sites: ArrayLike, rng: np.random.Generator
    ) -> None:
        points = np.asarray(sites, dtype=np.float64)
        if points.ndim != 2 or points.shape[1] != 2 or not len(points):
            raise ValueError(f"sites of shape {points.shape}: must be (S, 2) with S >= 1")
        self.pixel_m = radio.pixel_m
        self.columns = columns = int(np.ceil(side_m / radio.pixel_m))
        """Pixels along a side; pixel 0 lies at the origin, the next one further along x."""
        sigma = radio.shadowing_distance_m / 2 / radio.pixel_m
        margin = int(4 * sigma + 0.5)  # what the kernel reaches, cut at four deviations
        if len(points) * (columns + 2 * margin) ** 2 > _LARGEST_MAP:
            raise InputError(
                "wireless.radio.pixel_m",
                radio.pixel_m,
                f"too small for {len(points)} sites on {side_m:g} m with a shadowing distance of "
                f"{radio.shadowing_distance_m:g} m: the map would hold more than "
                f"{_LARGEST_MAP:,} values",
            )
        centres = (np.arange(columns) + 0.5) * radio.pixel_m
        across = centres[None, None, :] - points[:, 0, None, None]
        along = centres[None, :, None] - points[:, 1, None, None]
        distance = np.maximum(np.hypot(across, along), _NEAREST_M)

        uniform = ndtr(_smooth_normal(rng, len(points), columns, sigma, margin))
        shadow = _smooth_normal(rng, len(points), columns, sigma, margin)
        seen = uniform < los_probability(distance)
        street = (radio.carrier_ghz, radio.site_height_m, radio.user_height_m)
        loss_db = np.where(
            seen,
            los_path_loss_db(distance, *street) + radio.shadowing_los_db * shadow,
            nlos_path_loss_db(distance, *street) + radio.shadowing_nlos_db * shadow,
        )
        gain = 10.0 ** (-loss_db / 10.0)
        self.line_of_sight: NDArray[np.bool_] = seen.reshape(len(points), -1).T
        self.use_gain(gain.reshape(len(points), -1).T)

    def use_gain(self, gain: ArrayLike) -> None:
        """Take other gains instead of those drawn, such as measured or ray-traced ones.

        Args:
            gain: linear power gain, shape (pixels, S), pixels numbered as by :meth:`pixel`.

        Raises:
            ValueError: the shape is another, or a gain is not above 0 and finite.
        """
        values = np.ascontiguousarray(gain, dtype=np.float64)
        if values.shape != self.line_of_sight.shape:
            raise ValueError(f"gain of shape {values.shape}: must be {self.line_of_sight.shape}")
        if not ((values > 0) & (values < np.inf)).all():
            raise ValueError("gain: every value must be above 0 and finite")
        self.gain: NDArray[np.float64] = values
        self.strongest: NDArray[np.int64] = values.argmax(axis=1)
        self.rows: list[list[float]] = values.tolist()
        """``gain`` as lists, where a single number is read fast."""
        self.serving: list[int] = self.strongest.tolist()
        """``strongest`` as a list."""

    def pixel(self, x_m: float, y_m: float) -> int:
        """Number of the pixel at (x, y); the nearest one for points beyond the square."""
        last = self.columns - 1
        column = int(x_m / self.pixel_m)
        row = int(y_m / self.pixel_m)
        if column > last:
            column = last
        elif column < 0:
            column = 0
        if row > last:
            row = last
        elif row < 0:
            row = 0
        return row * self.columns + column


def _smooth_normal(
    rng: np.random.Generator, fields: int, columns: int, sigma: float, margin: int
) -> NDArray[np.float64]:
    """Fields of correlated standard normal numbers, shape (fields, columns, columns).

    The noise reaches beyond the square by as much as the kernel does, so that the field has unit
    variance and the same correlation up to its rim.
    """
    width = columns + 2 * margin
    noise = rng.standard_normal((fields, width, width))
    gaussian_filter(noise, (0, sigma, sigma), output=noise, mode="wrap")
    impulse = np.zeros(2 * margin + 1)
    impulse[margin] = 1.0
    kernel = gaussian_filter(impulse, sigma, mode="constant")
    inner = slice(margin, margin + columns)
    return noise[:, inner, inner] / float((kernel**2).sum())


class Transfer:
    """A user's upload or download: bits that are on the air, through one site at a time.

    Attributes:
        site: the site that serves it.
        efficiency: spectral efficiency (bit/s/Hz) found by the last measurement.
        value: what the caller attached to it.
    """

    __slots__ = (
        "band",
        "done",
        "efficiency",
        "fading",
        "job",
        "pixel",
        "position",
        "site",
        "value",
    )

    def __init__(
        self,
        band: "Band",
        position: Callable[[float], tuple[float, float]],
        pixel: int,
        site: int,
        fading: float,
        done: Callable[[int, Any], None],
        value: Any,
    ) -> None:
        self.band = band
        self.position = position
        self.pixel = pixel
        self.site = site
        self.fading = fading
        self.done = done
        self.value = value
        self.efficiency = 0.0
        self.job: Job | None = None  # None where it has ended


def _equal_share(transfers: int) -> float:
    return 1.0 / transfers


class Band:
    """One direction of the air: at each site a band that its active transfers share.

    A transfer's work is the time that it would take alone, bits over efficiency times bandwidth;
    sharing that time equally (round-robin scheduling) is processor sharing, with users of unequal
    efficiency at unequal rates.

    Attributes:
        active: transfers on the air at each site, S numbers; to be read only.
        delivered: transfers that have ended.
    """

    __slots__ = (
        "_floor",
        "_noise",
        "_rows",
        "_sums",
        "_top",
        "_up",
        "active",
        "busy",
        "cells",
        "delivered",
    )

    def __init__(self, clock: Clock, radio: Radio, radio_map: RadioMap, *, up: bool) -> None:
        sites = radio_map.gain.shape[1]
        self._up = up
        self._rows = radio_map.rows
        sent_dbm = radio.user_power_dbm if up else radio.site_power_dbm
        figure_db = radio.site_noise_figure_db if up else radio.user_noise_figure_db
        # Every sender of a direction has the same power: all powers are counted in units of it.
        self._noise = 10 ** ((thermal_noise_dbm(radio.bandwidth_hz, figure_db) - sent_dbm) / 10)
        self._floor = radio.min_spectral_efficiency
        self._top = radio.max_spectral_efficiency
        self.cells = [ProcessorSharing(clock, _equal_share) for _ in range(sites)]
        self.active = [0] * sites
        self.busy: dict[int, None] = {}  # sites with active transfers, in a reproducible order
        self._sums = [[0.0] * sites for _ in range(sites if up else 0)]
        self.delivered = 0

    def efficiency(self, pixel: int, site: int, fading: float = 1.0) -> float:
        """Spectral efficiency (bit/s/Hz) that a user in ``pixel`` would find at ``site`` now.

        log2(1 + SINR), Shannon's, between two limits of the scenario: the modulation's highest, and
        a floor, which stands for the repetition coding of a user out of coverage, so that a
        transfer always ends.

        Interference comes from the other sites with active transfers of this direction: downlink,
        the sites themselves; uplink, a user of each, as strong at this site as that site's
        uploading users are on average. It does not fade.
        """
        rows = self._rows
        noise = self._noise
        if self._up:
            active, sums = self.active, self._sums
            for other in self.busy:
                if other != site:
                    noise += sums[other][site] / active[other]
        else:
            gains = rows[pixel]
            for other in self.busy:
                if other != site:
                    noise += gains[other]
        efficiency = log2(1.0 + fading * rows[pixel][site] / noise)
        if efficiency > self._top:
            return self._top
        return max(self._floor, efficiency)

    def enter(self, transfer: Transfer) -> None:
        """Count the transfer among its site's."""
        site = transfer.site
        self.active[site] += 1
        self.busy[site] = None
        if self._up:
            gains = self._rows[transfer.pixel]
            if self.active[site] == 1:
                self._sums[site] = gains
            else:
                self._sums[site] = [a + b for a, b in zip(self._sums[site], gains, strict=True)]

    def leave(self, transfer: Transfer) -> None:
        """Count the transfer no more."""
        site = transfer.site
        left = self.active[site] = self.active[site] - 1
        if not left:
            del self.busy[site]
        elif self._up:
            gains = self._rows[transfer.pixel]
            # Never below 0: a difference of sums rounds.
            self._sums[site] = [
                a - b if a > b else 0.0 for a, b in zip(self._sums[site], gains, strict=True)
            ]


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
    """

    __slots__ = (
        "_bandwidth_hz",
        "_clock",
        "_margin",
        "_moment",
        "_period_s",
        "_turns",
        "downlink",
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
        self.uplink = Band(clock, radio, radio_map, up=True)
        self.downlink = Band(clock, radio, radio_map, up=False)
        self.in_transfer = 0
        self.handovers = 0

    def upload(
        self,
        position: Callable[[float], tuple[float, float]],
        size_bytes: float,
        fading: float,
        done: Callable[[int, Any], None],
        value: Any = None,
    ) -> Transfer:
        """Send ``size_bytes`` from a user to the network.

        Args:
            position: where the user is at a time (s): (x, y) in m.
            size_bytes: bytes, 0 or more.
            fading: factor on the received power, for the whole transfer; 1 is none.
            done: called as ``done(site, value)`` when the last bit is through, with the site that
                served it; never from within.
            value: handed back to ``done``.

        Raises:
            ValueError: ``size_bytes`` is negative, infinite or not a number, or ``fading`` is not
                above 0.
        """
        return self._start(self.uplink, position, size_bytes, fading, done, value)

    def download(
        self,
        position: Callable[[float], tuple[float, float]],
        size_bytes: float,
        fading: float,
        done: Callable[[int, Any], None],
        value: Any = None,
    ) -> Transfer:
        """Send ``size_bytes`` from the network to a user; otherwise as :meth:`upload`."""
        return self._start(self.downlink, position, size_bytes, fading, done, value)

    def serving(self, x_m: float, y_m: float) -> int:
        """The site that a transfer from (x, y) would start at: the strongest."""
        radio_map = self.radio_map
        return radio_map.serving[radio_map.pixel(x_m, y_m)]

    def _start(
        self,
        band: Band,
        position: Callable[[float], tuple[float, float]],
        size_bytes: float,
        fading: float,
        done: Callable[[int, Any], None],
        value: Any,
    ) -> Transfer:
        if not (0.0 <= size_bytes < inf and 0.0 < fading < inf):
            raise ValueError(
                f"size_bytes = {size_bytes}, fading = {fading}: must be finite, at least 0 and "
                "above 0"
            )
        now = self._clock.now
        radio_map = self.radio_map
        pixel = radio_map.pixel(*position(now))
        site = radio_map.serving[pixel]
        transfer = Transfer(band, position, pixel, site, fading, done, value)
        transfer.efficiency = efficiency = band.efficiency(pixel, site, fading)
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
        transfer.done(transfer.site, transfer.value)

    def _measure(self, moment: Any) -> None:
        """Let those measure whose turn has come, and pass over those that have ended."""
        turns = self._turns
        now = self._clock.now
        while turns:
            turn_s, transfer = turns[0]
            if transfer.job is None:
                turns.popleft()
            elif turn_s <= now:
                turns.popleft()
                self._measure_one(transfer, transfer.job, now)
                turns.append((now + self._period_s, transfer))
            else:
                break
        self._moment = self._clock.at(turns[0][0], self._measure) if turns else None

    def _measure_one(self, transfer: Transfer, job: Job, now: float) -> None:
        radio_map = self.radio_map
        band = transfer.band
        pixel = radio_map.pixel(*transfer.position(now))
        site = transfer.site
        best = radio_map.serving[pixel]
        if best != site:
            gains = radio_map.rows[pixel]
            if gains[best] <= gains[site] * self._margin:
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
