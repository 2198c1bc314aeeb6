"""A film of one episode: a policy is watched while it decides."""

from collections.abc import Sequence
from functools import wraps
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from edgesim.agents.finding import NamedPolicy
from edgesim.agents.measuring.rollout import rollout
from edgesim.agents.policies import Env
from edgesim.errors import InputError
from edgesim.importing import load
from edgesim.problems import PROBLEMS

__all__ = ["check_filming", "film"]

FRAMES = 120
"""Most frames of a film: 12 s of it."""


def check_filming(scenario: Any, video: str) -> None:
    """See that an episode of the scenario can be filmed, before it is played.

    Raises:
        InputError: its problem poses no decisions to watch, or ffmpeg is not there.
    """
    if not PROBLEMS[scenario.problem].env:
        raise InputError("video", video, f"{scenario.name} has methods, and no episode to film")
    load("edgesim.plots.film:check_film")(video)


def film(
    path: Path,
    scenario: Any,
    build: NamedPolicy,
    seed: int,
    policy_seed: int,
    decisions: int,
    headline: str,
) -> None:
    """Play an episode again and write a film of it.

    Args:
        path: where it goes to.
        scenario: the checked scenario.
        build: makes the policy.
        seed: of the episode.
        policy_seed: of the policy's own dice.
        decisions: how many there were when it was played before.
        headline: what stands above every frame.

    Raises:
        InputError: the film cannot be written.
    """
    picture: str = load(PROBLEMS[scenario.problem].env).picture
    frames = min(FRAMES, decisions)
    with load("edgesim.plots.film:Film")(path, load(picture), headline) as made:

        def watch(env: Env, decision: int) -> None:
            if decision * frames // decisions != (decision - 1) * frames // decisions:
                made.shoot(env.unwrapped.twin)  # type: ignore[attr-defined]

        watched = NamedPolicy(_watched(build, watch), build.env_kwargs)
        rollout(scenario, watched, [seed], policy_seed=policy_seed)


def _watched(build: Any, watch: Any) -> Any:
    """Makes the policy; before each of its decisions its environment is looked at."""

    def make(envs: Sequence[Env], seed: int) -> Any:
        policy = build(envs, seed)
        count = 0

        @wraps(policy.predict)  # so that who asks sees which arguments it takes
        def predict(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            watch(envs[0], count)
            count += 1
            return policy.predict(*args, **kwargs)

        return SimpleNamespace(predict=predict)

    return make
