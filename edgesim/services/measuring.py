"""Time and memory of batches, measured while the networks really run."""

from collections import Counter
from time import perf_counter, process_time
from typing import Any
from weakref import finalize

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from edgesim.profiles.profile import LatencySample, MemorySample
from edgesim.services.service import Service

__all__ = ["CLOCKS", "measure_latency", "measure_memory", "processor"]

CLOCKS = {"cpu": process_time, "wall": perf_counter}
"""CPU seconds of the process, and wall time."""


def measure_latency(
    service: Service, steps: int, batch: int, repeats: int, clock: str
) -> LatencySample:
    """Run one batch ``repeats`` times, after a short one that warms it up."""
    numbers = list(range(batch))
    service.generate(numbers, [1] * batch)
    seconds = []
    for _ in range(repeats):
        _settled(service)
        begun = CLOCKS[clock]()
        service.generate(numbers, [steps] * batch)
        _settled(service)
        seconds.append(round(CLOCKS[clock]() - begun, 6))
    return LatencySample(steps, batch, tuple(seconds))


def _settled(service: Service) -> None:
    """Wait until an accelerator has done what it was told."""
    if service.device.type == "cuda":
        torch.cuda.synchronize(service.device)


def measure_memory(service: Service, batch: int, weights_bytes: int) -> MemorySample:
    """Peak bytes of tensors while a batch runs, weights included.

    On a GPU it is what the allocator counts. On a CPU it is the highest sum of the tensors that the
    batch holds at once, on top of the weights; what a kernel needs for itself is not in it.

    Args:
        service: what runs.
        batch: images.
        weights_bytes: of the networks.
    """
    numbers, steps = list(range(batch)), [2] * batch
    if service.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(service.device)
        service.generate(numbers, steps)
        return MemorySample(batch, torch.cuda.max_memory_allocated(service.device))
    service.generate(numbers, steps)  # what is kept for later is allocated now
    with _Held() as held:
        service.generate(numbers, steps)
    return MemorySample(batch, weights_bytes + held.peak)


class _Held(TorchDispatchMode):  # type: ignore[no-untyped-call] # torch does not type it
    """Bytes of the tensors that are alive, and the most there were; a view counts once."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak = self._now = 0
        self._tensors: Counter[int] = Counter()  # tensors of each storage

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """See torch; called for every operation."""
        found = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(found):
            if isinstance(tensor, torch.Tensor):
                storage = tensor.untyped_storage()
                key, size = storage._cdata, storage.nbytes()
                if not self._tensors[key]:
                    self._now += size
                    self.peak = max(self.peak, self._now)
                self._tensors[key] += 1
                finalize(tensor, self._gone, key, size)
        return found

    def _gone(self, key: int, size: int) -> None:
        self._tensors[key] -= 1
        if not self._tensors[key]:
            del self._tensors[key]
            self._now -= size


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
