"""FedGSP (arXiv 2201.12976): from sequential to parallel, in groups of unlike devices."""

import numpy as np

from edgesim.errors import InputError, did_you_mean
from edgesim.methods.federated.grouping.icg import divergence, icg, random_groups
from edgesim.methods.federated.grouping.schedules import KINDS, big_round, groups_of
from edgesim.methods.federated.learning import Learning
from edgesim.methods.federated.rules.chained import Chained

__all__ = ["FedGSP"]

_GROUPINGS = ("icg", "random")


class FedGSP(Chained):
    """More and more groups, each a chain over devices that together have all labels.

    Args:
        learning: model and data.
        seed: of choices that are not the experiment's.
        rate: learning rate of devices.
        schedule: of :data:`edgesim.methods.federated.grouping.schedules.KINDS`.
        alpha: how fast the number of groups grows.
        beta: groups of the first round.
        kappa: share of the groups that train in a round; 0: that of the scenario's devices.
        grouping: ``icg``, by label counts; ``random``.
        frequency: rounds between regroupings.

    Raises:
        InputError: an unknown schedule or grouping, or more groups at first than devices.
    """

    def __init__(
        self,
        learning: Learning,
        seed: int = 0,
        *,
        rate: float | None = None,
        schedule: str = "linear",
        alpha: float = 0.1,
        beta: int = 4,
        kappa: float = 0.0,
        grouping: str = "icg",
        frequency: int = 1,
    ) -> None:
        super().__init__(learning, seed, rate=rate)
        if schedule not in KINDS:
            raise InputError("schedule", schedule, did_you_mean(schedule, KINDS))
        if grouping not in _GROUPINGS:
            raise InputError("grouping", grouping, did_you_mean(grouping, _GROUPINGS))
        if not 1 <= beta <= learning.devices:
            accepted = f"1 to {learning.devices}, the number of devices"
            raise InputError("beta", beta, f"groups of the first round must be {accepted}")
        if not 0 <= kappa <= 1:
            raise InputError("kappa", kappa, "must lie in [0, 1]")
        if frequency < 1:
            raise InputError("frequency", frequency, "must be at least 1")
        scenario = learning.scenario
        self.schedule, self.alpha, self.beta = schedule, alpha, beta
        self.kappa = kappa if kappa > 0 else scenario.chosen / scenario.devices
        self.grouping, self.frequency = grouping, frequency
        self._grouped: tuple[int, list[list[int]]] = (0, [])

    def groups(self, number: int) -> list[list[int]]:
        """See :class:`~edgesim.methods.federated.rules.chained.Chained`."""
        big = big_round(number + 1, self.frequency)
        if self._grouped[0] != big:
            self._grouped = (big, self._regrouped(big))
        every = self._grouped[1]
        sampled = max(1, int(self.kappa * len(every)))
        chosen = self.dice.permutation(len(every))[:sampled]
        return [[int(device) for device in self.dice.permutation(every[it])] for it in chosen]

    def _regrouped(self, big: int) -> list[list[int]]:
        learning = self.learning
        count = groups_of(self.schedule, big, self.alpha, self.beta, learning.devices)
        labels = self._label_counts()
        if self.grouping == "icg" and count < learning.devices:
            found = icg(labels, count, self.dice)
        else:
            found = random_groups(learning.devices, count, self.dice)
        self.divergence.append(divergence(labels, found))
        return found

    def _label_counts(self) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """What devices tell of their labels: images by class, expected of a stream's prior."""
        return np.round(self.learning.shares.prior * 1000) + 1e-9
