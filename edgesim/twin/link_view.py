"""What the controller believes of its links."""

from collections.abc import Sequence

from edgesim.twin.clock import Clock
from edgesim.twin.data_links import DataLinks

__all__ = ["LinkView"]


class LinkView:
    """Delay, available bandwidth and loss of every directed link, and how old that knowledge is.

    At the start it is what an idle network would show, known at time 0. The collector writes into
    it; in its mode ``truth`` the lists are the links' own and always of the present.

    Args:
        clock: the world's clock.
        links: the links of the episode.
        truth: show what is, not what was measured.

    Attributes:
        delay_s: delay of each link.
        available_bps: capacity that no traffic uses.
        loss: share of the traffic that is lost.
        measured_s: when each link was last measured: when the frame crossed it.
    """

    __slots__ = ("_clock", "_truth", "available_bps", "delay_s", "loss", "measured_s")

    def __init__(self, clock: Clock, links: DataLinks, *, truth: bool = False) -> None:
        wiring = links.wiring
        self._clock = clock
        self._truth = truth
        self.delay_s: list[float] = links.delay_s if truth else list(wiring.idle_s)
        self.available_bps: list[float] = (
            links.available_bps if truth else list(wiring.capacity_bps)
        )
        self.loss: list[float] = links.loss if truth else [0.0] * len(wiring.ends)
        self.measured_s: list[float] = [0.0] * len(wiring.ends)

    def age_s(self, link: int) -> float:
        """Time (s) since a link was last measured; 0 where the view is the truth."""
        return 0.0 if self._truth else self._clock.now - self.measured_s[link]

    def mean_age_s(self) -> float:
        """Mean age (s) over all links."""
        if self._truth:
            return 0.0
        return self._clock.now - sum(self.measured_s) / len(self.measured_s)

    def oldest_s(self, path: Sequence[int]) -> float:
        """Age (s) of the oldest measurement along a path; 0 for the empty path and the truth."""
        if self._truth or not path:
            return 0.0
        measured = self.measured_s
        return self._clock.now - min(measured[link] for link in path)
