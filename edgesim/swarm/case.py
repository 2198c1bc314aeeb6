"""A random case: a world, what is otherwise in it, what fails, and who decides."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from inspect import signature
from typing import Any, TypeVar

import numpy as np

from edgesim.envs.making import Env, make_envs
from edgesim.errors import InputError
from edgesim.importing import load
from edgesim.problems import PROBLEMS
from edgesim.scenarios import presets, resolve
from edgesim.scenarios.parts.faults import DRIFTS, KINDS
from edgesim.scenarios.shared import SharedScenario
from edgesim.scenarios.worlds import random_worlds
from edgesim.swarm.faults import random_events, random_faults

__all__ = ["CHOOSERS", "Case", "draw", "families"]

T = TypeVar("T")

CHOOSERS = ("any", "masked", "crowd")
"""Who decides: any action; any that the mask allows; one and the same, the worst for capacities."""

_ARGUMENTS: dict[str, tuple[str, ...]] = {
    "reward": ("paid", "shaped", "priced", "marginal"),
    "mask": ("fits", "up"),
    "observation": ("plain", "set", "chains", "authors"),
}
"""Words that environments take; a family that does not know one is asked without it."""

_OTHERWISE = 0.15  # share of the switches of a scenario that are set otherwise


@dataclass
class Case:
    """One case; everything follows from its number, less what is left out.

    Attributes:
        number: seed of all draws.
        preset: the scenario that it begins at.
        keys: its keys that are otherwise.
        arguments: of the environment.
        events: what fails, as a scenario's ``events`` has it, by a name each.
        faults: what fails by chance, likewise.
        chooser: of :data:`CHOOSERS`.
        scenario: the checked dataclass.
    """

    number: int
    preset: str
    keys: dict[str, Any]
    arguments: dict[str, Any]
    events: dict[str, dict[str, Any]]
    faults: dict[str, dict[str, Any]]
    chooser: str
    scenario: Any = field(repr=False)

    @property
    def parts(self) -> list[str]:
        """Names of what can be left out."""
        return [*self.events, *self.faults, *self.keys, *self.arguments]

    @property
    def hits(self) -> dict[str, Any]:
        """What goes wrong, as keys of the scenario."""
        lists = {"events": list(self.events.values()), "faults": list(self.faults.values())}
        return {key: value for key, value in lists.items() if value}

    def env(self) -> Env:
        """An environment of it."""
        return make_envs(self.scenario, 1, self.arguments)[0]


def families(asked: Collection[str] = ()) -> list[str]:
    """The problems with random worlds and an environment, or those of them that are asked for.

    Raises:
        InputError: one that is asked for has none.
    """
    there = [it.name for it in PROBLEMS.values() if it.worlds is not None and it.env]
    for name in asked:
        if name not in there:
            raise InputError("problems", name, f"accepted: {', '.join(there)}")
    return sorted(asked or there)


def draw(number: int, problems: Collection[str] = (), without: Collection[str] = ()) -> Case:
    """The case of a number.

    Args:
        number: at least 0.
        problems: those to draw from; all with random worlds where empty.
        without: parts that are left out; all others are drawn as they were.

    Raises:
        InputError: what is left cannot be used, or a part is none of the case's.
    """
    rng = np.random.default_rng([number, 15])
    problem = str(rng.choice(families(problems)))
    preset = str(rng.choice(_presets_of(problem)))
    base = _resolved(preset)
    keys = random_worlds(base, [number])[0]
    scenario = resolve(preset, keys)
    keys |= _short(scenario, rng)

    def made(more: Mapping[str, Any]) -> tuple[Any, list[Env]]:
        found = resolve(preset, {**keys, **more})
        return found, make_envs(found, 1)  # some worlds only tell here that they cannot be

    otherwise, (scenario, envs) = _fitting(dict(_otherwise(scenario, rng)), made)
    keys |= otherwise
    case = Case(number, preset, keys, {}, {}, {}, str(rng.choice(CHOOSERS)), scenario)
    arguments = dict(_arguments(problem, rng))
    if arguments:
        case.arguments, envs = _fitting(arguments, lambda them: make_envs(scenario, 1, them))
    case.events = random_events(envs[0], rng)
    inner: Any = envs[0].unwrapped
    if hasattr(case.scenario, "faults"):
        inner.reset(seed=0)
        case.faults = random_faults(_kinds_of(preset), float(inner.twin.length_s), rng)
    # What does not fit what came before it is left out: two failures of one thing, say.
    while case.hits and not _plays(case):
        (case.events or case.faults).popitem()
    return _left(case, without)


@cache
def _presets_of(problem: str) -> list[str]:
    """The presets from which random worlds of a problem can be drawn."""
    return [name for name in presets() if _begins(name, problem)]


_resolved = cache(resolve)


def _fitting(
    values: dict[str, Any], use: Callable[[Mapping[str, Any]], T]
) -> tuple[dict[str, Any], T]:
    """Those of some values that can be used together, and what is made of them.

    What a message names is left out.
    """
    while True:
        try:
            return values, use(values)
        except InputError as error:
            if not values:
                raise
            named = error.thing if error.thing in values else next(reversed(values))
            values = {key: value for key, value in values.items() if key != named}


def _left(case: Case, without: Collection[str]) -> Case:
    """The case without some of its parts."""
    for name in without:
        if name not in case.parts:
            raise InputError("without", name, f"accepted: {', '.join(case.parts)}")
    for parts in (case.keys, case.arguments, case.events, case.faults):
        for name in parts.keys() & set(without):
            del parts[name]
    if without:
        case.scenario = resolve(case.preset, {**case.keys, **case.hits})
    return case


def _begins(preset: str, problem: str) -> bool:
    """Whether a preset is of a problem, and fixes neither events nor requests."""
    scenario = _resolved(preset)
    alone = not isinstance(scenario, SharedScenario)
    fixed = any(getattr(scenario, key, None) for key in ("events", "faults", "trace"))
    return alone and scenario.problem == problem and not fixed


def _short(scenario: Any, rng: np.random.Generator) -> dict[str, Any]:
    """Keys that make an episode one of some tens of requests."""
    requests = int(rng.integers(20, 80))
    keys: dict[str, Any] = {}
    for part, prefix in ((scenario, ""), (getattr(scenario, "network", None), "network.")):
        if part is not None and hasattr(part, "horizon_s") and hasattr(part, "arrival_rate_hz"):
            keys[f"{prefix}horizon_s"] = float(f"{requests / part.arrival_rate_hz:.4g}")
    if isinstance(getattr(scenario, "requests", None), int):
        keys["requests"] = requests
    if hasattr(getattr(scenario, "virtual", None), "count"):
        keys["virtual.count"] = requests
    return keys


def _otherwise(scenario: Any, rng: np.random.Generator, prefix: str = "") -> list[tuple[str, Any]]:
    """Switches of a scenario, set otherwise: what is true or false, or has named choices."""
    found: list[tuple[str, Any]] = []
    for item in fields(scenario):
        key, value = f"{prefix}{item.name}", getattr(scenario, item.name)
        if is_dataclass(value):
            found += _otherwise(value, rng, f"{key}.")
        choices = [True, False] if isinstance(value, bool) else item.metadata.get("choices")
        if choices and rng.random() < _OTHERWISE:
            found.append((key, choices[int(rng.integers(len(choices)))]))
    return found


def _arguments(problem: str, rng: np.random.Generator) -> list[tuple[str, Any]]:
    """Arguments of a problem's environment."""
    found: list[tuple[str, Any]] = []
    known: Mapping[str, Any] = signature(load(PROBLEMS[problem].env)).parameters
    for name, parameter in known.items():
        if rng.random() < 0.5:
            continue
        if name in _ARGUMENTS:
            found.append((name, str(rng.choice(_ARGUMENTS[name]))))
        elif isinstance(parameter.default, bool) and name != "record":
            found.append((name, not parameter.default))
    return found


def _plays(case: Case) -> bool:
    """Whether what goes wrong fits a case; if so, its scenario has it."""
    try:
        scenario = resolve(case.preset, {**case.keys, **case.hits})
        make_envs(scenario, 1, case.arguments)[0].reset(seed=0)
    except InputError:
        return False
    case.scenario = scenario
    return True


@cache
def _kinds_of(preset: str) -> list[str]:
    """The kinds of faults that a preset's family has."""
    found = []
    for what in KINDS:
        fault = {"what": what, "mtbf_s": 1e9, "mttr_s": 1.0}
        if what in ("load", "quality", "speed"):
            fault["factor"] = 1.0
        if what in DRIFTS:
            fault = {"what": what, "walk_per_s": 0.1, "factor": [0.5, 1.0]}
        try:
            resolve(preset, {"faults": [fault]})
        except InputError:
            continue
        found.append(what)
    return found
