"""Who has which images of which classes: devices, their priors, drawn once by ``world_seed``."""

import numpy as np
from numpy.typing import NDArray

from edgesim.errors import InputError
from edgesim.methods.federated.data.digits import digits
from edgesim.methods.federated.data.files import read_images
from edgesim.methods.federated.data.images import Images, averaged
from edgesim.scenarios.federated.schema import FederatedScenario
from edgesim.twin.core.forking import Shared
from edgesim.twin.core.streams import Streams

__all__ = ["Shares"]

Floats = NDArray[np.float64]

_LEAST = 1e-3  # of a Dirichlet parameter: smaller ones underflow


class Shares(Shared):
    """The data of a scenario.

    Args:
        scenario: the scenario.

    Attributes:
        images: all of them; those of clients beyond the devices are not used.
        owned: numbers of the images of each device.
        prior: label shares that each device draws by, devices x classes.
        weights: chance of each of its images to be drawn, for each device.
        everybody: label shares of all devices' images, (classes,).
        order: the order in which classes are met where they drift.

    Raises:
        InputError: the data cannot be used, or has fewer clients than there are devices.
    """

    def __init__(self, scenario: FederatedScenario) -> None:
        self.scenario = scenario
        data, devices = scenario.data, scenario.total_devices
        streams = Streams(np.random.SeedSequence(scenario.world_seed))
        self.images = self._read(streams["data/images"])
        clients = int(self.images.client.max()) + 1
        if clients < devices:
            accepted = (
                f"the data has {clients} clients, one a device: factories times devices <= it"
            )
            raise InputError("devices", scenario.devices, accepted)
        taken = streams["data/clients"].permutation(clients)[:devices]
        self.owned = [np.flatnonzero(self.images.client == client) for client in taken]
        for device, own in enumerate(self.owned):
            if not len(own):
                raise InputError(
                    "data.source", data.source, f"client {taken[device]} has no images"
                )
        classes = self.images.classes
        counts = np.stack(
            [np.bincount(self.images.y[own], minlength=classes) for own in self.owned]
        )
        self.counts = counts
        self.everybody: Floats = counts.sum(axis=0) / counts.sum()
        self.prior = self._priors(counts, streams["data/skew"])
        self.weights = [
            (self.prior[k] / np.maximum(counts[k], 1))[self.images.y[own]]
            for k, own in enumerate(self.owned)
        ]
        self.order = streams["data/drift"].permutation(classes)

    def _read(self, rng: np.random.Generator) -> Images:
        data = self.scenario.data
        if data.source == "digits":
            images = digits(self.scenario.total_devices, data.samples, rng)
        else:
            images = read_images(data.source, rng)
        if data.pixels is None:
            return images
        x, x_test = averaged(images.x, data.pixels), averaged(images.x_test, data.pixels)
        return images._replace(x=x, x_test=x_test)

    def _priors(self, counts: NDArray[np.int64], rng: np.random.Generator) -> Floats:
        """Label shares by device: Dirichlet, over the classes that it has images of."""
        data, scenario = self.scenario.data, self.scenario
        own: Floats = np.asarray(counts / counts.sum(axis=1, keepdims=True), float)
        if data.skew == "natural":
            return own
        classes, prior = counts.shape[1], np.empty(own.shape)
        for factory in range(scenario.factories):
            shares = self.everybody
            if data.skew == "factories":
                shares = rng.dirichlet(
                    np.maximum(data.factory_concentration * classes * shares, _LEAST)
                )
            for k in range(factory * scenario.devices, (factory + 1) * scenario.devices):
                drawn = rng.dirichlet(np.maximum(data.concentration * classes * shares, _LEAST))
                drawn = drawn * (counts[k] > 0)
                prior[k] = drawn / drawn.sum() if drawn.sum() > 0 else own[k]
        return prior
