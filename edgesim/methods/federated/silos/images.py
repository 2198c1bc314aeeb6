"""What silos have: labelled images of their classes, in one hand or in all, and public ones."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgesim.errors import InputError
from edgesim.methods.federated.data.digits import base_digits, hands
from edgesim.methods.federated.data.files import read_images
from edgesim.methods.federated.data.images import averaged
from edgesim.scenarios.federated.silos_schema import SilosScenario
from edgesim.twin.core.streams import Streams

__all__ = ["Silo", "SiloImages"]

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_LETTERS = 26
_DIGITS = 10  # classes of FEMNIST before its letters: 10 digits, 26 capitals, 26 small letters
_WILD = 2.0  # hands of silos differ twice as much as those of writers [chosen]


@dataclass(frozen=True)
class Silo:
    """A silo.

    Attributes:
        family: of its model.
        classes: its classes, ascending.
        x: its labelled images.
        y: their places in ``classes``.
    """

    family: str
    classes: list[int]
    x: Floats
    y: Ints


class SiloImages:
    """The silos of one episode.

    Args:
        scenario: the scenario.
        seed: draws who has which classes and images.

    Attributes:
        silos: the silos.
        public: images without labels.
        x_test: images to test with, in all hands.
        y_test: their classes.

    Raises:
        InputError: the data cannot be used, or has fewer images or classes than are asked for.
    """

    def __init__(self, scenario: SilosScenario, seed: np.random.SeedSequence) -> None:
        self.scenario = scenario
        rng = Streams(seed)["silos"]
        x, y, hand = _images(scenario)
        classes = int(y.max()) + 1
        if scenario.classes[1] > classes:
            raise InputError("classes", scenario.classes, f"the data has {classes} classes")
        wanted = scenario.public + scenario.test
        if wanted >= len(y):
            accepted = f"with test, less than the {len(y)} images that there are"
            raise InputError("public", scenario.public, accepted)
        order = rng.permutation(len(y))
        public, test, own = np.split(order, [scenario.public, wanted])
        self.public, self.x_test, self.y_test = x[public], x[test], y[test]
        self.silos = [
            self._silo(number, rng, x[own], y[own], hand[own]) for number in range(scenario.silos)
        ]

    def _silo(self, number: int, rng: np.random.Generator, x: Floats, y: Ints, hand: Ints) -> Silo:
        scenario = self.scenario
        low, high = scenario.classes
        count = int(rng.integers(low, high, endpoint=True))
        classes = sorted(int(c) for c in rng.permutation(int(y.max()) + 1)[:count])
        chosen = []
        for c in classes:
            there = np.flatnonzero(y == c)
            if scenario.skew == "hidden":
                there = there[hand[there] == rng.choice(np.unique(hand[there]))]
            if len(there) < scenario.images:
                accepted = f"class {c} has {len(there)} images in a hand"
                raise InputError("images", scenario.images, accepted)
            chosen.append(rng.permutation(there)[: scenario.images])
        own = np.concatenate(chosen)
        places = np.repeat(np.arange(count), scenario.images)
        family = scenario.families[number % len(scenario.families)]
        return Silo(family, classes, x[own], places)


def _images(scenario: SilosScenario) -> tuple[Floats, Ints, Ints]:
    """Images, their classes, and in which hand they are."""
    rng = Streams(np.random.SeedSequence(scenario.world_seed))["hands"]
    if scenario.source == "digits":
        base, labels = base_digits()
        shown: list[Any] = [hand.copies(base) for hand in hands(scenario.hands, rng, _WILD)]
        x = np.concatenate(shown)
        y, hand = np.tile(labels, scenario.hands), np.repeat(np.arange(scenario.hands), len(base))
    else:
        found = read_images(scenario.source, rng)
        x, labels = np.concatenate([found.x, found.x_test]), np.concatenate([found.y, found.y_test])
        if found.classes != _DIGITS + 2 * _LETTERS:
            accepted = f"must have FEMNIST's 62 classes; it has {found.classes}"
            raise InputError("source", Path(scenario.source).name, accepted)
        letters = labels >= _DIGITS
        x, labels = x[letters], labels[letters] - _DIGITS
        y, hand = labels % _LETTERS, labels // _LETTERS
    if scenario.pixels is not None:
        x = averaged(x, scenario.pixels)
    return x, y, hand
