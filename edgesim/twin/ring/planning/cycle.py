"""Planning by the time of a cycle, in which disks work while other devices compute.

The objective of distilp (firstbatchxyz/distilp, a planner made after prima.cpp's). In a cycle of C
s every device computes its window, waits for what of it has overflowed its memory, and fetches its
next window meanwhile:

    minimise  sum(a w + b n + overflow) + sum(hop + xi) + kappa + (k - 1) C
    C >= busy + stall,  stall >= 0,  stall >= fetch - (C - busy)

so that C is the largest of ``busy + fetch / 2``. At a given w fewer busy seconds make both parts
smaller, and what is left to choose is w: for each C the least sum by dynamic programming.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.scenarios.parts.devices import Device
from edgesim.scenarios.ring.model import RingModel
from edgesim.twin.ring.coefficients import Room, costs, layered
from edgesim.twin.ring.plan import RingPlan, rounds_of
from edgesim.twin.ring.planning.optimum import FloatArray, share_out

__all__ = ["CycleDevice", "Cycled", "cycle_devices", "cycle_plan"]

TOLERANCE = 1e-9
"""Layers by which a memory may be passed before a whole layer overflows."""


class CycleDevice(NamedTuple):
    """A device in the cycle's terms.

    Attributes:
        layer_s: a layer on the CPU, s (alpha).
        gpu_s: a layer on the GPU less one on the CPU, s (beta; 0 in M1).
        hop_s: hop and copies of a window, s.
        overflow_s: reading a layer that has overflowed, s.
        fetch_s: reading a layer ahead, s.
        ram_layers: layers that fit outside the GPU (not rounded; may be negative).
        vram_layers: layers that fit on the GPU (not rounded); None: there is no GPU.
        mapped_beside_gpu: whether layers on the GPU leave that room free (M3), or take it too.
    """

    layer_s: float
    gpu_s: float
    hop_s: float
    overflow_s: float
    fetch_s: float
    ram_layers: float
    vram_layers: float | None
    mapped_beside_gpu: bool


class Cycled(NamedTuple):
    """A plan with the time of a token and of a cycle (s)."""

    plan: RingPlan
    token_s: float
    cycle_s: float


def cycle_devices(
    model: RingModel, devices: Sequence[Device], link_bps: float = float("inf")
) -> tuple[list[CycleDevice], float]:
    """Devices in the cycle's terms, and kappa (s), each taken as short of memory.

    Args:
        model: the model.
        devices: in ring order, the head first.
        link_bps: rate of a hop, bits/s; its delay is in each device's ``hop_s``.
    """
    found, kappa_s = [], 0.0
    for index, device in enumerate(devices):
        in_set = "M3" if device.os != "macos" else "M2" if device.gpu == "metal" else "M1"
        kappa_s += costs(model, device, index, in_set).fixed_s
        alpha_s, beta_s, xi_s = layered(model, device)
        room = Room.of(model, device, index)
        read_bytes = model.layer_bytes if in_set == "M2" else model.loaded_bytes
        vram_bytes = device.vram_bytes - device.gpu_buffer_bytes
        if device.gpu == "metal" and index == 0:
            vram_bytes -= model.output_bytes
        found.append(
            CycleDevice(
                layer_s=alpha_s,
                gpu_s=0.0 if in_set == "M1" else beta_s,
                hop_s=xi_s + 8.0 * model.activation_bytes / link_bps,
                overflow_s=read_bytes / device.disk_bytes_per_s,
                fetch_s=model.loaded_bytes / device.disk_bytes_per_s,
                ram_layers=room.ram_bytes / model.loaded_bytes,
                vram_layers=vram_bytes / model.loaded_bytes if device.has_gpu else None,
                mapped_beside_gpu=in_set == "M3",
            )
        )
    return found, kappa_s


def cycle_plan(
    devices: Sequence[CycleDevice],
    layers: int,
    kappa_s: float = 0.0,
    rounds: Iterable[int] | None = None,
) -> Cycled | None:
    """The plan of the least time, every device having a layer at least; None: there is none.

    As in distilp, what fits is compared with the window of one round.

    Args:
        devices: in ring order.
        layers: of the model.
        kappa_s: what is paid whatever the plan is, s.
        rounds: numbers of rounds to try; all that leave each device a layer by default.
    """
    best: Cycled | None = None
    for k in rounds_of(layers, len(devices)) if rounds is None else rounds:
        window = layers // k
        if window < len(devices):
            continue
        found = _at_rounds(devices, window, k)
        if found is None:
            continue
        windows, on_gpu, sum_s, cycle_s = found
        token_s = sum_s + kappa_s + sum(device.hop_s for device in devices) + (k - 1) * cycle_s
        if best is None or token_s < best.token_s:
            best = Cycled(RingPlan(windows, on_gpu, k), token_s, cycle_s)
    return best


_Found = tuple[tuple[int, ...], tuple[int, ...], float, float]


def _at_rounds(devices: Sequence[CycleDevice], window: int, rounds: int) -> _Found | None:
    """Windows, layers on GPUs, their sum (s) and the cycle (s) for one number of rounds."""
    tables, choices = zip(*(_busy(device, window) for device in devices), strict=True)
    lengths = [
        table + device.hop_s + device.fetch_s * np.arange(window + 1) / 2.0
        for table, device in zip(tables, devices, strict=True)
    ]
    free = share_out(tables, window)
    if free is None:
        return None
    best: _Found | None = None
    best_s = np.inf
    # With the cycle bounded by each length that a device can have, the least sum
    candidates = [np.inf] if rounds == 1 else np.unique(np.concatenate(lengths))
    for longest in candidates:
        if not np.isfinite(longest) and rounds > 1:
            break
        if rounds > 1 and (rounds - 1) * longest + free[1] >= best_s:
            break
        bounded = [
            np.where(length <= longest, table, np.inf)
            for table, length in zip(tables, lengths, strict=True)
        ]
        shared = share_out(bounded, window)
        if shared is None:
            continue
        windows, sum_s = shared
        cycle_s = max(float(length[w]) for length, w in zip(lengths, windows, strict=True))
        if sum_s + (rounds - 1) * cycle_s < best_s:
            best_s = sum_s + (rounds - 1) * cycle_s
            on_gpu = tuple(int(choice[w]) for choice, w in zip(choices, windows, strict=True))
            best = (windows, on_gpu, sum_s, cycle_s)
    return best


def _busy(device: CycleDevice, window: int) -> tuple[FloatArray, npt.NDArray[np.int_]]:
    """Least seconds of 0, 1, ... layers of a window, overflow included, and how many on the GPU."""
    w = np.arange(window + 1)[:, None]
    n = np.arange(window + 1 if device.vram_layers is not None else 1)[None, :]
    mapped = w - n if device.mapped_beside_gpu else w + 0 * n
    overflow = np.ceil(np.maximum(mapped - device.ram_layers, 0.0) - TOLERANCE)
    if device.vram_layers is not None:
        overflow = overflow + np.ceil(np.maximum(n - device.vram_layers, 0.0) - TOLERANCE)
    busy_s = device.layer_s * w + device.gpu_s * n + device.overflow_s * overflow
    busy_s = np.where(n <= w, busy_s, np.inf)
    busy_s[0, :] = np.inf  # every device has a layer at least
    return busy_s.min(axis=1), busy_s.argmin(axis=1)
