"""Agents by name: one YAML file each in ``edgesim/agents``.

A preset's ``scenarios`` section holds keys that differ for a problem or for one scenario; nested
dictionaries are merged key by key, and a scenario's values stand over its problem's.
"""

import warnings
from collections.abc import Mapping
from dataclasses import asdict, fields
from functools import cache
from pathlib import Path
from typing import Any

from edgesim.config.config import AgentConfig
from edgesim.config.overrides import is_open
from edgesim.errors import InputError, did_you_mean
from edgesim.plugins import folders
from edgesim.presets import is_preset_file, merged, nested_files, read_preset
from edgesim.problems import PROBLEMS
from edgesim.scenarios import preset as scenario_preset
from edgesim.yaml_files import read_yaml

__all__ = [
    "default_for",
    "for_scenario",
    "preset",
    "preset_file",
    "presets",
    "section",
    "values",
    "with_keys",
]

_FOLDER = Path(__file__).parents[1] / "agents"


@cache
def presets() -> dict[str, str]:
    """Every preset's name and its one-line title."""
    return {name: values(name).get("title", "") for name in _files()}


@cache
def _files() -> dict[str, Path]:
    """The file of every preset, by its name: edgesim's, and those that installed packages add."""
    found: dict[str, Path] = {}
    for folder in (_FOLDER, *folders("edgesim.agents")):
        for path in sorted(folder.glob("*.yaml")):
            there = found.setdefault(path.stem, path)
            if there != path:
                warnings.warn(f"{path} is left out: its name is that of {there}", stacklevel=2)
    return dict(sorted(found.items()))


def values(name: str) -> dict[str, Any]:
    """The keys of a preset as its file gives them; ``name`` may be a YAML file of the user's.

    Raises:
        InputError: there is no preset of that name, the file is none, or has keys that agents lack.
    """
    if is_preset_file(name):
        return _own(Path(name))
    path = _files().get(name)
    if path is None:
        more = "; or a YAML file of your own: base: <an agent>, then what differs"
        raise InputError("agent", name, did_you_mean(str(name), _files()) + more)
    stated: dict[str, Any] = read_yaml(path, "agent")
    return _own(path) if "base" in stated else {"name": name, **stated}


def preset_file(name: str) -> Path:
    """The YAML file of a preset that there is."""
    return _files()[name]


def _own(path: Path) -> dict[str, Any]:
    """The keys of a preset that may stand on another: the user's, or of an installed package.

    Raises:
        InputError: its file cannot be used, or has keys that agents lack.
    """
    own, _ = read_preset(path, "agent", values, _standing_over)
    known = [item.name for item in fields(AgentConfig)]
    for key in own:
        if key not in known:
            inner = key in (own.get("hyperparameters") or {})
            near = f"did you mean hyperparameters: {{{key}: ...}}? " if inner else ""
            raise InputError(f"{path} key", key, near + did_you_mean(key, known))
    return {"title": "", **nested_files(AgentConfig, own)}


def _standing_over(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """An agent over its base: what it states holds in every scenario, unless it says otherwise."""
    everywhere = {key: own[key] for key in own if key not in ("name", "title", "scenarios")}
    sections = (base.get("scenarios") or {}).items()
    under = {name: merged(section or {}, everywhere) for name, section in sections}
    return merged({**base, "scenarios": under}, own)


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
    together = merged(own, section(own.pop("scenarios"), problem, scenario))
    known = {item.name for item in fields(AgentConfig)}
    for key in together.keys() - known:
        raise InputError(f"agent {agent.name}: scenarios", key, did_you_mean(key, known))
    return AgentConfig(**together)


def with_keys(agent: AgentConfig, keys: Mapping[str, Any]) -> AgentConfig:
    """An agent with some keys replaced: ``{"hyperparameters.gamma": 0.9}``.

    Raises:
        InputError: it has no such key, or does not take the value.
    """
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        config = OmegaConf.structured(agent)
        for key, value in keys.items():
            OmegaConf.update(config, key, value, force_add=is_open(f"agent.{key}"))
        made = OmegaConf.to_object(config)
    except OmegaConfBaseException as error:
        key = str(error.full_key or error.key)
        reason = str(error.msg or error).splitlines()[0]
        raise InputError(f"agent.{key}", keys.get(key), reason) from None
    assert isinstance(made, AgentConfig)
    return made


def section(sections: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """What a ``scenarios`` section holds for a scenario.

    Args:
        sections: keys that differ, by name.
        names: the problem, what the scenario stands on, and its own name: later ones stand over
            earlier ones.
    """
    found: dict[str, Any] = {}
    for name in dict.fromkeys(names):
        found = merged(found, sections.get(name) or {})
    return found
