"""What a command names: its scenario, and policies of the problem, of run folders, of the user."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from inspect import signature
from typing import Any

from edgesim.agents.policies import Policy
from edgesim.agents.runs.exported import local
from edgesim.agents.runs.runfolder import read_config
from edgesim.agents.specs import Column, PolicySpec, policies_of
from edgesim.config import agents
from edgesim.config.config import DEFAULT_SCENARIO, EvaluateConfig, SimulateConfig, is_run_folder
from edgesim.config.whatif import WhatIfConfig
from edgesim.envs.making import Env
from edgesim.errors import InputError, did_you_mean
from edgesim.hints import nearest
from edgesim.importing import load
from edgesim.problems import PROBLEMS, Score
from edgesim.scenarios import resolve

__all__ = [
    "NamedPolicy",
    "bound_wanted",
    "columns_of",
    "find_policy",
    "named_policies",
    "offered",
    "policies_of",
    "scenario_of_command",
    "score_of",
]


@dataclass(frozen=True)
class NamedPolicy:
    """A policy that a user named; a :data:`Build`.

    Attributes:
        build: makes the policy; of a problem of methods, the method itself.
        env_kwargs: arguments of the environments that it decides in (a run folder's agent may
            have learned with other masks than the usual).
    """

    build: Callable[..., Any]
    env_kwargs: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the problem's ``play`` calls: with (environments, seed) for a policy."""
        return self.build(*args, **kwargs)


def offered(scenario: Any, *, bound: bool = False) -> list[str]:
    """Names of the policies (or of the bounds) that make sense in a scenario, in their order."""
    return [
        name
        for name, spec in policies_of(scenario.problem).items()
        if spec.bound == bound and not spec.slow and _suits(spec, scenario)
    ]


def bound_wanted(scenario: Any, bound: bool | None) -> bool:
    """Whether the bound is to be worked out: as it is said, by default where there is one.

    Raises:
        InputError: it is asked for, and the scenario has none.
    """
    there = bool(offered(scenario, bound=True))
    for key in ("events", "faults"):
        if there and getattr(scenario, key, None):
            if bound:
                accepted = f"does not know the scenario's {key}; accepted: false"
                raise InputError("bound", True, accepted)
            return False
    if bound and not there:
        accepted = f"{scenario.name or scenario.problem} has none; accepted: false"
        raise InputError("bound", True, accepted)
    return there if bound is None else bound


def columns_of(scenario: Any) -> list[Column]:
    """The columns of a scenario's table, in their order."""
    columns: Sequence[Column] = load(PROBLEMS[scenario.problem].columns)
    return [column for column in columns if _suits(column, scenario)]


def score_of(scenario: Any) -> Score:
    """The figure by which policies are ranked in a scenario, a checked dataclass."""
    return PROBLEMS[scenario.problem].score


def scenario_of_command(config: EvaluateConfig | SimulateConfig | WhatIfConfig) -> Any:
    """The checked scenario that a command works in, whether named or a run folder's.

    Raises:
        InputError: the run folder has no readable ``config.yaml``, or ``scenario_keys`` do not fit.
    """
    named = config.scenario
    if named is not None and not isinstance(named, str | Mapping):
        return named
    if named is None:
        folders = [policy for policy in config.policies if is_run_folder(policy)]
        named = asdict(read_config(local(folders[0])).scenario) if folders else DEFAULT_SCENARIO
    return resolve(named, config.scenario_keys)


def named_policies(
    config: EvaluateConfig | SimulateConfig | WhatIfConfig, scenario: Any
) -> list[str]:
    """The policies that a command names, the problem's default where it names none.

    ``all`` are all that are offered.
    """
    names: list[str] = []
    for name in config.policies or [PROBLEMS[scenario.problem].default_policy]:
        names += offered(scenario) if name == "all" else [name]
    return names


def find_policy(scenario: Any, policy: Any) -> NamedPolicy:
    """What makes the policy that a user names.

    Args:
        scenario: the checked scenario that it will decide in.
        policy: a baseline's name (``"round_robin"``), a run folder (``"runs/aigc/ppo/seed-0"``), or
            an import string ``module:attribute`` of the user's own; modules in the working folder
            are found. The attribute is used as it is if it has ``predict``, and is otherwise, as
            is a class, called with (environments, seed), or with nothing where it takes nothing.
            In Python, also such an object itself.

    Raises:
        InputError: there is no such policy, or it does not suit the scenario.
    """
    if not isinstance(policy, str):
        return NamedPolicy(_maker(type(policy).__name__, policy))
    specs = {name: spec for name, spec in policies_of(scenario.problem).items() if not spec.bound}
    name, _, given = policy.partition(":")
    spec = specs.get(name)
    if spec is not None:
        if not _suits(spec, scenario):
            lacks = f"a scenario with {spec.requires}: {scenario.name} has none"
            needs = f"{spec.needs}, unlike {scenario.name}" if spec.needs else lacks
            raise InputError("policy", policy, f"needs {needs}")
        build, environment = load(spec.build), spec.environment
        if spec.options or given:
            options = _options(policy, given, spec.options)
            build = partial(build, **options)
            if spec.around is not None:
                around = find_policy(scenario, options[spec.around])
                environment = {**around.env_kwargs, **environment}
        if PROBLEMS[scenario.problem].env:
            build = _maker(spec.build, build)
        return NamedPolicy(build, environment)
    if is_run_folder(policy):
        return _run_folder(policy, scenario)
    if ":" in policy and not PROBLEMS[scenario.problem].env:
        return NamedPolicy(load(policy, "policy"))
    if ":" in policy:
        return _imported(policy)
    if name in policies_of(scenario.problem):
        accepted = f"is a bound, which plays no episode; accepted: {', '.join(offered(scenario))}"
        raise InputError("policy", policy, accepted)
    if name in agents.presets():
        trained = f"policy=runs/{scenario.name}/{name}/seed-0"
        accepted = f"is an agent: edgesim train agent={name} trains it, {trained} then names it"
        raise InputError("policy", policy, accepted)
    if policy.endswith(".py"):
        accepted = f"is a file: name a class in it, as in {policy.removesuffix('.py')}:MyPolicy"
        raise InputError("policy", policy, accepted)
    accepted = f"{_meant(policy, scenario)}; or a run folder, or module:attribute"
    raise InputError("policy", policy, accepted)


