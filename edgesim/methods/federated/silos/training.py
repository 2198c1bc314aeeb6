"""How silos learn: alone, from their own guesses, from each other's votes, from all labels."""

from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgesim.methods.federated.silos.families import Family, make
from edgesim.methods.federated.silos.images import Silo, SiloImages
from edgesim.methods.federated.silos.voting import class_weights, confident, vote

__all__ = ["CoFED", "Local", "Pooled", "SelfTraining", "SiloMethod", "Taught", "accuracy_of"]

_CLASS_BYTES = 2  # a class id
_PLACE_BYTES = 4  # the number of a public image


class Taught(NamedTuple):
    """What a method made of the silos.

    Attributes:
        models: of each silo.
        up_bytes: that the silos sent.
        down_bytes: that they were sent.
    """

    models: list[Family]
    up_bytes: float
    down_bytes: float


class SiloMethod(ABC):
    """A way for silos to learn; one of a user's own is a subclass, named ``module:Class``.

    Args:
        images: the silos and the public set.
        seed: of what training draws.
    """

    def __init__(self, images: SiloImages, seed: int = 0) -> None:
        self.images, self.seed = images, seed

    @abstractmethod
    def teach(self, local: list[Family]) -> Taught:
        """Train the silos' models.

        Args:
            local: models that the silos have trained on their own images.
        """


class Local(SiloMethod):
    """Each silo learns from its own images."""

    def teach(self, local: list[Family]) -> Taught:
        """See :class:`SiloMethod`."""
        return Taught(local, 0.0, 0.0)


class SelfTraining(SiloMethod):
    """Each silo labels the public images that it is sure of, and learns from them as well."""

    def teach(self, local: list[Family]) -> Taught:
        """See :class:`SiloMethod`."""
        images, models = self.images, []
        for number, (silo, model) in enumerate(zip(images.silos, local, strict=True)):
            gap = images.scenario.confidence_gap
            guessed = confident(model.probabilities(images.public), gap)
            sure = np.flatnonzero(guessed >= 0)
            models.append(retrained(silo, images, sure, guessed[sure], self.seed + number))
        return Taught(models, 0.0, 0.0)


class CoFED(SiloMethod):
    """Silos vote on the classes of public images; each learns what was accepted for its own."""

    def teach(self, local: list[Family]) -> Taught:
        """See :class:`SiloMethod`."""
        images = self.images
        scenario, silos = images.scenario, images.silos
        votes = vote(
            [silo.classes for silo in silos],
            [model.probabilities(images.public) for model in local],
            scenario.confidence_gap,
            scenario.vote_share,
        )
        models, down = [], 0.0
        for number, (silo, labels) in enumerate(zip(silos, votes.pseudo_labels, strict=True)):
            places = np.array([it for c in silo.classes for it in labels[c]], np.int64)
            guessed = np.repeat(
                np.arange(len(silo.classes)), [len(labels[c]) for c in silo.classes]
            )
            models.append(retrained(silo, images, places, guessed, self.seed + number))
            down += sum(_PLACE_BYTES * len(votes.accepted[c]) for c in silo.classes)
        up = float(len(silos) * len(images.public) * _CLASS_BYTES)
        return Taught(models, up, down)


class Pooled(SiloMethod):
    """What nobody may do: each silo learns from the labelled images of all, of its classes."""

    def teach(self, local: list[Family]) -> Taught:
        """See :class:`SiloMethod`."""
        images, models = self.images, []
        for number, silo in enumerate(images.silos):
            place = {c: k for k, c in enumerate(silo.classes)}
            x, y = [], []
            for other in images.silos:
                classes = np.array(other.classes)[other.y]
                own = np.isin(classes, silo.classes)
                x.append(other.x[own])
                y += [place[int(c)] for c in classes[own]]
            pooled = Silo(silo.family, silo.classes, np.concatenate(x), np.array(y))
            models.append(trained(pooled, self.seed + number))
        return Taught(models, 0.0, 0.0)


def trained(silo: Silo, seed: int) -> Family:
    """A silo's model, trained on its own images."""
    weights = class_weights(np.bincount(silo.y, minlength=len(silo.classes)), 0)
    model = make(silo.family, silo.x.shape[1], len(silo.classes), seed)
    return model.fit(silo.x, silo.y, weights[silo.y])


def retrained(
    silo: Silo, images: SiloImages, places: NDArray[np.int64], labels: NDArray[np.int64], seed: int
) -> Family:
    """A silo's model, trained on its own images and some public ones, weighted by class."""
    classes = len(silo.classes)
    own, more = (np.bincount(it, minlength=classes) for it in (silo.y, labels))
    weights = class_weights(own, more)
    x, y = np.concatenate([silo.x, images.public[places]]), np.concatenate([silo.y, labels])
    return make(silo.family, x.shape[1], classes, seed).fit(x, y, weights[y])


def accuracy_of(silo: Silo, model: Family, images: SiloImages) -> float:
    """Share of the test images of a silo's classes, in all hands, that its model tells."""
    own = np.isin(images.y_test, silo.classes)
    found = np.array(silo.classes)[model.probabilities(images.x_test[own]).argmax(axis=1)]
    return float((found == images.y_test[own]).mean())
