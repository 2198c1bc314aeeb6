"""Pollux's workloads on 16 nodes of 4 devices: mean completion by scheduler."""

from pathlib import Path
from typing import Any

import numpy as np

from edgesim.agents.comparing.aggregates import interval
from edgesim.agents.training.schedulers import SCHEDULERS
from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.tables import write_table
from edgesim.twin.training.llm.cluster import Cluster, run_jobs
from edgesim.twin.training.llm.traces import WORKLOADS, workload

__all__ = ["PUBLISHED", "TRAININGS", "tables"]

TRAININGS: tuple[Training, ...] = ()

PUBLISHED = {"pollux": 2446.0, "optimus": 5302.0, "tiresias": 3470.0}
"""Mean completion of workload 6 by the read-me of petuum/adaptdl's simulator, s."""


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``jobs.csv``: a row a workload and scheduler."""
    numbers = range(1, WORKLOADS + 1) if results.budget.steps >= 1 else (6,)
    rows: list[dict[str, Any]] = []
    for number in numbers:
        for name in SCHEDULERS:
            took = _took(results, number, name)
            low, high = interval(took)
            row = {"workload": number, "scheduler": name, "jobs": len(took)}
            row |= {"mean_s": float(took.mean()), "mean_s_low": low, "mean_s_high": high}
            row |= {"median_s": float(np.median(took)), "published_s": None}
            if number == 6:
                row["published_s"] = PUBLISHED.get(name)
            rows.append(row)
    write_table(folder, "jobs", rows)
    six = {row["scheduler"]: row for row in rows if row["workload"] == 6}
    ours = sorted(PUBLISHED, key=lambda name: float(six[name]["mean_s"]))
    theirs = sorted(PUBLISHED, key=PUBLISHED.__getitem__)
    found = [
        Finding(
            "workload 6: order of mean completion",
            ", ".join(ours),
            ", ".join(theirs),
            "read-me of petuum/adaptdl's simulator",
            ours == theirs,
        )
    ]
    for name in ("optimus", "tiresias"):
        ratio = six[name]["mean_s"] / six["pollux"]["mean_s"]
        found.append(
            Finding(
                f"workload 6: mean completion of {name} over Pollux's",
                f"{ratio:.2f} ({six[name]['mean_s']:.0f} s over {six['pollux']['mean_s']:.0f} s)",
                f"{PUBLISHED[name] / PUBLISHED['pollux']:.2f}",
                "read-me of petuum/adaptdl's simulator",
                None,
                "our own reading of both schedulers",
            )
        )
    return found


def _took(results: ResultStore, number: int, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    def make() -> list[float]:
        done = run_jobs(workload(number), SCHEDULERS[name], Cluster())
        return [one.took_s for one in sorted(done)]

    key = {"workload": number, "scheduler": name}
    return np.array(results.kept(f"llm jobs: workload {number}, {name}", key, make))
