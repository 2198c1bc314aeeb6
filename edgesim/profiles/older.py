"""Profiles of schema 1, of diffusion services alone, in the keys of schema 2."""

from collections.abc import Mapping
from typing import Any

__all__ = ["as_schema_2", "older_key", "older_words"]

_NAMES = {
    "bytes_per_image": "bytes_per_item",
    "calls_per_step": "calls_per_unit",
    "fixed_s_per_image": "fixed_s_per_item",
    "grid_steps": "most_work",
    "images": "items",
    "scheduler": "kind",
    "step_s": "work_s",
    "step_s_per_image": "work_s_per_item",
    "steps": "work",
}
"""Keys of schema 1, and what they are called now."""

_BACK = {new: old for old, new in _NAMES.items()}


def as_schema_2(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same profile in the keys of schema 2: work is counted in denoising steps."""
    return {**_renamed(values), "schema": 2, "unit": "step"}


def _renamed(value: Any) -> Any:
    if isinstance(value, Mapping):
        changed = {_NAMES.get(key, key): _renamed(item) for key, item in value.items()}
        if changed.get("of") == "image":
            changed["of"] = "item"
        return changed
    if isinstance(value, list):
        return [_renamed(item) if isinstance(item, Mapping) else item for item in value]
    return value


def older_key(key: str) -> str:
    """A dotted key of schema 2 as a file of schema 1 has it."""
    return ".".join(_BACK.get(part, part) for part in key.split("."))


def older_words(text: str) -> str:
    """What is accepted, where it names a key of schema 2 that schema 1 calls otherwise."""
    return text.replace("most_work", _BACK["most_work"])
