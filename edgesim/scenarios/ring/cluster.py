"""Devices in a ring and what lies between them."""

from dataclasses import dataclass

from edgesim.errors import InputError
from edgesim.scenarios.checks import at_least, positive
from edgesim.scenarios.parts.devices import Device

__all__ = ["ALL", "Cluster"]

ALL = float("inf")
"""A prefetch of the whole next window; 0 is none, other numbers are a cap in bytes."""


@dataclass(frozen=True)
class Cluster:
    """Devices in ring order, the head first.

    Attributes:
        devices: the devices.
        link_bps: rate of a hop, bits/s; its delay is each device's ``hop_s``.
        prefetch_bytes: how much of the next window is asked of the disk while others compute: 0,
            a number of bytes (Linux takes as much of one request as its read-ahead), or
            :data:`ALL`.
        gpu_shares_cache: whether layers on a GPU that has no memory of its own take that of the
            page cache.
        name: what it is called.
    """

    devices: tuple[Device, ...]
    link_bps: float = 400e6
    prefetch_bytes: float = ALL
    gpu_shares_cache: bool = True
    name: str = "cluster"

    def __post_init__(self) -> None:
        if not self.devices:
            raise InputError("devices", [], "must name a device at least")
        positive("link_bps", self.link_bps)
        if self.prefetch_bytes != ALL:
            at_least("prefetch_bytes", self.prefetch_bytes, 0.0)
