"""FedProx (Li and others, arXiv 1812.06127): devices are held near the global model."""

from torch import Tensor

from edgesim.methods.federated.learning import Learning
from edgesim.methods.federated.rules.fedavg import FedAvg
from edgesim.methods.federated.steps import gradient

__all__ = ["FedProx"]


class FedProx(FedAvg):
    """FedAvg with ``mu / 2 ||w - w0||^2`` added to the loss of every device.

    Args:
        learning: model and data.
        seed: of choices that are not the experiment's.
        rate: learning rate of devices.
        codec: how updates are written.
        mu: weight of the distance to the global model.
    """

    def __init__(
        self,
        learning: Learning,
        seed: int = 0,
        *,
        rate: float | None = None,
        codec: str = "fp32",
        mu: float = 0.01,
    ) -> None:
        super().__init__(learning, seed, rate=rate, codec=codec)
        self.mu = mu

    def local(self, devices: list[int], rows: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """See :class:`~edgesim.methods.federated.rules.fedavg.FedAvg`."""
        for step in range(x.shape[1]):
            pull = self.mu * (rows - self.row)
            rows = rows - self.rate * (
                gradient(self.learning.model, rows, x[:, step], y[:, step]) + pull
            )
        return rows
