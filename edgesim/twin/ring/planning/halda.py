"""The scheduler of prima.cpp (Halda) as published, its loop over the sets M1 to M4.

Sets follow from a plan; with the sets held, an integer linear program gives the best plan; its
plan gives new sets. Outside of it, devices with one layer or none are left out and the loop begins
again. The published code begins with GPUs full, the paper with them empty, and they end at
different plans (docs/ring.md says how far from the optimum).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from edgesim.scenarios.parts.devices import Device
from edgesim.scenarios.ring.model import RingModel
from edgesim.twin.ring.coefficients import set_of, token_s, vram_layers
from edgesim.twin.ring.plan import RingPlan, rounds_of
from edgesim.twin.ring.planning.fixed_sets import FixedSets, by_programming

__all__ = ["STARTS", "Halda", "Start", "halda"]

Start = Literal["code", "paper"]
"""Whether all layers are on GPUs at first, as in prima.cpp's code, or none, as in the paper."""

STARTS: tuple[Start, ...] = ("code", "paper")

Solver = Callable[[FixedSets, int], tuple[RingPlan, float] | None]

MOST_ITERATIONS = 1000
"""A stop for the published loop, which has none; two sets that follow each other would not end."""


class Halda(NamedTuple):
    """What the published scheduler ends with.

    Attributes:
        plan: its plan over all devices given; None where it ends without one.
        believed_s: the time of a token with the sets that it assumed, s.
        token_s: the stated time with the sets of the plan's own loads, s.
        sets: the sets that it assumed, "" of devices left out.
        trace: the sets of each iteration after the last device was left out.
    """

    plan: RingPlan | None
    believed_s: float = float("inf")
    token_s: float = float("inf")
    sets: tuple[str, ...] = ()
    trace: tuple[tuple[str, ...], ...] = ()


def halda(
    model: RingModel,
    devices: Sequence[Device],
    *,
    start: Start = "code",
    head_priority: float = 1.0,
    solver: Solver = by_programming,
) -> Halda:
    """Plan as prima.cpp does.

    Args:
        model: the model.
        devices: in ring order, the head first.
        start: which of the two published beginnings.
        head_priority: the head's cost of a layer is divided by it (1.01 in the published code's
            defaults).
        solver: what solves the integer linear program at fixed sets:
            :func:`edgesim.twin.ring.planning.fixed_sets.by_programming` or ``by_highs``.
    """
    kept = list(range(len(devices)))
    while True:
        chosen = [devices[index] for index in kept]
        loop = _Loop(model, chosen, head_priority, solver)
        plan = loop.run(start)
        if plan is None:
            return Halda(None, trace=tuple(loop.trace))
        staying = [
            index for index, w in zip(kept, plan.windows, strict=True) if w > 1 or index == 0
        ]
        if staying == kept:
            break
        kept = staying
    windows, on_gpu, sets = ([0] * len(devices), [0] * len(devices), [""] * len(devices))
    for position, index in enumerate(kept):
        windows[index], on_gpu[index] = plan.windows[position], plan.on_gpu[position]
        sets[index] = loop.sets[position]
    whole = RingPlan(tuple(windows), tuple(on_gpu), plan.rounds)
    believed_s = token_s(model, chosen, plan, loop.sets)
    return Halda(whole, believed_s, token_s(model, devices, whole), tuple(sets), tuple(loop.trace))


@dataclass
class _Loop:
    """The inner loop, for devices that all get a layer at least."""

    model: RingModel
    devices: list[Device]
    head_priority: float
    solver: Solver
    sets: tuple[str, ...] = ()
    trace: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, start: Start) -> RingPlan | None:
        """Plans from sets and sets from plans, until one of them stays."""
        model, devices = self.model, self.devices
        forced = [False] * len(devices)
        current = _beginning(model, devices, start)
        final: RingPlan | None = None
        last_solved: RingPlan | None = None
        for _ in range(MOST_ITERATIONS):
            sets = self._sets(current, forced)
            if sets == self.sets:
                break
            self.sets = sets
            self.trace.append(sets)
            solved = self._solve(sets)
            if solved is None:
                return last_solved
            last_solved = solved
            if self._misplaced(solved, sets, sum(current.windows)):
                self._force_slowest(sets, forced)
                continue
            current = solved
            if final == solved:
                break
            final = solved
        return final

    def _sets(self, plan: RingPlan, forced: list[bool]) -> tuple[str, ...]:
        # Of all devices, also those that the beginning leaves without a layer.
        counts = zip(plan.windows, plan.on_gpu, forced, strict=True)
        return tuple(
            set_of(self.model, self.devices[index], index, plan.rounds * w, plan.rounds * n, force)
            for index, (w, n, force) in enumerate(counts)
        )

    def _solve(self, sets: tuple[str, ...]) -> RingPlan | None:
        """The best plan of all numbers of rounds at fixed sets; of equals the fewest rounds."""
        best: tuple[RingPlan, float] | None = None
        fixed = FixedSets(self.model, self.devices, sets, self.head_priority)
        for rounds in rounds_of(self.model.layers, len(self.devices)):
            solved = self.solver(fixed, rounds)
            if solved is not None and (best is None or solved[1] < best[1]):
                best = solved
        return None if best is None else best[0]

    def _misplaced(self, plan: RingPlan, sets: tuple[str, ...], window: int) -> bool:
        """GPUs have room while layers lie outside them, and no device is about to be left out."""
        weak = any(w == 1 and n == 0 for w, n in zip(plan.windows, plan.on_gpu, strict=True))
        free = overload = False
        for index, device in enumerate(self.devices):
            if device.has_gpu:
                room = vram_layers(self.model, device, index) * window // self.model.layers
                free |= plan.on_gpu[index] < room
                overload |= plan.windows[index] > plan.on_gpu[index]
            else:
                overload |= sets[index] != "M4"
        return free and overload and not weak

    def _force_slowest(self, sets: tuple[str, ...], forced: list[bool]) -> None:
        """Put the device of the slowest disk outside M4 into it; of equals the first."""
        outside = [index for index, name in enumerate(sets) if name != "M4"]
        if outside:
            forced[min(outside, key=lambda index: self.devices[index].disk_bytes_per_s)] = True


def _beginning(model: RingModel, devices: Sequence[Device], start: Start) -> RingPlan:
    """Layers in proportion to memory, one each at least; the rest to the largest or smallest."""
    budgets = [device.budget_bytes for device in devices]
    # std::round: halves go up, where Python's round goes to the even number
    windows = [int(budget / sum(budgets) * model.layers + 0.5) for budget in budgets]
    for index, w in enumerate(windows):
        if w == 0:
            windows[index] = 1
            largest = windows.index(max(windows))
            if windows[largest] > 1:
                windows[largest] -= 1
    rest = model.layers - sum(windows)
    extreme = max(budgets) if rest > 0 else min(budgets)
    windows[budgets.index(extreme)] += rest
    full = start == "code"
    on_gpu = [
        w if full and device.has_gpu else 0 for w, device in zip(windows, devices, strict=True)
    ]
    return RingPlan(tuple(windows), tuple(on_gpu), 1)
