"""What is seen of a ring that serves: late and noisy, as measured at the last tick."""

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from edgesim.twin.core.compiled import NO_ARRAYS_MADE, compiled
from edgesim.twin.ring import serving
from edgesim.twin.ring.future import Future
from edgesim.twin.ring.serving_world import RingWorld, Tables

__all__ = ["Observer"]

FloatArray = npt.NDArray[np.float64]

_HIGHEST = 10.0


class Observer:
    """Fills an observation from what is known.

    Attributes:
        names: what each entry is.
        space: the observation space.
    """

    def __init__(self, world: RingWorld) -> None:
        devices = [device.name for device in world.cluster.devices]
        self.names = [
            "arrival",
            "queue / 10",
            "batch filled",
            "blocked for, s / 10",
            "small model busy for, s / 20",
            "prompt / 1000",
            "drafts / 8",
            "part of the horizon",
            *(f"{name}: memory" for name in devices),
            *(f"{name}: away" for name in devices),
            *(f"{name}: link" for name in devices),
            *(f"{name} runs" for name in world.names),
            *(f"{name}: token / target" for name in world.names),
            *(f"{name}: change, s / 10" for name in world.names),
        ]
        self.space = spaces.Box(0.0, _HIGHEST, (len(self.names),), np.float32)
        self._tables = world.tables

    def observe(self, future: Future, state: serving.State) -> npt.NDArray[np.float32]:
        """The observation now."""
        seen = np.zeros(len(self.names))
        _fill(self._tables, future, state, seen)
        return np.clip(seen, 0.0, _HIGHEST).astype(np.float32)


@compiled(**NO_ARRAYS_MADE)
def _fill(tables: Tables, future: Future, state: serving.State, seen: FloatArray) -> None:
    ints, floats, numbers = state.ints, state.floats, tables.numbers
    now_s = floats[serving.NOW]
    arrival = ints[serving.KIND] == serving.ARRIVAL
    seen[0] = 1.0 if arrival else 0.0
    seen[1] = (ints[serving.TAIL] - ints[serving.HEAD]) / 10.0
    seen[2] = ints[serving.ACTIVE] / len(state.active)
    seen[3] = max(0.0, floats[serving.BLOCKED] - now_s) / 10.0
    seen[4] = max(0.0, floats[serving.SMALL_FREE] - now_s) / 20.0
    if arrival:
        seen[5] = future.prompt[ints[serving.REQUEST]] / 1000.0
    seen[6] = tables.drafts[ints[serving.DRAFT]] / 8.0
    seen[7] = now_s / numbers[0]
    place = 8
    devices = len(state.busy)
    for device in range(devices):
        seen[place + device] = state.seen_memory[device]
        seen[place + devices + device] = state.seen_away[device]
        seen[place + 2 * devices + device] = state.seen_link[device]
    place += 3 * devices
    systems = len(tables.token_s)
    system = ints[serving.SYSTEM]
    for other in range(systems):
        seen[place + other] = 1.0 if other == system else 0.0
        seen[place + systems + other] = seen_token_s(tables, state, other) / numbers[8]
        moved_s = serving.move_s(tables, system, other)
        seen[place + 2 * systems + other] = moved_s / 10.0


@compiled(**NO_ARRAYS_MADE)
def seen_token_s(tables: Tables, state: serving.State, system: int) -> float:
    """Time of a token under a system by what was measured last, s; inf where it cannot run.

    A memory counts as taken below the middle between all of it and what is then left.
    """
    middle = (1.0 + tables.numbers[14]) / 2.0
    memory, air_s = 0, 0.0
    for device in range(len(state.busy)):
        if tables.uses[system, device]:
            if state.seen_away[device]:
                return np.inf
            air_s += tables.hop_s[system, device] * (1.0 / state.seen_link[device] - 1.0)
        if state.seen_memory[device] < middle:
            memory += 1 << device
    return float(tables.token_s[system, memory] + air_s)
