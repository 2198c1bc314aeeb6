"""What there is to choose from: ``edgesim list`` and ``edgesim <command> --help``.

Nothing heavy is imported: presets are read as YAML, keys from their schemas.
"""

import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any, get_args

import edgesim.scenarios
from edgesim.agents.specs import policies_of
from edgesim.commands.choices import schema_part
from edgesim.config import agents
from edgesim.config.config import DEFAULT_SCENARIO, SCHEMAS, AgentConfig
from edgesim.errors import InputError, did_you_mean
from edgesim.problems import PROBLEMS
from edgesim.reproduction.figures import FIGURES
from edgesim.services import titles as services

__all__ = ["SECTIONS", "command_help", "figures", "listing", "policies", "scenario_keys", "show"]

_COSTS = {
    "tune": "What is searched are keys of the agent that are given several values:"
    " agent.hyperparameters.gamma=interval(0.5,0.99), tag(log,interval(1e-4,1e-2)), choice(8,32),"
    " int(interval(4,64)). The same command goes on with a search that was stopped.",
    "calibrate": "What it costs, on one core: an embedded service with its own plan 1 to 3 minutes;"
    " another plan, items x (sum of work) + repeats x (sum of batches) x (sum of timed work)"
    " times what one item and unit of work takes (about 4 ms for photo_inpaint, 1 ms for digits)."
    " It is estimated and told before it starts. Killed, it goes on where it was when it is"
    " repeated.",
    "calibrate-train": "What it costs, on one core: photo_inpaint 6 minutes, photo_inpaint_small"
    " and digits 2 minutes each.",
    "validate": "What it costs, on one core: requests x loads x mean steps times what one image"
    " and step takes (about 4 ms for photo_inpaint); 2 to 4 minutes as it is. The least is told"
    " before it starts.",
}
"""What a user may want to know before a command runs long."""

_LONG = 60  # characters of a value that is shown
_LEFT = 38  # columns of the names in help


def policies() -> dict[str, dict[str, str]]:
    """For each problem, its policies and a line on each."""
    return {
        name: {policy: spec.title for policy, spec in policies_of(name).items()}
        for name in PROBLEMS
    }


def figures() -> dict[str, str]:
    """Every figure that ``edgesim reproduce`` draws, and a line on it."""
    return {name: figure.title for name, figure in FIGURES.items()}


def _policy_rows() -> list[tuple[str, str]]:
    """Policies of all problems; the problem is named where there are several."""
    several = len(PROBLEMS) > 1
    return [
        (name, f"{problem}: {title}" if several else title)
        for problem, titles in policies().items()
        for name, title in titles.items()
    ]


SECTIONS: dict[str, Callable[[], list[tuple[str, str]]]] = {
    "scenarios": lambda: list(edgesim.scenarios.presets().items()),
    "agents": lambda: list(agents.presets().items()),
    "policies": _policy_rows,
    "figures": lambda: list(figures().items()),
    "services": lambda: list(services.figures().items()),
}


def listing(sections: Sequence[str] = ()) -> str:
    """The named sections, or all of them: a line for each thing.

    Raises:
        InputError: there is no section of that name.
    """
    rows = _chosen(sections)
    width = max((len(name) for section in rows.values() for name, _ in section), default=0)
    lines: list[str] = []
    for title, section in rows.items():
        lines += ["", title, *(f"  {name:{width}}  {what}".rstrip() for name, what in section)]
    return "\n".join(lines[1:])


def show(sections: Sequence[str] = ()) -> None:
    """Print the sections: tables at a terminal, and a line for each thing where others read it.

    Raises:
        InputError: there is no section of that name.
    """
    if not sys.stdout.isatty():
        print(listing(sections))
        return
    from edgesim.tables import console, show_table

    for title, section in _chosen(sections).items():
        show_table(console(), (title, "what it is"), section, words=(title, "what it is"))


