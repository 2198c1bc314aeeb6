"""Environments of a checked scenario, made as anybody makes them; and scenarios of environments."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import gymnasium

from edgesim.envs.wrapping import own_parts, wrapped
from edgesim.errors import InputError
from edgesim.problems import PROBLEMS
from edgesim.scenarios import resolve

__all__ = ["Env", "make_envs", "scenario_of"]

Env = gymnasium.Env[Any, Any]


def make_envs(scenario: Any, count: int, env_kwargs: Mapping[str, Any] | None = None) -> list[Env]:
    """Environments of a scenario, as its problem registers them.

    Args:
        scenario: its checked dataclass.
        count: how many.
        env_kwargs: further arguments. ``reward`` may be an import string of a function, and
            ``wrappers`` a list of import strings, see :mod:`edgesim.envs.wrapping`.

    Raises:
        InputError: its problem has methods, and no environment; or a wrapper cannot be used.
    """
    env_id = PROBLEMS[scenario.problem].env_id
    if not env_id:
        raise InputError("scenario", scenario.name, "has no environment: its policies are methods")
    values = asdict(scenario)
    inner, outer = own_parts(env_kwargs or {})
    # "edgesim:" has Gymnasium import the package, which registers the id.
    made = [
        gymnasium.make(f"edgesim:{env_id}", disable_env_checker=True, scenario=values, **inner)
        for _ in range(count)
    ]
    return [wrapped(env, outer) for env in made]


def scenario_of(
    problem: str, scenario: str | Mapping[str, Any], overrides: Mapping[str, Any] | None = None
) -> Any:
    """The checked scenario that an environment of a problem is given.

    Of a shared world an environment of each family makes the decisions of that family.

    Raises:
        InputError: it is of another problem, or as of :func:`edgesim.scenarios.resolve`.
    """
    from edgesim.scenarios.shared import FAMILIES, SharedScenario  # it imports every schema

    checked = resolve(scenario, overrides)
    if isinstance(checked, SharedScenario) and problem in FAMILIES:
        return replace(checked, problem=problem)
    if checked.problem != problem:
        env_id = PROBLEMS[problem].env_id
        accepted = f"is one of {checked.problem}: {env_id} takes scenarios of {problem}"
        raise InputError("scenario", checked.name, accepted)
    return checked
