"""What a decision maker sees of slices over a network when a VNF of a chain is to be chosen."""

from math import log

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from edgesim.envs.choice_box import ChoiceBox
from edgesim.envs.sfc.observation import PagedObserver
from edgesim.envs.sfc.outlook import WEIGHTS, ChainOutlook
from edgesim.twin.core.compiled import compiled
from edgesim.twin.sfc.slice_fabric import SliceFabric
from edgesim.twin.sfc.slice_world import SliceWorld
from edgesim.twin.sfc.workload import SFCWorkload

__all__ = ["SliceObserver"]

Observation = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

_MANY_CHAINS = 200  # running chains beyond which the observation tells no difference
_FULL = 0.8  # reserved share from which a link counts as full


class SliceObserver(PagedObserver):
    """The ways from the last chosen instance as the controller knows them, and how full all is.

    All of it is what the controller knows: its own reservations, and delays and losses as its
    collector measured them last. Delays are shown as shares of the request's bound. The entries of
    a feature stand together, one an instance of the next stage; then come the request's entries,
    the network's, the reserved share of every VNF instance, and one-hot codes of slice, stage and
    previous instance.

    Attributes:
        space: ``ChoiceBox(-1, 1)``, shape (entries,).
        names: name of each entry.
        features: what is shown of each instance of the next stage, in order.
        request: what is shown of the request, in order.
        network: what is shown of the network, in order.
    """

    features = (
        "residual",  # least of links and instance on the way, over the largest link's capacity
        "price",  # bandwidth asked for, over that residual; 1 where it does not hold
        "delay",  # measured, of the way and the instance, over the bound
        "loss",  # measured, of the way, over the QoE model's loss bound
        "holds",  # whether the way holds
        *(f"dearer {delay:g} {price:g}" for delay, price in WEIGHTS),  # beyond the best instance's
        "slack",  # bound less the least delay of the whole chain, over the bound
        "completes",  # whether a rest of the chain holds within the bound
    )
    request = (
        "log_bandwidth",
        "max_delay",
        "spent",
        "slack",
        *(f"cheapest {delay:g} {price:g}" for delay, price in WEIGHTS),  # of the rest of the chain
        "stages left",
    )
    network = ("reserved", "full links", "measured load", "running chains", "age")

    def __init__(self, world: SliceWorld) -> None:
        self._world = world
        width, network = world.instances, world.scenario.network
        assert network is not None
        self._width = width
        kinds = [part.name for part in network.slices]
        placed = range(len(world.placement.node))
        self.names = [f"{feature} {j}" for feature in self.features for j in range(width)]
        self.names += [f"request {name}" for name in self.request]
        self.names += [f"network {name}" for name in self.network]
        self.names += [f"instance {number} reserved" for number in placed]
        self.names += [f"slice {name}" for name in kinds]
        self.names += [f"stage {stage}" for stage in range(world.stages)]
        self.names += [f"previous {i}" for i in range(width)]
        self._request = len(self.features) * width
        self._network = self._request + len(self.request)
        self._placed = self._network + len(self.network)
        self._kind = self._placed + len(placed)
        self._stage = self._kind + len(kinds)
        self._previous = self._stage + world.stages
        high = np.ones(len(self.names), dtype=np.float32)
        self.space: spaces.Space[Observation] = ChoiceBox(
            -high, high, self.names, self.features, width
        )
        self._capacity = np.array(world.wiring.capacity_bps)
        self._widest = float(self._capacity.max())
        self._vnf_capacity = np.maximum(world.placement.capacity_bps, 1.0)
        self._period_s = network.collector.period_s
        self._loss_bound = world.scenario.qoe.loss_bound
        self._most_ms = world.most_delay_ms
        self._log_most = log(world.most_bandwidth)
        least = min([part.bandwidth_bps[0] for part in network.slices])
        self._log_range = max(self._log_most - log(min(least, world.most_bandwidth)), 1.0)
        self._weights = np.array(WEIGHTS)
        self._known: ChainOutlook | None = None
        self._page = np.zeros(len(self.names), dtype=np.float32)
        self._near = len(self.features) - 2  # features that do not depend on the delay so far
        self._blocks: npt.NDArray[np.float32] = np.zeros(
            (world.stages, width, self._near, width), dtype=np.float32
        )
        self._cheapest = np.zeros((world.stages, width, len(WEIGHTS)))

    def observe(self, twin: SFCWorkload, outlook: ChainOutlook) -> Observation:
        """See :class:`edgesim.envs.sfc.observation.Observer`; shape (entries,)."""
        if outlook is not self._known:
            self._turn_page(twin, outlook)
        width, request = self._width, outlook.request
        stage, previous, spent_ms = outlook.place(twin.chain)
        bound_ms = request.max_delay_ms
        seen = self._page.copy()
        near = self._near * width
        seen[:near] = self._blocks[stage, previous].reshape(-1)
        room_ms = bound_ms - spent_ms
        slack = [max((room_ms - ms) / bound_ms, -1.0) for ms in self._least_ms[stage][previous]]
        seen[near : self._request] = slack + [float(part >= 0) for part in slack]
        at = self._request
        seen[at + 2] = min(spent_ms / bound_ms, 1.0)
        seen[at + 3] = max(slack)
        seen[at + 4 : self._network - 1] = self._cheapest[stage, previous]
        seen[self._network - 1] = (request.stages - stage) / self._world.stages
        seen[self._stage + stage] = 1.0
        if stage:
            seen[self._previous + previous] = 1.0
        return seen

    def _turn_page(self, twin: SFCWorkload, outlook: ChainOutlook) -> None:
        """Write what stays while this request is decided."""
        self._known = outlook
        request, layers = outlook.request, outlook.layers
        fabric = twin.fabric
        assert isinstance(fabric, SliceFabric) and layers.loss is not None
        bound_ms = request.max_delay_ms
        # Costs of the rest of a chain: a delay of the bound, and all residual on each way, are 1.
        delay, price = self._weights.T
        scale = 1.0 / (delay * bound_ms + price * request.stages)
        _write_ways(
            self._blocks,
            self._cheapest,
            layers.residual,
            outlook.price,
            layers.delay_ms,
            layers.loss,
            outlook.holds,
            outlook.cost,
            (self._widest, bound_ms, self._loss_bound),
            scale,
        )
        self._least_ms: list[list[list[float]]] = outlook.cost[..., 0].tolist()
        page = self._page
        page[self._request] = (log(request.bandwidth) - self._log_most) / self._log_range
        page[self._request + 1] = min(bound_ms / self._most_ms, 1.0)
        np.maximum(page, -1.0, out=page)
        view, count = fabric.collector.view, len(self._capacity)
        reserved = np.frombuffer(fabric.links.reserved_bps) / self._capacity
        measured = np.frombuffer(view.available_bps) / self._capacity
        page[self._network : self._placed] = (
            np.add.reduce(reserved) / count,
            np.count_nonzero(reserved > _FULL) / count,
            1.0 - np.add.reduce(measured) / count,
            min(len(twin.running) / _MANY_CHAINS, 1.0),
            min(view.mean_age_s() / (4 * self._period_s), 1.0),
        )
        handled = np.frombuffer(fabric.hosts.reserved_bps) / self._vnf_capacity
        np.minimum(handled, 1.0, out=page[self._placed : self._kind])
        page[self._kind : self._stage] = 0.0
        page[self._kind + request.kind] = 1.0


