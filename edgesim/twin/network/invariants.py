"""What is true of a network at every instant, whatever is done to it."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["ROUNDING", "reservations", "violations"]

ROUNDING = 1e-6
"""Share of a capacity within which sums of reservations are rounded."""


def violations(network: Any) -> Iterator[str]:
    """What is not as it must be of the links of a network, a sentence each.

    Reservations are never below 0, and within the capacity unless a stated event has lowered it; a
    share between none and all of the bursts is lost; delays are above 0 and finite; no load is
    above the capacity.
    """
    links = network.links
    reserved, capacity, loss, delay_s, load_bps = (
        np.array(figures)
        for figures in (
            links.reserved_bps,
            links.capacity_bps,
            links.loss,
            links.delay_s,
            links.load_bps,
        )
    )
    lowered = any(made.change == "capacity" for made in network.world.plan)
    for what, wrong in (
        ("reserves less than nothing", reserved < 0),
        ("has more reserved than it holds", (reserved > capacity * (1 + ROUNDING)) & (not lowered)),
        ("loses a share beside [0, 1]", ~((loss >= 0) & (loss <= 1))),
        ("has no finite delay of at least 0", ~((delay_s >= 0) & np.isfinite(delay_s))),
        (
            "carries more than it holds",
            (load_bps > capacity * (1 + ROUNDING)) & ~(reserved > capacity),
        ),
    ):
        for link in np.flatnonzero(wrong)[:1].tolist():
            figures = (reserved[link], capacity[link], load_bps[link], loss[link], delay_s[link])
            yield f"link {link} {what}: reserved, holds, load, loss, delay = {figures}"


def reservations(network: Any, held_bps: npt.NDArray[np.float64], what: str) -> Iterator[str]:
    """Whether what is reserved of every link is what its users hold.

    Args:
        network: the network.
        held_bps: what they hold of each link together, bit/s, shape (links,).
        what: who they are.
    """
    links = network.links
    reserved = np.array(links.reserved_bps)
    stated = np.array(links.wiring.reserved_bps)
    apart = np.abs(reserved - stated - held_bps)
    for link in np.flatnonzero(apart > ROUNDING * np.array(links.wiring.capacity_bps))[:1].tolist():
        yield (
            f"link {link} has {reserved[link]:g} bit/s reserved, and {what} hold {held_bps[link]:g}"
        )
