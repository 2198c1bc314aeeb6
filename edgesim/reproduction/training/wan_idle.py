"""Idle time as the cluster grows, under churn, by mechanism."""

from pathlib import Path
from typing import Any

import numpy as np

from edgesim.agents.comparing.aggregates import interval
from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.tables import write_table

__all__ = ["NODES", "POLICIES", "TRAININGS", "tables"]

TRAININGS: tuple[Training, ...] = ()
NODES = (4, 8, 16, 32, 64)
POLICIES = ("greedy", "single", "centre", "restart")


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``idle.csv``: idle time a node and hour, a row a size and policy.

    Churn grows with the cluster: as many institutions in a hundred come and go.
    """
    episodes = results.budget.fewer(10)
    rows: list[dict[str, Any]] = []
    for nodes in NODES:
        share = nodes / 16
        keys = {
            "institutions.present": nodes,
            "institutions.count": 2 * nodes,
            "horizon_s": 1800.0,
            "churn.joins_per_hour": 24.0 * share,
            "churn.leaves_per_hour": 14.0 * share,
            "churn.crashes_per_hour": 6.0 * share,
        }
        found = results.measured_all("wan_training", POLICIES, overrides=keys, episodes=episodes)
        for policy, measured in found.items():
            idle = np.array(measured["idle_node_s"]) / nodes * 2  # an hour is two episodes
            low, high = interval(idle)
            row = {"nodes": nodes, "policy": policy, "episodes": episodes}
            row |= {"idle_s": float(idle.mean()), "idle_s_low": low, "idle_s_high": high}
            rows.append(row)
    write_table(folder, "idle", rows)
    return [_finding(rows, policy) for policy in POLICIES[1:]]


def _finding(rows: list[dict[str, Any]], policy: str) -> Finding:
    by = {(row["nodes"], row["policy"]): row["idle_s"] for row in rows}
    ratios = [by[nodes, policy] / by[nodes, "greedy"] for nodes in NODES]
    return Finding(
        f"idle time of {policy} over the greedy's, {NODES[0]} to {NODES[-1]} nodes",
        ", ".join(f"{ratio:.2f}" for ratio in ratios),
        "below every baseline",
        "arXiv 2505.12815, abstract: order alone",
        all(ratio > 1.0 for ratio in ratios),
    )
