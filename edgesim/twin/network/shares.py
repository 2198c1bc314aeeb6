"""What the links do when the load of the transfers that share them changes, compiled."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.twin.core.compiled import NO_ARRAYS_MADE, compiled
from edgesim.twin.core.queueing import finite_queue
from edgesim.twin.network.links import Links, LinkTables

__all__ = ["ShareTables", "share_all", "share_tables"]

FloatArray = npt.NDArray[np.float64]

_finite_queue: Any = compiled()(finite_queue)  # the one formula


class ShareTables(NamedTuple):
    """Figures of :class:`Links` by link besides its tables; the first is a copy."""

    propagation_s: FloatArray
    burst_s: FloatArray
    reserved_bps: FloatArray
    ceiling_bps: FloatArray
    left_bps: FloatArray
    shared_bps: FloatArray
    available_bps: FloatArray


def share_tables(links: Links) -> tuple[FloatArray, ...]:
    """The arrays that :func:`share_all` reads and writes."""
    shares = ShareTables(
        np.array(links.wiring.propagation_s),
        np.frombuffer(links._burst_s),
        np.frombuffer(links.reserved_bps),
        np.frombuffer(links.ceiling_bps),
        np.frombuffer(links.left_bps),
        np.frombuffer(links.shared_bps),
        np.frombuffer(links.available_bps),
    )
    return (*links.tables(), *shares)


@compiled(**NO_ARRAYS_MADE)
def share_all(
    numbers: npt.NDArray[np.int32],
    bandwidth_bps: FloatArray,
    now: float,
    places: int,
    *tables: FloatArray,
) -> None:
    """:meth:`Links.share` of many links, to the last bit; watchers have been told.

    Args:
        numbers: of the links.
        bandwidth_bps: what transfers that share take from now on, of every link of the network.
        now: the time, s.
        places: of each port's queue.
        tables: see :func:`share_tables`. They cross one by one, as Numba recognises arrays among
            the arguments of a call in C, but a NamedTuple of them in Python.
    """
    _share(numbers, bandwidth_bps, now, places, LinkTables(*tables[:8]), ShareTables(*tables[8:]))


@compiled(**NO_ARRAYS_MADE)
def _share(
    numbers: npt.NDArray[np.int32],
    bandwidth_bps: FloatArray,
    now: float,
    places: int,
    links: LinkTables,
    shares: ShareTables,
) -> None:
    for link in numbers:
        shared = bandwidth_bps[link]
        if shared == shares.shared_bps[link]:
            continue
        shares.shared_bps[link] = shared
        elapsed = now - links.since_s[link]
        if elapsed > 0.0:
            links.since_s[link] = now
            sent = links.load_bps[link] * elapsed * 0.125
            links.sent_bytes[link] += sent
            links.received_bytes[link] += sent * (1.0 - links.loss[link])
            links.delay_area[link] += links.delay_s[link] * elapsed
        if shares.ceiling_bps[link] < 0.0:
            continue  # down: it carries nothing
        spare = max(0.0, shares.left_bps[link] - shared)
        load = links.capacity_bps[link] - spare
        shares.available_bps[link] = spare
        links.load_bps[link] = load
        stay, lost = _finite_queue(load / links.capacity_bps[link], places)
        if shares.reserved_bps[link] > links.capacity_bps[link]:
            lost = 1.0 - (1.0 - lost) * links.capacity_bps[link] / shares.reserved_bps[link]
        links.loss[link] = lost
        links.delay_s[link] = shares.propagation_s[link] + stay * shares.burst_s[link]
