"""FedAvg (McMahan and others, arXiv 1602.05629), and what its relatives change of it."""

from torch import Tensor

from edgesim.methods.federated.codecs import coded
from edgesim.methods.federated.learning import Learning
from edgesim.methods.federated.method import Method
from edgesim.methods.federated.programs import mean_at, star
from edgesim.twin.federated.outcomes import RoundOver
from edgesim.twin.federated.program import Program, Seq
from edgesim.twin.federated.world import CLOUD

__all__ = ["FedAvg"]


class FedAvg(Method):
    """Chosen devices train from the global model; their mean is the next one.

    Args:
        learning: model and data.
        seed: of choices that are not the experiment's.
        rate: learning rate of devices.
        codec: how updates are written (:data:`edgesim.methods.federated.codecs.NAMES`).
    """

    def __init__(
        self, learning: Learning, seed: int = 0, *, rate: float | None = None, codec: str = "fp32"
    ) -> None:
        super().__init__(learning, seed, rate=rate)
        self.codec = coded.make(codec, learning.model.params, self.dice)
        self._chosen: list[int] = []

    def plan(self, number: int) -> Program:
        """See :class:`~edgesim.methods.federated.method.Method`."""
        self._chosen = self.choose(number)
        learning = self.learning
        up = self.codec.bytes_up(len(self._chosen)) + self.extra_up_bytes
        down = learning.model_bytes + self.extra_down_bytes
        round_ = star(learning, self._chosen, learning.steps, up, down_bytes=down)
        return Seq([round_, mean_at(learning, CLOUD, len(self._chosen))])

    def learn(self, over: RoundOver) -> None:
        """See :class:`~edgesim.methods.federated.method.Method`."""
        there = [device for device in self._chosen if device in over.done]
        if not there:
            return
        x, y = self.learning.batches(there, self.learning.steps)
        ends = self.local(there, self.row.expand(len(there), -1), x, y)
        self.row = self.merge(self.codec.mean(ends - self.row))

    # --- what relatives change ------------------------------------------------------------------

    extra_up_bytes = 0
    """Bytes beside the update on a device's way up."""

    extra_down_bytes = 0
    """Bytes beside the model on a device's way down."""

    def choose(self, number: int) -> list[int]:
        """Devices of a round."""
        return self.chosen_devices()

    def local(self, devices: list[int], rows: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """What devices make of the global model."""
        return self.learning.trained(rows, x, y, self.rate)

    def merge(self, change: Tensor) -> Tensor:
        """The next global model, of the mean change of the devices."""
        return self.row + change
