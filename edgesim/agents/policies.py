"""One protocol for whatever decides: heuristics, trained models, and a user's own code."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import gymnasium
import numpy as np
import numpy.typing as npt

from edgesim.config import is_run_folder
from edgesim.errors import InputError, did_you_mean
from edgesim.problems import PROBLEMS, load

__all__ = [
    "Build",
    "Column",
    "Env",
    "Found",
    "Policy",
    "PolicySpec",
    "actions_of",
    "columns_of",
    "find_policy",
    "offered",
    "policies_of",
]

Env = gymnasium.Env[Any, Any]


@runtime_checkable
class Policy(Protocol):
    """Anything with stable-baselines3's ``predict``.

    Evaluation runs n environments in lock-step and asks for all their decisions at once. A policy
    whose ``predict`` takes ``action_masks`` (sb3-contrib's convention) is given them too, a boolean
    array of shape (n, actions).
    """

    def predict(
        self,
        observation: npt.NDArray[Any],
        state: Any = None,
        episode_start: Any = None,
        deterministic: bool = False,
    ) -> tuple[npt.NDArray[Any], Any]:
        """Decide for n environments.

        Args:
            observation: one row an environment, shape (n, entries).
            state: what the last call returned; None in the first. A policy that counts or
                remembers keeps it here.
            episode_start: whether the environment begins a new episode, shape (n,).
            deterministic: take the most likely action instead of drawing one; always True in
                evaluation.

        Returns:
            actions, shape (n, ...), and the state for the next call.
        """
        ...


Build = Callable[[Sequence[Env], int], Policy]
"""Makes a policy for environments of one scenario (row i of an observation is the i-th's) and the
seed of the policy's own dice."""


@dataclass(frozen=True)
class PolicySpec:
    """A named policy of a problem.

    Attributes:
        title: one line on what it does.
        build: import string of a :data:`Build`; of a bound, of a function that takes an
            environment that has just been reset and returns the most its episode can pay.
        learns: it is trained (on training episodes only) before it decides.
        knows_hidden: it reads what a decision maker cannot know.
        bound: it is no policy but a bound on the return of all policies.
        requires: key of the scenario that must not be null or false for the policy to make sense.
    """

    title: str
    build: str
    learns: bool = False
    knows_hidden: bool = False
    bound: bool = False
    requires: str | None = None


@dataclass(frozen=True)
class Column:
    """A column of the table that compares policies.

    Attributes:
        heading: what stands above it.
        metrics: the episode metrics whose sum it shows.
        digits: digits after the point.
        requires: as of :class:`PolicySpec`.
    """

    heading: str
    metrics: tuple[str, ...]
    digits: int = 1
    requires: str | None = None


@dataclass(frozen=True)
class Found:
    """A policy that a user named; a :data:`Build`.

    Attributes:
        build: makes the policy.
        env_kwargs: arguments of the environments that it decides in (a run folder's agent may
            have learned with other masks than the usual).
    """

    build: Build
    env_kwargs: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, envs: Sequence[Env], seed: int) -> Policy:
        return self.build(envs, seed)


def policies_of(problem: str) -> Mapping[str, PolicySpec]:
    """The named policies and bounds of a problem."""
    specs: Mapping[str, PolicySpec] = load(PROBLEMS[problem].policies)
    return specs


def offered(scenario: Any, *, bound: bool = False) -> list[str]:
    """Names of the policies (or of the bounds) that make sense in a scenario, in their order."""
    return [
        name
        for name, spec in policies_of(scenario.problem).items()
        if spec.bound == bound and _suits(spec, scenario)
    ]


def columns_of(scenario: Any) -> list[Column]:
    """The columns of a scenario's table, in their order."""
    module = PROBLEMS[scenario.problem].policies.partition(":")[0]
    columns: Sequence[Column] = load(f"{module}:COLUMNS")
    return [column for column in columns if _suits(column, scenario)]


def find_policy(scenario: Any, policy: str) -> Found:
    """What makes the policy that a user names.

    Args:
        scenario: the checked scenario that it will decide in.
        policy: a baseline's name (``"round_robin"``), a run folder (``"runs/aigc/ppo/seed-0"``), or
            an import string ``module:attribute`` of the user's own; modules in the working folder
            are found. The attribute is used as it is if it has ``predict``, and is otherwise, as
            is a class, called with (environments, seed).

    Raises:
        InputError: there is no such policy, or it does not suit the scenario.
    """
    specs = {name: spec for name, spec in policies_of(scenario.problem).items() if not spec.bound}
    spec = specs.get(policy)
    if spec is not None:
        if not _suits(spec, scenario):
            raise InputError(
                "policy", policy, f"needs a scenario with {spec.requires}: {scenario.name} has none"
            )
        return Found(load(spec.build))
    if is_run_folder(policy):
        return _run_folder(policy, scenario)
    if ":" in policy:
        return _imported(policy)
    raise InputError(
        "policy",
        policy,
        f"{did_you_mean(policy, offered(scenario))}; or a run folder, or module:attribute",
    )


def _suits(spec: PolicySpec | Column, scenario: Any) -> bool:
    return spec.requires is None or getattr(scenario, spec.requires) not in (None, False)


def _run_folder(path: str, scenario: Any) -> Found:
    from edgesim.agents.runfolder import load_policy, read_config  # it imports torch

    policy: Policy = load_policy(Path(path), scenario)
    learned_in = read_config(Path(path)).agent.environment
    return Found(lambda envs, seed: policy, learned_in)


def _imported(entry: str) -> Found:
    module_name, _, attribute = entry.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found: Any = import_module(module_name)
    except (ModuleNotFoundError, ValueError, TypeError) as error:
        missing = getattr(error, "name", None)
        if missing is not None and not f"{module_name}.".startswith(f"{missing}."):
            raise  # the user's module is there, and lacks one of its own imports
        raise InputError("policy", entry, f"there is no module {module_name!r}") from None
    for part in attribute.split("."):
        known = [name for name in vars(found) if not name.startswith("_")]
        try:
            found = getattr(found, part)
        except AttributeError:
            raise InputError(
                "policy", entry, f"no {part!r} there: {did_you_mean(part, known)}"
            ) from None
    if hasattr(found, "predict") and not isinstance(found, type):
        policy: Policy = found
        return Found(lambda envs, seed: policy)
    if not callable(found):
        raise InputError("policy", entry, "must have predict(), or be called with (envs, seed)")

    def build(envs: Sequence[Env], seed: int) -> Policy:
        made = found(envs, seed)
        if not hasattr(made, "predict"):
            raise InputError("policy", entry, f"must return what has predict(), not {made!r}")
        policy: Policy = made
        return policy

    return Found(build)


def actions_of(chosen: Any, count: int) -> npt.NDArray[Any]:
    """The actions that a policy returned, checked to be one an environment."""
    actions = np.asarray(chosen)
    if actions.shape[:1] != (count,):
        raise InputError(
            "policy's actions", actions.shape, f"must be one an environment, so {count} rows"
        )
    return actions
