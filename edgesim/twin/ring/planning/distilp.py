"""Device and model profiles as distilp writes them, in the terms of its cycle objective.

The profiles that it ships are Apache-2.0 (firstbatchxyz/distilp); users load their own.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from edgesim.errors import InputError
from edgesim.scenarios.checks import one_of
from edgesim.twin.ring.planning.cycle import Cycled, CycleDevice, cycle_plan

__all__ = ["KV_BYTES", "distilp_cycle", "distilp_devices", "loaded_bytes"]

KV_BYTES = {"4bit": 0.5, "8bit": 1.0, "fp16": 2.0, "bf16": 2.0}
"""Bytes of a number of the keys and values."""

Profile = Mapping[str, Any]


def loaded_bytes(model: Profile, kv_bits: str) -> int:
    """B' of distilp: 15 % more than a layer's weights, and keys and values with their scales."""
    one_of("kv_bits", kv_bits, tuple(KV_BYTES))
    elements = (model["hk"] * model["ek"] + model["hv"] * model["ev"]) * model["n_kv"]
    # 2 bytes of scale for each group of 64 numbers
    return int(1.15 * model["b_layer"] + (1.0 + 2.0 / 64.0) * KV_BYTES[kv_bits] * elements)


def distilp_devices(
    devices: Sequence[Profile], model: Profile, kv_bits: str = "8bit"
) -> tuple[list[CycleDevice], float]:
    """Profiles in the cycle's terms, and kappa (s).

    Raises:
        InputError: a profile lacks a key.
    """
    try:
        return _devices(devices, model, loaded_bytes(model, kv_bits))
    except KeyError as error:
        raise InputError("profile", error.args[0], "is a key that it must have") from None


def distilp_cycle(
    devices: Sequence[Profile], model: Profile, kv_bits: str = "8bit"
) -> Cycled | None:
    """The plan of distilp's objective, exactly; None: none gives every device a layer."""
    found, kappa_s = distilp_devices(devices, model, kv_bits)
    layers = model["L"]
    # distilp tries every divisor but the number of layers itself
    rounds = [k for k in range(1, layers) if layers % k == 0]
    return cycle_plan(found, layers, kappa_s, rounds)


def _devices(
    devices: Sequence[Profile], model: Profile, layer_bytes: int
) -> tuple[list[CycleDevice], float]:
    flop, kind = model["f_q"]["b_1"], model["Q"]
    head = next((index for index, device in enumerate(devices) if device["is_head"]), 0)
    found, kappa_s = [], 0.0
    for index, device in enumerate(devices):
        cpu_s = flop / device["scpu"][kind]["b_1"]
        alpha_s = cpu_s + device["t_kvcpy_cpu"] + layer_bytes / device["T_cpu"]
        metal, cuda = _gpu(device, "metal"), _gpu(device, "cuda")
        table = device["sgpu_metal"] if metal else device["sgpu_cuda"] if cuda else None
        rate = device["T_metal"] if metal else device["T_cuda"] if cuda else None
        beta_s = 0.0
        if table and rate:
            gpu_s = flop / table[kind]["b_1"] + device["t_kvcpy_gpu"] + layer_bytes / rate
            beta_s = gpu_s - alpha_s
        copies_s = device["t_ram2vram"] + device["t_vram2ram"]
        io_bytes = model["b_in"] / model["V"] + model["b_out"] if device["is_head"] else 0.0
        io_bytes += device["c_cpu"]
        disk = max(1.0, device["s_disk"])
        in_set = {"mac_no_metal": "M1", "mac_metal": "M2"}.get(device["os_type"], "M3")
        swap = 0.0
        if device["os_type"] == "android":
            swap = min(device["d_bytes_can_swap"], device["d_swap_avail"])
        if in_set == "M2":
            room = float(device["d_avail_metal"] or 0.0) - io_bytes - device["c_gpu"]
        else:
            room = device["d_avail_ram"] + (swap if in_set == "M3" else 0.0) - io_bytes
        vram = None
        if metal or cuda:
            vram = float(device["d_avail_metal"] if metal else device["d_avail_cuda"])
            vram -= device["c_gpu"]
            if metal and device["is_head"]:
                vram -= model["b_out"]
        found.append(
            CycleDevice(
                layer_s=alpha_s,
                gpu_s=0.0 if in_set == "M1" else beta_s,
                hop_s=device["t_comm"] + (0.0 if device["is_unified_mem"] else copies_s),
                overflow_s=(model["b_layer"] if in_set == "M2" else layer_bytes) / disk,
                fetch_s=layer_bytes / disk,
                ram_layers=room / layer_bytes,
                vram_layers=None if vram is None else vram / layer_bytes,
                mapped_beside_gpu=in_set == "M3",
            )
        )
        if index == head:
            row_bytes = model["b_in"] / model["V"]
            kappa_s += model["f_out"]["b_1"] / device["scpu"][kind]["b_1"]
            kappa_s += (row_bytes + model["b_out"]) / device["T_cpu"]
            kappa_s += (row_bytes + model["b_out"]) / device["s_disk"]
        if in_set != "M2":
            kappa_s += (device["c_cpu"] - device["d_avail_ram"] - swap) / device["s_disk"]
    return found, kappa_s


def _gpu(device: Profile, kind: str) -> bool:
    return bool(device[f"has_{kind}"]) and device[f"d_avail_{kind}"] is not None
