"""FedGS (arXiv 2202.01512): internal synchronisation on batches that together have all labels."""

import numpy as np
import torch
from numpy.typing import NDArray

from edgesim.errors import InputError
from edgesim.methods.federated.learning import Learning
from edgesim.methods.federated.method import Method
from edgesim.methods.federated.programs import counted, factories, mean_at, star
from edgesim.methods.federated.selectors import choosing
from edgesim.methods.federated.selectors.balance import deviation, wanted_counts
from edgesim.methods.federated.steps import mean_of, step
from edgesim.twin.federated.outcomes import RoundOver
from edgesim.twin.federated.program import Program

__all__ = ["FedGS"]


class FedGS(Method):
    """In each factory devices are chosen anew for every step, by the labels of their next batches.

    An internal step is one step of each chosen device from the factory's model, and their mean:
    with equal batches the same as one step on the joined batch, which is what is computed. Who is
    not chosen keeps its batch. After the steps of a round the cloud takes the equal mean of the
    factories.

    Args:
        learning: model and data.
        seed: of choices that are not the experiment's.
        rate: learning rate.
        selector: of :data:`edgesim.methods.federated.selectors.choosing.SELECTORS`.
        random: devices of a step that are drawn at random before the others are chosen.
        decide_s: s that the edge server takes to choose.

    Raises:
        InputError: an unknown selector, or more random devices than are chosen.
    """

    default_rate = 1.0

    def __init__(
        self,
        learning: Learning,
        seed: int = 0,
        *,
        rate: float | None = None,
        selector: str = "gbp_cs",
        random: int = 2,
        decide_s: float = 0.001,
    ) -> None:
        super().__init__(learning, seed, rate=rate)
        if not 0 <= random <= learning.scenario.chosen:
            accepted = f"0 to {learning.scenario.chosen}, the devices of a step"
            raise InputError("random", random, accepted)
        self._random, self._decide_s = random, decide_s
        self._select, self._whole_round = choosing.selector(selector), selector == "random_round"
        self._blind = selector.startswith("random")  # it asks for no counts
        self._steps: list[dict[int, list[int]]] = []
        self._batches: list[tuple[torch.Tensor, torch.Tensor]] = []

    def plan(self, number: int) -> Program:
        """See :class:`~edgesim.methods.federated.method.Method`."""
        learning, scenario = self.learning, self.learning.scenario
        inner: dict[int, list[Program]] = {it: [] for it in range(scenario.factories)}
        self._steps, self._batches, apart = [], [], []
        places = self.dice.permutation(scenario.devices)[: scenario.chosen]
        for t in range(learning.steps):
            chosen: dict[int, list[int]] = {}
            for factory, steps in inner.items():
                members = np.arange(scenario.devices) + factory * scenario.devices
                found, far = self._chosen(members, places)
                chosen[factory] = found
                apart.append(far)
                edge, size = learning.world.edge(factory), learning.model_bytes
                labels = {device: (t, device) for device in found}
                told = [int(device) for device in members]
                if not self._blind:
                    steps.append(counted(learning, factory, told, self._decide_s))
                steps.append(star(learning, found, 1, size, edge, labels))
                steps.append(mean_at(learning, edge, len(found)))
            everyone = [device for found in chosen.values() for device in found]
            x, y = learning.batches(everyone, 1)
            self._steps.append(chosen)
            self._batches.append((x[:, 0], y[:, 0]))
        self.divergence.append(float(np.mean(apart)))
        return factories(learning, inner)

    def learn(self, over: RoundOver) -> None:
        """See :class:`~edgesim.methods.federated.method.Method`."""
        count, per = self.learning.scenario.factories, self.learning.scenario.chosen
        rows = self.row.expand(count, -1)
        for t, (chosen, (x, y)) in enumerate(zip(self._steps, self._batches, strict=True)):
            everyone = [device for found in chosen.values() for device in found]
            there = [(t, device) in over.done for device in everyone]
            if all(there):
                joined_x = x.reshape(count, per * x.shape[1], -1)
                rows = step(self.learning.model, rows, joined_x, y.reshape(count, -1), self.rate)
                continue
            rows = rows.clone()
            for factory in range(count):  # of those who are left
                own = [n for n in range(factory * per, (factory + 1) * per) if there[n]]
                if own:
                    joined_x, joined_y = x[own].flatten(0, 1)[None], y[own].flatten()[None]
                    row = rows[factory : factory + 1]
                    rows[factory] = step(self.learning.model, row, joined_x, joined_y, self.rate)[0]
        back = [factory for factory in range(count) if ("factory", factory) in over.done]
        if back:
            self.row = mean_of(rows[back], [1.0] * len(back))

    def _chosen(
        self, members: NDArray[np.int64], places: NDArray[np.int64]
    ) -> tuple[list[int], float]:
        """The devices of a step, and how far their labels are from everybody's."""
        learning, scenario = self.learning, self.learning.scenario
        drawn = places[: self._random] if self._whole_round else self._drawn()
        mine = np.isin(np.arange(len(members)), drawn)
        counts = learning.streams.next_counts(members, learning.batch).T
        b = counts[:, mine].sum(axis=1)
        y = wanted_counts(b, learning.shares.everybody, learning.batch, scenario.chosen)
        rest = np.flatnonzero(~mine)
        if self._whole_round:
            picked = [int(np.flatnonzero(rest == it)[0]) for it in places[self._random :]]
        else:
            picked = self._select(counts[:, rest], y, scenario.chosen - len(drawn), self.dice)
        far = deviation(counts[:, rest], y, picked, learning.batch, scenario.chosen)
        local = [*np.flatnonzero(mine), *rest[picked]]
        return [int(members[it]) for it in local], far

    def _drawn(self) -> NDArray[np.int64]:
        return self.dice.permutation(self.learning.scenario.devices)[: self._random]
