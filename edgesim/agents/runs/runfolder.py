"""A run folder: one training run on disk, all that figures and later evaluations read.

``config.yaml`` is there from the first moment, ``evaluation.json`` and what follows it only when
the run is complete. Every file is written under another name and renamed, so a file that is there
is complete.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, get_origin

from edgesim.agents.runs.checkpoint import read_checkpoint
from edgesim.agents.runs.old_names import renamed
from edgesim.config import agents as presets
from edgesim.config.compose import compose
from edgesim.config.config import AgentConfig, TrainConfig
from edgesim.errors import InputError
from edgesim.files import replacing
from edgesim.scenarios import presets as scenario_presets
from edgesim.scenarios import resolve
from edgesim.yaml_files import dump_yaml, read_yaml

__all__ = [
    "FILES",
    "check_complete",
    "difference",
    "flat_values",
    "folder_of",
    "learned",
    "learned_from",
    "missing",
    "plain",
    "read_config",
    "settled",
    "write_config",
]

FILES = (
    "config.yaml",
    "model.zip",
    "progress.csv",
    "episodes.parquet",
    "evaluation.json",
    "learning.png",
    "provenance.json",
)
"""What a complete run folder holds, in the order in which it is written."""

_LEARNED_FROM = (
    "scenario",
    "agent",
    "total_steps",
    "validations",
    "validation_episodes",
    "start",
)
# Words on the scenario and the agent, and what the agent says of itself, teach it nothing; its
# total_steps are the default of the run's own.
_NOT_LEARNED_FROM = {
    "scenario": ("title",),
    "agent": ("title", "actions", "total_steps", "scenarios"),
}


def settled(config: TrainConfig) -> TrainConfig:
    """A configuration with nothing left open.

    The scenario is its checked dataclass, the agent is set for it, ``total_steps`` is a number. One
    that comes from :func:`edgesim.config.compose.compose` changes in ``total_steps`` alone.

    Raises:
        InputError: unknown scenario or values that its schema does not accept.
    """
    scenario = config.scenario
    if scenario is None or isinstance(scenario, str | dict):
        scenario = resolve("aigc" if scenario is None else scenario)
    agent = presets.for_scenario(config.agent, scenario.name, scenario.problem)
    steps = agent.total_steps if config.total_steps is None else config.total_steps
    return replace(config, scenario=scenario, agent=agent, total_steps=steps)


def folder_of(config: TrainConfig) -> Path:
    """The run folder of a configuration: ``<runs>/<scenario>/<agent>/seed-<n>``.

    Where what is learned from is not as in the presets, ``-<hash of it>`` is added. A folder of
    that seed that holds an equal run under another hash (of edgesim 0.1, or of a version whose
    scenarios had fewer keys) is taken instead.
    """
    config = settled(config)
    values = learned_from(config)
    place = Path(config.runs) / (config.scenario.name or "custom") / config.agent.name
    seed = name = f"seed-{config.seed}"
    if values != _preset(config.scenario.name, config.agent.name):
        text = json.dumps(values, sort_keys=True)
        name = f"{seed}-{blake2b(text.encode(), digest_size=4).hexdigest()}"
    if not (place / name).exists():
        for other in (place / seed, *sorted(place.glob(f"{seed}-*"))):
            if _holds(other, values):
                return other
    return place / name


def _holds(folder: Path, values: dict[str, Any]) -> bool:
    """Whether a folder holds a run that learned from ``values``."""
    try:
        return learned_from(read_config(folder)) == values
    except InputError:
        return False


def difference(folder: Path, config: TrainConfig) -> str | None:
    """The first key that is learned from in which a run folder differs, as a phrase, or None."""
    there = flat_values(learned_from(read_config(folder)))
    here = flat_values(learned_from(settled(config)))
    for key in dict.fromkeys((*here, *there)):
        if there.get(key) != here.get(key):
            return f"{key} is {there.get(key)!r} there and {here.get(key)!r} here"
    return None


def write_config(folder: Path, config: TrainConfig) -> None:
    """Write ``config.yaml``, every key of the run."""
    with replacing(folder / "config.yaml") as part:
        part.write_text(dump_yaml(plain(asdict(settled(config)))), encoding="utf-8")


def read_config(folder: Path) -> TrainConfig:
    """The configuration that a run folder was made with.

    Raises:
        InputError: no such folder, not a run folder, or its config.yaml cannot be used.
    """
    path = folder / "config.yaml"
    if not folder.is_dir():
        raise InputError("run folder", str(folder), "there is no such folder")
    if not path.is_file():
        raise InputError("run folder", str(folder), "is not a run folder: it has no config.yaml")
    try:
        values = renamed(read_yaml(path, "config.yaml"))
        known = {item.name for item in fields(TrainConfig)}
        values = {key: value for key, value in values.items() if key in known}
        scenario = resolve(values.pop("scenario"))
        stated = _of_kinds(AgentConfig, values.pop("agent"), "agent.")
        agent = AgentConfig(**stated)
        return TrainConfig(scenario=scenario, agent=agent, **_of_kinds(TrainConfig, values))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        if isinstance(error, KeyError):
            reason = f"it lacks {error}"
        else:
            reason = (str(error).splitlines() or [""])[0]
        raise InputError(
            "run folder", str(folder), f"its config.yaml is not one of a run ({reason})"
        ) from None


def _of_kinds(schema: Any, values: Any, prefix: str = "") -> dict[str, Any]:
    """Values that are text, lists and mappings where their dataclass has such.

    Raises:
        InputError: one is not. Numbers are looked at by the dataclass itself.
    """
    if not isinstance(values, Mapping):
        raise InputError(prefix.rstrip(".") or "values", values, "must be keys and values")
    words = {str: "text", bool: "true or false", dict: "keys and values", list: "a list"}
    for item in fields(schema):
        kind = get_origin(item.type) or item.type
        if kind in words and item.name in values and not isinstance(values[item.name], kind):
            raise InputError(f"{prefix}{item.name}", values[item.name], f"must be {words[kind]}")
    return dict(values)


def learned(folder: Path) -> bool:
    """Whether a run folder holds something that was learned, or a checkpoint that is damaged."""
    if (folder / "evaluation.json").is_file():
        return True
    try:
        checkpoint = read_checkpoint(folder)
        return checkpoint is not None and bool(checkpoint.state.get("decisions", 0) > 0)
    except InputError:
        return True


def missing(folder: Path) -> list[str]:
    """The files that a run folder lacks to be complete."""
    return [name for name in FILES if not (folder / name).is_file()]


def check_complete(folder: Path) -> None:
    """See that a run folder is complete.

    Raises:
        InputError: it is not there, or lacks a file.
    """
    read_config(folder)
    lacking = missing(folder)
    if lacking:
        raise InputError(
            "run folder",
            str(folder),
            f"is half-written, it lacks {', '.join(lacking)}; train with resume=true goes on",
        )


def learned_from(config: TrainConfig) -> dict[str, Any]:
    """What a settled configuration has its agent learn from, as nested dictionaries.

    With the seed it tells one run from another. How the model is measured afterwards (``episodes``,
    ``bound``), where it is computed (``device``, ``threads``, ``engine``, which give figures equal
    up to rounding) and what is shown of it are not in it.
    """
    values: dict[str, Any] = plain(asdict(config))
    learned = {key: values[key] for key in _LEARNED_FROM}
    for part, keys in _NOT_LEARNED_FROM.items():
        for key in keys:
            learned[part].pop(key, None)
    return learned


@cache
def _preset(scenario: str, agent: str) -> dict[str, Any] | None:
    """What is learned from where scenario and agent are presets and nothing else is given."""
    if scenario not in scenario_presets() or agent not in presets.presets():
        return None
    return learned_from(settled(compose("train", [f"scenario={scenario}", f"agent={agent}"])))


def plain(value: Any) -> Any:
    """Values as YAML and JSON have them."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def flat_values(values: Any, prefix: str = "") -> dict[str, Any]:
    """Dotted keys of nested dictionaries with their values."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        found |= (
            flat_values(value, f"{name}.") if isinstance(value, dict) and value else {name: value}
        )
    return found
