"""Presets of one's own: a YAML file that names a base and what differs from it.

``base`` is a preset's name or another such file; mappings are merged key by key, and all else is
replaced. A value that names a file beside it means that file, wherever the command is run.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from edgesim.errors import InputError
from edgesim.files import is_file
from edgesim.yaml_files import read_yaml

__all__ = ["is_preset_file", "kind_at", "merged", "nested_files", "read_preset"]

_DEEPEST = 20
"""Files that may stand on one another: more are a circle."""


def is_preset_file(name: Any) -> bool:
    """Whether a preset is named by a YAML file."""
    return isinstance(name, str | Path) and Path(name).suffix in (".yaml", ".yml")


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with the values of ``over``; mappings key by key, all else replaced."""
    both = deepcopy(dict(base))
    for key, value in over.items():
        nested = isinstance(value, Mapping) and isinstance(both.get(key), Mapping)
        both[key] = merged(both[key], value) if nested else deepcopy(value)
    return both


def read_preset(
    path: Path,
    thing: str,
    preset: Callable[[str], Mapping[str, Any]],
    merge: Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, Any]] = merged,
) -> tuple[dict[str, Any], list[str]]:
    """A preset of one's own with what it stands on.

    Args:
        path: the file; a run's ``config.yaml`` counts as the ``thing`` in it.
        thing: what it is a preset of, ``scenario`` or ``agent``: the section of a ``config.yaml``.
        preset: gives the values of a shipped preset by its name.
        merge: lays a file's values over those of its base.

    Returns:
        its values, with ``name`` (that of the file where it states none), and the names of what it
        stands on, the shipped preset first, its own last.

    Raises:
        InputError: a file cannot be read or holds no mapping, a base is unknown, or bases go round
            in a circle.
    """
    layers: list[dict[str, Any]] = []
    base: Any = path
    while is_preset_file(base):
        if len(layers) == _DEEPEST:
            raise InputError(thing, str(path), f"stands on more than {_DEEPEST} files: a circle?")
        values = _layer(Path(base), thing)
        layers.append({"name": _name(Path(base)), **values})
        base = values.get("base")
    names = [str(layer["name"]) for layer in reversed(layers)]
    found: dict[str, Any] = {}
    if base is not None:
        found = dict(preset(str(base)))
        names.insert(0, str(base))
    for layer in reversed(layers):
        layer.pop("base", None)
        found = merge(found, layer)
    return found, list(dict.fromkeys(names))


def _layer(path: Path, thing: str) -> dict[str, Any]:
    """The values of one file, with the files that it names."""
    values = read_yaml(path, thing)
    if isinstance(values, Mapping) and isinstance(values.get(thing), Mapping):
        values = values[thing]  # the configuration of a run
    if not isinstance(values, Mapping) or not all(isinstance(key, str) for key in values):
        accepted = f"must be keys of a {thing}, as base: <a preset>, then what differs"
        raise InputError(thing, str(path), accepted)
    stated: dict[str, Any] = _beside(values, path.parent)
    base: Any = stated.get("base")
    if base is not None and not isinstance(base, str):
        raise InputError(f"{path}: base", base, "must be the name of a preset, or a file of one")
    if is_preset_file(base):
        stated["base"] = str(path.parent / str(base))
    return stated


def _beside(value: Any, folder: Path) -> Any:
    """Values in which a name of a file in ``folder`` is its path."""
    if isinstance(value, Mapping):
        keep = ("base", "title", "name")
        return {key: it if key in keep else _beside(it, folder) for key, it in value.items()}
    if isinstance(value, list):
        return [_beside(item, folder) for item in value]
    if isinstance(value, str) and "." in value and not Path(value).is_absolute():
        there = folder / value
        return str(there) if is_file(there) else value
    return value


def _name(path: Path) -> str:
    """What a preset is called that states no name: its file, without what folders can't have."""
    return "".join(it if it.isalnum() or it in "_-." else "_" for it in path.stem).strip(".") or "_"


# --- values from files ------------------------------------------------------------------------


def kind_at(schema: Any, key: str) -> Any:
    """The type of a dotted key in a dataclass; None where it leads to none."""
    kind: Any = schema
    for part in key.split("."):
        holder = next((it for it in (kind, *get_args(kind)) if is_dataclass(it)), None)
        if holder is None:
            return None
        kind = next((item.type for item in fields(holder) if item.name == part), None)
    return kind


def nested_files(schema: Any, values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Values in which a YAML file stands for what it holds, where a mapping or a list belongs.

    A file whose only key is that of the value may be written too: ``slices: [...]``.

    Args:
        schema: the dataclass that checks the values.
        values: nested as the schema is, or with dotted keys.
        prefix: the dotted key of ``values``, for messages.

    Raises:
        InputError: a file cannot be read.
    """
    found = dict(values)
    for key, value in values.items():
        if not isinstance(key, str):
            raise InputError(f"{prefix}key", key, "must be text")
        kind = kind_at(schema, key)
        if is_preset_file(value) and _holds_parts(kind):
            held = read_yaml(Path(value), f"{prefix}{key}")
            leaf = key.rpartition(".")[2]
            found[key] = held[leaf] if isinstance(held, dict) and list(held) == [leaf] else held
            _check_parts(kind, found[key], value, f"{prefix}{key}")
        elif isinstance(value, Mapping):
            part = next((it for it in (kind, *get_args(kind)) if is_dataclass(it)), None)
            if part is not None:
                found[key] = nested_files(part, value, f"{prefix}{key}.")
        else:
            _check_parts(kind, value, value, f"{prefix}{key}")
    return found


def _check_parts(kind: Any, held: Any, given: Any, key: str) -> None:
    """See that a value is a mapping where a dataclass belongs, and nothing else can stand.

    Raises:
        InputError: it is not; what a file holds is not shown.
    """
    kinds = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    parts = [it for it in kinds if is_dataclass(it)]
    if not parts or len(parts) < len([it for it in kinds if it is not NoneType]):
        return
    if isinstance(held, tuple(it for it in parts if isinstance(it, type))):
        return
    if not isinstance(held, Mapping) and not (held is None and NoneType in kinds):
        names = ", ".join(item.name for item in fields(parts[0]))
        raise InputError(f"scenario.{key}", given, f"must be keys and values of {names}")


def _holds_parts(kind: Any) -> bool:
    """Whether a type is that of mappings or lists, and never of text."""
    if kind is None or kind is Any:
        return False
    kinds = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    if str in kinds:
        return False
    return any(is_dataclass(it) or (get_origin(it) or it) in (list, dict) for it in kinds)