def _chosen(sections: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """The rows of the named sections, or of all."""
    for name in sections:
        if name not in SECTIONS:
            raise InputError("list", name, did_you_mean(name, SECTIONS))
    return {name: SECTIONS[name]() for name in sections or SECTIONS}


# --- help -------------------------------------------------------------------------------------


def command_help(command: str, what: str, words: Sequence[str] = ()) -> str:
    """The help of a command; ``words`` may choose the presets whose keys are shown."""
    if command == "new":
        from edgesim.commands.new import usage

        return f"{usage()}\n\n{what}"
    if command == "list":
        return f"usage: edgesim list [{' | '.join(SECTIONS)}]\n\n{what}"
    given = dict(word.partition("=")[::2] for word in words)
    scenario = given.get("scenario", DEFAULT_SCENARIO)
    agent = given.get("agent") or agents.default_for(scenario)
    schema = SCHEMAS[command]
    keys = {item.name for item in fields(schema)}
    lines = [f"usage: edgesim {command} [-m] [key=value ...]", "", what]
    if command in _COSTS:
        lines += ["", *textwrap.wrap(_COSTS[command], min(_columns(), 100))]
    for group, presets in _groups().items():
        if group in keys:
            lines += ["", f"{group}=", *_rows(list(presets.items()))]
    lines += ["", "keys", *_rows(_own_keys(schema))]
    if "agent" in keys:
        lines += ["", f"agent.<key>, as in {agent}", *_rows(_agent_keys(agent, scenario))]
    if "scenario" in keys:
        title = f"scenario.<key>, as in {scenario}"
        lines += ["", title, *_rows(scenario_keys(scenario))]
    trust = "run code of another package that a run folder names"
    sweep = "once for each combination of values: seed=0,1,2 or seed=range(3)"
    return "\n".join(
        [*lines, "", "options", *_rows([("-m, --multirun", sweep), ("trust=true", trust)])]
    )


def _groups() -> dict[str, dict[str, str]]:
    """The groups of presets, and their names and titles."""
    return {"scenario": edgesim.scenarios.presets(), "agent": agents.presets()}


def _columns() -> int:
    """Columns of the terminal; 100 where there is none."""
    return shutil.get_terminal_size((100, 24)).columns


def _rows(rows: Iterator[tuple[str, str]] | list[tuple[str, str]]) -> Iterator[str]:
    """Two columns, the right one wrapped to the terminal."""
    width = max(_columns() - _LEFT - 2, 30)
    for left, right in rows:
        wrapped = textwrap.wrap(right, width)
        if len(left) >= _LEFT or not wrapped:
            yield f"  {left}"
        else:
            yield f"  {left:{_LEFT}}{wrapped.pop(0)}"
        yield from (" " * (_LEFT + 2) + line for line in wrapped)


def _own_keys(schema: type[Any]) -> Iterator[tuple[str, str]]:
    """Keys of a command that are not groups: ``key=default`` and what it is."""
    for item in fields(schema):
        if item.metadata["help"] and item.name not in ("scenario", "agent"):
            made = item.default if item.default_factory is MISSING else item.default_factory()
            yield f"{item.name}={_written(made)}", _line(item.type, item.metadata["help"])


def _agent_keys(name: str, scenario: str) -> Iterator[tuple[str, str]]:
    """Keys of an agent, with the values it has in a scenario."""
    values = agents.values(name)
    problem = edgesim.scenarios.preset(scenario)["problem"]
    names = edgesim.scenarios.lineage(scenario)
    own = agents.section(values.pop("scenarios", {}), problem, *names)
    agent = agents.for_scenario(AgentConfig(**values, scenarios={problem: own}), "", problem)
    for item in fields(AgentConfig):
        if item.name == "scenarios":
            continue
        value, line = getattr(agent, item.name), _line(item.type, item.metadata["help"])
        if isinstance(value, dict):
            yield f"{item.name}.<key>=", line
            yield from ((f"{item.name}.{key}={_written(it)}", "") for key, it in value.items())
        else:
            yield f"{item.name}={_written(value)}", line


def scenario_keys(name: str) -> list[tuple[str, str]]:
    """``<key>=<value>`` for every key of a preset, and what its schema says of it.

    Keys of what a list holds stand below it without a value: ``network.slices[].share``.

    Raises:
        InputError: there is no preset of that name.
    """
    values = edgesim.scenarios.preset(name)
    del values["name"]  # it is the file's
    return list(_scenario_keys(edgesim.scenarios.schema_of(values), values))


def _scenario_keys(
    schema: Any, values: Mapping[str, Any] | None, prefix: str = ""
) -> Iterator[tuple[str, str]]:
    for item in fields(schema):
        what = _line(item.type, item.metadata.get("help", ""))
        key = f"{prefix}{item.name}"
        if values is None:
            yield key, what
        elif item.name in values:
            value = values[item.name]
            written = "..." if isinstance(value, Mapping) else _written(value)
            yield f"{key}={written if len(written) <= _LONG else '...'}", what
            part = schema_part(item.type)
            if isinstance(value, Mapping) and part is not None:
                yield from _scenario_keys(part, value, f"{key}.")
            elif isinstance(value, list) and part is not None:
                yield from _scenario_keys(part, None, f"{key}[].")


def _line(kind: Any, what: str) -> str:
    """A type and what the key is, on one line."""
    name = getattr(kind, "__name__", "") if isinstance(kind, type) and not get_args(kind) else ""
    name = (name or str(kind)).replace("typing.", "").replace("None", "null")
    name = re.sub(r"\b(\w+\.)+", "", name)
    return what if kind is Any else f"{name}: {what}".rstrip(": ")


def _written(value: Any) -> str:
    """A value in Hydra's grammar."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list):
        return f"[{','.join(map(_written, value))}]"
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{key}:{_written(it)}' for key, it in value.items())}}}"
    return str(value)
