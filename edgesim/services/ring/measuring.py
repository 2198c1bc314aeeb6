"""``edgesim measure-device``: what this machine can do, as a profile for ``edgesim plan``.

Memory that is free, the disk's rates with the page cache emptied of the file first, the rate at
which all threads together read memory, and products of small matrices, as prima.cpp measures them.
A GPU is not measured: its keys stand beside ``profile`` in a cluster's file.
"""

import json
import os
import platform
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import numpy as np

from edgesim.config.ring import MeasureDeviceConfig
from edgesim.errors import InputError
from edgesim.files import replacing
from edgesim.scenarios.parts.devices import GIB
from edgesim.scenarios.ring.reading import MIB, PROFILE_VERSION

__all__ = ["measure_device"]

_BLOCK = 4 * MIB  # what one sequential read takes
_PAGE = 4096  # what one random read takes
_RANDOM_READS = 2000
_SIDE = 512  # of the square matrices, prima.cpp's
_SECONDS = 0.5  # that each rate is measured for


def measure_device(config: MeasureDeviceConfig) -> Path:
    """Measure this machine, print what it can do, and write its profile.

    Returns:
        the profile.

    Raises:
        InputError: the folder cannot be written, or has no room for the file.
    """
    threads = config.threads or os.cpu_count() or 1
    system = {"darwin": "macos"}.get(sys.platform, "linux")
    sequential, random = _disk(Path(config.folder), config.file_mib * MIB)
    rates = {
        "disk_gb_s": round((sequential if system == "linux" else random) / 1e9, 4),
        "cpu_gb_s": round(_memory_rate(threads) / 1e9, 3),
        "cpu_gflops": {
            "f32": round(_matrix_rate(np.float32) / 1e9, 2),
            "f64": round(_matrix_rate(np.float64) / 1e9, 2),
        },
    }
    # Weights of few bits are turned into single precision and multiplied: that rate holds for them
    flops: dict[str, float] = rates["cpu_gflops"]  # type: ignore[assignment]  # the one mapping
    for quantisation in ("q4_k", "q5_k", "q6_k", "q8_0", "f16"):
        flops[quantisation] = flops["f32"]
    profile: dict[str, Any] = {
        "version": PROFILE_VERSION,
        "name": config.name or platform.node() or "device",
        "os": system,
        "ram_gib": round(_free_bytes() / GIB, 3),
        **rates,
        "measured": {
            "random_disk_gb_s": round(random / 1e9, 4),
            "sequential_disk_gb_s": round(sequential / 1e9, 4),
            "threads": threads,
            "machine": platform.machine(),
        },
    }
    path = Path(config.out)
    with replacing(path) as part:
        part.write_text(json.dumps(profile, indent=1) + "\n", encoding="utf-8")
    print(f"free memory        {profile['ram_gib']:.2f} GiB")
    print(f"disk, sequential   {sequential / 1e9:.2f} GB/s")
    print(f"disk, random       {random / 1e9:.3f} GB/s")
    print(f"memory, reading    {rates['cpu_gb_s']:.1f} GB/s with {threads} threads")
    print(f"matrix products    {flops['f32']:.0f} GFLOP/s in single precision")
    print(f"wrote {path}")
    return path


def _free_bytes() -> float:
    """Memory that programs can have without others being swapped out."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:  # macOS: pages that are free, or hold what was used some time ago
        return _pages("SC_PHYS_PAGES") / 2.0
    for line in lines:
        if line.startswith("MemAvailable:"):
            return 1024.0 * int(line.split()[1])
    return _pages("SC_AVPHYS_PAGES")


def _pages(which: str) -> float:
    """Bytes of some pages of memory.

    Raises:
        InputError: the system does not tell.
    """
    try:
        return float(os.sysconf("SC_PAGE_SIZE")) * os.sysconf(which)
    except (AttributeError, ValueError):
        accepted = "does not tell how much memory is free; accepted: Linux, macOS"
        raise InputError("measure-device", sys.platform, accepted) from None


def _disk(folder: Path, size: int) -> tuple[float, float]:
    """Sequential and random read rates (bytes/s) of a file of ``size`` bytes."""
    try:
        with NamedTemporaryFile(dir=folder, prefix=".edgesim-", suffix=".bin") as file:
            block = np.random.default_rng(0).bytes(_BLOCK)  # not to be compressed
            for _ in range(size // _BLOCK):
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
            number = file.fileno()
            _forget(number)
            start = time.perf_counter()
            for offset in range(0, size // _BLOCK * _BLOCK, _BLOCK):
                os.pread(number, _BLOCK, offset)
            sequential = size // _BLOCK * _BLOCK / (time.perf_counter() - start)
            _forget(number)
            places = np.random.default_rng(1).permutation(size // _BLOCK * _BLOCK // _PAGE)
            start = time.perf_counter()
            for place in places[:_RANDOM_READS].tolist():
                os.pread(number, _PAGE, place * _PAGE)
            count = min(_RANDOM_READS, len(places))
            return sequential, count * _PAGE / (time.perf_counter() - start)
    except OSError as error:
        accepted = f"must be a folder with room for {size // MIB} MiB: {error.strerror}"
        raise InputError("folder", str(folder), accepted) from None


def _forget(number: int) -> None:
    """Let the page cache forget a file, where the system can be asked to."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(number, 0, 0, os.POSIX_FADV_DONTNEED)


def _memory_rate(threads: int) -> float:
    """Bytes/s that all threads together read of arrays larger than their caches."""
    arrays = [np.ones(64 * MIB // 8) for _ in range(threads)]
    return _rate(threads, lambda thread: float(arrays[thread].sum()), 64.0 * MIB)


def _matrix_rate(kind: type[np.floating[Any]]) -> float:
    """FLOP/s of products of square matrices, by as many threads as NumPy's library takes."""
    rng = np.random.default_rng(0)
    one, other = (rng.random((_SIDE, _SIDE)).astype(kind) for _ in range(2))
    return _rate(1, lambda thread: one @ other, 2.0 * _SIDE**3)


def _rate(threads: int, work: Callable[[int], Any], amount: float) -> float:
    """How much of ``amount`` all threads do in a second, over about half a second."""

    def go(thread: int) -> int:
        count, end = 0, time.perf_counter() + _SECONDS
        while time.perf_counter() < end:
            work(thread)
            count += 1
        return count

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(threads)))  # warm
        start = time.perf_counter()
        done = sum(pool.map(go, range(threads)))
        return done * amount / (time.perf_counter() - start)
