"""Random clusters of devices as they stand in homes, with a model that is to run on them."""

import numpy as np

from edgesim.scenarios.parts.devices import CUDA_BYTES, METAL_BYTES, Device
from edgesim.scenarios.ring.cluster import Cluster
from edgesim.scenarios.ring.model import RingModel
from edgesim.scenarios.ring.reading import MIB, read_model

__all__ = ["KINDS", "MODELS", "random_cluster"]

KINDS = ("linux_cuda", "linux_cpu", "mac_metal", "mac_cpu", "android")

MODELS = ("llama3-8b", "qwen2.5-14b", "llama1-30b", "llama3-70b")

# What devices of a kind have, uniform from low to high: about the four of prima.cpp's home
_RANGES: dict[str, dict[str, tuple[float, float]]] = {
    "linux_cuda": {
        "ram_bytes": (3.5e9, 13e9),
        "vram_bytes": (5e9, 12.5e9),
        "disk_bytes_per_s": (1.3e9, 3.2e9),
        "cpu_flops": (110e9, 290e9),
        "cpu_bytes_per_s": (20e9, 45e9),
        "gpu_flops": (5e12, 15e12),
        "gpu_bytes_per_s": (350e9, 900e9),
    },
    "linux_cpu": {
        "ram_bytes": (2e9, 10e9),
        "disk_bytes_per_s": (0.1e9, 3e9),
        "cpu_flops": (80e9, 280e9),
        "cpu_bytes_per_s": (18e9, 42e9),
    },
    "mac_metal": {
        "ram_bytes": (2e9, 7.5e9),
        "vram_bytes": (1.8e9, 6.7e9),
        "disk_bytes_per_s": (0.45e9, 1.5e9),
        "cpu_flops": (60e9, 120e9),
        "cpu_bytes_per_s": (20e9, 60e9),
        "gpu_flops": (1e12, 3e12),
        "gpu_bytes_per_s": (50e9, 120e9),
    },
    "mac_cpu": {
        "ram_bytes": (2.5e9, 6.5e9),
        "disk_bytes_per_s": (0.4e9, 1.5e9),
        "cpu_flops": (60e9, 110e9),
        "cpu_bytes_per_s": (20e9, 60e9),
    },
    "android": {
        "ram_bytes": (1.1e9, 4.2e9),
        "swap_bytes": (0.4e9, 2.2e9),
        "disk_bytes_per_s": (0.5e9, 1.6e9),
        "cpu_flops": (25e9, 66e9),
        "cpu_bytes_per_s": (8e9, 20e9),
    },
}
_COMMON = {
    "kv_cpu_s": (20e-6, 90e-6),
    "cpu_buffer_bytes": (100 * MIB, 400 * MIB),
    "hop_s": (2e-3, 7e-3),
}
_OF_GPUS = {"kv_gpu_s": (6e-6, 30e-6), "gpu_buffer_bytes": (50 * MIB, 240 * MIB)}
_KV_HEADROOM_BYTES = 1.5e9  # a head that holds the output layer and some layers


def random_cluster(seed: int) -> tuple[RingModel, Cluster]:
    """A model and two to five devices; the first can hold the head's part."""
    rng = np.random.default_rng(seed)
    model = read_model(str(rng.choice(MODELS)))
    devices = tuple(_device(rng, number) for number in range(int(rng.integers(2, 6))))
    while devices[0].budget_bytes < model.output_bytes + _KV_HEADROOM_BYTES:
        devices = (_device(rng, 0), *devices[1:])
    return model, Cluster(devices, link_bps=400e6, name=f"random-{seed}")


def _device(rng: np.random.Generator, number: int) -> Device:
    kind = str(rng.choice(KINDS))
    drawn = {key: float(rng.uniform(*span)) for key, span in (_RANGES[kind] | _COMMON).items()}
    gpu = {"linux_cuda": "cuda", "mac_metal": "metal"}.get(kind, "none")
    if gpu != "none":
        drawn |= {key: float(rng.uniform(*span)) for key, span in _OF_GPUS.items()}
        drawn["gpu_buffer_bytes"] += CUDA_BYTES if gpu == "cuda" else METAL_BYTES
    if gpu == "cuda":
        drawn["ram_vram_s"] = float(rng.uniform(0.1e-3, 0.4e-3))
    return Device(
        name=f"{kind}{number}",
        os="macos" if "mac" in kind else "android" if kind == "android" else "linux",
        gpu=gpu,  # type: ignore[arg-type]  # one of the three
        uma=gpu == "metal",
        **drawn,
    )
