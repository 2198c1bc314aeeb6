"""A fast plane: softmax regression on the 24 principal components of the images, in numpy.

The training is real, of a smaller model: what decides which devices train can be learned on it in
minutes. What the documentation claims comes from the full plane; a slow test holds the order of
baselines on both together.
"""

import numpy as np
from numpy.typing import NDArray

from edgesim.methods.federated.data.shares import Shares
from edgesim.methods.federated.data.streams import DeviceStreams
from edgesim.twin.core.forking import Shared

__all__ = ["COMPONENTS", "FastLearning", "Projection"]

Floats = NDArray[np.float32]

COMPONENTS = 24
"""Principal components."""


_FIRST = 0.02  # standard deviation of the first weights: all classes are about as likely


class Projection(Shared):
    """The images of a scenario, seen through their first principal components.

    Args:
        shares: who has which images.

    Attributes:
        x_test: test images, samples x (components + 1), the last being 1.
    """

    def __init__(self, shares: Shares) -> None:
        images = shares.images
        count = min(COMPONENTS, images.x.shape[1], len(images.x))
        self._mean = images.x.mean(axis=0)
        centred = images.x[:: max(1, len(images.x) // 4000)] - self._mean
        _, spread, rows = np.linalg.svd(centred, full_matrices=False)
        # All components are as wide as the first: a step of SGD is then as good for each.
        width = np.maximum(spread[:count] / np.sqrt(len(centred)), 1e-3)
        self._rows = np.ascontiguousarray((rows[:count] / width[:, None]).T, dtype=np.float32)
        self.inputs = count + 1
        self.x_test = self.of(images.x_test)

    def of(self, x: Floats) -> Floats:
        """Images ``[…, numbers]`` as ``[…, components + 1]``."""
        found = np.ones((*x.shape[:-1], self.inputs), np.float32)
        found[..., :-1] = (x - self._mean) @ self._rows
        return found


class FastLearning:
    """Federated averaging of softmax regression.

    Args:
        shares: who has which images.
        projection: the images through their components.
        seed: draws the first weights and the order of images.
        rate: learning rate of devices.

    Attributes:
        accuracy: on the test images.
        losses: of each device's last batch before it trained, NaN where it never did.
    """

    def __init__(
        self,
        shares: Shares,
        projection: Projection,
        seed: np.random.SeedSequence,
        rate: float = 0.3,
    ) -> None:
        self._shares, self._projection, self._rate = shares, projection, rate
        images_seed, first = seed.spawn(2)
        self.streams = DeviceStreams(shares, images_seed)
        shape = (projection.inputs, shares.images.classes)
        drawn = np.random.default_rng(first).standard_normal(shape)
        self._weights = (_FIRST * drawn).astype(np.float32)
        trained = shares.scenario.trained
        self._steps, self._batch = trained.steps, trained.batch
        self.losses = np.full(len(shares.owned), np.nan)
        self.accuracy = self._measured()

    def begin_round(self, number: int) -> None:
        """Give devices new windows, where it is time for them."""
        self.streams.begin_round(number)

    def train(self, devices: list[int]) -> None:
        """Let devices train from the global model, and take the mean."""
        if not devices:
            return
        x, y = self.streams.take(devices, self._steps * self._batch)
        shape = (len(devices), self._steps, self._batch)
        seen = self._projection.of(x).reshape(*shape, -1)
        labels = np.eye(self._weights.shape[1], dtype=np.float32)[y.reshape(shape)]
        rows = np.repeat(self._weights[None], len(devices), axis=0)
        for step in range(self._steps):
            p = _softmax(seen[:, step] @ rows)
            if step == 0:
                chosen = (p * labels[:, 0]).sum(axis=2)
                self.losses[devices] = -np.log(np.maximum(chosen, 1e-9)).mean(axis=1)
            slope = seen[:, step].transpose(0, 2, 1) @ (p - labels[:, step])
            rows -= (self._rate / self._batch) * slope
        self._weights = rows.mean(axis=0)
        self.accuracy = self._measured()

    def _measured(self) -> float:
        found = (self._projection.x_test @ self._weights).argmax(axis=1)
        return float((found == self._shares.images.y_test).mean())


def _softmax(logits: Floats) -> Floats:
    shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=-1, keepdims=True), np.float32)
