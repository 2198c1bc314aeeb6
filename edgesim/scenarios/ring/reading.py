"""Clusters, devices and models as people write them: YAML and JSON in gigabytes and milliseconds.

A cluster's file:

    devices:                     # in ring order, the head first
      - {name: desk, os: linux, gpu: cuda, ram_gib: 16, vram_gib: 8, disk_gb_s: 3,
         cpu_gb_s: 40, gpu_gb_s: 400}
      - profile: laptop.json     # as edgesim measure-device wrote it; keys beside it differ
        ram_gib: 6
    link_mbps: 400
    prefetch: all                # none, all, or MiB that one request brings

Files beside it are found from where it lies. Nothing in them is executed.
"""

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from edgesim.errors import InputError, did_you_mean
from edgesim.presets import is_preset_file
from edgesim.scenarios.checks import at_least, positive
from edgesim.scenarios.parts.devices import CUDA_BYTES, GIB, METAL_BYTES, Device
from edgesim.scenarios.ring.cluster import ALL, Cluster
from edgesim.scenarios.ring.model import RingModel
from edgesim.text_files import decoded, read_bytes
from edgesim.yaml_files import read_yaml

__all__ = ["PROFILE_VERSION", "clusters", "models", "read_cluster", "read_model", "read_profile"]

PROFILE_VERSION = 1
"""Of the files that ``edgesim measure-device`` writes."""

MIB = 2**20

_UNITS: dict[str, tuple[str, float]] = {
    "ram_gib": ("ram_bytes", GIB),
    "swap_gib": ("swap_bytes", GIB),
    "vram_gib": ("vram_bytes", GIB),
    "disk_gb_s": ("disk_bytes_per_s", 1e9),
    "cpu_gflops": ("cpu_flops", 1e9),
    "cpu_gb_s": ("cpu_bytes_per_s", 1e9),
    "gpu_gflops": ("gpu_flops", 1e9),
    "gpu_gb_s": ("gpu_bytes_per_s", 1e9),
    "kv_cpu_ms": ("kv_cpu_s", 1e-3),
    "kv_gpu_ms": ("kv_gpu_s", 1e-3),
    "cpu_buffer_mib": ("cpu_buffer_bytes", MIB),
    "gpu_buffer_mib": ("gpu_buffer_bytes", MIB),
    "hop_ms": ("hop_s", 1e-3),
    "copy_ms": ("ram_vram_s", 1e-3),
}
"""Keys of a device with their unit: the field of :class:`Device` and what one is in its unit."""

_BY_QUANTISATION = ("cpu_gflops", "gpu_gflops")
_WORDS = ("name", "os", "gpu", "uma")
_NEEDED = ("ram_gib", "disk_gb_s", "cpu_gb_s")

_NOT_LIMITING = 1e15
"""FLOP/s of a processor whose file states none: decoding is bound by the memory alone."""


def clusters() -> tuple[str, ...]:
    """The names of the clusters that are shipped."""
    return _names("clusters")


def models() -> tuple[str, ...]:
    """The names of the models that are shipped."""
    return _names("models")


def read_cluster(source: str | Path, quantisation: str = "q4_k") -> Cluster:
    """A cluster by its name or its file.

    Args:
        source: a shipped name, or a YAML file.
        quantisation: of the model's weights, where a device's rates depend on it.

    Raises:
        InputError: it is unknown, cannot be read, or a value cannot be used.
    """
    path = _path("cluster", source, "clusters")
    content = _mapping(read_yaml(path, "cluster"), "cluster", path)
    known = ("name", "title", "source", "devices", "link_mbps", "prefetch", "version")
    for key in content:
        if key not in known:
            raise InputError(f"cluster.{key}", content[key], did_you_mean(str(key), known))
    _version("cluster", content.get("version", PROFILE_VERSION))
    listed = content.get("devices")
    if not isinstance(listed, list) or not listed:
        raise InputError("cluster.devices", listed, "must be a list of devices, the head first")
    devices = tuple(
        _device(item, index, path.parent, quantisation) for index, item in enumerate(listed)
    )
    names = [device.name for device in devices]
    for name in names:
        if names.count(name) > 1:
            raise InputError("cluster.devices", name, "is the name of two devices")
    link_mbps = content.get("link_mbps", 400.0)
    positive("cluster.link_mbps", link_mbps)
    return Cluster(
        devices,
        link_bps=link_mbps * 1e6,
        prefetch_bytes=_prefetch(content.get("prefetch", "all")),
        name=str(content.get("name", path.stem)),
    )


def read_profile(path: Path) -> dict[str, Any]:
    """A device's profile, as ``edgesim measure-device`` wrote it, with its keys as in a cluster.

    Raises:
        InputError: it cannot be read, or is of a version that this edgesim does not know.
    """
    try:
        content = json.loads(decoded(read_bytes(path, "profile"), path, "profile"))
    except (ValueError, RecursionError) as error:
        raise InputError("profile", str(path), f"must be readable JSON: {error}") from None
    content = _mapping(content, "profile", path)
    _version(f"version of {path.name}", content.get("version"))
    about = ("version", "measured")
    return {key: value for key, value in content.items() if key not in about}


