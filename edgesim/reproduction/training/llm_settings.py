"""COPUS's four settings: every policy's time to the end beside the clairvoyant's."""

from pathlib import Path
from typing import Any

import numpy as np

from edgesim.agents.comparing.aggregates import interval
from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.tables import write_table

__all__ = ["POLICIES", "PUBLISHED", "SCENARIOS", "TRAININGS", "tables"]

TRAININGS: tuple[Training, ...] = ()

SCENARIOS = {
    "llm_training": "3B, 8 H100",
    "llm_13b": "13B, 16 H100",
    "llm_32b": "32B, 32 H100",
    "llm_7b": "7B, 8 MI210",
}

POLICIES = (
    "static",
    "static_best",
    "batch_tracks",
    "batch_tracks:share=0.25",
    "fastest_parallelism",
    "pollux",
    "copus",
    "copus:threshold=0.02",
)
"""COPUS's rule and its baselines, those with a number also tuned."""

PUBLISHED = {"llm_training": 7.9, "llm_13b": 3.9, "llm_32b": 8.0, "llm_7b": 5.0}
"""Per cent below the fastest baseline, by a summary of the paper; its abstract has 3.9 to 8.0."""

_BASELINES = ("static", "batch_tracks", "fastest_parallelism")


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``settings.csv``: a row a setting and policy, over as many drawn worlds as episodes.

    Each world has true speeds of its own; policies meet the same.
    """
    worlds = results.budget.fewer(10)
    rows: list[dict[str, Any]] = []
    findings: list[Finding] = []
    for scenario in SCENARIOS:
        hours = {name: _hours(results, scenario, name, worlds) for name in (*POLICIES, "bound")}
        for name, values in hours.items():
            low, high = interval(values)
            over = values / hours["bound"] - 1.0
            over_low, over_high = interval(over)
            rows.append(
                {
                    "scenario": scenario,
                    "policy": name,
                    "worlds": worlds,
                    "hours": float(values.mean()),
                    "hours_low": low,
                    "hours_high": high,
                    "over_bound": float(over.mean()),
                    "over_bound_low": over_low,
                    "over_bound_high": over_high,
                }
            )
        findings += _findings(scenario, hours)
    write_table(folder, "settings", rows)
    return findings


def _hours(
    results: ResultStore, scenario: str, name: str, worlds: int
) -> np.ndarray[Any, np.dtype[np.float64]]:
    found = []
    for world in range(worlds):
        measured = results.measured(
            scenario, name, overrides={"world_seed": 100 + world}, episodes=1
        )
        found.append(float(np.mean(measured["hours"])))
    return np.array(found)


def _findings(scenario: str, hours: dict[str, Any]) -> list[Finding]:
    own = hours["copus"]
    found = []
    fastest = min(_BASELINES, key=lambda name: float(hours[name].mean()))
    for name in (*_BASELINES, "pollux", "static_best"):
        gain = 100 * (1.0 - own / hours[name])
        low, high = interval(gain)
        first = name == fastest
        found.append(
            Finding(
                f"{SCENARIOS[scenario]}: COPUS's rule below {name}, %",
                f"{gain.mean():.1f} [{low:.1f}, {high:.1f}]",
                f"{PUBLISHED[scenario]}" if first else "",
                "arXiv 2604.26687" if first else "",
                None,
                "the fastest of its three baselines here; other tables of speeds" if first else "",
            )
        )
    headroom = 100 * (1.0 - hours["bound"] / hours["static_best"])
    low, high = interval(headroom)
    found.append(
        Finding(
            f"{SCENARIOS[scenario]}: the clairvoyant below the best static setting, %",
            f"{headroom.mean():.1f} [{low:.1f}, {high:.1f}]",
        )
    )
    return found
