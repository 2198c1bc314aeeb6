"""Rows of seeds: a method's experiments, or a policy's episodes."""

from collections.abc import Callable, Sequence
from functools import partial
from time import process_time
from typing import Any

import numpy as np

from edgesim.agents.measuring.rollout import Progress, Rollout, rollout
from edgesim.methods.federated.data.shares import Shares
from edgesim.methods.federated.experiment import experiment
from edgesim.methods.federated.learning import Learning
from edgesim.methods.federated.method import Method
from edgesim.twin.core.worlds import shared_world
from edgesim.twin.federated.world import FederatedWorld

__all__ = ["method_of", "play"]


def play(
    scenario: Any,
    build: Callable[..., Any],
    seeds: Sequence[int],
    *,
    policy_seed: int = 0,
    progress: Progress | None = None,
    record: bool = False,
    **more: Any,
) -> Rollout:
    """Run an experiment a seed, or what decides: the arguments are those of
    :func:`edgesim.agents.measuring.rollout.rollout`.

    Raises:
        InputError: the data cannot be used, or the method not with it.
    """
    make = method_of(build)
    if make is None:
        return rollout(
            scenario,
            build,
            seeds,
            policy_seed=policy_seed,
            progress=progress,
            record=record,
            **more,
        )
    shares = shared_world(Shares, scenario)
    world = shared_world(FederatedWorld, scenario)
    rows, logs, rounds = [], [], 0
    begun = process_time()
    for number, seed in enumerate(seeds):
        learning_seed, twin_seed = np.random.SeedSequence(seed).spawn(2)
        learning = Learning(scenario, learning_seed, shares, world)
        method = make(learning, policy_seed)
        told = None if progress is None else partial(_told, progress, number, rounds)
        curve, twin = experiment(learning, method, twin_seed, told=told, record=record)
        rows.append(curve.row(int(seed), scenario.budget_s, scenario.target))
        rounds += scenario.rounds
        if record:
            logs.append(twin.twin.log)  # type: ignore[attr-defined]
        if progress is not None:
            progress(number + 1, rounds)
    return Rollout(rows, rounds, process_time() - begun, logs)


def method_of(build: Any) -> Callable[..., Method] | None:
    """What makes a method, out of what makes policies; None where it makes a policy."""
    made = build
    for name in ("build", "found"):  # a named policy, and what calls with (envs, seed)
        made = getattr(made, name, made)
    kind = made.func if isinstance(made, partial) else made
    return made if isinstance(kind, type) and issubclass(kind, Method) else None


def _told(progress: Progress, done: int, rounds: int, more: int) -> None:
    progress(done, rounds + more)
