"""The linear model of a token's time on which prima.cpp plans.

Li and others, "Prima.cpp: Fast 30-70B LLM inference on heterogeneous and low-resource home
clusters", arXiv 2504.08791, assumption 1 and appendix A.3. A device is in one of four sets:

- M1: macOS without Metal, and its layers do not fit in its RAM;
- M2: macOS with Metal, and they do not fit in what Metal may use;
- M3: Linux or Android, and those outside the GPU do not fit in RAM (and swap, on Android);
- M4: they fit, or its disk is too slow to be read meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from edgesim.scenarios.parts.devices import SLOWEST_DISK, Device
from edgesim.scenarios.ring.model import RingModel
from edgesim.twin.ring.plan import RingPlan

__all__ = ["Layered", "head_output_s", "layered", "sets_of", "token_s", "vram_layers"]


class Layered(NamedTuple):
    """What a device adds to a token's time.

    Attributes:
        alpha_s: a layer on the CPU.
        beta_s: a layer on the GPU, less one on the CPU.
        xi_s: a window, whatever its layers: into the GPU's memory and back, and the hop.
    """

    alpha_s: float
    beta_s: float
    xi_s: float


def layered(model: RingModel, device: Device) -> Layered:
    """The coefficients alpha, beta and xi of a device (s)."""
    alpha_s = (
        model.layer_flop / device.cpu_flops
        + device.kv_cpu_s
        + model.loaded_bytes / device.cpu_bytes_per_s
    )
    beta_s = 0.0
    if device.has_gpu:
        gpu_s = (
            model.layer_flop / device.gpu_flops
            + device.kv_gpu_s
            + model.loaded_bytes / device.gpu_bytes_per_s
        )
        beta_s = gpu_s - alpha_s
    copies_s = 0.0 if device.uma else 2.0 * device.ram_vram_s
    return Layered(alpha_s, beta_s, copies_s + device.hop_s)


def head_output_s(model: RingModel, head: Device) -> float:
    """Time of the output layer on the head's CPU, s."""
    return model.output_flop / head.cpu_flops + model.head_bytes / head.cpu_bytes_per_s


def _io_bytes(model: RingModel, index: int) -> float:
    """What the head alone keeps in its memory."""
    return model.head_bytes if index == 0 else 0.0


@dataclass(frozen=True)
class Room:
    """Room for layers on a device in bytes, the head's blocks and buffers taken off.

    Attributes:
        ram_bytes: outside a GPU of its own.
        vram_bytes: on the GPU.
    """

    ram_bytes: float
    vram_bytes: float

    @classmethod
    def of(cls, model: RingModel, device: Device, index: int) -> "Room":
        """Room on the device that is at ``index`` of the ring; the head is at 0."""
        ram_bytes = device.budget_bytes - _io_bytes(model, index) - device.cpu_buffer_bytes
        if device.gpu == "metal":
            ram_bytes -= device.gpu_buffer_bytes
        vram_bytes = 0.0
        if device.has_gpu:
            vram_bytes = device.vram_bytes - device.gpu_buffer_bytes
            if device.gpu == "metal" and index == 0:
                vram_bytes -= model.output_bytes
        return cls(ram_bytes, max(0.0, vram_bytes))


def vram_layers(model: RingModel, device: Device, index: int) -> int:
    """How many layers fit in the GPU's memory of the device at ``index`` of the ring."""
    return int(Room.of(model, device, index).vram_bytes / model.loaded_bytes)


def set_of(
    model: RingModel, device: Device, index: int, layers: int, on_gpu: int, forced: bool = False
) -> str:
    """The set of a device that has ``layers`` layers, ``on_gpu`` of them on its GPU."""
    if forced or device.disk_bytes_per_s < SLOWEST_DISK:
        return "M4"
    mapped = layers if device.os == "macos" else layers - on_gpu
    if mapped * model.loaded_bytes <= Room.of(model, device, index).ram_bytes:
        return "M4"
    if device.os != "macos":
        return "M3"
    return "M2" if device.gpu == "metal" else "M1"


def sets_of(
    model: RingModel,
    devices: Sequence[Device],
    plan: RingPlan,
    forced: Sequence[bool] | None = None,
) -> tuple[str, ...]:
    """The set of each device under a plan; "" of a device without layers.

    Args:
        model: the model.
        devices: in ring order, the head first.
        plan: who has how many layers.
        forced: whether a device is put into M4 whatever it has.
    """
    forced = [False] * len(devices) if forced is None else forced
    return tuple(
        set_of(model, device, index, plan.rounds * w, plan.rounds * n, forced[index]) if w else ""
        for index, (device, w, n) in enumerate(zip(devices, plan.windows, plan.on_gpu, strict=True))
    )


class Costs(NamedTuple):
    """What a device adds to a token's time in a set: ``layer_s * l + gpu_s * g + fixed_s``."""

    layer_s: float
    gpu_s: float
    fixed_s: float


def costs(model: RingModel, device: Device, index: int, in_set: str) -> Costs:
    """The coefficients a and b of a device in a set, and its part of kappa (s)."""
    alpha_s, beta_s, _ = layered(model, device)
    fixed_s = 0.0
    if index == 0:
        fixed_s = head_output_s(model, device) + model.input_row_bytes / device.disk_bytes_per_s
        if in_set != "M4":
            fixed_s += model.output_bytes / device.disk_bytes_per_s
    if in_set in ("M1", "M3"):
        swap_bytes = device.swap_bytes if device.os == "android" else 0.0
        fixed_s += (
            device.cpu_buffer_bytes - device.ram_bytes - swap_bytes
        ) / device.disk_bytes_per_s
    read_s = model.loaded_bytes / device.disk_bytes_per_s
    if in_set == "M1":
        return Costs(alpha_s + read_s, 0.0, fixed_s)
    if in_set == "M2":
        return Costs(alpha_s + model.layer_bytes / device.disk_bytes_per_s, beta_s, fixed_s)
    if in_set == "M3":
        return Costs(alpha_s + read_s, beta_s - read_s if device.has_gpu else 0.0, fixed_s)
    return Costs(alpha_s, beta_s, fixed_s)


def token_s(
    model: RingModel,
    devices: Sequence[Device],
    plan: RingPlan,
    sets: Sequence[str] | None = None,
) -> float:
    """The stated time of a token, s: ``k sum(a w + b n + xi) + kappa`` over devices with layers.

    Args:
        model: the model.
        devices: in ring order, the head first.
        plan: who has how many layers.
        sets: the set of each device; those of its own load by default.
    """
    plan.check(model, devices)
    sets = sets_of(model, devices, plan) if sets is None else sets
    total_s = 0.0
    for index, (device, w, n) in enumerate(zip(devices, plan.windows, plan.on_gpu, strict=True)):
        if w:
            a_s, b_s, fixed_s = costs(model, device, index, sets[index])
            xi_s = layered(model, device).xi_s
            total_s += plan.rounds * (a_s * w + b_s * n + xi_s) + fixed_s
    return total_s