def _meant(policy: str, scenario: Any) -> str:
    """What could have been meant: a policy that is offered, or one that is only taken by name."""
    names = offered(scenario)
    if nearest(policy, names) is None:
        specs = policies_of(scenario.problem).items()
        names = [name for name, spec in specs if not spec.bound and _suits(spec, scenario)]
    return did_you_mean(policy, names)


def _options(policy: str, given: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """What is set behind a policy's name, as ``key=value,key=value``, over its defaults.

    Raises:
        InputError: it has no such option, or the value is of another type.
    """
    options = dict(known)
    for part in filter(None, given.split(",")):
        key, _, value = part.partition("=")
        if key not in known:
            accepted = did_you_mean(key, known) if known else "it takes no options"
            raise InputError(f"policy {policy.partition(':')[0]}", key, accepted)
        try:
            options[key] = _option(value, known[key])
        except ValueError:
            kind = _KINDS.get(type(known[key]), "number")
            raise InputError("policy", policy, f"{key} must be a {kind}") from None
    return options


_KINDS = {int: "whole number", float: "number", bool: "truth: true or false"}
"""What options are called by the types of their defaults."""


def _option(text: str, default: Any) -> Any:
    """What is set, of the type of the option's default; where that is None, null, a number or text.

    Raises:
        ValueError: it is of another type.
    """
    if isinstance(default, bool):
        if text.lower() not in ("true", "false"):
            raise ValueError
        return text.lower() == "true"
    if default is not None:
        return type(default)(text)
    if text.lower() in ("null", "none"):
        return None
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return text


def _suits(spec: PolicySpec | Column, scenario: Any) -> bool:
    return spec.requires is None or getattr(scenario, spec.requires) not in (None, False)


def _run_folder(path: str, scenario: Any) -> NamedPolicy:
    from edgesim.agents.runs.trained import load_policy  # it imports torch

    folder = local(path)
    policy: Policy = load_policy(folder, scenario)
    learned_in = read_config(folder).agent.environment
    return NamedPolicy(lambda envs, seed: policy, learned_in)


def _imported(entry: str) -> NamedPolicy:
    return NamedPolicy(_maker(entry, load(entry, "policy")))


def _maker(entry: str, found: Any) -> Callable[[Sequence[Env], int], Policy]:
    """What makes a policy of something that is one, or is called for one.

    Raises:
        InputError: it is neither.
    """
    if hasattr(found, "predict") and not isinstance(found, type):
        return _Same(found)
    if not callable(found):
        raise InputError("policy", entry, "must have predict(), or be called with (envs, seed)")
    return _Called(entry, found, _arguments(entry, found))


@dataclass(frozen=True)
class _Same:
    """Hands out one policy; environments that hold it can be pickled."""

    policy: Policy

    def __call__(self, envs: Sequence[Env], seed: int) -> Policy:
        return self.policy


@dataclass(frozen=True)
class _Called:
    """Calls what makes a policy, with as much as it takes of (environments, seed)."""

    entry: str
    found: Callable[..., Any]
    arguments: int

    def __call__(self, envs: Sequence[Env], seed: int) -> Policy:
        made = self.found(*(envs, seed)[: self.arguments])
        if not hasattr(made, "predict"):
            kind = type(made).__name__
            accepted = f"must be or return what has predict(); a {kind} has none"
            raise InputError("policy", self.entry, accepted)
        policy: Policy = made
        return policy


def _arguments(entry: str, found: Callable[..., Any]) -> int:
    """How many of (environments, seed) what makes a policy takes: both, the first, or none.

    Raises:
        InputError: it takes other arguments.
    """
    try:
        shape = signature(found)
    except ValueError:  # it is written in C and says nothing of itself
        return 2
    for count in (2, 1, 0):
        try:
            shape.bind(*(None, None)[:count])
        except TypeError:
            continue
        return count
    raise InputError("policy", entry, f"is called with (envs, seed) or nothing; it takes {shape}")
