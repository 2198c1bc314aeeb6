"""The exact optimum of prima.cpp's stated objective, by dynamic programming over the devices.

One round dominates the stated objective: (w, n, k) and (k w, k n, 1) put the same layers on each
device, and more rounds only add hops. With one round the objective is a sum over the devices, so
``best[m][l]``, the least time of l layers on the first m devices, follows from ``best[m - 1]`` in
O(layers^2).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.scenarios.parts.devices import SLOWEST_DISK, Device
from edgesim.scenarios.ring.model import RingModel
from edgesim.twin.ring.coefficients import Room, costs, layered, set_of, vram_layers
from edgesim.twin.ring.plan import RingPlan

__all__ = ["Optimum", "optimum", "share_out"]

FloatArray = npt.NDArray[np.float64]


class Optimum(NamedTuple):
    """A plan and its stated time of a token (s)."""

    plan: RingPlan
    token_s: float


def optimum(
    model: RingModel, devices: Sequence[Device], *, selection: bool = True
) -> Optimum | None:
    """The plan of the least stated time, each device in the set that its own load puts it in.

    Args:
        model: the model.
        devices: in ring order, the head first; the head has a layer at least.
        selection: whether other devices may be left out; their xi is then not paid.

    Returns:
        None: no plan is feasible (disks too slow to be read, and memories too small).
    """
    tables = [_table(model, device, index) for index, device in enumerate(devices)]
    for index, (times, _) in enumerate(tables):
        if index == 0 or not selection:
            times[0] = np.inf
    shared = share_out([times for times, _ in tables], model.layers)
    if shared is None:
        return None
    windows, token_s = shared
    on_gpu = tuple(int(tables[index][1][w]) for index, w in enumerate(windows))
    return Optimum(RingPlan(windows, on_gpu, 1), token_s)


def share_out(tables: Sequence[FloatArray], total: int) -> tuple[tuple[int, ...], float] | None:
    """``total`` things shared out at the least sum of ``tables[m][x_m]``; inf forbids a number.

    Returns:
        How many each gets and the sum; None where every way is forbidden.
    """
    best = np.full(total + 1, np.inf)
    best[0] = 0.0
    chosen: list[npt.NDArray[np.int64]] = []
    grid = np.arange(total + 1)
    for table in tables:
        # ways[l, x]: the first devices have l - x, this one x
        before = np.where(grid[:, None] >= grid, best[np.abs(grid[:, None] - grid)], np.inf)
        ways = before + table[None, : total + 1]
        chosen.append(ways.argmin(axis=1))
        best = ways.min(axis=1)
    if not np.isfinite(best[total]):
        return None
    left, counts = total, []
    for choice in reversed(chosen):
        counts.append(int(choice[left]))
        left -= counts[-1]
    return tuple(reversed(counts)), float(best[total])


def _table(model: RingModel, device: Device, index: int) -> tuple[FloatArray, npt.NDArray[np.int_]]:
    """Least time of 0..L layers on a device (s), and how many of them are then on its GPU."""
    room = Room.of(model, device, index)
    most_gpu = min(vram_layers(model, device, index), model.layers) if device.has_gpu else 0
    xi_s = layered(model, device).xi_s
    times = np.zeros(model.layers + 1)
    on_gpu = np.zeros(model.layers + 1, dtype=np.int_)
    by_set = {name: costs(model, device, index, name) for name in ("M1", "M2", "M3", "M4")}
    slow = device.disk_bytes_per_s < SLOWEST_DISK
    for layers in range(1, model.layers + 1):
        least = np.inf
        for n in range(min(layers, most_gpu) + 1):
            mapped = layers if device.os == "macos" else layers - n
            if slow and mapped * model.loaded_bytes > room.ram_bytes:
                continue
            a_s, b_s, fixed_s = by_set[set_of(model, device, index, layers, n)]
            time_s = a_s * layers + b_s * n + fixed_s + xi_s
            if time_s < least:
                least, on_gpu[layers] = time_s, n
        times[layers] = least
    return times, on_gpu
