"""Gymnasium environments, one file a decision problem, registered from the registry of problems."""

import gymnasium

from edgesim.problems import PROBLEMS

__all__ = ["register"]


def register() -> None:
    """Register the id of every problem with Gymnasium; doing it again changes nothing."""
    for problem in PROBLEMS.values():
        if problem.env_id not in gymnasium.registry:
            gymnasium.register(
                problem.env_id,
                entry_point=problem.env,
                vector_entry_point=f"edgesim.envs.vector:{problem.name}",
            )
