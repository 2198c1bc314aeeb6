"""Time and memory of batches and of loading, measured while the service really runs."""

import tracemalloc
from importlib.util import find_spec
from time import perf_counter, process_time
from typing import Any

from edgesim.profiles.profile import LatencySample, Loading, MemorySample
from edgesim.services.service import Service

__all__ = [
    "CLOCKS",
    "device_of",
    "least_work",
    "measure_item",
    "measure_latency",
    "measure_loading",
    "measure_memory",
    "processor",
    "set_threads",
]

CLOCKS = {"cpu": process_time, "wall": perf_counter}
"""CPU seconds of the process, and wall time."""


def measure_latency(
    service: Service, work: float, batch: int, repeats: int, clock: str
) -> LatencySample:
    """Run one batch ``repeats`` times, after a short one that warms it up."""
    items = list(range(batch))
    service.run(items, [min(least_work(service), work)] * batch)
    seconds = []
    for _ in range(repeats):
        _settled(service)
        begun = CLOCKS[clock]()
        service.run(items, [work] * batch)
        _settled(service)
        seconds.append(max(round(CLOCKS[clock]() - begun, 9), 1e-9))
    return LatencySample(work, batch, tuple(seconds))


def measure_item(service: Service, item: int, work: float, repeats: int, clock: str) -> float:
    """Seconds of one item alone, the median of ``repeats`` runs after one that warms it up."""
    from statistics import median

    service.run([item], [work])
    seconds = []
    for _ in range(repeats):
        _settled(service)
        begun = CLOCKS[clock]()
        service.run([item], [work])
        _settled(service)
        seconds.append(max(round(CLOCKS[clock]() - begun, 9), 1e-9))
    return float(median(seconds))


def measure_loading(service: Service, repeats: int, clock: str, weights_bytes: int) -> Loading:
    """Load the service ``repeats`` times."""
    seconds = []
    for _ in range(repeats):
        begun = CLOCKS[clock]()
        service.load()
        _settled(service)
        seconds.append(round(CLOCKS[clock]() - begun, 6))
    return Loading(tuple(seconds), int(getattr(service, "stored_bytes", weights_bytes)))


def least_work(service: Service) -> float:
    """The least work that the service's plan knows: one step, one token, or a part of a unit."""
    return min(1, *service.plan.work, *service.plan.timed)


def device_of(service: Service) -> Any:
    """The torch device that the service's networks are on; None where it has none."""
    return getattr(service, "device", None)


def _settled(service: Service) -> None:
    """Wait until an accelerator has done what it was told."""
    device = device_of(service)
    if device is not None and device.type == "cuda":
        import torch

        torch.cuda.synchronize(device)


def measure_memory(service: Service, batch: int, weights_bytes: int) -> MemorySample:
    """Peak bytes while a batch runs, weights included.

    On a GPU it is what torch's allocator counts. On a CPU it is the highest sum of the tensors that
    the batch holds at once, on top of the weights; of a service without a torch device, what Python
    and NumPy allocate, or what the service states itself (``memory_bytes``). What a kernel needs
    for itself is not in it.

    Args:
        service: what runs.
        batch: items.
        weights_bytes: of the model.
    """
    stated = getattr(service, "memory_bytes", None)
    if stated is not None:
        return MemorySample(batch, stated(batch))
    items, work = list(range(batch)), [_memory_work(service)] * batch
    device = device_of(service)
    if device is not None and device.type == "cuda":
        import torch

        torch.cuda.reset_peak_memory_stats(device)
        service.run(items, work)
        return MemorySample(batch, torch.cuda.max_memory_allocated(device))
    service.run(items, work)  # what is kept for later is allocated now
    if device is None:
        tracemalloc.start()
        try:
            service.run(items, work)
            return MemorySample(batch, weights_bytes + tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    from edgesim.services.tensors import Held

    with Held() as held:
        service.run(items, work)
    return MemorySample(batch, weights_bytes + held.peak)


def _memory_work(service: Service) -> float:
    """Two denoising steps hold what any number of them does; other work is done in full."""
    return 2 if service.unit == "step" else service.plan.timed[-1]


def set_threads(threads: int) -> None:
    """Let torch, where it is installed, and compiled loops use so many threads."""
    if find_spec("torch") is not None:
        import torch

        torch.set_num_threads(threads)


def processor() -> str:
    """The model of this machine's CPU."""
    import platform
    from pathlib import Path

    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:  # not Linux
        pass
    return platform.processor() or platform.machine()
