"""How other programs place a model: llama.cpp, exo, dllama, and prima.cpp without its scheduler.

Each has its own way to run out of memory, which is told in words.
"""

from typing import NamedTuple

from edgesim.scenarios.parts.devices import Device
from edgesim.scenarios.ring.cluster import Cluster
from edgesim.scenarios.ring.model import RingModel
from edgesim.twin.ring.coefficients import head_output_s, layered
from edgesim.twin.ring.decoding import decode
from edgesim.twin.ring.plan import RingPlan
from edgesim.twin.ring.planning.search import with_gpus_full
from edgesim.twin.ring.planning.shares import in_proportion

__all__ = ["Placed", "dllama", "exo", "llama_cpp", "llama_cpp_on", "memory_proportional"]

KV_HEAD_ELEMENTS = 128
"""Width of a head of keys in all models that are shipped."""


class Placed(NamedTuple):
    """What a placement comes to.

    Attributes:
        token_s: time of a token, s; inf where memory runs out.
        plan: who has which layers; None where slices of all layers lie everywhere.
        missing: what memory is missing where, in words; "" where none is.
    """

    token_s: float
    plan: RingPlan | None = None
    missing: str = ""


def llama_cpp(model: RingModel, cluster: Cluster) -> tuple[Placed, str]:
    """llama.cpp on the single device that is fastest with it, and its name.

    As many layers on the GPU as fit, the output layer too where all do; the rest is mapped, and
    nothing is prefetched.
    """
    best: tuple[Placed, str] | None = None
    for device in cluster.devices:
        placed = llama_cpp_on(model, device, cluster)
        if best is None or placed.token_s < best[0].token_s:
            best = (placed, device.name)
    assert best is not None  # a cluster has a device
    return best


def llama_cpp_on(
    model: RingModel, device: Device, cluster: Cluster, *, output_on_gpu: bool = True
) -> Placed:
    """llama.cpp on one device; see :func:`llama_cpp`.

    Args:
        model: the model.
        device: where it runs.
        cluster: whose rules on memory hold.
        output_on_gpu: whether the output layer is on the GPU where all layers fit there; prima.cpp
            on one device leaves it on the CPU.
    """
    plan = with_gpus_full(model, (device,), (model.layers,), 1)
    alone = Cluster((device,), cluster.link_bps, 0.0, cluster.gpu_shares_cache)
    token_s = decode(model, alone, plan).token_s
    free_bytes = device.vram_bytes - device.gpu_buffer_bytes
    needed_bytes = model.layers * model.loaded_bytes + model.output_bytes
    if output_on_gpu and device.has_gpu and needed_bytes <= free_bytes:
        alpha_s, beta_s, _ = layered(model, device)
        gpu_s = model.output_flop / device.gpu_flops + model.output_bytes / device.gpu_bytes_per_s
        token_s = model.layers * (alpha_s + beta_s) + gpu_s
    return Placed(token_s, plan)


def memory_proportional(model: RingModel, cluster: Cluster) -> Placed:
    """prima.cpp without its scheduler: layers in proportion to RAM, GPUs full, one round."""
    weights = [device.budget_bytes for device in cluster.devices]
    windows = in_proportion(weights, model.layers)
    plan = with_gpus_full(model, cluster.devices, windows, 1)
    return Placed(decode(model, cluster, plan).token_s, plan)


def exo(model: RingModel, cluster: Cluster) -> Placed:
    """exo: layers in proportion to memory, one round, pinned; it ends where they do not fit.

    A device computes where its memory is that was counted: on a GPU, or on the CPU.
    """
    memory = [d.vram_bytes if d.has_gpu else d.ram_bytes for d in cluster.devices]
    windows = in_proportion(memory, model.layers)
    token_s = head_output_s(model, cluster.devices[0])
    hop_s = 8.0 * model.activation_bytes / cluster.link_bps
    for device, w, room in zip(cluster.devices, windows, memory, strict=True):
        buffers = device.gpu_buffer_bytes if device.has_gpu else device.cpu_buffer_bytes
        missing = w * model.loaded_bytes + buffers - room
        if missing > 0:
            return Placed(float("inf"), None, f"{device.name} lacks {missing / 1e9:.1f} GB")
        if w:
            alpha_s, beta_s, xi_s = layered(model, device)
            token_s += w * (alpha_s + beta_s) + xi_s + hop_s
    on_gpu = tuple(w if d.has_gpu else 0 for d, w in zip(cluster.devices, windows, strict=True))
    return Placed(token_s, RingPlan(windows, on_gpu, 1))


def dllama(model: RingModel, cluster: Cluster) -> Placed:
    """dllama: equal slices of every layer on 2^i CPUs, at most one for each head of keys.

    Two all-reduces a layer, each of a gathering at the root and a sending back over the one
    medium; the root holds the whole model while it sends the others theirs.
    """
    heads = max(1, int(model.kv_elements) // KV_HEAD_ELEMENTS)
    count = 1
    while 2 * count <= min(len(cluster.devices), heads):
        count *= 2
    devices = cluster.devices[:count]
    whole = model.layers * model.layer_bytes + model.output_bytes
    root = devices[0]
    missing = whole + root.cpu_buffer_bytes - root.budget_bytes
    if missing > 0:
        return Placed(float("inf"), None, f"the root {root.name} lacks {missing / 1e9:.1f} GB")
    for device in devices:
        missing = whole / count + device.cpu_buffer_bytes - device.budget_bytes
        if missing > 0:
            return Placed(float("inf"), None, f"{device.name} lacks {missing / 1e9:.1f} GB")
    slice_s = max(layered(model, device).alpha_s for device in devices) / count
    carried_s = 8.0 * model.activation_bytes / cluster.link_bps
    reduce_s = sum(2.0 * carried_s for _ in devices[1:]) + 2.0 * max(d.hop_s for d in devices)
    if count == 1:
        reduce_s = 0.0
    output_s = head_output_s(model, root) / count
    return Placed(model.layers * (slice_s + 2.0 * reduce_s) + output_s)
