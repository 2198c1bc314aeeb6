"""A queue of finite length, in one formula: how long one stays, and how many find no room."""

from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.twin.core.compiled import compiled

__all__ = ["finite_queue", "finite_queues"]

FloatArray = npt.NDArray[np.float64]


def finite_queue(load: float, places: int) -> tuple[float, float]:
    """The M/M/1/K queue: mean stay in units of a service time, and the share that is turned away.

    With load rho = lambda / mu and K places, the one in service included (L. Kleinrock, "Queueing
    Systems", volume 1, 1975, section 3.6):

        P_K = (1 - rho) rho^K / (1 - rho^(K+1))
        N   = rho / (1 - rho) - (K + 1) rho^(K+1) / (1 - rho^(K+1))

    and by Little's law those let in stay N / (rho (1 - P_K)) service times: 1 / (1 - rho), the
    M/M/1 queue's figure, as long as the queue is hardly ever full, and never more than K. Near
    rho = 1 both quotients vanish above and below; their expansion about 1 is used there.

    Args:
        load: rho, in [0, 1]: what is offered over what can be served.
        places: K >= 1.

    Returns:
        Stay in service times, from 1 (idle) to (K + 1) / 2 at rho = 1; share turned away, from 0
        to 1 / (K + 1).
    """
    if load <= 0.0:
        return 1.0, 0.0
    gap = 1.0 - load
    if (places + 1) * gap < 1e-3:
        # The first two terms: d ln P_K / d ln rho = K / 2 and dN / d ln rho = K (K + 2) / 12.
        blocked = (1.0 - gap * places / 2) / (places + 1)
        present = places / 2 - gap * places * (places + 2) / 12
    else:
        # In floats: a whole power is rounded otherwise once it is compiled.
        full = load ** float(places)
        rest = 1.0 - load * full
        blocked = gap * full / rest
        present = load / gap - (places + 1) * load * full / rest
    return present / (load * (1.0 - blocked)), blocked


_finite_queue: Any = compiled()(finite_queue)


@compiled()
def finite_queues(load: FloatArray, places: int) -> tuple[FloatArray, FloatArray]:
    """:func:`finite_queue` of many queues at once, to the last bit.

    Args:
        load: rho of each queue, shape (queues,).
        places: K, the same for all.

    Returns:
        Stay in service times and share turned away, both of shape (queues,).
    """
    stay, blocked = np.empty_like(load), np.empty_like(load)
    for queue in range(len(load)):
        stay[queue], blocked[queue] = _finite_queue(load[queue], places)
    return stay, blocked
