"""FedAdam and FedYogi (Reddi and others, arXiv 2003.00295): the server's step is adaptive."""

import torch
from torch import Tensor

from edgesim.methods.federated.learning import Learning
from edgesim.methods.federated.rules.fedavg import FedAvg

__all__ = ["FedAdam", "FedYogi"]

_MOMENTUM, _SECOND = 0.9, 0.99  # beta_1 and beta_2 of the paper's experiments


class FedAdam(FedAvg):
    """FedAvg whose mean change is a gradient that the server takes an Adam step along.

    Args:
        learning: model and data.
        seed: of choices that are not the experiment's.
        rate: learning rate of devices.
        codec: how updates are written.
        server_rate: learning rate of the server.
        tau: how far the server adapts: added to the root of the second moment.
    """

    default_rate = 0.3

    def __init__(
        self,
        learning: Learning,
        seed: int = 0,
        *,
        rate: float | None = None,
        codec: str = "fp32",
        server_rate: float = 0.03,
        tau: float = 0.001,
    ) -> None:
        super().__init__(learning, seed, rate=rate, codec=codec)
        self.server_rate, self.tau = server_rate, tau
        self._first = torch.zeros_like(self.row)
        self._second = torch.full_like(self.row, tau**2)

    def merge(self, change: Tensor) -> Tensor:
        """See :class:`~edgesim.methods.federated.rules.fedavg.FedAvg`."""
        self._first = _MOMENTUM * self._first + (1 - _MOMENTUM) * change
        self._second = self.second(change**2)
        return self.row + self.server_rate * self._first / (self._second.sqrt() + self.tau)

    def second(self, squared: Tensor) -> Tensor:
        """The next second moment."""
        return _SECOND * self._second + (1 - _SECOND) * squared


class FedYogi(FedAdam):
    """FedAdam whose second moment moves by signs, so that it does not shrink at once."""

    def second(self, squared: Tensor) -> Tensor:
        """See :class:`FedAdam`."""
        return self._second - (1 - _SECOND) * squared * torch.sign(self._second - squared)
