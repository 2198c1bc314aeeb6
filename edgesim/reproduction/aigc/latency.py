"""How long a decision takes, policy and simulation together: a measurement of time."""

from pathlib import Path
from typing import Any

from edgesim.reproduction.aigc.learning import POLICIES as PAPER_POLICIES
from edgesim.reproduction.aigc.learning import TRAININGS as PAPER
from edgesim.reproduction.aigc.tasks import CAPACITY
from edgesim.reproduction.aigc.wireless_lateness import POLICIES as WIRELESS_POLICIES
from edgesim.reproduction.aigc.wireless_lateness import TRAININGS as WIRELESS
from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import Measured, ResultStore
from edgesim.reproduction.tables import write_table

__all__ = ["TRAININGS", "tables"]

TRAININGS: tuple[Training, ...] = (*PAPER, *WIRELESS)


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``latency.csv``: a row a scenario and policy, and for an agent the median of its seeds.

    The times are those of the measurement that is kept; measured again they are others.
    """
    rows: list[dict[str, Any]] = []
    for training in TRAININGS:
        runs = results.measured_agent(training)
        rows.append(_row(training.scenario, training.agent, "agent", runs))
    for scenario, policies, overrides in (
        ("aigc_paper", PAPER_POLICIES, CAPACITY),
        ("aigc", WIRELESS_POLICIES, None),
    ):
        for policy in policies:
            runs = [results.measured(scenario, policy, overrides=overrides)]
            rows.append(_row(scenario, policy, "policy", runs))
    write_table(folder, "latency", rows)
    slowest = max((row for row in rows if row["kind"] == "agent"), key=lambda row: row["us"])
    return [
        Finding(
            f"slowest agent: {slowest['name']} in {slowest['scenario']}",
            f"{slowest['us']:.0f} µs of CPU time a decision, of which the simulation alone takes"
            f" at most {_least(rows, slowest['scenario']):.0f} µs",
            remark="a measurement of time: measured again, `latency.csv` is not equal to the byte;"
            " up to 20 episodes are decided side by side, in one call of the policy",
        )
    ]


def _row(scenario: str, name: str, kind: str, runs: list[Measured]) -> dict[str, Any]:
    speeds = sorted(run.decisions_per_second or float("inf") for run in runs)
    return {
        "scenario": scenario,
        "name": name,
        "kind": kind,
        "us": 1e6 / speeds[len(speeds) // 2],
    }


def _least(rows: list[dict[str, Any]], scenario: str) -> float:
    """The quickest policy's: it decides in next to no time."""
    return min(float(row["us"]) for row in rows if row["scenario"] == scenario)
