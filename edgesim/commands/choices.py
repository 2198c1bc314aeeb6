"""The values that a key takes, where they can be told: names, enumerations, true and false.

Nothing heavy is imported: the shell's completion asks at every stroke.
"""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import edgesim.scenarios
from edgesim.agents.specs import policies_of
from edgesim.config import agents
from edgesim.config.config import DEFAULT_SCENARIO, SCHEMAS, AgentConfig
from edgesim.errors import InputError
from edgesim.importing import load
from edgesim.problems import PROBLEMS
from edgesim.reproduction.figures import FIGURES
from edgesim.services.titles import titles

__all__ = ["choices", "policies_in", "schema_part"]


def choices(command: str, key: str, given: Mapping[str, str]) -> list[str]:
    """What a key takes, in the order in which it is offered; empty where anything may stand.

    Args:
        command: a key of :data:`edgesim.config.config.SCHEMAS`.
        key: a key of it, dotted where it lies deeper.
        given: what else stands on the line, by key: a policy is one that the scenario has.
    """
    group, dot, below = key.partition(".")
    keys = {item.name: item for item in fields(SCHEMAS[command])}
    if group not in keys:
        return []
    if dot:
        return _below(group, below, given)
    named = {
        "scenario": lambda: list(edgesim.scenarios.presets()),
        "agent": lambda: list(agents.presets()),
        "policy": lambda: _policies(command, given),
        "figure": lambda: [*FIGURES, "all"],
    }
    named |= {
        "calibrate": {"service": lambda: list(titles())},
        "validate": {"service": lambda: list(titles())},
        "compare": {"runs": _run_folders},
        "export": {"run": _run_folders},
    }.get(command, {})
    return named[key]() if key in named else _of_field(keys[key])


def _of_field(item: Field[Any]) -> list[str]:
    """What the schema says of a field: its choices, or true and false; and null, if it takes it."""
    kinds = (item.type, *get_args(item.type))
    found = list(item.metadata.get("choices", ()))
    if not found and bool in kinds:
        found = ["true", "false"]
    return [*found, "null"] if found and type(None) in kinds else found


def _below(group: str, key: str, given: Mapping[str, str]) -> list[str]:
    """Values of ``scenario.<key>`` and ``agent.<key>``."""
    if group == "agent":
        own = {item.name: item for item in fields(AgentConfig)}
        return _of_field(own[key]) if key in own else []
    if group != "scenario":
        return []
    try:
        schema = edgesim.scenarios.schema_of(edgesim.scenarios.preset(_scenario(given)))
    except InputError:
        return []
    *parents, leaf = key.split(".")
    for name in parents:
        found = {item.name: item for item in fields(schema)}.get(name)
        schema = None if found is None else schema_part(found.type)
        if schema is None:
            return []
    item = {item.name: item for item in fields(schema)}.get(leaf)
    return [] if item is None else _of_field(item)


def schema_part(kind: Any) -> Any:
    """The schema of what a key of that type holds, None where it holds plain values."""
    kinds = (kind, *get_args(kind))
    return next(
        (it for it in kinds if isinstance(it, type) and hasattr(it, "__dataclass_fields__")), None
    )


# --- policies ---------------------------------------------------------------------------------


def _policies(command: str, given: Mapping[str, str]) -> list[str]:
    """Policies that the scenario has, bounds where they are taken, and run folders."""
    try:
        names = list(policies_in(_scenario(given), given))
    except InputError:
        names = []
    if command == "simulate":  # a bound plays no episode
        names = [name for name in names if name != "bound"]
    every = ["all"] if command == "evaluate" else []
    return [*names, *every, *_run_folders()]


def policies_in(scenario: str, given: Mapping[str, str] | None = None) -> Iterator[str]:
    """The policies that a preset has, by the keys that they require.

    Args:
        scenario: the preset's name.
        given: overrides as they stand on the line; those of ``scenario.<key>`` count.

    Raises:
        InputError: there is no such preset.
    """
    values = edgesim.scenarios.preset(scenario)
    problem = values["problem"]
    schema = load(PROBLEMS[problem].schema)
    defaults = {item.name: item.default for item in fields(schema) if item.default is not MISSING}
    if problem in values:  # a world of several problems has a part for each
        part = values[problem]
        values = {**values, **part} if isinstance(part, Mapping) else values
    stated = {
        key.removeprefix("scenario."): None if value in ("null", "false") else value
        for key, value in (given or {}).items()
        if key.startswith("scenario.")
    }
    there = {**defaults, **values, **stated}
    for name, spec in policies_of(problem).items():
        if spec.requires is None or _has(schema, there, spec.requires):
            yield name


def _has(schema: type, values: Mapping[str, Any], key: str) -> bool:
    """Whether a scenario of these values has a key, or a property that follows from them."""
    told = getattr(schema, key, None)
    if isinstance(told, property) and told.fget is not None:
        return bool(told.fget(SimpleNamespace(**values)))
    return values.get(key) not in (None, False)


def _scenario(given: Mapping[str, str]) -> str:
    """The scenario of a line, the first where it is swept over several."""
    return given.get("scenario", DEFAULT_SCENARIO).partition(",")[0]


def _run_folders() -> list[str]:
    """Run folders below ``runs``: runs/<scenario>/<agent>/<run>."""
    return [str(path.parent) for path in sorted(Path("runs").glob("*/*/[!.]*/config.yaml"))]
