"""Experiments of methods, kept: how good a model is after each round, when, at which cost."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np

from edgesim.methods.federated.experiment import Curve
from edgesim.reproduction.results import ResultStore
from edgesim.scenarios import resolve

__all__ = ["curves", "mean_of", "split_of"]


def curves(
    results: ResultStore,
    scenario: str,
    policy: str,
    overrides: Mapping[str, Any] | None = None,
    seeds: int | None = None,
) -> list[Curve]:
    """The experiments of a method, one a seed.

    Args:
        results: keeps them.
        scenario: a preset.
        policy: the method, with its options behind it.
        overrides: keys of the scenario to replace.
        seeds: how many; the budget's by default.
    """
    checked = resolve(scenario, overrides)
    count = results.budget.seeds if seeds is None else seeds
    return [
        Curve(
            **results.kept(
                f"{scenario}: {policy}, seed {seed}",
                {"scenario": asdict(checked), "policy": policy, "seed": [results.seed, seed]},
                partial(_run, checked, policy, [results.seed, seed]),
            )
        )
        for seed in range(count)
    ]


def _run(scenario: Any, policy: str, seed: list[int]) -> dict[str, Any]:
    from edgesim.agents.federated.play import method_of
    from edgesim.agents.finding import find_policy
    from edgesim.methods.federated.data.shares import Shares
    from edgesim.methods.federated.experiment import experiment
    from edgesim.methods.federated.learning import Learning
    from edgesim.twin.core.worlds import shared_world
    from edgesim.twin.federated.world import FederatedWorld

    learning_seed, twin_seed = np.random.SeedSequence(seed).spawn(2)
    shares, world = shared_world(Shares, scenario), shared_world(FederatedWorld, scenario)
    learning = Learning(scenario, learning_seed, shares, world)
    make = method_of(find_policy(scenario, policy))
    assert make is not None, f"{policy} is no method"
    return asdict(experiment(learning, make(learning, 0), twin_seed)[0])


def mean_of(found: list[Curve], value: str) -> list[float]:
    """Mean over seeds of a list of a curve: ``accuracy``, ``time_s``, ``edge_mb``, ``wan_mb``."""
    lists = [getattr(curve, value) for curve in found]
    table = np.array(lists, float)
    if table.ndim == 3:  # both directions
        table = table.sum(axis=2)
    return [float(it) for it in table.mean(axis=0)]


def split_of(found: list[Curve]) -> dict[str, float]:
    """Means over seeds at the end: MB by link and direction, s."""
    edge = np.array([curve.edge_mb[-1] for curve in found]).mean(axis=0)
    wan = np.array([curve.wan_mb[-1] for curve in found]).mean(axis=0)
    return {
        "edge_down_mb": float(edge[0]),
        "edge_up_mb": float(edge[1]),
        "wan_down_mb": float(wan[0]),
        "wan_up_mb": float(wan[1]),
        "seconds": float(np.mean([curve.time_s[-1] for curve in found])),
    }
