"""Environments of a checked scenario, made as anybody makes them."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import gymnasium

from edgesim.problems import PROBLEMS

__all__ = ["Env", "make_envs"]

Env = gymnasium.Env[Any, Any]


def make_envs(scenario: Any, count: int, env_kwargs: Mapping[str, Any] | None = None) -> list[Env]:
    """Environments of a scenario (its checked dataclass), as its problem registers them."""
    env_id = PROBLEMS[scenario.problem].env_id
    values = asdict(scenario)
    # "edgesim:" has Gymnasium import the package, which registers the id.
    return [
        gymnasium.make(
            f"edgesim:{env_id}", disable_env_checker=True, scenario=values, **(env_kwargs or {})
        )
        for _ in range(count)
    ]
