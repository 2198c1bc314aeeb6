"""What a request of a service chain can pay at most, whatever the others do."""

import numpy as np
import numpy.typing as npt

from edgesim.twin.sfc.chain import QoS, Request
from edgesim.twin.sfc.workload import SFCWorkload

__all__ = ["most_paid"]

FloatArray = npt.NDArray[np.float64]

_ROUNDING_MS = 1e-6


def most_paid(twin: SFCWorkload, requests: list[Request]) -> tuple[FloatArray, FloatArray]:
    """The most that each request pays if it is served to its end, and if it is not.

    Served, a chain gets at best the QoS of the empty network: delay and loss only grow with load,
    and no QoE model rises with either. Not served, it is rejected, or where things fail perhaps
    dropped; a dropped chain keeps the QoE that was paid on admission.

    A chain is admitted by its delay as known. Where that is never below the truth, requests whose
    bound the empty network does not meet cannot be served. A noisy collector can flatter a link,
    and then they can.

    Returns:
        Both of shape (requests,); not served is minus infinity never, served is where no chain
        can be admitted.
    """
    scenario = twin.scenario
    qoe, network = scenario.qoe, scenario.network
    flattered = fails = False
    if network is not None:
        collector, failures = network.collector, network.failures
        flattered = collector.mode != "truth" and collector.noise_ms > 0
        fails = failures.link_mtbf_s is not None or failures.node_mtbf_s is not None
    served = np.full(len(requests), -np.inf)
    for row, request in enumerate(requests):
        qos: QoS | None = twin.world.best_qos(request)
        if qos is not None and (flattered or qos.delay_ms <= request.max_delay_ms + _ROUNDING_MS):
            served[row] = twin.qoe(request, qos)
    otherwise = np.full(len(requests), qoe.rejected)
    if fails:
        kept = served if qoe.pay_on == "admission" else 0.0
        otherwise = np.maximum(otherwise, qoe.dropped + kept)
    return served, otherwise
