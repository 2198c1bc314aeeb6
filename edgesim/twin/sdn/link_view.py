"""What the controller believes of its links."""

from array import array
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.twin.core.clock import Clock
from edgesim.twin.network.links import Links

__all__ = ["LinkView", "ViewTables"]

FloatArray = npt.NDArray[np.float64]


class ViewTables(NamedTuple):
    """What a :class:`LinkView` holds of each link, to be read and written by compiled loops."""

    delay_s: FloatArray
    available_bps: FloatArray
    loss: FloatArray
    measured_s: FloatArray


class LinkView:
    """Delay, available bandwidth and loss of every directed link, and how old that knowledge is.

    At the start it is what an idle network would show, known at time 0. The collector writes into
    it; in its mode ``truth`` the figures are the links' own and always of the present. The arrays
    stay the same all through an episode.

    Args:
        clock: the world's clock.
        links: the links of the episode.
        update: called before anything is read: the collector then writes what has come in.
        truth: show what is, not what was measured.
    """

    __slots__ = (
        "_available_bps",
        "_clock",
        "_delay_s",
        "_loss",
        "_measured_s",
        "_truth",
        "update",
    )

    def __init__(
        self,
        clock: Clock,
        links: Links,
        update: Callable[[], None],
        *,
        truth: bool = False,
    ) -> None:
        wiring = links.wiring
        self._clock = clock
        self._truth = truth
        self.update = update
        self._delay_s = links.delay_s if truth else array("d", wiring.idle_s)
        self._available_bps = links.available_bps if truth else array("d", wiring.capacity_bps)
        self._loss = links.loss if truth else array("d", [0.0] * len(wiring.ends))
        self._measured_s = array("d", [0.0] * len(wiring.ends))

    # ---- what is known

    @property
    def delay_s(self) -> "array[float]":
        """Delay of each link."""
        self.update()
        return self._delay_s

    @property
    def available_bps(self) -> "array[float]":
        """Capacity that no traffic uses."""
        self.update()
        return self._available_bps

    @property
    def loss(self) -> "array[float]":
        """Share of the traffic that is lost."""
        self.update()
        return self._loss

    @property
    def measured_s(self) -> "array[float]":
        """When each link was last measured: when the frame crossed it."""
        self.update()
        return self._measured_s

    def age_s(self, link: int) -> float:
        """Time (s) since a link was last measured; 0 where the view is the truth."""
        return 0.0 if self._truth else self._clock.now - self.measured_s[link]

    def mean_age_s(self) -> float:
        """Mean age (s) over all links."""
        if self._truth:
            return 0.0
        return self._clock.now - sum(self.measured_s) / len(self._measured_s)

    def oldest_s(self, path: Sequence[int]) -> float:
        """Age (s) of the oldest measurement along a path; 0 for the empty path and the truth."""
        if self._truth or not path:
            return 0.0
        measured = self.measured_s
        return self._clock.now - min(measured[link] for link in path)

    # ---- what comes in

    def tables(self) -> ViewTables:
        """Its arrays themselves."""
        columns = (self._delay_s, self._available_bps, self._loss, self._measured_s)
        return ViewTables(*(np.frombuffer(column) for column in columns))

    def see_available(self, link: int, available_bps: float) -> None:
        """Counters have told what a link still has."""
        self._available_bps[link] = max(0.0, available_bps)

    def see_loss(self, link: int, loss: float) -> None:
        """Counters have told what a link loses."""
        self._loss[link] = min(1.0, max(0.0, loss))
