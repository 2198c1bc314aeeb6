"""The devices of a ring under one plan while it serves: what is in their memories, and windows."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgesim.twin.core.compiled import NO_ARRAYS_MADE, compiled
from edgesim.twin.ring.coefficients import head_output_s
from edgesim.twin.ring.decoding import stations
from edgesim.twin.ring.plan import RingPlan
from edgesim.twin.ring.serving_world import RingWorld
from edgesim.twin.ring.tokens import Ring, catch_up, demand, forget, insert, prepared
from edgesim.twin.ring.tokens import window as computed

__all__ = ["Machine"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_SAME_S = 1e-9  # rests of rounding


class Machine:
    """A ring of devices under a plan: windows as arithmetic, from one activation to the next.

    Args:
        world: the scenario's world.
        plan: who has how many layers.
        taken: of which devices other applications have taken memory.

    Attributes:
        devices: those with layers, in ring order.
        rounds: rounds of a token.
        delays_s: of each device with layers, what an activation takes besides the air, s.
        shares: of the model's layers, a round and device with layers.
    """

    def __init__(self, world: RingWorld, plan: RingPlan, taken: Sequence[bool]) -> None:
        model, cluster = world.model, world.cluster
        self.devices, self.rounds = list(plan.used), plan.rounds
        all_taken = 2 ** len(cluster.devices) - 1
        rooms = [stations(model, cluster, plan, world.memory(s)) for s in (0, all_taken)]
        self._rooms = [[station.cache_bytes for station in room] for room in rooms]
        air_s = 8.0 * model.activation_bytes / cluster.link_bps
        self.delays_s = [station.hop_s - air_s for station in rooms[0]]
        self.shares = [station.window / model.layers for station in rooms[0]]
        self._output_s = head_output_s(model, cluster.devices[0])
        self._ring, self._shape = prepared(
            rooms[0],
            rounds=plan.rounds,
            layer_bytes=model.loaded_bytes,
            output_bytes=model.output_bytes,
            output_s=self._output_s,
            prefetch=cluster.prefetch_bytes,
        )
        for place, device in enumerate(self.devices):
            self._ring.cache_bytes[place] = self._rooms[int(taken[device])][place]
        self._mapped, self._on_gpu = self._layers(plan)
        entries = len(self._ring.size) + 4 * len(self.devices)
        self._seen, self._before = np.zeros(entries), np.full(entries, np.nan)

    def _layers(self, plan: RingPlan) -> tuple[list[list[int]], list[set[int]]]:
        """Layers that a device maps from disk, in the order of its chunks, and those on its GPU."""
        mapped: list[list[int]] = [[] for _ in self.devices]
        on_gpu: list[set[int]] = [set() for _ in self.devices]
        layer = 0
        for _ in range(plan.rounds):
            for place, device in enumerate(self.devices):
                middle = layer + plan.windows[device] - plan.on_gpu[device]
                end = layer + plan.windows[device]
                mapped[place] += range(layer, middle)
                on_gpu[place] |= set(range(middle, end))
                layer = end
        return mapped, on_gpu

    def held(self, device: int) -> set[int]:
        """The layers of a device."""
        if device not in self.devices:
            return set()
        place = self.devices.index(device)
        return self._on_gpu[place] | set(self._mapped[place])

    def window(self, place: int, turn: int, now_s: float) -> float:
        """When a device has computed its window of a round, s; disks go on meanwhile."""
        return float(computed(self._ring, self._shape, place, turn, now_s))

    def output(self, now_s: float) -> float:
        """When the head has computed the output layer, s."""
        ring = self._ring
        if ring.size[-1] > 0:
            now_s = demand(ring, 0, len(ring.size) - 1, now_s)
        return float(now_s + self._output_s)

    def resize(self, device: int, taken: bool, now_s: float) -> None:
        """Other applications take memory of a device, or give it back: its page cache follows."""
        if device in self.devices:
            place = self.devices.index(device)
            _resize(self._ring, place, self._rooms[int(taken)][place], now_s)

    def warm(self, passes: int) -> None:
        """Fill page caches by so many passes, which take no time of the twin."""
        now_s = 0.0
        for _ in range(passes):
            for turn in range(self.rounds):
                for place in range(len(self.devices)):
                    now_s = self.window(place, turn, now_s)
                    now_s += self.delays_s[place] if len(self.devices) > 1 else 0.0
            now_s = self.output(now_s)
        self.shift(-now_s)

    def inherit(self, old: "Machine", now_s: float) -> None:
        """Take over what another plan has left in the page caches, and read what is new."""
        ring = self._ring
        chunk_of = [
            {layer: int(ring.first[place]) + n for n, layer in enumerate(layers)}
            for place, layers in enumerate(self._mapped)
        ]
        for place, device in enumerate(self.devices):
            ring.free_s[place] = now_s
            ring.queued_s[place] = now_s
            kept = old.cached(device, now_s)
            new = sorted(set(self._mapped[place]) - old.held(device))
            for layer in [*kept, *new]:
                chunk = len(ring.size) - 1 if layer < 0 else chunk_of[place].get(layer)
                if chunk is not None and not ring.resident[chunk] and ring.size[chunk] > 0:
                    insert(ring, place, chunk)

    def cached(self, device: int, now_s: float) -> list[int]:
        """Layers in a device's page cache, those used longest ago first; -1: the output block."""
        if device not in self.devices:
            return []
        place, ring = self.devices.index(device), self._ring
        catch_up(ring, place, now_s)
        found, chunk = [], int(ring.oldest[place])
        while chunk >= 0:
            first = int(ring.first[place])
            output = chunk == len(ring.size) - 1
            found.append(-1 if output else self._mapped[place][chunk - first])
            chunk = int(ring.newer[chunk])
        return found

    def shift(self, time_s: float) -> None:
        """Let the disks be where they are so much later."""
        self._ring.free_s[:] += time_s
        self._ring.queued_s[:] += time_s

    def settled(self, now_s: float) -> bool:
        """Whether all is as when this was asked before: memories, disks, queues."""
        return bool(_settled(self._ring, now_s, self._seen, self._before))


