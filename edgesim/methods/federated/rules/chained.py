"""Groups in which the model goes from device to device, merged at the cloud."""

from abc import abstractmethod
from collections.abc import Callable, Sequence

from torch import Tensor

from edgesim.methods.federated.learning import Learning
from edgesim.methods.federated.method import Method
from edgesim.methods.federated.programs import chains
from edgesim.methods.federated.steps import mean_of
from edgesim.twin.federated.outcomes import RoundOver
from edgesim.twin.federated.program import Program

__all__ = ["Chained", "along"]

Local = Callable[[list[int], Tensor], Tensor]
"""What some devices make of the models that reach them: devices and rows to rows."""


def along(groups: Sequence[Sequence[int]], row: Tensor, local: Local) -> Tensor:
    """Models at the ends of some chains, which all begin with ``row``; they advance in step.

    Args:
        groups: devices of each chain, in their order.
        row: the model that every chain begins with.
        local: what a device makes of a model.
    """
    rows = row.repeat(len(groups), 1)
    for place in range(max(map(len, groups), default=0)):
        there = [number for number, group in enumerate(groups) if place < len(group)]
        rows[there] = local([groups[number][place] for number in there], rows[there])
    return rows


class Chained(Method):
    """In each group devices train one after the other; the cloud takes the mean by samples."""

    default_rate = 0.2

    def __init__(self, learning: Learning, seed: int = 0, *, rate: float | None = None) -> None:
        super().__init__(learning, seed, rate=rate)
        self._groups: list[list[int]] = []

    @abstractmethod
    def groups(self, number: int) -> list[list[int]]:
        """The groups of a round that train, in the order of their chains."""

    def plan(self, number: int) -> Program:
        """See :class:`~edgesim.methods.federated.method.Method`."""
        self._groups = self.groups(number)
        learning = self.learning
        return chains(learning, self._groups, learning.steps, learning.model_bytes)

    def learn(self, over: RoundOver) -> None:
        """See :class:`~edgesim.methods.federated.method.Method`."""
        back = [over.chains[number] for number in sorted(over.chains)]  # type: ignore[type-var]
        if back:
            ends = along(back, self.row, self.local)
            self.row = mean_of(ends, [float(len(chain)) for chain in back])

    def local(self, devices: list[int], rows: Tensor) -> Tensor:
        """Train each model on its device's next batches."""
        x, y = self.learning.batches(devices, self.learning.steps)
        return self.learning.trained(rows, x, y, self.rate)
