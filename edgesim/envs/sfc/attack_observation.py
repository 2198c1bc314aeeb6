"""The options of a request under attack as a set, in units that fit any world."""

from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.envs.choice_box import ChoiceBox
from edgesim.envs.sfc.attack_options import PRICES, Options, find_options
from edgesim.envs.sfc.observation import PagedObserver
from edgesim.envs.sfc.outlook import ChainOutlook
from edgesim.twin.sfc.attack_workload import AttackWorkload
from edgesim.twin.sfc.attack_world import AttackWorld

__all__ = ["AttackObserver"]

Observation = npt.NDArray[np.float32]

_QOE, _BANDWIDTH, _HOLDING, _ALARMS = 1 / 5, 10.0, 1 / 100, 10.0  # what makes a figure about 1
_HIGH = 3.0  # values beyond are cut


class AttackObserver(PagedObserver):
    """What is told of each option, then of the request.

    Args:
        world: the world.

    Attributes:
        space: ``ChoiceBox(-3, 3)``, shape (entries,).
        names: name of each entry.
        features: what is told of each option, in order.
        request: what is told of the request and of the network, in order.
        rejects: whether the last choice rejects the request.
    """

    features = (
        "there",  # 1; 0 where the chain does not hold within the bound
        "reject",  # 1 for the choice that rejects the request, all else of which is 0
        "qoe",  # a fifth of the quality of experience, as things are measured now
        "delay",  # measured, inspection included, over the bound
        "loss",  # measured, over the QoE model's loss bound
        "scarce",  # sum over the ways of the bandwidth asked for over what is left
        "inspection",  # share of what the inspecting instance has left
        "damage",  # a fifth of what attacks that pass are expected to cost
        "false alarms",  # a fifth of what stopped benign flows are expected to cost
        "alarmed damage",  # a fifth of what attacks as of late would cost
        "worth",  # qoe less damage and false alarms, a fifth
    )
    request = (
        "bandwidth",  # ten times that over the largest link capacity
        "bound",  # over the largest that a request states
        "holding",  # mean of its slice over 100 s
        "links",  # mean reserved share
        "instances",  # mean reserved share
        "inspecting",  # mean reserved share of the instances that inspect
        "fullest inspecting",  # its reserved share
        "alarms",  # ten times the share of its slice's flows that raised an alarm of late
    )

    def __init__(self, world: AttackWorld) -> None:
        self._world = world
        self.rejects = world.scenario.admission_control
        count = len(world.operating_points) * len(PRICES) + self.rejects
        self.names = [f"{feature} {k}" for feature in self.features for k in range(count)]
        self.names += [f"request {name}" for name in self.request]
        high = np.full(len(self.names), _HIGH, dtype=np.float32)
        self.space: Any = ChoiceBox(-high, high, self.names, self.features, count)
        self._known: ChainOutlook | None = None
        self._options: Options

    def options(self, twin: AttackWorkload, outlook: ChainOutlook) -> Options:
        """The options of the request at hand."""
        if outlook is not self._known:
            self._known, self._options = outlook, find_options(twin, outlook)
        return self._options

    def mask(self, twin: AttackWorkload, outlook: ChainOutlook) -> npt.NDArray[np.bool_]:
        """Which choices are there, shape (choices,), never empty."""
        there = self.options(twin, outlook).there
        there = np.append(there, True) if self.rejects else there.copy()
        if not there.any():
            there[0] = True  # a request must be given something: it fails
        return there

    def take(self, twin: AttackWorkload, outlook: ChainOutlook, choice: int) -> None:
        """Build the chain that is chosen, or reject the request."""
        if self.rejects and choice == self.space.choices - 1:
            twin.reject()
            return
        options = self.options(twin, outlook)
        twin.take(int(options.point[choice]), options.choices[choice].tolist())

    def observe(self, twin: AttackWorkload, outlook: ChainOutlook) -> Observation:
        """What is seen of the request at hand, shape (entries,)."""
        options, request, count = self.options(twin, outlook), outlook.request, self.space.choices
        seen = np.zeros(len(self.names), dtype=np.float32)
        page = seen[: len(self.features) * count].reshape(-1, count)
        here = np.flatnonzero(options.there)
        if self.rejects:
            page[:2, -1] = 1.0
        elif not len(here):
            page[0, 0] = 1.0
        page[0, here] = 1.0
        page[2, here] = options.qoe[here] * _QOE
        page[3, here] = options.delay[here]
        page[4, here] = options.loss[here]
        page[5, here] = options.scarce[here]
        page[6, here] = options.inspection[here]
        page[7, here] = options.damage[here] * _QOE
        page[8, here] = options.stopped[here] * _QOE
        page[9, here] = options.alarmed[here] * _QOE
        page[10, here] = (options.qoe - options.damage - options.stopped)[here] * _QOE
        reserved, world = twin.fabric.reserved(), self._world
        inspecting = reserved.instances[world.placement.of_type[world.inspects]]
        seen[-len(self.request) :] = (
            request.bandwidth / reserved.capacity[: len(reserved.links)].max() * _BANDWIDTH,
            request.max_delay_ms / world.most_delay_ms,
            world.slice_holding_s[request.kind] * _HOLDING,
            reserved.links.mean(),
            reserved.instances.mean(),
            inspecting.mean(),
            inspecting.max(),
            twin.alarms[request.kind].sum() * _ALARMS,
        )
        np.clip(seen, -_HIGH, _HIGH, out=seen)
        return seen
