"""Agents by name: one YAML file each in ``edgesim/agents``.

A preset's ``scenarios`` section holds keys that differ for a problem or for one scenario; nested
dictionaries are merged key by key, and a scenario's values stand over its problem's.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import asdict, fields
from functools import cache
from pathlib import Path
from typing import Any

from edgesim.config.config import AgentConfig
from edgesim.errors import InputError, did_you_mean
from edgesim.problems import PROBLEMS
from edgesim.scenarios import preset as scenario_preset
from edgesim.yaml_files import read_yaml

__all__ = ["default_for", "for_scenario", "preset", "presets", "section", "values"]

_FOLDER = Path(__file__).parents[1] / "agents"


@cache
def presets() -> dict[str, str]:
    """Every preset's name and its one-line title."""
    return {path.stem: values(path.stem)["title"] for path in sorted(_FOLDER.glob("*.yaml"))}


def values(name: str) -> dict[str, Any]:
    """The keys of a preset as its file gives them.

    Raises:
        InputError: there is no preset of that name.
    """
    known = [path.stem for path in _FOLDER.glob("*.yaml")]
    if name not in known:
        raise InputError("agent", name, did_you_mean(str(name), known))
    return {"name": name, **read_yaml(_FOLDER / f"{name}.yaml", "agent")}


def preset(name: str) -> AgentConfig:
    """A preset as it stands in its file, its ``scenarios`` section unused.

    Raises:
        InputError: there is no preset of that name.
    """
    return AgentConfig(**values(name))


def default_for(scenario: str) -> str:
    """The agent that is taken in a scenario's preset where none is named, as its problem says.

    Raises:
        InputError: there is no scenario of that name, or its problem poses no decision to learn.
    """
    agent = PROBLEMS[scenario_preset(scenario)["problem"]].default_agent
    if agent is None:
        raise InputError(
            "scenario", scenario, "has methods to evaluate, and no decision that an agent learns"
        )
    return agent


def for_scenario(agent: AgentConfig, scenario: str, problem: str) -> AgentConfig:
    """The agent as it is set for a scenario, with an empty ``scenarios`` section.

    :func:`edgesim.config.compose.compose` does the same before it applies the overrides of a shell
    line; an agent that comes from there is returned as it is.

    Raises:
        InputError: the section names a key that an agent does not have.
    """
    own = asdict(agent)
    merged = _merge(own, section(own.pop("scenarios"), scenario, problem))
    known = {item.name for item in fields(AgentConfig)}
    for key in merged.keys() - known:
        raise InputError(f"agent {agent.name}: scenarios", key, did_you_mean(key, known))
    return AgentConfig(**merged)


def section(sections: Mapping[str, Any], scenario: str, problem: str) -> dict[str, Any]:
    """What a ``scenarios`` section holds for a scenario: its problem's keys, then its own."""
    found: dict[str, Any] = {}
    for name in dict.fromkeys((problem, scenario)):
        found = _merge(found, sections.get(name) or {})
    return found


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with the values of ``over``; dictionaries key by key, all else replaced."""
    merged = deepcopy(dict(base))
    for key, value in over.items():
        nested = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merge(merged[key], value) if nested else deepcopy(value)
    return merged
