"""What lies ahead of a request's chain, worked out once a request: for observation and masks."""

import numpy as np
import numpy.typing as npt

from edgesim.twin.core.compiled import compiled
from edgesim.twin.sfc.chain import Chain, Request
from edgesim.twin.sfc.fabric import Fabric

__all__ = ["FAR", "WEIGHTS", "ChainOutlook"]

FloatArray = npt.NDArray[np.float64]

FAR = 1e9
"""Cost of a way that does not hold; finite, so that differences stay numbers."""

WEIGHTS = ((1.0, 0.0), (0.25, 1.0), (0.05, 1.0), (0.01, 1.0), (0.0, 1.0))
"""What is made small over the rest of the chain: weights of delay (per ms) and of price.

The price of a way is the request's bandwidth over what the way still holds. The least of such sums
for several weights tell where the trade-off between a short and a cheap chain lies (the lower hull
of its Pareto front)."""

_DELAY_WEIGHT, _PRICE_WEIGHT = np.ascontiguousarray(np.transpose(WEIGHTS))


class ChainOutlook:
    """The ways of the request at hand, and the best of what can follow each.

    Everything follows from what a decision maker may know (:class:`edgesim.twin.sfc.fabric.Layers`)
    and stays as it is while a request is decided: the ways of different stages are different ones.

    Args:
        fabric: the episode's fabric.
        request: the request at hand.

    Attributes:
        request: the request.
        layers: the ways, as known.
        holds: whether each way holds the request's bandwidth, shape (stages, instances, instances),
            index [stage, previous, next].
        price: the request's bandwidth over the residual, at most 1, same shape.
        cost: least weighted cost of the rest of the chain over each way, that way included; shape
            (stages, instances, instances, weights); :data:`FAR` or more where it cannot hold.
    """

    def __init__(self, fabric: Fabric, request: Request) -> None:
        self.request = request
        self.layers = layers = fabric.layers(request)
        self.holds, self.price, self.cost = _look_ahead(
            layers.delay_ms, layers.residual, request.bandwidth, _DELAY_WEIGHT, _PRICE_WEIGHT
        )

    def least_delay_ms(self, stage: int, previous: int) -> FloatArray:
        """Delay of the rest of the chain by its next instance, at least; shape (instances,).

        :data:`FAR` or more where no rest of the chain holds.
        """
        delay_ms: FloatArray = self.cost[stage, previous, :, 0]
        return delay_ms

    def mask(self, chain: Chain, kind: str) -> npt.NDArray[np.bool_]:
        """Which instances of the chain's next stage make sense, shape (instances,); perhaps none.

        ``kind`` is ``"completes"``, a rest of the chain exists that holds within the bound, or
        ``"holds"``, the way to the instance holds within the bound.
        """
        stage, previous, spent_ms = self.place(chain)
        room_ms = self.request.max_delay_ms - spent_ms
        if kind == "completes":
            completes: npt.NDArray[np.bool_] = self.cost[stage, previous, :, 0] <= room_ms
            return completes
        near: npt.NDArray[np.bool_] = self.layers.delay_ms[stage, previous] <= room_ms
        near &= self.holds[stage, previous]
        return near

    def place(self, chain: Chain) -> tuple[int, int, float]:
        """Stage to choose for, instance chosen before it, and delay so far as known, ms.

        Of a chain with all choices made, the last stage.
        """
        choices = chain.choices
        delay_ms, spent_ms, previous = self.layers.delay_ms, 0.0, 0
        stage = min(len(choices), self.request.stages - 1)
        for at in range(stage):
            spent_ms += delay_ms.item(at, previous, choices[at])
            previous = choices[at]
        return stage, previous, spent_ms


@compiled()
def _look_ahead(
    delay_ms: FloatArray,
    residual: FloatArray,
    bandwidth: float,
    delay_weight: FloatArray,
    price_weight: FloatArray,
) -> tuple[npt.NDArray[np.bool_], FloatArray, FloatArray]:
    """Whether ways hold, their prices, and least costs over them, as :class:`ChainOutlook` has
    them.

    :func:`edgesim.twin.core.layered.through` of the weighted costs, in one go.
    """
    stages, width, _ = delay_ms.shape
    kinds = len(delay_weight)
    holds = np.empty(delay_ms.shape, dtype=np.bool_)
    price = np.empty(delay_ms.shape)
    cost = np.empty((stages, width, width, kinds))
    for stage in range(stages - 1, -1, -1):
        for after in range(width):
            for kind in range(kinds):
                rest = 0.0
                if stage < stages - 1:
                    rest = cost[stage + 1, after, :, kind].min()
                for before in range(width):
                    way = (stage, before, after)
                    if kind == 0:
                        holds[way] = residual[way] >= bandwidth
                        price[way] = bandwidth / max(residual[way], bandwidth)
                    least = price[way] * price_weight[kind] + delay_ms[way] * delay_weight[kind]
                    if not holds[way]:
                        least += FAR
                    cost[stage, before, after, kind] = least + rest
    return holds, price, cost