@compiled()
def _write_ways(
    blocks: Observation,
    cheapest: Floats,
    residual: Floats,
    price: Floats,
    delay_ms: Floats,
    loss: Floats,
    holds: npt.NDArray[np.bool_],
    cost: Floats,
    units: tuple[float, float, float],
    scale: Floats,
) -> None:
    """Write the first features of all ways, and the least cost of the rest of the chain.

    Args:
        blocks: takes the features, shape (stages, instances, features, instances), index [stage,
            previous, feature, next].
        cheapest: takes the least costs, shape (stages, instances, weights).
        residual: of each way, as of :class:`edgesim.twin.sfc.fabric.Layers`.
        price: of each way, as of :class:`edgesim.envs.sfc.outlook.ChainOutlook`.
        delay_ms: of each way, as of the layers.
        loss: of each way, as of the layers.
        holds: whether each way holds.
        cost: of the rest of the chain over each way, shape (stages, instances, instances, weights).
        units: residual, delay and loss that are shown as 1.
        scale: what makes a cost of 1 of each weight's unit.
    """
    widest, bound_ms, loss_bound = units
    stages, width, _, kinds = cost.shape
    for stage in range(stages):
        for before in range(width):
            way = blocks[stage, before]
            for after in range(width):
                way[0, after] = min(residual[stage, before, after] / widest, 1.0)
                way[1, after] = price[stage, before, after]
                way[2, after] = min(delay_ms[stage, before, after] / bound_ms, 1.0)
                way[3, after] = min(loss[stage, before, after] / loss_bound, 1.0)
                way[4, after] = holds[stage, before, after]
            for kind in range(kinds):
                costs = cost[stage, before, :, kind]
                least = costs.min()
                cheapest[stage, before, kind] = min(least * scale[kind], 1.0)
                for after in range(width):
                    way[5 + kind, after] = min((costs[after] - least) * scale[kind], 1.0)