@compiled(**NO_ARRAYS_MADE)
def _resize(ring: Ring, device: int, cache_bytes: float, now_s: float) -> None:
    catch_up(ring, device, now_s)
    ring.cache_bytes[device] = cache_bytes
    while ring.used[device] > cache_bytes + 1e-3:
        old = ring.oldest[device]
        if old < 0:
            ring.used[device] = 0.0
            return
        forget(ring, device, old)
        ring.resident[old] = False
        ring.used[device] -= ring.size[old]


@compiled(**NO_ARRAYS_MADE)
def _settled(ring: Ring, now_s: float, seen: FloatArray, before: FloatArray) -> bool:
    """Write down the order of use and what disks have to do; whether it is as before."""
    place = len(ring.size)
    seen[:place] = -1.0
    for device in range(len(ring.window)):
        catch_up(ring, device, now_s)
        chunk, rank = ring.oldest[device], 0.0
        while chunk >= 0:
            seen[chunk] = rank
            rank += 1.0
            chunk = ring.newer[chunk]
        queued = ring.queue[device, 2] > 0 or ring.queue[device, 0] < ring.queue[device, 1]
        loading = ring.loading[device] >= 0
        seen[place] = ring.loading[device]
        seen[place + 1] = ring.free_s[device] - now_s if loading else 0.0
        seen[place + 2] = ring.queue[device, 0] if queued else -1.0
        seen[place + 3] = ring.queue[device, 1] + 0.5 * ring.queue[device, 2] if queued else -1.0
        place += 4
    same = True
    for entry in range(len(seen)):
        if not abs(seen[entry] - before[entry]) <= _SAME_S:  # nothing is before: not a number
            same = False
        before[entry] = seen[entry]
    return same
