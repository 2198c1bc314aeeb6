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
from edgesim.agents.finding import score_of
from edgesim.importing import load
from edgesim.problems import PROBLEMS, Score
from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.tables import write_table
from edgesim.scenarios import resolve

__all__ = ["AGENTS", "TRAININGS", "tables"]

TRAININGS: tuple[Training, ...] = tuple(
    training
    for problem in PROBLEMS.values()
    if problem.trainings is not None
    for training in load(problem.trainings)
)
AGENTS = tuple(dict.fromkeys(training.agent for training in TRAININGS))

_FEW = "fewer than five runs a scenario: the interval is narrower than what is not known"

Scores = dict[str, dict[str, npt.NDArray[np.float64]]]
"""Normalised scores of the runs, by scenario and agent."""


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write four tables.

    ``runs.csv``: mean score (the return, or what the problem ranks by) and normalised score of each
    run; over the scenarios in which all agents
    were trained, ``aggregates.csv`` (interquartile mean and mean with stratified bootstrap
    intervals), ``profiles.csv`` (share of the runs above a score) and ``improvement.csv``
    (probability that a run of one agent beats one of another).
    """
    scores: Scores = {}
    rows: list[dict[str, Any]] = []
    found = []
    wanted = TRAININGS if results.trainings is None else results.trainings
    agents = tuple(dict.fromkeys(training.agent for training in wanted))
    trained = [training for training in wanted if results.budget.takes(training)]
    for scenario in dict.fromkeys(training.scenario for training in trained):
        own = [training for training in trained if training.scenario == scenario]
        score = score_of(resolve(scenario))
        reached = {
            training.agent: score.sign
            * np.array([run[score.metric] for run in results.measured_agent(training)])
            for training in own
        }
        low, high = _scale(results, own[0], score, np.concatenate(list(reached.values())))
        scores[scenario] = {
            agent: normalised(values.mean(axis=1), low, high) for agent, values in reached.items()
        }
        rows += [
            {
                "scenario": scenario,
                "agent": agent,
                "seed": seed,
                "metric": score.metric,
                "mean": score.sign * float(reached[agent][seed].mean()),
                "score": float(value),
            }
            for agent, values in scores[scenario].items()
            for seed, value in enumerate(values)
        ]
        ends = f"random {score.sign * low:.1f} is 0, the bound {score.sign * high:.1f} is 1"
        found.append(Finding(f"scale of {scenario}", ends))
    write_table(folder, "runs", rows)
    whole = [own for own in scores.values() if set(own) == set(agents)]
    by_agent = {agent: [own[agent] for own in whole] for agent in agents}
    return found + _aggregated(folder, by_agent)


def _scale(
    results: ResultStore, training: Training, score: Score, reached: npt.NDArray[np.float64]
) -> tuple[float, float]:
    """What scores 0 and 1: the mean of random, and of the bound.

    The bound is worked out on the first few episodes; what the agents' mean differs between these
    and all of them is added. ``reached`` has shape (runs, episodes), more is better in it and in
    what is returned.
    """
    overrides = training.scenario_keys
    few = results.budget.fewer(3)
    low = results.measured(training.scenario, "random", overrides=overrides)[score.metric].mean()
    bound = results.measured(training.scenario, "bound", overrides=overrides, episodes=few)
    moved = reached.mean() - reached[:, :few].mean()
    return float(score.sign * low), float(score.sign * bound[score.metric].mean() + moved)


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
