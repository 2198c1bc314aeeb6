"""Sequential SGD: one model that goes from device to device."""

from edgesim.methods.federated.rules.chained import Chained

__all__ = ["Sequential"]


class Sequential(Chained):
    """All chosen devices are one group, in random order."""

    def groups(self, number: int) -> list[list[int]]:
        """See :class:`~edgesim.methods.federated.rules.chained.Chained`."""
        return [[int(device) for device in self.dice.permutation(self.chosen_devices())]]
