"""A request's candidate chains as a set, in units that fit any world."""

from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.envs.choice_box import ChoiceBox
from edgesim.envs.sfc.candidates import TRADE_OFFS, Candidates, find_candidates
from edgesim.envs.sfc.marginal import Marginal
from edgesim.envs.sfc.observation import PagedObserver
from edgesim.envs.sfc.outlook import ChainOutlook
from edgesim.twin.sfc.chain import QoS, Request
from edgesim.twin.sfc.fabric import Reserved, World
from edgesim.twin.sfc.qoe import qoe_model
from edgesim.twin.sfc.slice_world import SliceWorld
from edgesim.twin.sfc.workload import SFCWorkload

__all__ = ["LOADS", "ChainsObserver"]

Observation = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

LOADS = np.array([0.0, 0.25, 0.5, 0.7, 0.85])
"""Loads above which it is shown what a chain takes: enough for a convex price by straight pieces.
"""

# What a figure is multiplied by, so that it is about 1; the same in all worlds.
_QOE, _TAKEN, _BANDWIDTH, _HOLDING = 1 / 5, 10.0, 10.0, 1 / 100
_HIGH = 3.0  # values beyond are cut
_MOST_LOSS = 1.0 - 2.0**-53  # the largest of which the logarithm is finite


class ChainsObserver(PagedObserver):
    """Some chains that a request may take, for policies that choose whole chains.

    The choices are the chains of :data:`edgesim.envs.sfc.candidates.TRADE_OFFS`, and where the
    scenario has admission control a last one, which rejects the request. The entries of a feature
    stand together, one a choice. All of it is what the controller knows: its own reservations and
    paths, delays and losses as its collector measured them last, and what the scenario states of
    traffic and lives (:class:`edgesim.envs.sfc.marginal.Marginal`).

    Attributes:
        space: ``ChoiceBox(-3, 3)``, shape (entries,).
        names: name of each entry.
        features: what is shown of each choice, in order.
        request: what is shown of the request and of the network, in order, after all choices.
    """

    features = (
        "there",  # 1; 0 where the chain does not hold within the bound, or is one of those before
        "reject",  # 1 for the choice that rejects the request, all else of which is 0
        "qoe",  # a fifth of the quality of experience, as things are measured now
        "expected qoe",  # likewise, as expected over background traffic with its bandwidth taken
        "delay",  # measured, over the bound
        "loss",  # measured, over the QoE model's loss bound
        "scarce",  # sum over the ways of the bandwidth asked for over what is left
        "tightest",  # the largest of these
        "others lose",  # a fifth of the QoE that running chains are expected to lose
        *(f"links above {load:g}" for load in LOADS),  # ten times the share of links that is taken
        *(f"instances above {load:g}" for load in LOADS),  # likewise
    )
    request = (
        "bandwidth",  # ten times that over the largest capacity
        "bound",  # over the largest that a request states
        "holding",  # mean of its slice over 100 s; over 100 requests among stage links
        "stages",  # over the longest chain's
        "links",  # mean reserved share
        "busy links",  # share of the links that are reserved by more than half
        "instances",  # mean reserved share
        "busiest instance",  # its reserved share
        "offered load",  # of the world
    )

    def __init__(self, world: World) -> None:
        self._world, scenario = world, world.scenario
        self._rejects = scenario.admission_control
        self._model = qoe_model(scenario.qoe)
        self._loss_bound = scenario.qoe.loss_bound
        self._marginal: Marginal | None = None
        if scenario.network is not None:
            assert isinstance(world, SliceWorld)
            self._marginal = Marginal(world)
            self._holding_s = [part.holding_s for part in scenario.network.slices]
        else:  # one request comes a second
            self._holding_s = [1.0 / (scenario.release_probability or np.inf)]
        count = len(TRADE_OFFS) + self._rejects
        self.names = [f"{feature} {k}" for feature in self.features for k in range(count)]
        self.names += [f"request {name}" for name in self.request]
        high = np.full(len(self.names), _HIGH, dtype=np.float32)
        self.space: Any = ChoiceBox(-high, high, self.names, self.features, count)
        self._known: ChainOutlook | None = None
        self._found: Candidates
        self._seen: Observation

    def candidates(self, twin: SFCWorkload, outlook: ChainOutlook) -> Candidates:
        """The chains that the request at hand may take."""
        self._look(twin, outlook)
        return self._found

    def mask(self, twin: SFCWorkload, outlook: ChainOutlook) -> npt.NDArray[np.bool_]:
        """Which choices are there, shape (choices,), never empty."""
        self._look(twin, outlook)
        there = np.append(self._found.there, True) if self._rejects else self._found.there.copy()
        if not there.any():
            there[0] = True  # a request must be given something: it fails
        return there

    def take(self, twin: SFCWorkload, outlook: ChainOutlook, choice: int) -> None:
        """Build the chain that is chosen, or reject the request.

        A chain two ways of which need the same link may not hold after all: the request fails.
        """
        if self._rejects and choice == self.space.choices - 1:
            twin.reject()
            return
        request = outlook.request
        for instance in self.candidates(twin, outlook).choices[choice].tolist():
            twin.choose(instance)
            if twin.request is not request:
                return

    def observe(self, twin: SFCWorkload, outlook: ChainOutlook) -> Observation:
        """See :class:`edgesim.envs.sfc.observation.Observer`; shape (entries,)."""
        self._look(twin, outlook)
        return self._seen.copy()

    def _look(self, twin: SFCWorkload, outlook: ChainOutlook) -> None:
        if outlook is self._known:
            return
        self._known, request = outlook, outlook.request
        reserved = twin.fabric.reserved()
        bound_ms, loss_bound = request.max_delay_ms, self._loss_bound
        units = np.array([bound_ms, loss_bound, 1.0, bound_ms, loss_bound, 1.0])
        figures = self._figures(twin, outlook, reserved)
        found = self._found = find_candidates(figures, outlook.holds, units, bound_ms)
        seen = self._seen = np.zeros(len(self.names), dtype=np.float32)
        count = self.space.choices
        page = seen[: len(self.features) * count].reshape(-1, count)
        here = np.flatnonzero(found.there)
        if self._rejects:
            page[:2, -1] = 1.0
        elif not len(here):
            page[0, 0] = 1.0
        sums = found.sums[here]
        page[0, here] = 1.0
        page[2, here] = self._qoe(request, sums[:, 0], sums[:, 1])
        page[3, here] = self._qoe(request, sums[:, 3], sums[:, 4])
        page[4, here] = sums[:, 0] / bound_ms
        page[5, here] = -np.expm1(-sums[:, 1]) / loss_bound
        page[6, here] = sums[:, 2]
        page[7, here] = found.tightest[here]
        page[8, here] = sums[:, 5] * _QOE
        page[9:, here] = sums[:, 6:].T * _TAKEN
        seen[-len(self.request) :] = (
            request.bandwidth / reserved.capacity[: len(reserved.links)].max() * _BANDWIDTH,
            bound_ms / self._world.most_delay_ms,
            self._holding_s[request.kind] * _HOLDING,
            request.stages / self._world.stages,
            reserved.links.mean(),
            np.count_nonzero(reserved.links > 0.5) / len(reserved.links),
            reserved.instances.mean(),
            reserved.instances.max(),
            self._world.offered_load,
        )
        np.clip(seen, -_HIGH, _HIGH, out=seen)

    def _figures(self, twin: SFCWorkload, outlook: ChainOutlook, reserved: Reserved) -> Floats:
        """Of each way: what trade-offs weigh, then what is taken of links and instances."""
        request, layers = outlook.request, outlook.layers
        links, count = len(reserved.links), len(LOADS)
        held = np.concatenate([reserved.links, reserved.instances])
        above = np.maximum((held + request.bandwidth / reserved.capacity)[:, None] - LOADS, 0.0)
        above -= np.maximum(held[:, None] - LOADS, 0.0)
        of_each = np.zeros((len(held), 3 + 2 * count))
        of_each[:links, 3 : 3 + count] = above[:links]
        of_each[links:, 3 + count :] = above[links:]
        if self._marginal is not None:
            of_each[:, :3] = self._marginal.tariffs(twin, request)
        along = twin.fabric.along(request, of_each[:links], of_each[links:])
        figures = np.empty((*layers.delay_ms.shape, 6 + 2 * count))
        figures[..., 0] = layers.delay_ms
        figures[..., 1] = 0.0
        if layers.loss is not None:
            figures[..., 1] = -np.log1p(-np.minimum(layers.loss, _MOST_LOSS))
        figures[..., 2] = outlook.price
        figures[..., 3:] = along
        if self._marginal is None:
            figures[..., 3:5] = figures[..., :2]
        return figures

    def _qoe(self, request: Request, delay_ms: Floats, lost: Floats) -> list[float]:
        """A fifth of the QoE of each chain."""
        losses = (-np.expm1(-lost)).tolist()
        return [
            self._model(request, QoS(ms, request.bandwidth, loss)) * _QOE
            for ms, loss in zip(delay_ms.tolist(), losses, strict=True)
        ]
