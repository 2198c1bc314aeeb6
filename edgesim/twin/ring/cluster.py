"""Devices in a ring and what lies between them, and what a plan makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from edgesim.errors import InputError
from edgesim.scenarios.checks import at_least, positive
from edgesim.twin.compute.device import Device
from edgesim.twin.ring.coefficients import head_output_s, layered
from edgesim.twin.ring.model import RingModel
from edgesim.twin.ring.plan import RingPlan
from edgesim.twin.ring.tokens import ALL, RingTimes, Station, simulate

__all__ = ["Cluster", "decode", "stations"]


@dataclass(frozen=True)
class Cluster:
    """Devices in ring order, the head first.

    Attributes:
        devices: the devices.
        link_bps: rate of a hop, bits/s; its delay is each device's ``hop_s``.
        prefetch_bytes: how much of the next window is asked of the disk while others compute: 0,
            a number of bytes (Linux takes as much of one request as its read-ahead), or
            :data:`edgesim.twin.ring.tokens.ALL`.
        gpu_shares_cache: whether layers on a GPU that has no memory of its own take that of the
            page cache.
    """

    devices: tuple[Device, ...]
    link_bps: float = 400e6
    prefetch_bytes: float = ALL
    gpu_shares_cache: bool = True

    def __post_init__(self) -> None:
        if not self.devices:
            raise InputError("devices", [], "must name a device at least")
        positive("link_bps", self.link_bps)
        if self.prefetch_bytes != ALL:
            at_least("prefetch_bytes", self.prefetch_bytes, 0.0)


def stations(
    model: RingModel, cluster: Cluster, plan: RingPlan, cache_bytes: Sequence[float] | None = None
) -> list[Station]:
    """The devices with layers as the simulation takes them, in ring order.

    Args:
        model: the model.
        cluster: the devices and links.
        plan: who has how many layers.
        cache_bytes: memory of each device for its page cache now; what its profile says by
            default.
    """
    hop_s = 8.0 * model.activation_bytes / cluster.link_bps
    found = []
    for index in plan.used:
        device, on_gpu = cluster.devices[index], plan.on_gpu[index]
        alpha_s, beta_s, xi_s = layered(model, device)
        room = device.budget_bytes if cache_bytes is None else cache_bytes[index]
        room -= device.cpu_buffer_bytes
        if device.gpu == "metal" and cluster.gpu_shares_cache and on_gpu:
            room -= device.gpu_buffer_bytes + plan.rounds * on_gpu * model.loaded_bytes
        found.append(
            Station(
                plan.windows[index],
                on_gpu,
                max(0.0, room),
                device.disk_bytes_per_s,
                alpha_s,
                alpha_s + beta_s,
                xi_s + hop_s,
            )
        )
    return found


def decode(
    model: RingModel,
    cluster: Cluster,
    plan: RingPlan,
    *,
    cache_bytes: Sequence[float] | None = None,
    tokens: int = 7,
    measured: int = 3,
) -> RingTimes:
    """Times of tokens under a plan, by :func:`edgesim.twin.ring.tokens.simulate`.

    Raises:
        InputError: the plan does not place every layer of the model once.
    """
    plan.check(model, cluster.devices)
    return simulate(
        stations(model, cluster, plan, cache_bytes),
        rounds=plan.rounds,
        layer_bytes=model.loaded_bytes,
        output_bytes=model.output_bytes,
        output_s=head_output_s(model, cluster.devices[0]),
        prefetch=cluster.prefetch_bytes,
        tokens=tokens,
        measured=measured,
    )
