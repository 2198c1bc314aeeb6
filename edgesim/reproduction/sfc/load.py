"""QoE of the authors' service chains against load: chains that stay longer hold more at once."""

from pathlib import Path
from typing import Any

import numpy as np

from edgesim.agents.comparing.aggregates import interval
from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import Measured, ResultStore
from edgesim.reproduction.sfc.published import bounded, compared
from edgesim.reproduction.tables import summarised, with_interval, write_table

__all__ = ["LOADS", "POLICIES", "TRAININGS", "tables"]

# Holding time against the authors', and the release probability that gives it.
LOADS = {1: 0.2, 2: 0.1, 3: 0.0667, 5: 0.04, 10: 0.02}
POLICIES = ("random", "shortest_delay", "violent", "greedy", "load_aware")
AGENT = "maskable_ppo"
TRAININGS = (
    Training("sfc_paper", AGENT),
    Training("sfc_paper_3x", AGENT),
    Training("sfc_paper_10x", AGENT),
)

_OWN_LOAD = {"sfc_paper": 1, "sfc_paper_3x": 3, "sfc_paper_10x": 10}
_METRICS = ("qoe", "rejected", "delay_ms")
# Mean QoE of a request, measured independently.
_PUBLISHED = {
    1: {"violent": 3.59, "greedy": 3.688, "load_aware": 3.694},
    3: {"violent": 3.38, "greedy": 3.574, "load_aware": 3.614},
    10: {"violent": 2.75, "greedy": 3.264, "load_aware": 3.390},
}
_BOUND = 3.709


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``load.csv``, a row a load and policy."""
    rows: list[dict[str, Any]] = []
    aware: dict[int, Measured] = {}
    for load, release in LOADS.items():
        overrides = {"release_probability": release}
        for policy in POLICIES:
            measured = results.measured("sfc_paper", policy, overrides=overrides)
            rows.append({"load": load, **summarised(policy, "policy", measured, _METRICS)})
            if policy == "load_aware":
                aware[load] = measured
        bound = bounded(results, "sfc_paper", overrides)
        rows.append({"load": load, **summarised("bound", "bound", bound, _METRICS)})
    contests = []
    for training in TRAININGS:
        load, runs = _OWN_LOAD[training.scenario], results.measured_agent(training)
        rows.append({"load": load, **summarised(AGENT, "agent", runs, _METRICS)})
        contests.append(_beside(f"{AGENT}, holding {load}x", runs, aware[load]))
    write_table(folder, "load", rows)
    return [*_findings({(row["load"], row["name"]): row for row in rows}), *contests]


def _findings(rows: dict[tuple[int, str], dict[str, Any]]) -> list[Finding]:
    found = []
    for load, published in _PUBLISHED.items():
        where = f", holding {load}x"
        found += [compared(rows[load, name], qoe, None, where) for name, qoe in published.items()]
        found.append(
            Finding(
                f"bound{where}: QoE of a request",
                with_interval(rows[load, "bound"], "qoe", 2),
                f"{_BOUND}",
                "the QoE of a 41 ms chain for every request",
                bool(rows[load, "bound"]["qoe_low"] <= _BOUND + 0.05),
                "ours also counts the bandwidth, so that it falls below theirs under load",
            )
        )
    return found


def _beside(who: str, runs: list[Measured], other: Measured) -> Finding:
    """What an agent reaches more than load_aware, on the same episodes."""
    more = np.array([run["qoe"] - other["qoe"] for run in runs])
    low, high = interval(more)
    verdict = "a tie" if low <= 0 <= high else ("better" if low > 0 else "worse")
    return Finding(
        f"{who}: QoE of a request more than load_aware's, on the same episodes",
        f"{more.mean():+.3f} [{low:+.3f}, {high:+.3f}]: {verdict}",
    )
