"""The learning plane: a model, the data of devices, and an experiment's own dice, free of time."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgesim.errors import InputError
from edgesim.methods.federated.data.shares import Shares
from edgesim.methods.federated.data.streams import DeviceStreams
from edgesim.methods.federated.models import Model, make
from edgesim.methods.federated.steps import gradient, losses
from edgesim.scenarios.federated.schema import FederatedScenario
from edgesim.twin.federated.world import FederatedWorld

__all__ = ["FLOATS", "Learning"]

FLOATS = 4
"""Bytes of a parameter, in 32 bits."""

_BACKWARD = 2  # passes that the way back takes, as long as the one forward each


class Learning:
    """What an experiment learns on.

    Args:
        scenario: the scenario.
        seed: draws the first model and the order of images.
        shares: who has which images, where that is at hand already.
        world: nodes and links, likewise.

    Attributes:
        scenario: the scenario.
        shares: who has which images.
        world: nodes and links: who is in which factory.
        streams: the images that devices meet.
        model: what is trained.
        batch: samples of a batch.
        steps: batches a round.

    Raises:
        InputError: the model does not fit the data.
    """

    def __init__(
        self,
        scenario: FederatedScenario,
        seed: np.random.SeedSequence,
        shares: Shares | None = None,
        world: FederatedWorld | None = None,
    ) -> None:
        self.scenario = scenario
        self.shares = Shares(scenario) if shares is None else shares
        self.world = FederatedWorld(scenario) if world is None else world
        images, trained = self.shares.images, scenario.trained
        self.model: Model = make(trained.model, images.x.shape[1], images.classes, trained.hidden)
        if (rows := scenario.chosen * scenario.factories) * self.model.params > 5e8:
            accepted = f"{self.model.params:,} parameters for {rows} devices do not fit in memory"
            raise InputError("trained.hidden", trained.hidden, accepted)
        first, images_seed, self._dice = seed.spawn(3)
        self.streams = DeviceStreams(self.shares, images_seed)
        dice = torch.Generator().manual_seed(int(first.generate_state(1)[0]))
        self.first = self.model.initial(dice)
        self.batch, self.steps = trained.batch, trained.steps
        self._x_test = torch.from_numpy(images.x_test)[None]
        self._y_test = torch.from_numpy(images.y_test)

    @property
    def devices(self) -> int:
        """Devices in all."""
        return self.scenario.total_devices

    @property
    def model_bytes(self) -> int:
        """Bytes of the model in 32-bit numbers."""
        return self.model.params * FLOATS

    @property
    def head_bytes(self) -> int:
        """Bytes of its last layer."""
        return self.model.head * FLOATS

    def dice(self) -> np.random.Generator:
        """A generator for a method's own choices."""
        return np.random.default_rng(self._dice.spawn(1)[0])

    def batch_flops(self, batches: int = 1) -> float:
        """Operations of training on so many batches: forward, and twice as many back."""
        return float(batches * self.batch * self.model.flops * (1 + _BACKWARD))

    def batches(self, devices: NDArray[np.int64] | list[int], steps: int) -> tuple[Tensor, Tensor]:
        """The next batches of some devices: x ``[N, steps, n, D]`` and y ``[N, steps, n]``."""
        x, y = self.streams.take(devices, steps * self.batch)
        shape = (len(x), steps, self.batch)
        return torch.from_numpy(x.reshape(*shape, -1)), torch.from_numpy(y.reshape(shape))

    def trained(self, rows: Tensor, x: Tensor, y: Tensor, rate: float) -> Tensor:
        """Models ``[N, P]`` after a step for each of their batches."""
        for step in range(x.shape[1]):
            rows = rows - rate * gradient(self.model, rows, x[:, step], y[:, step])
        return rows

    def accuracy(self, row: Tensor) -> float:
        """Share of the test images that a model ``[P]`` tells."""
        with torch.no_grad():
            chosen = self.model.logits(row[None], self._x_test)[0].argmax(dim=1)
        return float((chosen == self._y_test).float().mean())

    def loss_on(self, row: Tensor, devices: list[int]) -> NDArray[np.float64]:
        """Mean loss of a model on the images that each device has now, up to 64 of them."""
        found = []
        with torch.no_grad():
            for device in devices:
                x, y = (torch.from_numpy(it[:64])[None] for it in self.streams.window(device))
                found.append(float(losses(self.model, row[None], x, y)[0]))
        return np.array(found)
