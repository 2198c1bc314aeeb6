"""A plan sought on the simulation of the ring itself, for each number of rounds.

Where there are few plans all are tried. Otherwise layers are moved between pairs of devices, many
at a time at first and then fewer, from several beginnings, as long as a token gets faster.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, pairwise, permutations
from math import comb
from typing import NamedTuple

from edgesim.scenarios.parts.devices import Device
from edgesim.scenarios.ring.cluster import Cluster
from edgesim.scenarios.ring.model import RingModel
from edgesim.twin.ring.coefficients import layered, vram_layers
from edgesim.twin.ring.decoding import decode
from edgesim.twin.ring.plan import RingPlan, rounds_of
from edgesim.twin.ring.planning.optimum import optimum
from edgesim.twin.ring.planning.shares import in_proportion

__all__ = ["Searched", "search", "with_gpus_full"]

FEW = 400
"""Plans of one number of rounds that are all tried."""


class Searched(NamedTuple):
    """What a search found.

    Attributes:
        plan: the best plan.
        token_s: its time of a token in the simulation, s.
        by_rounds: the best plan and its time for each number of rounds.
        tried: how many plans were simulated.
    """

    plan: RingPlan
    token_s: float
    by_rounds: dict[int, tuple[RingPlan, float]]
    tried: int


def with_gpus_full(
    model: RingModel, devices: Sequence[Device], windows: Sequence[int], rounds: int
) -> RingPlan:
    """The plan of these windows with as many layers on each GPU as its memory holds."""
    on_gpu = tuple(
        min(w, vram_layers(model, device, index) // rounds) if device.has_gpu else 0
        for index, (device, w) in enumerate(zip(devices, windows, strict=True))
    )
    return RingPlan(tuple(windows), on_gpu, rounds)


def search(
    model: RingModel,
    cluster: Cluster,
    *,
    rounds: Iterable[int] | None = None,
    cache_bytes: Sequence[float] | None = None,
    starts: Iterable[RingPlan] = (),
    most: int = 4_000,
) -> Searched:
    """Seek the plan of the fastest token.

    Args:
        model: the model.
        cluster: the devices and links.
        rounds: numbers of rounds to try; all that there are by default.
        cache_bytes: memory of each device for its page cache now.
        starts: plans to begin at besides the search's own.
        most: how many plans are simulated at most, for all numbers of rounds together.
    """
    attempt = _Attempts(model, cluster, cache_bytes)
    candidates = list(rounds_of(model.layers) if rounds is None else rounds)
    given = list(starts)
    for count, k in enumerate(candidates):
        window = model.layers // k
        devices = len(cluster.devices)
        if comb(window + devices - 2, devices - 1) <= FEW:
            for windows in _all(window, devices):
                attempt(windows, k)
            continue
        share = (most - attempt.tried) // (len(candidates) - count)
        begun = attempt.tried
        for windows in _beginnings(model, cluster, k, given, cache_bytes):
            if attempt.tried - begun < share:
                _climb(attempt, windows, k, begun + share)
    plan, token_s = attempt.best[min(attempt.best)]
    for k in sorted(attempt.best):  # of equals the fewest rounds
        if attempt.best[k][1] < token_s * (1 - 1e-9):
            plan, token_s = attempt.best[k]
    return Searched(plan, token_s, dict(attempt.best), attempt.tried)


class _Attempts:
    """Plans that were simulated, and the best of each number of rounds."""

    def __init__(
        self, model: RingModel, cluster: Cluster, cache_bytes: Sequence[float] | None
    ) -> None:
        self.model, self.cluster, self.cache_bytes = model, cluster, cache_bytes
        self.best: dict[int, tuple[RingPlan, float]] = {}
        self._known: dict[tuple[tuple[int, ...], int], float] = {}

    @property
    def tried(self) -> int:
        """How many plans were simulated."""
        return len(self._known)

    def __call__(self, windows: tuple[int, ...], rounds: int) -> float:
        """Time of a token with these windows, s."""
        known = self._known.get((windows, rounds))
        if known is not None:
            return known
        plan = with_gpus_full(self.model, self.cluster.devices, windows, rounds)
        token_s = decode(self.model, self.cluster, plan, cache_bytes=self.cache_bytes).token_s
        self._known[windows, rounds] = token_s
        if rounds not in self.best or token_s < self.best[rounds][1]:
            self.best[rounds] = (plan, token_s)
        return token_s


def _all(window: int, devices: int) -> Iterator[tuple[int, ...]]:
    """Every way to share a window out, the head having one layer at least."""
    for bars in combinations(range(window + devices - 2), devices - 1):
        edges = (-1, *bars, window + devices - 2)
        counts = [after - before - 1 for before, after in pairwise(edges)]
        yield (counts[0] + 1, *counts[1:])


def _beginnings(
    model: RingModel,
    cluster: Cluster,
    rounds: int,
    given: Sequence[RingPlan],
    cache_bytes: Sequence[float] | None,
) -> Iterator[tuple[int, ...]]:
    """Windows to begin at: those given, the stated optimum, by memory, by disks and processors."""
    window, devices = model.layers // rounds, cluster.devices
    rooms = [device.budget_bytes for device in devices] if cache_bytes is None else cache_bytes
    gpu = [vram_layers(model, device, index) for index, device in enumerate(devices)]
    fits = [room / model.loaded_bytes + n for room, n in zip(rooms, gpu, strict=True)]
    stated = optimum(model, devices)
    weights: list[Sequence[float]] = [[float(w) for w in plan.windows] for plan in given]
    if stated is not None:
        weights.append([float(w) for w in stated.plan.windows])
    weights.append(fits)
    # Disks and processors at work all the while: layers in proportion to what they can do
    speed = [
        1.0 / max(model.loaded_bytes / device.disk_bytes_per_s, layered(model, device).alpha_s)
        for device in devices
    ]
    weights.append([s + n / max(1, window) for s, n in zip(speed, gpu, strict=True)])
    for weight in weights:
        yield in_proportion(weight, window)


def _climb(attempt: _Attempts, windows: tuple[int, ...], rounds: int, most: int) -> None:
    """Move layers between pairs of devices as long as a token gets faster."""
    here = attempt(windows, rounds)
    step = max(1, sum(windows) // 4)
    while attempt.tried < most:
        moved = False
        for giver, taker in permutations(range(len(windows)), 2):
            left = windows[giver] - step
            if left < (1 if giver == 0 else 0):
                continue
            counts = list(windows)
            counts[giver], counts[taker] = left, counts[taker] + step
            there = attempt(tuple(counts), rounds)
            if there < here * (1 - 1e-9):
                windows, here, moved = tuple(counts), there, True
            if attempt.tried >= most:
                return
        if not moved:
            if step == 1:
                return
            step //= 2
