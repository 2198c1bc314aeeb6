"""What stays the same in all episodes of a scenario, and the learning plane of one of them."""

from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edgesim.methods.federated.data.shares import Shares
from edgesim.methods.federated.fast import FastLearning, Projection
from edgesim.scenarios.federated.schema import FederatedScenario
from edgesim.twin.core.forking import Shared
from edgesim.twin.federated.world import FederatedWorld

__all__ = ["Plane", "Setting", "plane_of"]


class Plane(Protocol):
    """A model that devices train together."""

    accuracy: float
    losses: NDArray[np.float64]

    def begin_round(self, number: int) -> None:
        """Give devices new windows, where it is time for them."""

    def train(self, devices: list[int]) -> None:
        """Let devices train from the global model, and take the mean."""


class Setting(Shared):
    """Nodes and links, and who has which images.

    Args:
        scenario: the scenario.

    Attributes:
        network: nodes and links.
        shares: who has which images.
        projection: images through their principal components.
        params: parameters of the scenario's own model.
        flops: operations of a device's training in a round.
        head_share: share of the parameters that the last layer has; of softmax, its biases.
    """

    def __init__(self, scenario: FederatedScenario) -> None:
        self.scenario = scenario
        self.network = FederatedWorld(scenario)
        self.shares = Shares(scenario)
        self.projection = Projection(self.shares)
        self.params, self.flops = self._size()
        images, trained = self.shares.images, scenario.trained
        last = trained.hidden[-1] if trained.model != "softmax" and trained.hidden else 0
        self.head_share = (last + 1) * images.classes / self.params

    def _size(self) -> tuple[int, float]:
        """Parameters of the scenario's own model, and operations of a device in a round."""
        trained, images = self.scenario.trained, self.shares.images
        if trained.model == "cnn":
            from edgesim.methods.federated.models import make

            model = make("cnn", images.x.shape[1], images.classes, trained.hidden)
            params, passes = model.params, model.flops
        else:  # worked out here, since the models' module loads torch
            hidden = trained.hidden if trained.model == "mlp" else []
            layers = list(pairwise([images.x.shape[1], *hidden, images.classes]))
            params = sum((one + 1) * other for one, other in layers)
            passes = 2 * sum(one * other for one, other in layers)
        return params, float(3 * passes * trained.batch * trained.steps)


class _Full:
    """The scenario's own model, trained by federated averaging."""

    def __init__(self, setting: Setting, seed: np.random.SeedSequence) -> None:
        from edgesim.methods.federated.learning import Learning

        scenario = setting.scenario
        self._learning = Learning(scenario, seed, setting.shares, setting.network)
        self._row = self._learning.first
        self.losses = np.full(scenario.total_devices, np.nan)
        self.accuracy = self._learning.accuracy(self._row)

    def begin_round(self, number: int) -> None:
        self._learning.streams.begin_round(number)

    def train(self, devices: list[int]) -> None:
        if not devices:
            return
        learning = self._learning
        self.losses[devices] = learning.loss_on(self._row, devices)
        x, y = learning.batches(devices, learning.steps)
        ends = learning.trained(
            self._row.expand(len(devices), -1), x, y, learning.scenario.trained.rate
        )
        self._row = ends.mean(dim=0)
        self.accuracy = learning.accuracy(self._row)


def plane_of(kind: str, setting: Setting, seed: np.random.SeedSequence) -> Any:
    """The learning plane of an episode, see ``trained.plane`` of the scenario."""
    if kind == "full":
        return _Full(setting, seed)
    return FastLearning(setting.shares, setting.projection, seed)
