"""A fast plane: softmax regression on the 24 principal components of the images, in numpy.

The training is real, of a smaller model: what decides which devices train can be learned on it in
minutes. What the documentation claims comes from the full plane; a slow test holds the order of
baselines on both together. Rate and widths were chosen by that order, in other worlds than those of
test and documentation (``docs/federated.md``).
"""

import numpy as np
from numpy.typing import NDArray

from edgesim.methods.federated.data.shares import Shares
from edgesim.methods.federated.data.streams import DeviceStreams
from edgesim.twin.core.forking import Shared

__all__ = ["COMPONENTS", "RATE", "FastLearning", "Projection"]

Floats = NDArray[np.float32]

COMPONENTS = 24
"""Principal components."""

RATE = 2.0
"""Learning rate of devices: so large that models of unlike labels drift apart, as in the full
plane."""

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
        # Components are as wide beside each other as in the images: the scenario's own model sees
        # them so, and learns what is wide first. Their mean variance is 1, whatever the images.
        variance = float((spread[:count] ** 2).mean()) / len(centred)
        scale = 1 / np.sqrt(max(variance, 1e-6))
        self._rows = np.ascontiguousarray((scale * rows[:count]).T, dtype=np.float32)
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
        rate: float = RATE,
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
        self._own: dict[int, Floats] = {}
        self.accuracy = self._measured()

    def begin_round(self, number: int) -> None:
        """Give devices new windows, where it is time for them."""
        self.streams.begin_round(number)

    def train(self, devices: list[int]) -> None:
        """Let devices train from the global model, and take the mean."""
        if devices:
            rows = np.repeat(self._weights[None], len(devices), axis=0)
            self._weights = self._trained(devices, rows).mean(axis=0)
            self.accuracy = self._measured()

    def train_chains(self, groups: list[list[int]]) -> None:
        """Let the model go through the devices of each group, and take the mean by devices."""
        if not groups:
            return
        rows = np.repeat(self._weights[None], len(groups), axis=0)
        for place in range(max(map(len, groups))):
            there = [number for number, group in enumerate(groups) if place < len(group)]
            rows[there] = self._trained([groups[number][place] for number in there], rows[there])
        shares = np.array([len(group) for group in groups], np.float32)
        self._weights = np.tensordot(shares / shares.sum(), rows, axes=1).astype(np.float32)
        self.accuracy = self._measured()

    def give_models(self, devices: list[int]) -> None:
        """Give some devices models of their own, which begin as the global one."""
        self._own = {device: self._weights.copy() for device in devices}

    def train_own(self, devices: list[int], sent: str) -> float:
        """Let devices train their own models, and average what they send.

        Args:
            devices: who trains; the others keep what they have.
            sent: ``all``, ``8 bit``, ``4 bit``, ``head`` (here the biases) or ``nothing``.

        Returns:
            how far the models are from their mean, over the length of the mean.
        """
        if devices:
            rows = self._trained(devices, np.stack([self._own[device] for device in devices]))
            if sent != "nothing":
                part = np.s_[:, -1:] if sent == "head" else np.s_[:, :]
                mean = _levels(rows[part], sent, self._weights[part[1:]]).mean(axis=0)
                rows[part] = mean
            self._own.update(zip(devices, rows, strict=True))
        everyone = np.stack(list(self._own.values()))
        self._weights = everyone.mean(axis=0)
        self.accuracy = self._measured()
        length = float(np.linalg.norm(self._weights))
        apart = float(np.linalg.norm(everyone - self._weights, axis=(1, 2)).mean())
        return apart / max(length, 1e-9)

    def _trained(self, devices: list[int], rows: Floats) -> Floats:
        """Models ``[N, …]`` after the steps of a round, each on its device's next batches."""
        x, y = self.streams.take(devices, self._steps * self._batch)
        shape = (len(devices), self._steps, self._batch)
        seen = self._projection.of(x).reshape(*shape, -1)
        labels = np.eye(rows.shape[2], dtype=np.float32)[y.reshape(shape)]
        for step in range(self._steps):
            p = _softmax(seen[:, step] @ rows)
            if step == 0:
                chosen = (p * labels[:, 0]).sum(axis=2)
                self.losses[devices] = -np.log(np.maximum(chosen, 1e-9)).mean(axis=1)
            slope = seen[:, step].transpose(0, 2, 1) @ (p - labels[:, step])
            rows = np.asarray(rows - (self._rate / self._batch) * slope, np.float32)
        return rows

    def _measured(self) -> float:
        found = (self._projection.x_test @ self._weights).argmax(axis=1)
        return float((found == self._shares.images.y_test).mean())


def _levels(rows: Floats, sent: str, before: Floats) -> Floats:
    """Models whose changes are rounded to the levels of 8 or 4 bits of their largest entry."""
    bits = {"8 bit": 8, "4 bit": 4}.get(sent)
    if bits is None:
        return rows
    change = rows - before
    unit = np.abs(change).max() / (2 ** (bits - 1) - 1)
    return before + np.round(change / unit) * unit if unit > 0 else rows


def _softmax(logits: Floats) -> Floats:
    shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=-1, keepdims=True), np.float32)
