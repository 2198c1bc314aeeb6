"""Scenarios by name: a YAML preset merged onto the schema of its problem."""

import warnings
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from re import DOTALL, fullmatch, sub
from typing import Any

from edgesim.errors import InputError, did_you_mean
from edgesim.hints import nearest_key
from edgesim.importing import load
from edgesim.numbers import plain_numbers
from edgesim.plugins import folders
from edgesim.presets import is_preset_file, merged, nested_files, read_preset
from edgesim.problems import PROBLEMS, SHARED_SCHEMA
from edgesim.scenarios.listed import passes_list
from edgesim.scenarios.listed import replaced as replaced_in_list
from edgesim.scenarios.parts.faults import instead_of_faults
from edgesim.scenarios.usual import check_length, say_unusual
from edgesim.yaml_files import read_yaml

__all__ = ["lineage", "preset", "preset_file", "presets", "resolve", "schema_of"]

_FOLDER = Path(__file__).parent


def presets() -> dict[str, str]:
    """Every preset's name and its one-line title."""
    return {name: _read(path)["title"] for name, path in _files().items()}


def _files() -> dict[str, Path]:
    """The file of every preset, by its name."""
    return _files_of(tuple(problem.presets for problem in PROBLEMS.values()))


@cache
def _files_of(packages: tuple[str, ...]) -> dict[str, Path]:
    """The presets in some packages, in this folder, and those that installed packages add.

    Presets of one name: that of edgesim or of a problem holds, and a warning tells of the other.
    """
    found = _own_files_of(packages)
    for folder in folders("edgesim.scenarios"):
        for path in sorted(folder.glob("*.yaml")):
            there = found.setdefault(path.stem, path)
            if there != path:
                warnings.warn(f"{path} is left out: its name is that of {there}", stacklevel=2)
    return dict(sorted(found.items()))


def _own_files_of(packages: tuple[str, ...]) -> dict[str, Path]:
    """The presets in some packages, and those of several problems, which lie in this folder.

    Raises:
        InputError: a package is not there, or two presets have one name.
    """
    found: dict[str, Path] = {}
    for folder in [_FOLDER, *map(_folder_of, packages)]:
        for path in folder.glob("*.yaml"):
            there = found.setdefault(path.stem, path)
            if there != path:
                raise InputError("preset", str(path), f"its name is that of {there}")
    return found


def _folder_of(package: str) -> Path:
    """The folder of a package.

    Raises:
        InputError: it is not there, or is no package.
    """
    try:
        spec = find_spec(package)
    except ImportError:
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise InputError("presets", package, "must be a package, whose folder holds YAML files")
    return Path(spec.submodule_search_locations[0])


def preset_file(name: str) -> Path:
    """The YAML file of a preset.

    Raises:
        InputError: there is no preset of that name.
    """
    path = _files().get(name)
    if path is None:
        own = "; or a YAML file of your own: base: <a scenario>, then what differs"
        raise InputError("scenario", name, did_you_mean(str(name), _files()) + own)
    return path


def preset(name: str) -> dict[str, Any]:
    """The keys of a preset as its file gives them; ``name`` may be a YAML file of the user's.

    Raises:
        InputError: there is no preset of that name, or the file is none.
    """
    path = _standing_on(name)
    if path is not None:
        return _own(path)[0]
    return {"name": name, **_with_parts(_read(preset_file(name)))}


