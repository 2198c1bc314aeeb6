"""A trained model as the file of one of its variants."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from edgesim.files import replacing
from edgesim.services.text.model import LanguageModel, linears
from edgesim.services.text.packed import pack, to_int8
from edgesim.services.text.ternary import TernaryLinear

__all__ = ["save"]


def save(model: LanguageModel, kind: str, path: Path, about: dict[str, Any]) -> Path:
    """Write a variant for :func:`edgesim.services.text.running.read_runner`.

    Args:
        model: trained; its linear layers are ternary where ``kind`` is.
        kind: ``fp32`` (written with 16 bits a weight, run with 32), ``int8``, or ternary.
        path: of the file.
        about: how it was trained.
    """
    from safetensors.numpy import save_file

    layers = linears(model)
    names = {f"{name}." for name in layers}
    arrays: dict[str, Any] = {
        key: value.detach().numpy().astype(np.float16)
        for key, value in model.named_parameters()
        if not any(key.startswith(name) for name in names)
    }
    for name, layer in layers.items():
        arrays |= _layer(name, layer, kind)
    shape = json.dumps(model.shape.as_dict())
    with replacing(path) as part:
        save_file(
            {key: np.ascontiguousarray(value) for key, value in arrays.items()},
            part,
            {"shape": shape, "kind": kind, "training": json.dumps(about)},
        )
    return path


def _layer(name: str, layer: torch.nn.Module, kind: str) -> dict[str, Any]:
    if isinstance(layer, TernaryLinear):
        found, constant = layer.settled()
        parts: dict[str, Any] = {
            f"{name}.packed": pack(found.signs.numpy(), layer.group),
            f"{name}.scale": found.scale.numpy().astype(np.float32),
        }
        if constant is not None:
            parts[f"{name}.constant"] = constant.numpy().astype(np.float32)
        return parts
    weights: Any = layer.weight
    values = weights.detach().numpy()
    if kind == "int8":
        whole = to_int8(values)
        return {f"{name}.int8": whole.weights, f"{name}.scale": whole.scale}
    return {f"{name}.weight": values.astype(np.float16)}
