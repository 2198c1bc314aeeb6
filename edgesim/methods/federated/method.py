"""What a method is: it plans a round's program, and learns what the round let it learn."""

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor

from edgesim.errors import InputError
from edgesim.methods.federated.learning import Learning
from edgesim.twin.federated.outcomes import RoundOver
from edgesim.twin.federated.program import Program

__all__ = ["Method"]


class Method(ABC):
    """A way to train one model on the data of many devices.

    A method of one's own is a subclass; ``policy=module:Class`` names it. It is made anew for every
    experiment, with the learning plane and a number that its own dice may follow.

    Args:
        learning: model and data.
        seed: of choices that are not the experiment's.
        rate: learning rate of devices.

    Attributes:
        row: the global model, ``[P]``.
        divergence: distance of the labels of those that train together to everybody's, round by
            round, where the method groups devices; NaN where it does not.
    """

    default_rate: ClassVar[float] = 0.5

    def __init__(self, learning: Learning, seed: int = 0, *, rate: float | None = None) -> None:
        self.learning = learning
        self.rate = self.default_rate if rate is None or rate <= 0 else rate
        self.row: Tensor = learning.first.clone()
        self.dice = learning.dice()
        self.divergence: list[float] = []

    @abstractmethod
    def plan(self, number: int) -> Program:
        """The program of a round, from 0; what it chooses is kept until :meth:`learn`."""

    @abstractmethod
    def learn(self, over: RoundOver) -> None:
        """Train as the round went: who dropped out is not in ``over.done`` or ``over.chains``."""

    def chosen_devices(self) -> list[int]:
        """As many devices of each factory as the scenario says, drawn at random."""
        scenario = self.learning.scenario
        return [
            factory * scenario.devices + int(device)
            for factory in range(scenario.factories)
            for device in self.dice.permutation(scenario.devices)[: scenario.chosen]
        ]

    def check_finite(self) -> None:
        """Refuse to go on with a model that has left all bounds.

        Raises:
            InputError: a parameter is infinite or no number.
        """
        if not bool(torch.isfinite(self.row).all()):
            raise InputError("rate", self.rate, "is too large: the model has diverged")
