"""How return grows with the number of providers and falls with load, on the authors' setting."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgesim.agents.comparing.aggregates import interval
from edgesim.reproduction.aigc.learning import OVERRIDES
from edgesim.reproduction.aigc.tasks import CAPACITY
from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import Measured, ResultStore
from edgesim.reproduction.tables import write_table

__all__ = ["TRAININGS", "tables"]

PROVIDERS = (5, 10, 20, 40, 80)
LOADS = (0.5, 1.0, 2.0, 3.0, 4.0)
"""Times the authors' arrival rate."""

POLICIES = ("random", "round_robin", "overload_avoidance", "bandit", "prophet")
TRAININGS = (Training("aigc_paper", "maskable_ppo", OVERRIDES),)

_RATE_HZ = 0.001  # the authors'


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``scale.csv``: a row a policy and number of providers or load.

    The agent has learned with 20 providers and the authors' load; with other numbers of providers
    its network does not fit the observation.
    """
    rows: list[dict[str, Any]] = []
    for providers in PROVIDERS:
        rows += _rows(results, "providers", providers, CAPACITY | {"provider_count": providers})
    for load in LOADS:
        setting = CAPACITY | {"arrival_rate_hz": _RATE_HZ * load}
        rows += _rows(results, "load", load, setting, TRAININGS)
    write_table(folder, "scale", rows)
    return _findings(rows)


def _rows(
    results: ResultStore,
    axis: str,
    at: float,
    setting: dict[str, Any],
    trainings: Sequence[Training] = (),
) -> list[dict[str, Any]]:
    # Linear programs of ten thousand rows take seconds an episode, and bounds vary little.
    few = max(2, results.budget.episodes // 10)
    bound = results.measured("aigc_paper", "bound", overrides=setting, episodes=few)
    contestants: dict[str, list[Measured]] = {
        training.agent: results.measured_agent(
            training, overrides=setting, episodes=results.budget.fewer(20)
        )
        for training in trainings
    }
    for policy in POLICIES:
        episodes = results.budget.fewer(20)
        contestants[policy] = [
            results.measured("aigc_paper", policy, overrides=setting, episodes=episodes)
        ]
    made = []
    for name, runs in contestants.items():
        # A return a request: episodes of another load hold another number of requests.
        paid = np.array([run["return"] / run["decisions"] for run in runs])
        low, high = interval(paid)
        share = np.array([run["return"][:few] for run in runs]).mean(0).sum()
        made.append(
            {
                "axis": axis,
                "at": at,
                "name": name,
                "paid": float(paid.mean()),
                "paid_low": low,
                "paid_high": high,
                "share": float(share / bound["return"].sum()),
            }
        )
    # The bound has no decisions of its own: they are those of any policy on the same episodes.
    decisions = contestants[POLICIES[0]][0]["decisions"][:few]
    paid = bound["return"] / decisions
    low, high = interval(paid)
    made.append(
        {
            "axis": axis,
            "at": at,
            "name": "bound",
            "paid": float(paid.mean()),
            "paid_low": low,
            "paid_high": high,
            "share": 1.0,
        }
    )
    return made


def _findings(rows: list[dict[str, Any]]) -> list[Finding]:
    def share(axis: str, at: float, name: str) -> float:
        return next(
            float(row["share"])
            for row in rows
            if (row["axis"], row["at"], row["name"]) == (axis, at, name)
        )

    agent = TRAININGS[0].agent
    names = ("overload_avoidance", "bandit", "prophet")
    found = [
        Finding(
            f"share of the bound with {providers} providers",
            ", ".join(f"{name} {share('providers', providers, name):.1%}" for name in names),
        )
        for providers in (PROVIDERS[0], PROVIDERS[-1])
    ]
    return [
        *found,
        Finding(
            f"share of the bound at {LOADS[-1]:g} times the load",
            ", ".join(f"{name} {share('load', LOADS[-1], name):.1%}" for name in (*names, agent)),
            remark="the agent learned at the authors' load",
        ),
    ]
