"""SCAFFOLD (Karimireddy and others, arXiv 1910.06378): control variates against client drift."""

import torch
from torch import Tensor

from edgesim.methods.federated.learning import Learning
from edgesim.methods.federated.rules.fedavg import FedAvg
from edgesim.methods.federated.steps import gradient

__all__ = ["Scaffold"]


class Scaffold(FedAvg):
    """FedAvg with corrections ``c - c_k`` of every step; they are sent beside model and update.

    ``c_k`` follows option II of the paper: ``c_k - c + (w0 - w) / (steps rate)``.

    Args:
        learning: model and data.
        seed: of choices that are not the experiment's.
        rate: learning rate of devices.
        codec: how updates are written; corrections go as 32-bit numbers.
    """

    default_rate = 0.2

    def __init__(
        self, learning: Learning, seed: int = 0, *, rate: float | None = None, codec: str = "fp32"
    ) -> None:
        super().__init__(learning, seed, rate=rate, codec=codec)
        self.extra_up_bytes = self.extra_down_bytes = learning.model_bytes
        self._server = torch.zeros_like(self.row)
        self._own: dict[int, Tensor] = {}

    def local(self, devices: list[int], rows: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """See :class:`~edgesim.methods.federated.rules.fedavg.FedAvg`."""
        zeros = torch.zeros_like(self.row)
        own = torch.stack([self._own.get(device, zeros) for device in devices])
        steps = x.shape[1]
        for step in range(steps):
            slope = gradient(self.learning.model, rows, x[:, step], y[:, step])
            rows = rows - self.rate * (slope - own + self._server)
        fresh = own - self._server + (self.row - rows) / (steps * self.rate)
        moved = (fresh - own).mean(dim=0) * len(devices) / self.learning.devices
        self._own.update(zip(devices, fresh, strict=True))
        self._server = self._server + moved
        return rows
