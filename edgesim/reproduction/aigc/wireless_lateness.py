"""Quality against lateness in the wireless setting: two things that a choice trades off."""

from pathlib import Path

from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.tables import summarised, with_interval, write_table

__all__ = ["POLICIES", "TRAININGS", "tables"]

POLICIES = (
    "random",
    "round_robin",
    "overload_avoidance",
    "nearest",
    "least_latency",
    "bandit",
    "punctual_bandit",
    "prophet",
)
TRAININGS = (Training("aigc", "maskable_ppo"),)

_METRICS = ("return", "quality", "late", "finished", "lost", "refused")


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``lateness.csv``: a row an agent or policy."""
    rows = [
        summarised(training.agent, "agent", results.measured_agent(training), _METRICS)
        for training in TRAININGS
    ]
    for policy in POLICIES:
        rows.append(summarised(policy, "policy", results.measured("aigc", policy), _METRICS))
    write_table(folder, "lateness", rows)
    return [
        Finding(
            f"{row['name']} in aigc",
            f"return {with_interval(row, 'return')}, quality {with_interval(row, 'quality', 3)},"
            f" share late {with_interval(row, 'late', 3)}",
        )
        for row in sorted(rows, key=lambda row: -row["return"])
    ]
