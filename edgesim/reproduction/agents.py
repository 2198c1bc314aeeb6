"""All agents over all scenarios, in normalised scores: who is ahead, and who is tied."""

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.agents.comparing.aggregates import (
    improvement_interval,
    interquartile_mean,
    normalised,
    performance_profile,
    probability_of_improvement,
    stratified_interval,
)
from edgesim.reproduction.aigc.learning import OVERRIDES
from edgesim.reproduction.aigc.tasks import CAPACITY
from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.tables import write_table

__all__ = ["AGENTS", "TRAININGS", "tables"]

AGENTS = ("maskable_ppo", "ppo", "dqn", "qrdqn")
TRAININGS = (
    *(Training("aigc_paper", agent, OVERRIDES) for agent in AGENTS),
    *(Training("sfc_paper", agent) for agent in AGENTS),
    *(Training("aigc", agent, quick=agent == AGENTS[0]) for agent in AGENTS),
    *(Training("sfc", agent, quick=False) for agent in AGENTS),
)

_FEW = "fewer than five runs a scenario: the interval is narrower than what is not known"

Scores = dict[str, dict[str, npt.NDArray[np.float64]]]
"""Normalised scores of the runs, by scenario and agent."""


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write four tables.

    ``runs.csv``: return and normalised score of each run; over the scenarios in which all agents
    were trained, ``aggregates.csv`` (interquartile mean and mean with stratified bootstrap
    intervals), ``profiles.csv`` (share of the runs above a score) and ``improvement.csv``
    (probability that a run of one agent beats one of another).
    """
    scores: Scores = {}
    rows: list[dict[str, Any]] = []
    found = []
    trained = [training for training in TRAININGS if results.budget.takes(training)]
    for scenario in dict.fromkeys(training.scenario for training in trained):
        own = [training for training in trained if training.scenario == scenario]
        returns = {
            training.agent: np.array([run["return"] for run in results.measured_agent(training)])
            for training in own
        }
        low, high = _scale(results, own[0], np.concatenate(list(returns.values())))
        scores[scenario] = {
            agent: normalised(values.mean(axis=1), low, high) for agent, values in returns.items()
        }
        rows += [
            {
                "scenario": scenario,
                "agent": agent,
                "seed": seed,
                "return": float(returns[agent][seed].mean()),
                "score": float(score),
            }
            for agent, reached in scores[scenario].items()
            for seed, score in enumerate(reached)
        ]
        found.append(
            Finding(f"scale of {scenario}", f"random {low:.1f} is 0, the bound {high:.1f} is 1")
        )
    write_table(folder, "runs", rows)
    whole = [own for own in scores.values() if set(own) == set(AGENTS)]
    by_agent = {agent: [own[agent] for own in whole] for agent in AGENTS}
    return found + _aggregated(folder, by_agent)


def _scale(
    results: ResultStore, training: Training, returns: npt.NDArray[np.float64]
) -> tuple[float, float]:
    """Returns that score 0 and 1: random's mean, and the bound's.

    The bound is worked out on the first few episodes; what the agents' mean return differs between
    these and all of them is added. ``returns`` has shape (runs, episodes).
    """
    overrides = CAPACITY if training.overrides else None
    few = results.budget.fewer(3)
    low = results.measured(training.scenario, "random", overrides=overrides)["return"].mean()
    bound = results.measured(training.scenario, "bound", overrides=overrides, episodes=few)
    moved = returns.mean() - returns[:, :few].mean()
    return float(low), float(bound["return"].mean() + moved)


def _aggregated(folder: Path, by_agent: dict[str, list[npt.NDArray[np.float64]]]) -> list[Finding]:
    rows, profiles, improvements, found = [], [], [], []
    worst = min(float(np.min(scores)) for own in by_agent.values() for scores in own)
    thresholds = np.linspace(max(-0.5, np.floor(worst * 20) / 20), 1.0, 201)
    for agent, own in by_agent.items():
        everything = np.concatenate(own)
        iqm_low, iqm_high = stratified_interval(own)
        low, high = stratified_interval(own, np.mean)
        row = {
            "agent": agent,
            "scenarios": len(own),
            "runs": everything.size,
            "iqm": float(interquartile_mean(everything)),
            "iqm_low": iqm_low,
            "iqm_high": iqm_high,
            "mean": float(everything.mean()),
            "mean_low": low,
            "mean_high": high,
        }
        rows.append(row)
        profiles += [
            {"agent": agent, "score": float(score), "share": float(share)}
            for score, share in zip(thresholds, performance_profile(own, thresholds), strict=True)
        ]
        found.append(
            Finding(
                f"interquartile mean of {agent}, normalised, {len(own)} scenarios",
                f"{row['iqm']:.3f} [{iqm_low:.3f}, {iqm_high:.3f}]",
                remark=_FEW if min(map(len, own)) < 5 else "",
            )
        )
    for one, other in combinations(by_agent, 2):
        low, high = improvement_interval(by_agent[one], by_agent[other])
        row = {
            "agent": one,
            "other": other,
            "probability": probability_of_improvement(by_agent[one], by_agent[other]),
            "low": low,
            "high": high,
            "tie": low <= 0.5 <= high,
        }
        improvements.append(row)
        found.append(
            Finding(
                f"a run of {one} beats one of {other}",
                f"with probability {row['probability']:.2f} [{low:.2f}, {high:.2f}]"
                + (": a tie" if row["tie"] else ""),
                remark=_FEW if min(map(len, by_agent[one])) < 5 else "",
            )
        )
    write_table(folder, "aggregates", rows)
    write_table(folder, "profiles", profiles)
    write_table(folder, "improvement", improvements)
    return found
