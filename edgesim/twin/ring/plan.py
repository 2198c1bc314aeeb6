"""A plan: how many layers of each round a device computes, and how many of them on its GPU."""

from collections.abc import Sequence
from dataclasses import dataclass

from edgesim.errors import InputError
from edgesim.scenarios.parts.devices import Device
from edgesim.scenarios.ring.model import RingModel

__all__ = ["RingPlan", "rounds_of"]


@dataclass(frozen=True)
class RingPlan:
    """Windows of layers around the ring.

    In each of ``rounds`` rounds the activation passes every device once, and a device computes
    the next ``windows[m]`` layers, the last ``on_gpu[m]`` of them on its GPU.

    Attributes:
        windows: layers of a device and round (w); 0 leaves the device out.
        on_gpu: those of them that lie in the memory of its GPU (n).
        rounds: rounds of a token (k).
    """

    windows: tuple[int, ...]
    on_gpu: tuple[int, ...]
    rounds: int = 1

    @property
    def used(self) -> tuple[int, ...]:
        """The devices that have layers."""
        return tuple(index for index, w in enumerate(self.windows) if w)

    def layers(self, index: int) -> int:
        """All layers of a device."""
        return self.rounds * self.windows[index]

    def check(self, model: RingModel, devices: Sequence[Device]) -> None:
        """The plan places every layer of the model once, on these devices.

        Raises:
            InputError: it does not.
        """
        for key, counts in (("windows", self.windows), ("on_gpu", self.on_gpu)):
            if len(counts) != len(devices):
                accepted = f"must have a number for each of the {len(devices)} devices"
                raise InputError(f"plan.{key}", list(counts), accepted)
            if min(counts) < 0:
                raise InputError(f"plan.{key}", list(counts), "must not be negative")
        if self.rounds < 1 or self.rounds * sum(self.windows) != model.layers:
            raise InputError(
                "plan.windows",
                list(self.windows),
                f"over {self.rounds} round{'s' * (self.rounds != 1)} must add up to the"
                f" {model.layers} layers of {model.name}; it adds up to"
                f" {self.rounds * sum(self.windows)}",
            )
        for device, w, n in zip(devices, self.windows, self.on_gpu, strict=True):
            if n > w or (n and not device.has_gpu):
                most = w if device.has_gpu else 0
                accepted = f"of {device.name} must be at most {most}"
                raise InputError("plan.on_gpu", n, accepted)
        if self.windows[0] < 1:
            raise InputError("plan.windows", list(self.windows), "the head must have a layer")


def rounds_of(layers: int, devices: int = 1) -> list[int]:
    """How many rounds a token may take: divisors of ``layers``, a window for each device left.

    As prima.cpp, up to half the layers (all of a model of one layer).
    """
    most = max(1, layers // 2)
    return [k for k in range(1, most + 1) if layers % k == 0 and layers // k >= devices]
