"""Hierarchical FedAvg (Liu and others, arXiv 1905.06641): edge servers average between rounds."""

import torch

from edgesim.errors import InputError
from edgesim.methods.federated.learning import Learning
from edgesim.methods.federated.method import Method
from edgesim.methods.federated.programs import factories, mean_at, star
from edgesim.methods.federated.steps import mean_of
from edgesim.twin.federated.outcomes import RoundOver
from edgesim.twin.federated.program import Program

__all__ = ["Hierarchical"]


class Hierarchical(Method):
    """In each factory the edge server averages every ``period`` steps, the cloud once a round.

    Args:
        learning: model and data.
        seed: of choices that are not the experiment's.
        rate: learning rate of devices.
        period: steps between two means at the edge; it divides the scenario's steps.

    Raises:
        InputError: it does not.
    """

    default_rate = 1.0

    def __init__(
        self, learning: Learning, seed: int = 0, *, rate: float | None = None, period: int = 5
    ) -> None:
        super().__init__(learning, seed, rate=rate)
        if period < 1 or learning.steps % period:
            raise InputError("period", period, f"must divide trained.steps, {learning.steps}")
        self.period = period
        self._chosen: list[int] = []

    def plan(self, number: int) -> Program:
        """See :class:`~edgesim.methods.federated.method.Method`."""
        learning, self._chosen = self.learning, self.chosen_devices()
        inner: dict[int, list[Program]] = {}
        for factory, members in self._by_factory().items():
            edge = learning.world.edge(factory)
            steps: list[Program] = []
            for block in range(learning.steps // self.period):
                labels = {device: (block, device) for device in members}
                size = learning.model_bytes
                steps.append(star(learning, members, self.period, size, edge, labels))
                steps.append(mean_at(learning, edge, len(members)))
            inner[factory] = steps
        return factories(learning, inner)

    def learn(self, over: RoundOver) -> None:
        """See :class:`~edgesim.methods.federated.method.Method`."""
        learning, groups = self.learning, self._by_factory()
        rows = dict.fromkeys(groups, self.row)
        for block in range(learning.steps // self.period):
            there = [device for device in self._chosen if (block, device) in over.done]
            if not there:
                continue
            homes = [int(learning.world.factory[device]) for device in there]
            x, y = learning.batches(there, self.period)
            begin = torch.stack([rows[factory] for factory in homes])
            ends = learning.trained(begin, x, y, self.rate)
            for factory in set(homes):
                own = [number for number, home in enumerate(homes) if home == factory]
                rows[factory] = ends[own].mean(dim=0)
        back = [factory for factory in groups if ("factory", factory) in over.done]
        if back:
            weights = [float(len(groups[factory])) for factory in back]
            self.row = mean_of(torch.stack([rows[factory] for factory in back]), weights)

    def _by_factory(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for device in self._chosen:
            found.setdefault(int(self.learning.world.factory[device]), []).append(device)
        return found
