"""A band of the air: who sends in which cell, how well each is heard, and how they share."""

from collections.abc import Callable
from math import log2
from typing import Any

from edgesim.scenarios.parts.radio import Radio
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.forking import Rebuilt
from edgesim.twin.core.sharing import Job, ProcessorSharing
from edgesim.twin.radio.pathloss import thermal_noise_dbm
from edgesim.twin.radio.radio_map import RadioMap

__all__ = ["Band", "Transfer"]


class Transfer:
    """A user's upload or download: bits that are on the air, through one site at a time.

    Attributes:
        site: the site that serves it.
        efficiency: spectral efficiency (bit/s/Hz) found by the last measurement.
        begun_s: when it began, s.
        value: what the caller attached to it.
    """

    __slots__ = (
        "band",
        "begun_s",
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
        self.begun_s = 0.0
        self.job: Job | None = None  # None where it has ended


def _equal_share(transfers: int) -> float:
    return 1.0 / transfers


class Band(Rebuilt):
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
        "_map",
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

    views = ("_rows",)

    def __init__(self, clock: Clock, radio: Radio, radio_map: RadioMap, *, up: bool) -> None:
        sites = radio_map.gain.shape[1]
        self._up = up
        self._map = radio_map
        self.look()
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

    def look(self) -> None:
        """Have the gains at hand."""
        self._rows = self._map.rows

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
