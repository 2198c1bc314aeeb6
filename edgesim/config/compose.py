"""From a shell line to the dataclass of a command."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from edgesim.config.composition import composed, register, typed
from edgesim.config.config import DEFAULT_SCENARIO, SCHEMAS
from edgesim.config.explain import explained, known_key
from edgesim.config.overrides import config_name, is_open, parsed, values_of
from edgesim.config.whatif import without_changes
from edgesim.errors import InputError, did_you_mean
from edgesim.hints import number_meant
from edgesim.presets import is_preset_file

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override


__all__ = ["compose", "prepared"]

# a,b is a list there
_LISTS = (
    ("evaluate", "policy"),
    ("compare", "runs"),
    ("compare", "policy"),
    ("reproduce", "figure"),
    ("reproduce", "scenarios"),
    ("reproduce", "agents"),
    ("benchmark", "parts"),
    ("whatif", "each"),
    ("swarm", "problems"),
    ("swarm", "without"),
)


def compose(command: str, overrides: Iterable[str] = ()) -> Any:
    """The configuration of a command, from overrides in Hydra's grammar.

    Args:
        command: a key of :data:`SCHEMAS`.
        overrides: as on the command line: ``["scenario=aigc_paper", "agent.n_envs=4"]``.

    Returns:
        The command's dataclass. Where an agent preset has its own values for the problem or the
        scenario, they are in it, and overrides of ``agent.<key>`` stand over them.

    Raises:
        InputError: an override cannot be used.
    """
    fixed, space = _apart(overrides) if command == "tune" else (list(overrides), {})
    changes: list[str] = []
    if command == "whatif":
        fixed, changes = without_changes(fixed)
    given = prepared(command, fixed)
    name = config_name(command, given)
    try:
        made = typed(command, composed(name, given))
        if command == "tune":
            made.search_space = {**made.search_space, **space}
        elif command == "whatif":
            made.change, made.given = changes or None, fixed
        return made
    except InputError:
        raise
    except Exception as error:
        raise explained(name, given, error) from None


def prepared(command: str, overrides: Sequence[str], *, sweep: bool = False) -> list[str]:
    """Overrides as Hydra takes them, with the choices of groups checked.

    Keys of open dictionaries are added where they are new; ``~`` removes keys there alone.
    ``policy=a,b`` and its kin are lists unless they are swept over. Keys of a scenario that a run
    folder names go to ``scenario_keys``.

    Raises:
        InputError: an override is malformed, or chooses what does not exist.
    """
    items = parsed(overrides)
    register(command)
    by_folder = config_name(command, overrides).endswith("-run")
    lines = [_rewritten(command, item, sweep, by_folder) for item in items]
    return [*lines, *_default_agent(command, items)]


def _default_agent(command: str, items: Sequence["Override"]) -> list[str]:
    """The override that chooses the problem's agent, where the shell names none and it is another.

    Raises:
        InputError: a sweep goes over scenarios whose problems have different default agents.
    """
    from edgesim.config import agents

    choices = {item.key_or_group: item for item in items}
    if "scenario" not in choices or "agent" in choices or "agent" not in _keys(command):
        return []
    found = {str(name): agents.default_for(str(name)) for name in values_of(choices["scenario"])}
    if len(set(found.values())) > 1:
        several = ", ".join(f"{agent} in {name}" for name, agent in found.items())
        raise InputError("agent", None, f"must be named, since the default differs: {several}")
    usual = agents.default_for(DEFAULT_SCENARIO)
    return [f"agent={agent}" for agent in set(found.values()) if agent != usual]


def _apart(overrides: Iterable[str]) -> tuple[list[str], dict[str, str]]:
    """Overrides of a search apart: those with one value, and keys of the agent with several.

    Raises:
        InputError: another key has several values.
    """
    fixed: list[str] = []
    space: dict[str, str] = {}
    for item in parsed(list(overrides)):
        line, key = str(item.input_line), item.key_or_group
        if not item.is_sweep_override():
            fixed.append(line)
        elif key.startswith("agent.") and key.count(".") > 0:
            space[key.removeprefix("agent.")] = line.partition("=")[2]
        else:
            accepted = "is several values; what is searched are keys of the agent (agent.<key>)"
            raise InputError(key, line.partition("=")[2], accepted)
    return fixed, space


def _keys(command: str) -> set[str]:
    return {item.name for item in fields(SCHEMAS[command])}


def _rewritten(command: str, item: "Override", sweep: bool, by_folder: bool) -> str:
    """One override, as :func:`prepared` describes."""
    line = str(item.input_line)
    key = item.key_or_group
    if key.startswith(("hydra.", "hydra/")):
        return line
    value = line.partition("=")[2]
    if re.split(r"[./]", key)[0] not in _keys(command) or item.package is not None:
        raise InputError(item.get_key_element(), value, known_key(key, command, []))
    if item.is_delete() and not is_open(key):
        raise InputError("argument", line, "only keys of open dictionaries can be removed")
    if is_open(key) and not item.is_delete():
        line = f"++{line.lstrip('+')}"  # what it takes is known where it is used
    elif line.startswith("+"):
        line = line.lstrip("+")
    if key in ("scenario", "agent"):
        line = _chosen(key, item)
        value = line.partition("=")[2]
    if item.is_sweep_override() and not sweep:
        if (command, key) not in _LISTS or not item.is_choice_sweep():
            meant = number_meant(value, whole=True)
            hint = f"did you mean {meant}? " if meant else ""
            several = f"is several values: {hint}-m runs the command once for each"
            raise InputError(key, value, several)
        return f"{key}=[{value}]"
    if by_folder and key.startswith("scenario."):
        return f"++scenario_keys.{key.removeprefix('scenario.')}={value}"
    return line


def _chosen(group: str, item: "Override") -> str:
    """The override of a group, with the files of the user's by the names they are stored under.

    Raises:
        InputError: there is no such preset, or its file cannot be used.
    """
    from edgesim.config import agents
    from edgesim.config.own_presets import choice_of
    from edgesim.scenarios import presets

    names = presets() if group == "scenario" else agents.presets()
    choices: list[str] = []
    for choice in values_of(item):
        if is_preset_file(choice):
            choices.append(choice_of(group, choice))
        elif isinstance(choice, str) and choice in names:
            choices.append(choice)
        else:
            preset = "an agent" if group == "agent" else "a scenario"
            own = f"; or a YAML file of your own: base: <{preset}>, then what differs"
            raise InputError(group, choice, did_you_mean(str(choice), names) + own)
    line = str(item.input_line)
    if not any(map(is_preset_file, values_of(item))):
        return line
    return f"{line.partition('=')[0]}={','.join(choices)}"
