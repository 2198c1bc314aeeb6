"""A machine at home: its memory, its disk, and how fast its processors compute.

What plans of large models are made with. Sizes are bytes, rates bytes/s and floating-point
operations (FLOP) a second, times s.
"""

from dataclasses import dataclass
from typing import Literal

from edgesim.errors import InputError
from edgesim.scenarios.checks import at_least, one_of, positive

__all__ = ["CUDA_BYTES", "GIB", "METAL_BYTES", "SLOWEST_DISK", "Device"]

GIB = 2**30
"""Bytes of a gibibyte."""

CUDA_BYTES = 700 * 2**20
"""What a CUDA context takes of a GPU's memory before any layer does (prima.cpp's value)."""

METAL_BYTES = 300 * 2**20
"""What Metal takes of the shared memory (prima.cpp's value)."""

SLOWEST_DISK = 0.1e9
"""Bytes/s; a slower disk is never read while tokens are computed (prima.cpp's value)."""


@dataclass(frozen=True, kw_only=True)
class Device:
    """One device as it was measured.

    Attributes:
        name: what its owner calls it.
        os: its operating system, which decides what happens when memory runs out.
        gpu: the interface of its GPU.
        uma: whether CPU and GPU share one memory.
        ram_bytes: memory that is free for models.
        swap_bytes: what else can be swapped out (Android alone).
        vram_bytes: memory that the GPU may use; with Metal, part of the shared memory.
        disk_bytes_per_s: read rate of the disk as models are read, bytes/s: sequential on
            Linux, random elsewhere.
        cpu_flops: FLOP/s of the CPU in a product of small matrices.
        cpu_bytes_per_s: rate at which the CPU reads memory, bytes/s.
        gpu_flops: FLOP/s of the GPU.
        gpu_bytes_per_s: rate at which the GPU reads its memory, bytes/s.
        kv_cpu_s: time in which the CPU stores a token's keys and values of a layer.
        kv_gpu_s: the same on the GPU.
        cpu_buffer_bytes: buffers that computing takes of the RAM.
        gpu_buffer_bytes: buffers that computing takes of the GPU's memory.
        hop_s: time in which an activation gets from here to the next device.
        ram_vram_s: time in which an activation gets from RAM to the GPU's memory, or back.
    """

    name: str = "device"
    os: Literal["linux", "macos", "android"] = "linux"
    gpu: Literal["none", "cuda", "metal"] = "none"
    uma: bool = False
    ram_bytes: float
    swap_bytes: float = 0.0
    vram_bytes: float = 0.0
    disk_bytes_per_s: float
    cpu_flops: float
    cpu_bytes_per_s: float
    gpu_flops: float = 0.0
    gpu_bytes_per_s: float = 0.0
    kv_cpu_s: float = 0.0
    kv_gpu_s: float = 0.0
    cpu_buffer_bytes: float = 0.0
    gpu_buffer_bytes: float = 0.0
    hop_s: float = 0.0
    ram_vram_s: float = 0.0

    def __post_init__(self) -> None:
        where = f"devices.{self.name}"
        one_of(f"{where}.os", self.os, ("linux", "macos", "android"))
        one_of(f"{where}.gpu", self.gpu, ("none", "cuda", "metal"))
        for key in ("ram_bytes", "disk_bytes_per_s", "cpu_flops", "cpu_bytes_per_s"):
            positive(f"{where}.{key}", getattr(self, key))
        for key in (
            *("swap_bytes", "vram_bytes", "kv_cpu_s", "kv_gpu_s", "hop_s", "ram_vram_s"),
            *("cpu_buffer_bytes", "gpu_buffer_bytes", "gpu_flops", "gpu_bytes_per_s"),
        ):
            at_least(f"{where}.{key}", getattr(self, key), 0.0)
        if self.has_gpu:
            for key in ("gpu_flops", "gpu_bytes_per_s"):
                positive(f"{where}.{key}", getattr(self, key))
        if self.gpu == "metal" and self.os != "macos":
            raise InputError(f"{where}.gpu", self.gpu, "Metal is macOS's: os must be macos")

    @property
    def has_gpu(self) -> bool:
        """Whether layers can run on a GPU."""
        return self.gpu != "none"

    @property
    def budget_bytes(self) -> float:
        """Memory that layers may fill outside a GPU of its own: RAM, with Metal what it may use."""
        if self.gpu == "metal":
            return self.vram_bytes
        return self.ram_bytes + (self.swap_bytes if self.os == "android" else 0.0)
