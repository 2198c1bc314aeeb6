"""The integer linear program of prima.cpp at fixed sets and rounds, solved in two ways.

Minimise ``k sum(a w + b n + xi) + kappa`` over whole numbers with ``sum w = L / k``, ``w >= 1``,
``n <= w``, and for each device, with ``z`` its room over ``L b'`` and ``W = L / k``:

- M1, M2: ``w >= W z``; M3: ``w - n >= W z``: what was found to overflow has to;
- M4: ``w - n <= W z``, on macOS ``w <= W z``;
- ``n <= W z_gpu``.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from edgesim.scenarios.parts.devices import Device
from edgesim.scenarios.ring.model import RingModel
from edgesim.twin.ring.coefficients import Room, costs, layered
from edgesim.twin.ring.plan import RingPlan
from edgesim.twin.ring.planning.optimum import FloatArray, share_out

__all__ = ["FixedSets", "by_highs", "by_programming"]

TOLERANCE = 1e-9
"""Layers by which a bound may be passed: the rooms are quotients of floats."""


class FixedSets(NamedTuple):
    """A model on devices whose sets are held.

    Attributes:
        model: the model.
        devices: in ring order, the head first; each gets a layer at least.
        sets: their sets.
        head_priority: the head's cost of a layer is divided by it.
    """

    model: RingModel
    devices: Sequence[Device]
    sets: Sequence[str]
    head_priority: float = 1.0

    def layer_costs(self, index: int) -> tuple[float, float]:
        """Cost of a layer of the device's window, and of one on its GPU besides (s)."""
        a_s, b_s, _ = costs(self.model, self.devices[index], index, self.sets[index])
        return (a_s / self.head_priority if index == 0 else a_s), b_s

    def constant_s(self, rounds: int) -> float:
        """What is paid whatever the windows are: xi and kappa."""
        total_s = 0.0
        for index, device in enumerate(self.devices):
            fixed_s = costs(self.model, device, index, self.sets[index]).fixed_s
            total_s += rounds * layered(self.model, device).xi_s + fixed_s
        return total_s

    def room_layers(self, index: int, rounds: int) -> tuple[float, float]:
        """Layers of a window for which there is room outside the GPU, and on it (not rounded)."""
        room = Room.of(self.model, self.devices[index], index)
        per_round = 1.0 / (rounds * self.model.loaded_bytes)
        vram = room.vram_bytes * per_round if self.devices[index].has_gpu else 0.0
        return room.ram_bytes * per_round, vram


def by_programming(fixed: FixedSets, rounds: int) -> tuple[RingPlan, float] | None:
    """The best plan and its cost (s) by dynamic programming; None where none is feasible."""
    window = fixed.model.layers // rounds
    tables, choices = [], []
    for index in range(len(fixed.devices)):
        table, on_gpu = _table(fixed, index, rounds, window)
        tables.append(table)
        choices.append(on_gpu)
    shared = share_out(tables, window)
    if shared is None:
        return None
    windows, cost_s = shared
    chosen = tuple(choice[w] for choice, w in zip(choices, windows, strict=True))
    return RingPlan(windows, chosen, rounds), cost_s + fixed.constant_s(rounds)


def _table(fixed: FixedSets, index: int, rounds: int, window: int) -> tuple[FloatArray, list[int]]:
    """Least cost of a window of 0, 1, ... layers on a device, and how many are on its GPU."""
    device, in_set = fixed.devices[index], fixed.sets[index]
    a_s, b_s = fixed.layer_costs(index)
    ram, vram = fixed.room_layers(index, rounds)
    least, most = math.ceil(ram - TOLERANCE), math.floor(ram + TOLERANCE)
    table = np.full(window + 1, np.inf)
    on_gpu = [0] * (window + 1)
    for w in range(1, window + 1):
        low, high = 0, min(w, math.floor(vram + TOLERANCE))
        if in_set in ("M1", "M2"):
            if w < least:
                continue
        elif in_set == "M3":
            high = min(high, w - least)
        elif device.os == "macos":
            if w > most:
                continue
        else:
            low = max(low, w - most)
        if low <= high:
            n = high if b_s < 0 else low
            table[w], on_gpu[w] = rounds * (a_s * w + b_s * n), n
    return table, on_gpu


def by_highs(fixed: FixedSets, rounds: int) -> tuple[RingPlan, float] | None:
    """The same by HiGHS, as the published code; which of several best plans is its choice."""
    count, window = len(fixed.devices), fixed.model.layers // rounds
    cost = np.zeros(2 * count)
    rows = [np.r_[np.ones(count), np.zeros(count)]]
    lowest, highest = [float(window)], [float(window)]
    upper = np.full(2 * count, float(window))
    for index, device in enumerate(fixed.devices):
        a_s, b_s = fixed.layer_costs(index)
        cost[index], cost[count + index] = rounds * a_s, rounds * b_s
        ram, vram = fixed.room_layers(index, rounds)
        upper[count + index] = vram
        w, n = np.zeros(2 * count), np.zeros(2 * count)
        w[index], n[count + index] = 1.0, 1.0
        rows.append(w - n)
        lowest.append(0.0)
        highest.append(np.inf)
        mapped_beside_gpu = device.os != "macos" and device.has_gpu
        rows.append(w - n if mapped_beside_gpu else w)
        fits = fixed.sets[index] == "M4"
        lowest.append(-np.inf if fits else ram)
        highest.append(ram if fits else np.inf)
    lower = np.r_[np.ones(count), np.zeros(count)]
    if (upper < lower).any():
        return None
    found = milp(
        cost,
        integrality=np.ones(2 * count, dtype=np.int64),
        bounds=Bounds(lower, upper),
        constraints=LinearConstraint(np.array(rows), np.array(lowest), np.array(highest)),
        options={"mip_rel_gap": 0.0},
    )
    if found.x is None:
        return None
    numbers = [round(float(value)) for value in found.x]
    plan = RingPlan(tuple(numbers[:count]), tuple(numbers[count:]), rounds)
    return plan, float(found.fun) + fixed.constant_s(rounds)