def _with_parts(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values in which a part of a shared world that names a preset states all of its keys."""
    found = deepcopy(dict(values))
    for key, part in found.items():
        if isinstance(part, dict) and "preset" in part:
            found[key] = merged(preset(part.pop("preset")), part)
    return found


def lineage(name: str) -> list[str]:
    """What a scenario stands on, the shipped preset first: its own name alone, if it is one."""
    path = _standing_on(name)
    return [name] if path is None else _own(path)[1]


def _standing_on(name: str) -> Path | None:
    """The file of a preset that stands on another: the user's, or one of an installed package."""
    if is_preset_file(name):
        return Path(name)
    path = _files().get(name)
    return path if path is not None and "base" in _read(path) else None


def _own(path: Path) -> tuple[dict[str, Any], list[str]]:
    """The keys of a preset of the user's, and what it stands on.

    Raises:
        InputError: its file cannot be used.
    """
    values, names = read_preset(
        path, "scenario", preset, lambda base, own: merged(base, _with_parts(own))
    )
    if "problem" not in values:
        accepted = f"must name its base, a scenario; {did_you_mean('', _files())}"
        raise InputError("scenario", str(path), accepted)
    stated = str(values["name"])
    if not fullmatch(r"[\w.-]+", stated) or not stated.strip("."):
        raise InputError(f"{path}: name", stated, "must be letters, digits, '_', '-' or '.'")
    return nested_files(schema_of(values), values), names


def schema_of(values: Mapping[str, Any]) -> Any:
    """The dataclass that checks a scenario's keys: its problem's, or that of a shared world.

    Raises:
        InputError: there is no such problem.
    """
    problem = values.get("problem")
    if not isinstance(problem, str) or problem not in PROBLEMS:
        raise InputError("scenario problem", values.get("problem"), did_you_mean("", PROBLEMS))
    shared = len(PROBLEMS.keys() & values.keys()) > 1
    return load(SHARED_SCHEMA if shared else PROBLEMS[values["problem"]].schema)


@cache
def _read(path: Path) -> dict[str, Any]:
    values: dict[str, Any] = read_yaml(path, "scenario")
    return values


def resolve(scenario: str | Mapping[str, Any], overrides: Mapping[str, Any] | None = None) -> Any:
    """A scenario with some of its keys replaced, as its checked dataclass.

    Args:
        scenario: a preset's name, a YAML file of one's own (:mod:`edgesim.presets`), or all keys of
            a scenario (as a run's ``config.yaml`` has them).
        overrides: keys of the preset and their new values; nested as the preset is, or dotted
            (``{"wireless.side_m": 500}``). A YAML file may stand where a mapping or list belongs.

    Raises:
        InputError: unknown preset, unknown key, or a value that its schema does not accept.
    """
    from omegaconf import OmegaConf
    from omegaconf.errors import ConfigKeyError, OmegaConfBaseException

    if not isinstance(scenario, str | Mapping):
        raise InputError(
            "scenario",
            scenario,
            f"must be a name, or all keys of a scenario; {did_you_mean('', _files())}",
        )
    if not isinstance(overrides, Mapping | None):
        raise InputError("overrides", overrides, "must be keys and values: {'horizon_s': 60}")
    values = stated = preset(scenario) if isinstance(scenario, str) else dict(scenario)
    schema = schema_of(values)
    overrides = nested_files(schema, plain_numbers(overrides or {}))
    for key in [key for key in overrides if passes_list(key, values)]:
        values = replaced_in_list(values, key, overrides[key])
    overrides = {key: it for key, it in overrides.items() if not passes_list(key, values)}
    own = is_preset_file(scenario)
    key_of = f"{scenario} key" if own else "scenario key"
    try:
        base = _merged_base(scenario) if isinstance(scenario, str) and values is stated else None
        config = OmegaConf.merge(OmegaConf.structured(schema), values) if base is None else base
        replaced = OmegaConf.create({})
        for key, value in overrides.items():
            OmegaConf.update(replaced, key, value, force_add=True)
        made: Any = OmegaConf.to_object(OmegaConf.merge(config, replaced))
        if made.problem != values["problem"]:
            accepted = f"must stay {values['problem']!r}: another problem has presets of its own"
            raise InputError("problem", made.problem, accepted)
        check_length(made)
        say_unusual(made)
        return made
    except ConfigKeyError as error:
        key = str(error.full_key or error.key)
        known = preset(lineage(str(scenario))[0]) if own else values
        other = instead_of_faults(values.get("problem"), key)
        raise InputError(key_of, key, other or _nearest_key(key, known)) from None
    except OmegaConfBaseException as error:
        key = str(error.full_key or error.key)
        reason = sub(
            r"^Value '.*' of type", "a value of type", str(error.msg or error), flags=DOTALL
        )
        reason = reason.splitlines()[0][:300]
        whole = key.partition("[")[0]  # of a list, an item of which is wrong
        given = overrides[whole] if whole in overrides else _at(values, whole)
        raise InputError(f"{key_of} {key}", given, reason) from None
    except (OverflowError, RecursionError) as error:
        reason = (
            "a number is too large" if isinstance(error, OverflowError) else "nested too deeply"
        )
        raise InputError(
            "scenario", dict(overrides) or values, f"cannot be used: {reason}"
        ) from None
    except InputError as error:
        if not own:
            raise
        raise InputError(f"{scenario}: {error.thing}", error.value, error.accepted) from None


def _merged_base(name: str) -> Any:
    """A shipped preset over its schema, as OmegaConf has it; None: a preset of somebody else's.

    A merge copies it. It is kept, since to make it takes longer than all else of a scenario.
    """
    return None if _standing_on(name) is not None else _merged(name, preset_file(name))


@cache
def _merged(name: str, path: Path) -> Any:
    from omegaconf import OmegaConf

    values = preset(name)
    return OmegaConf.merge(OmegaConf.structured(schema_of(values)), values)


def _at(values: Any, key: str) -> Any:
    """The value of a dotted key; None where there is none."""
    for part in key.split("."):
        values = values.get(part) if isinstance(values, Mapping) else None
    return values


def _nearest_key(key: str, values: Mapping[str, Any]) -> str:
    """What would be accepted in the place of an unknown dotted key: its nearest, its siblings."""
    names = list(_dotted(values))
    near = nearest_key(key, names)
    parent = (near or key).rpartition(".")[0]
    level = [name for name in names if name.rpartition(".")[0] == parent]
    hint = f"did you mean {near!r}? " if near else ""
    return f"{hint}accepted: {', '.join(level or values)}"


def _dotted(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """The keys of nested mappings, dotted, each mapping's before the next level's."""
    yield from (f"{prefix}{key}" for key in values)
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _dotted(value, f"{prefix}{key}.")
