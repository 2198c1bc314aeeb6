"""Chains under attack: damage against QoE, for every operating point, rule and agent."""

from pathlib import Path
from typing import Any

import numpy as np

from edgesim.agents.comparing.aggregates import interval
from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.tables import summarised, write_table
from edgesim.scenarios import resolve

__all__ = ["RULES", "TRAININGS", "tables"]

SCENARIO = "sfc_attack"
RULES = (
    "random",
    "round_robin",
    "cheapest",
    "strictest",
    "best_detector",
    "by_slice",
    "load_aware",
)
TRAININGS = (Training(SCENARIO, "least_squares"),)

_METRICS = ("return", "qoe", "damage", "false_alarms", "detected_share", "rejected")


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``attack.csv``, a row an operating point, rule and agent; the bound's has no damage."""
    scenario: Any = resolve(SCENARIO)
    rows: list[dict[str, Any]] = []
    for point in scenario.points:
        measured = results.measured(SCENARIO, f"fixed:point={point.name}")
        rows.append(summarised(point.name, "point", measured, _METRICS))
    for rule in RULES:
        rows.append(summarised(rule, "policy", results.measured(SCENARIO, rule), _METRICS))
    runs = results.measured_agent(TRAININGS[0])
    rows.append(summarised(TRAININGS[0].agent, "agent", runs, _METRICS))
    write_table(folder, "attack", rows)
    bound = results.measured(SCENARIO, "bound")["return"]
    aware = results.measured(SCENARIO, "load_aware")
    more = np.array([run["return"] - aware["return"] for run in runs])
    low, high = interval(more)
    verdict = "a tie" if low <= 0 <= high else ("better" if low > 0 else "worse")
    best = max((row for row in rows if row["kind"] == "point"), key=lambda row: row["return"])
    share = float(np.mean(aware["return"]) / np.mean(bound))
    return [
        Finding(
            "least_squares: return more than load_aware's, on the same episodes",
            f"{more.mean():+.1f} [{low:+.1f}, {high:+.1f}]: {verdict}",
        ),
        Finding(
            "load_aware: return over the bound's, which knows requests and bursts", f"{share:.3f}"
        ),
        Finding("best of the operating points that are the same for all", str(best["name"])),
    ]