def read_model(source: str | Path, context_tokens: int | None = None) -> RingModel:
    """A model by its name or its file.

    Args:
        source: a shipped name, or a YAML file.
        context_tokens: tokens for which keys and values are kept; what the file says by default.

    Raises:
        InputError: it is unknown, cannot be read, or a value cannot be used.
    """
    path = _path("model", source, "models")
    content = _mapping(read_yaml(path, "model"), "model", path)
    known = (
        *("name", "title", "source", "layers", "file_gb", "output_gb", "input_gb", "vocabulary"),
        *("embedding", "kv_elements", "layer_gflop", "context_tokens", "quantisation", "version"),
    )
    for key in content:
        if key not in known:
            raise InputError(f"model.{key}", content[key], did_you_mean(str(key), known))
    _version("model", content.get("version", PROFILE_VERSION))
    needed = ("layers", "file_gb", "vocabulary", "embedding", "kv_elements")
    for key in needed:
        if key not in content:
            raise InputError(f"model.{key}", None, f"must be stated: {', '.join(needed)}")
    for key in ("file_gb", "vocabulary", "embedding", "kv_elements"):
        positive(f"model.{key}", content[key])
    weights = content["vocabulary"] * content["embedding"]
    output_gb = content.get("output_gb", weights * 6.5625 / 8e9)  # Q6_K in a Q4_K_M file
    input_gb = content.get("input_gb", weights * 4.5 / 8e9)  # Q4_K
    at_least("model.output_gb", output_gb, 0.0)
    at_least("model.input_gb", input_gb, 0.0)
    layers_gb = content["file_gb"] - output_gb - input_gb
    if layers_gb <= 0:
        accepted = f"must be above output_gb + input_gb = {output_gb + input_gb:.3g}"
        raise InputError("model.file_gb", content["file_gb"], accepted)
    layers = content["layers"]
    if isinstance(layers, bool) or not isinstance(layers, int) or layers < 1:
        raise InputError("model.layers", layers, "must be a whole number of at least 1")
    layer_bytes = 1e9 * layers_gb / layers
    given = content.get("context_tokens", 1024) if context_tokens is None else context_tokens
    return RingModel(
        name=str(content.get("name", path.stem)),
        layers=layers,
        layer_bytes=layer_bytes,
        output_bytes=1e9 * output_gb,
        input_row_bytes=1e9 * input_gb / content["vocabulary"],
        context_tokens=given,
        kv_elements=float(content["kv_elements"]),
        # Two operations a weight, of 4.85 bits on average (Q4_K_M), where it is not stated
        layer_flop=1e9 * content.get("layer_gflop", 2.0 * layer_bytes * 8 / 4.85 / 1e9),
        output_flop=2.0 * weights,
        embedding=content["embedding"],
        quantisation=str(content.get("quantisation", "q4_k")),
    )


def _device(item: Any, index: int, folder: Path, quantisation: str) -> Device:
    where = f"cluster.devices[{index}]"
    if not isinstance(item, Mapping):
        raise InputError(where, item, "must be a mapping, with ram_gib, disk_gb_s, cpu_gb_s")
    content = dict(item)
    if "profile" in content:
        path = content.pop("profile")
        if not isinstance(path, str):
            raise InputError(f"{where}.profile", path, "must be a JSON file")
        content = {**read_profile(folder / path), **content}
    known = (*_WORDS, *_UNITS, "profile")
    for key in content:
        if key not in known:
            raise InputError(f"{where}.{key}", content[key], did_you_mean(str(key), known))
    name = str(content.get("name", f"device{index}"))
    for key in _NEEDED:
        if content.get(key) is None:
            raise InputError(f"{where}.{key}", None, f"of {name} must be stated")
    gpu = content.get("gpu", "none")
    fields: dict[str, Any] = {
        "name": name,
        "os": content.get("os", "linux"),
        "gpu": gpu,
        "uma": content.get("uma", gpu == "metal"),
        "cpu_flops": _NOT_LIMITING,
        "gpu_flops": _NOT_LIMITING,
        "cpu_buffer_bytes": 300.0 * MIB,  # what llama.cpp takes to compute a token of such models
        "gpu_buffer_bytes": {"cuda": CUDA_BYTES, "metal": METAL_BYTES}.get(gpu, 0.0),
    }
    for key, value in content.items():
        if key not in _UNITS or value is None:
            continue
        number = value
        if key in _BY_QUANTISATION and isinstance(value, Mapping):
            if quantisation not in value:
                accepted = f"must state a rate for the model's {quantisation}"
                raise InputError(f"{where}.{key}", dict(value), accepted)
            number = value[quantisation]
        at_least(f"{where}.{key}", number, 0.0)
        field, unit = _UNITS[key]
        fields[field] = number * unit
    return Device(**fields)


def _prefetch(value: Any) -> float:
    if value in ("all", "none"):
        return ALL if value == "all" else 0.0
    if isinstance(value, str):
        raise InputError("cluster.prefetch", value, "must be none, all, or a number of MiB")
    at_least("cluster.prefetch", value, 0.0)
    return float(value) * MIB


def _version(thing: str, value: Any) -> None:
    if value != PROFILE_VERSION or isinstance(value, bool):
        accepted = f"is not a version that this edgesim reads; accepted: {PROFILE_VERSION}"
        raise InputError(thing, value, accepted)


def _mapping(content: Any, thing: str, path: Path) -> dict[str, Any]:
    if not isinstance(content, Mapping):
        raise InputError(thing, str(path), "must hold a mapping")
    return dict(content)


def _names(folder: str) -> tuple[str, ...]:
    shipped = files(f"edgesim.scenarios.ring.{folder}").iterdir()
    return tuple(sorted(file.name[:-5] for file in shipped if file.name.endswith(".yaml")))


def _path(thing: str, source: str | Path, folder: str) -> Path:
    if is_preset_file(source):
        return Path(source)
    if source not in _names(folder):
        accepted = did_you_mean(str(source), _names(folder))
        raise InputError(thing, str(source), f"{accepted}, or a YAML file")
    return Path(str(files(f"edgesim.scenarios.ring.{folder}") / f"{source}.yaml"))
