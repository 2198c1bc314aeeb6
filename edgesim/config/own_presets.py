"""Scenarios and agents of the user's own, stored where Hydra finds them."""

from collections.abc import Iterable
from dataclasses import fields
from hashlib import blake2b
from pathlib import Path
from typing import Any

from edgesim.config import agents
from edgesim.config.config import AgentConfig
from edgesim.errors import InputError
from edgesim.scenarios import lineage, preset, presets, resolve, schema_of

__all__ = ["choice_of"]

_STORED: dict[str, dict[str, str]] = {"scenario": {}, "agent": {}}
"""The files of this process by the names under which they are chosen."""


def choice_of(group: str, path: str) -> str:
    """Store a preset that a file holds; again stores it as the file is then.

    Args:
        group: ``scenario`` or ``agent``.
        path: a YAML file, see :mod:`edgesim.presets`.

    Returns:
        the name under which Hydra finds it.

    Raises:
        InputError: the file cannot be used.
    """
    from hydra.core.config_store import ConfigStore

    choice = _name(group, path)
    _STORED[group][choice] = path
    store = ConfigStore.instance()
    node = _scenario(path) if group == "scenario" else _agent(path)
    store.store(group=group, name=choice, node=node)
    learners = _all("agent", agents.presets())
    for scenario, its_path in _all("scenario", presets()).items():
        for learner, its_agent in learners.items():
            if choice == (scenario if group == "scenario" else learner):
                own = _differing(its_path, its_agent)
                store.store(group="agent_in", name=f"{learner}-{scenario}", node=own)
    return choice


def _all(group: str, shipped: Iterable[str]) -> dict[str, str]:
    """The choices of a group that are there, and what each is read from."""
    own = {choice: path for choice, path in _STORED[group].items() if Path(path).is_file()}
    return {**{name: name for name in shipped}, **own}


def _name(group: str, path: str) -> str:
    """The file's own name, with a hash of its place where another preset is called that."""
    stem = Path(path).stem
    shipped = presets() if group == "scenario" else agents.presets()
    plain = stem.replace("-", "_").isidentifier()
    if plain and stem not in shipped and _STORED[group].get(stem, path) == path:
        return stem
    digest = blake2b(str(Path(path).absolute()).encode(), digest_size=4).hexdigest()
    return f"own-{digest}"


def _scenario(path: str) -> Any:
    """A scenario as Hydra stores it, checked as a whole first."""
    from omegaconf import OmegaConf

    resolve(path)
    values = preset(path)
    return OmegaConf.merge(OmegaConf.structured(schema_of(values)), values)


def _agent(path: str) -> Any:
    """An agent as Hydra stores it, checked as a whole first, without what differs in scenarios."""
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    values = agents.values(path)
    values.pop("scenarios", None)
    try:
        node = OmegaConf.merge(OmegaConf.structured(AgentConfig), values)
        OmegaConf.to_object(node)
    except OmegaConfBaseException as error:
        key = str(error.full_key or error.key)
        reason = str(error.msg or error).splitlines()[0]
        raise InputError(f"{path}: {key}", values.get(key), reason) from None
    except InputError as error:
        raise InputError(f"{path}: {error.thing}", error.value, error.accepted) from None
    return node


def _differing(scenario: str, agent: str) -> dict[str, Any]:
    """What an agent differs in for a scenario; either may be a file."""
    sections = agents.values(agent).get("scenarios") or {}
    names = (preset(scenario)["problem"], *lineage(scenario))
    known = {item.name for item in fields(AgentConfig)}
    own = agents.section(sections, *names)
    for key in own.keys() - known:
        raise InputError(f"{agent}: scenarios key", key, f"accepted: {', '.join(sorted(known))}")
    return own
