"""What other traffic leaves of all links at once, compiled: arrays by link, changed in place.

To the last bit what :meth:`edgesim.twin.network.links.Links._change` does of one link. A link is
down where its ceiling is below 0.
"""

from math import inf
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.twin.core.compiled import NO_ARRAYS_MADE, compiled
from edgesim.twin.core.queueing import finite_queue

__all__ = ["leave", "load_all", "make_room", "settle_all"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_finite_queue: Any = compiled()(finite_queue)  # the one formula


@compiled(**NO_ARRAYS_MADE)
def settle_all(
    now: float,
    load_bps: FloatArray,
    delay_s: FloatArray,
    loss: FloatArray,
    since_s: FloatArray,
    sent_bytes: FloatArray,
    received_bytes: FloatArray,
    delay_area: FloatArray,
) -> None:
    """Bring the integrals up to ``now``, s."""
    for link in range(len(load_bps)):
        elapsed = now - since_s[link]
        sent = load_bps[link] * elapsed * 0.125
        sent_bytes[link] += sent
        received_bytes[link] += sent * (1.0 - loss[link])
        delay_area[link] += delay_s[link] * elapsed
        since_s[link] = now


@compiled(**NO_ARRAYS_MADE)
def make_room(
    capacity_bps: FloatArray,
    reserved_bps: FloatArray,
    demand_bps: FloatArray,
    ceiling_bps: FloatArray,
    byte_s: FloatArray,
    spare_bps: FloatArray,
    changed: IntArray,
) -> int:
    """Work out what is spare, and the time of a byte; how many links have another one.

    Their numbers stand first in ``changed``.
    """
    count = 0
    for link in range(len(capacity_bps)):
        spare = max(0.0, capacity_bps[link] - reserved_bps[link] - demand_bps[link])
        spare_bps[link] = spare
        takes_s = 8.0 / spare if ceiling_bps[link] >= 0.0 and spare > 0.0 else inf
        if takes_s != byte_s[link]:
            byte_s[link] = takes_s
            changed[count] = link
            count += 1
    return count


@compiled(**NO_ARRAYS_MADE)
def leave(
    spare_bps: FloatArray,
    busy: npt.NDArray[np.bool_],
    ceiling_bps: FloatArray,
    left_bps: FloatArray,
    changed: IntArray,
) -> int:
    """Leave what is spare, and no message takes, to transfers that share; as above."""
    count = 0
    for link in range(len(spare_bps)):
        if busy[link]:
            spare_bps[link] = 0.0
        left = spare_bps[link] if ceiling_bps[link] >= 0.0 else 0.0
        if left != left_bps[link]:
            left_bps[link] = left
            changed[count] = link
            count += 1
    return count


@compiled(**NO_ARRAYS_MADE)
def load_all(
    spare_bps: FloatArray,
    capacity_bps: FloatArray,
    reserved_bps: FloatArray,
    shared_bps: FloatArray,
    ceiling_bps: FloatArray,
    propagation_s: FloatArray,
    burst_s: FloatArray,
    places: int,
    available_bps: FloatArray,
    load_bps: FloatArray,
    loss: FloatArray,
    delay_s: FloatArray,
) -> None:
    """Load, loss and delay of the links that are up."""
    for link in range(len(spare_bps)):
        if ceiling_bps[link] < 0.0:
            continue
        spare = max(0.0, spare_bps[link] - shared_bps[link])
        available_bps[link] = spare
        load_bps[link] = load = capacity_bps[link] - spare
        stay, lost = _finite_queue(load / capacity_bps[link], places)
        if reserved_bps[link] > capacity_bps[link]:
            lost = 1.0 - (1.0 - lost) * capacity_bps[link] / reserved_bps[link]
        loss[link] = lost
        delay_s[link] = propagation_s[link] + stay * burst_s[link]
