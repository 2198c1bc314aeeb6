"""What a question starts from, and what each of its changes makes of that."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from edgesim.agents.finding import named_policies, scenario_of_command
from edgesim.config.compose import compose
from edgesim.config.overrides import parsed
from edgesim.config.whatif import WhatIfConfig
from edgesim.errors import InputError
from edgesim.scenarios import resolve

__all__ = ["Case", "changed", "failing", "started"]

_BETWEEN = re.compile(r"\s+(?=[\w.~+/]+=)")
"""Where one override of a change ends and the next begins."""

_ACCEPTED = "accepted: scenario=..., scenario.<key>=..., policy=..., with spaces between them"


@dataclass(frozen=True)
class Case:
    """A world and who decides in it.

    Attributes:
        label: what tables and pictures call it.
        scenario: the checked scenario.
        policy: as of :func:`edgesim.agents.finding.find_policy`.
        fails: what fails of all cases in this one, and its number; None: nothing of its own.
    """

    label: str
    scenario: Any
    policy: str
    fails: tuple[str, int] | None = None


def started(config: WhatIfConfig) -> Case:
    """The case that all others are compared with.

    Raises:
        InputError: its scenario cannot be used.
    """
    scenario = scenario_of_command(config)
    (policy,) = named_policies(config, scenario)
    return Case("as it is", scenario, policy)


def changed(config: WhatIfConfig, base: Case, change: str | Mapping[str, Any]) -> Case:
    """The case with a change.

    Args:
        config: of the command.
        base: what the change is of.
        change: overrides, with spaces between them; or keys of the scenario and their values, and
            ``policy``.

    Raises:
        InputError: the change cannot be made, changes nothing, or makes another problem.
    """
    if isinstance(change, Mapping):
        policy = str(change.get("policy", base.policy))
        keys = {key: value for key, value in change.items() if key != "policy"}
        label = _label([f"{key}={value}" for key, value in change.items()])
        case = Case(label, resolve(asdict(base.scenario), keys), policy)
    else:
        case = _worded(config, base, change)
    if case.scenario.problem != base.scenario.problem:
        accepted = f"poses another problem, {case.scenario.problem}, than {base.scenario.problem}"
        raise InputError("change", change, accepted)
    if case.policy == base.policy and asdict(case.scenario) == asdict(base.scenario):
        raise InputError("change", change, "changes nothing: that is how it is")
    return case


def _worded(config: WhatIfConfig, base: Case, change: str) -> Case:
    """The case with a change that is overrides."""
    words = [word for word in _BETWEEN.split(change.strip()) if word]
    if not words:
        raise InputError("change", change, _ACCEPTED)
    items = parsed(words)
    for word, item in zip(words, items, strict=True):
        key = item.key_or_group
        if key not in ("policy", "scenario") and not key.startswith("scenario."):
            there = key.partition(".")[0] in asdict(base.scenario)
            hint = f"did you mean 'scenario.{word}'? " if there else ""
            raise InputError("change", word, f"{hint}{_ACCEPTED}")
    keys = {item.key_or_group for item in items}
    if config.given:
        # Composed anew, so that a change means what it would at the shell.
        kept = [
            word
            for word, item in zip(config.given, parsed(config.given), strict=True)
            if item.key_or_group not in keys
        ]
        made = compose("whatif", [*kept, *words])
        scenario = scenario_of_command(made)
        (policy,) = named_policies(made, scenario)
    else:
        scenario, policy = _over(base, {item.key_or_group: item.value() for item in items})
    return Case(_label(words), scenario, policy)


def failing(base: Case, subject: str, number: int, name: str, times: Mapping[str, float]) -> Case:
    """The case in which one more thing fails.

    Args:
        base: what the failure is in.
        subject: what it is, as events name it.
        number: which one.
        name: what people call it.
        times: ``at_s``, and ``until_s`` where it is repaired.

    Raises:
        InputError: the scenario plays no events, or not this one.
    """
    scenario = base.scenario
    event = {**times, "event": "fails", subject: number}
    shared = hasattr(scenario, "deciders")
    key = f"{scenario.problem}.events" if shared else "events"
    before = getattr(scenario, "events", None) or []
    if not shared and "events" not in asdict(scenario):
        raise InputError("each", subject, f"scenarios of {scenario.problem} play no events")
    try:
        made = resolve(asdict(scenario), {key: [*before, event]})
    except InputError as error:
        if error.thing.endswith(("at_s", "until_s")):
            raise InputError(error.thing.rpartition(".")[2], error.value, error.accepted) from None
        raise
    return replace(base, label=name, scenario=made, fails=(subject, number))


def _over(base: Case, values: Mapping[str, Any]) -> tuple[Any, str]:
    """The base with other values, where no shell line is known that it comes from."""
    policy = str(values.get("policy", base.policy))
    named = values.get("scenario")
    start: Any = asdict(base.scenario) if named is None else named
    prefix = "scenario."
    keys = {
        key.removeprefix(prefix): value for key, value in values.items() if key.startswith(prefix)
    }
    return resolve(start, keys), policy


_LONGEST = 60  # characters of a label


def _label(words: list[str]) -> str:
    text = " ".join(word.removeprefix("scenario.") for word in words)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
