"""HFedMS (arXiv 2211.03300): chains on a stream, last layers alone between rounds, and a memory."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from edgesim.methods.federated.learning import Learning
from edgesim.methods.federated.memory.features import compensate, select_memory, shift_of_classes
from edgesim.methods.federated.programs import chains
from edgesim.methods.federated.rules.chained import along
from edgesim.methods.federated.rules.fedgsp import FedGSP
from edgesim.methods.federated.steps import gradient, mean_of
from edgesim.twin.federated.outcomes import RoundOver
from edgesim.twin.federated.program import Program

__all__ = ["HFedMS"]

_MOST = 200  # pairs of a device's memory
_HEAD_EPOCHS = 3
_DISTILLED = 0.1  # weight of the KL divergence, which is averaged over classes


class _Memory(NamedTuple):
    """Features of earlier samples, their classes, and the model that they were seen through."""

    features: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
    labels: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    body: Tensor


class HFedMS(FedGSP):
    """FedGSP whose rounds are a whole one, then ``frequency - 1`` in which last layers alone move.

    In a whole round groups are formed anew and all layers train, held to the model that was sent by
    a distillation loss. In the others the same groups train the last layer on features of the
    window at hand and of the memory. Before the first of them a device moves what it remembers
    along with the model (compensation). A device that meets its first such round has nothing to
    compare with and does not train, as in the published code. Which samples are kept, the nearest
    to their class's mean, is a reconstruction.

    Args:
        learning: model and data; its scenario should have windows.
        seed: of choices that are not the experiment's.
        rate: learning rate of devices.
        schedule: as of FedGSP.
        alpha: as of FedGSP.
        beta: as of FedGSP.
        kappa: as of FedGSP.
        grouping: as of FedGSP.
        frequency: rounds between whole ones.
        memory: pairs that a device remembers; 0: none.
        compensation: whether they are moved along, 1 or 0.
        head_rate: learning rate of last layers; 0: that of the others.
        distilled: weight of the distillation loss.
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
        frequency: int = 3,
        memory: int = _MOST,
        compensation: int = 1,
        head_rate: float = 0.0,
        distilled: float = _DISTILLED,
    ) -> None:
        super().__init__(
            learning,
            seed,
            rate=rate,
            schedule=schedule,
            alpha=alpha,
            beta=beta,
            kappa=kappa,
            grouping=grouping,
            frequency=frequency,
        )
        self._most, self._compensated, self._distilled = memory, bool(compensation), distilled
        self._head_rate = head_rate if head_rate > 0 else self.rate
        self._memories: dict[int, _Memory] = {}
        self._met: set[int] = set()  # devices that have been in a round of last layers
        self._seen: dict[int, int] = {}  # window that each device remembered last
        self._earlier: dict[int, _Memory | None] = {}  # what it remembered before that window
        self._whole = True
        self._window = 0

    def plan(self, number: int) -> Program:
        """See :class:`~edgesim.methods.federated.method.Method`."""
        self._whole, self._window = number % self.frequency == 0, number // self.frequency
        if self._whole or not self._groups:
            self._groups = self.groups(number)
        learning = self.learning
        size = learning.model_bytes if self._whole else learning.head_bytes
        batches = learning.steps
        if not self._whole:  # features are worked out once; training them costs next to nothing
            batches = max(1, round(learning.steps / 3))
        return chains(learning, self._groups, batches, size)

    def learn(self, over: RoundOver) -> None:
        """See :class:`~edgesim.methods.federated.method.Method`."""
        if self._whole:
            super().learn(over)
            return
        back = [over.chains[number] for number in sorted(over.chains)]  # type: ignore[type-var]
        if not back:
            return
        head = self.row[-self.learning.model.head :]
        ends = along(back, head, self._heads)
        merged = mean_of(ends, [float(len(chain)) for chain in back])
        self.row = torch.cat([self.row[: -self.learning.model.head], merged])

    def local(self, devices: list[int], rows: Tensor) -> Tensor:
        """Train all layers, held to the global model's answers."""
        learning, model = self.learning, self.learning.model
        x, y = learning.batches(devices, learning.steps)
        teacher = self.row.expand(len(devices), -1)
        for t in range(x.shape[1]):
            with torch.no_grad():
                taught = functional.log_softmax(model.logits(teacher, x[:, t]), dim=2)

            def held(_: Tensor, logits: Tensor, taught: Tensor = taught) -> Tensor:
                student = functional.log_softmax(logits, dim=2)
                kl = (taught.exp() * (taught - student)).mean(dim=2)  # over classes, as published
                return self._distilled * kl.mean(dim=1)

            rows = rows - self.rate * gradient(model, rows, x[:, t], y[:, t], held)
        return rows

    def _heads(self, devices: list[int], heads: Tensor) -> Tensor:
        """Train last layers on features of windows and memories, device by device."""
        found = heads.clone()
        for number, device in enumerate(devices):
            features, labels = self._remembered(device)
            if device not in self._met:
                self._met.add(device)
                continue
            if len(labels):
                found[number] = self._trained_head(heads[number], features, labels)
        return found

    def _remembered(self, device: int) -> tuple[Tensor, Tensor]:
        """What a device trains its last layer on: its window, and its memory, kept up."""
        x, y = (torch.from_numpy(it) for it in self.learning.streams.window(device))
        now = self._features(self.row, x)
        fresh = self._seen.get(device) != self._window
        memory = self._memories.get(device) if fresh else self._earlier.get(device)
        if memory is not None and fresh and self._compensated:
            before = self._features(memory.body, x).numpy()
            classes = self.learning.model.classes
            shift = shift_of_classes(before, now.numpy(), y.numpy(), classes)
            moved = compensate(memory.features, memory.labels, shift)
            memory = memory._replace(features=moved, body=self.row)
        if fresh:
            self._earlier[device] = memory
        features, labels = now, y
        if memory is not None:
            kept = torch.from_numpy(memory.features.astype(np.float32))
            features, labels = (
                torch.cat([now, kept]),
                torch.cat([y, torch.from_numpy(memory.labels)]),
            )
        if self._most and fresh:
            self._seen[device] = self._window
            own = select_memory(features.numpy(), labels.numpy(), self._most).nearest_per_class
            kept_features = features.numpy()[own].astype(float)
            self._memories[device] = _Memory(kept_features, labels.numpy()[own], self.row)
        return features, labels

    def _features(self, row: Tensor, x: Tensor) -> Tensor:
        with torch.no_grad():
            return self.learning.model.features(row[None], x[None])[0]

    def _trained_head(self, head: Tensor, features: Tensor, labels: Tensor) -> Tensor:
        batch, model = self.learning.batch, self.learning.model
        for _ in range(_HEAD_EPOCHS):
            order = torch.from_numpy(self.dice.permutation(len(labels)))
            for begin in range(0, len(order), batch):
                own = order[begin : begin + batch]
                variable = head.detach().requires_grad_()
                logits = model.read(variable[None], features[own][None])[0]
                loss = functional.cross_entropy(logits, labels[own])
                head = head - self._head_rate * torch.autograd.grad(loss, variable)[0]
        return head.detach()
