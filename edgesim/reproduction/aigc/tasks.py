"""What becomes of the tasks under every agent and policy, on the authors' setting."""

from pathlib import Path

from edgesim.reproduction.aigc.learning import POLICIES, TRAININGS
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.tables import summarised, with_interval, write_table

__all__ = ["CAPACITY", "TRAININGS", "tables"]

CAPACITY = {"capacity_range": [400, 900]}

_SOURCE = "measured independently: 5 draws of providers by 10 episodes, mean ± sd"
# Return with its standard deviation, tasks lost and refused, quality of a finished task.
_MEASURED = {
    "random": (-126, 82, 233, 103, 0.362),
    "round_robin": (223, 66, 72, 47, 0.368),
    "overload_avoidance": (384, 35, 0, 0, 0.380),
    "prophet": (546, 36, 0, 0, 0.540),
}
_METRICS = ("return", "finished", "lost", "refused", "quality")


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``tasks.csv``: a row an agent or policy."""
    rows = [
        summarised(training.agent, "agent", results.measured_agent(training), _METRICS)
        for training in TRAININGS
    ]
    found = []
    for policy in POLICIES:
        measured = results.measured("aigc_paper", policy, overrides=CAPACITY)
        row = summarised(policy, "policy", measured, _METRICS)
        rows.append(row)
        if policy in _MEASURED:
            found += _beside(policy, row)
    rows.sort(key=lambda row: -row["return"])
    write_table(folder, "tasks", rows)
    return found


def _beside(policy: str, row: dict[str, float]) -> list[Finding]:
    paid, spread, lost, refused, quality = _MEASURED[policy]
    where = "capacities 400 to 900"
    counts = f"{row['lost']:.0f}, {row['refused']:.0f}"
    return [
        Finding(
            f"return of {policy}, {where}",
            with_interval(row, "return"),
            f"{paid} ± {spread}",
            _SOURCE,
            abs(row["return"] - paid) <= 2 * spread,
            "agrees if within two standard deviations; the draw of the providers dominates the"
            " spread, and here it is another, single one",
        ),
        Finding(
            f"tasks lost and refused under {policy}, {where}",
            counts,
            f"{lost}, {refused}",
            _SOURCE,
            row["lost"] + row["refused"] == 0 if lost + refused == 0 else None,
        ),
        Finding(
            f"quality of a finished task under {policy}, {where}",
            with_interval(row, "quality", 3),
            f"{quality:.3f}",
            _SOURCE,
        ),
    ]
