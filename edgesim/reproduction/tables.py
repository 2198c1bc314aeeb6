"""The tables that figures are drawn from: CSV files, equal to the byte where results are equal."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgesim.agents.comparing.aggregates import interval
from edgesim.files import replacing
from edgesim.reproduction.budget import Training
from edgesim.reproduction.results import Measured, ResultStore

__all__ = ["learning_rows", "read_progress", "summarised", "with_interval", "write_table"]


def write_table(folder: Path, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write ``<name>.csv``; floats in full."""
    names = dict.fromkeys(key for row in rows for key in row)
    with (
        replacing(folder / f"{name}.csv") as part,
        part.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.DictWriter(file, list(names), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def summarised(
    name: str, kind: str, measured: Measured | Sequence[Measured], metrics: Iterable[str]
) -> dict[str, Any]:
    """One row: a policy or all seeds of an agent, each metric with its mean and 95 % interval.

    Args:
        name: of the policy or agent.
        kind: ``agent``, ``policy`` or ``bound``.
        measured: of a policy, or of each training seed, on the same episodes.
        metrics: those to show; one that is not there (of a bound) is left out.

    Returns:
        ``name``, ``kind``, ``runs``, ``episodes``, and for each metric ``<metric>``,
        ``<metric>_low``, ``<metric>_high``.
    """
    runs = [measured] if isinstance(measured, Measured) else list(measured)
    row: dict[str, Any] = {
        "name": name,
        "kind": kind,
        "runs": len(runs) if kind == "agent" else 0,
        "episodes": len(runs[0].rows),
    }
    for metric in metrics:
        if metric in runs[0].metrics:
            values = np.array([run[metric] for run in runs])
            low, high = interval(values)
            row |= {metric: float(values.mean()), f"{metric}_low": low, f"{metric}_high": high}
    return row


def with_interval(row: Mapping[str, Any], metric: str, digits: int = 1) -> str:
    """A metric of a summarised row, as it is read: ``"554.9 [548.8, 561.0]"``."""
    mean, low, high = (row[f"{metric}{end}"] for end in ("", "_low", "_high"))
    return f"{mean:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def read_progress(folder: Path) -> list[dict[str, float]]:
    """The rows of a run folder's ``progress.csv``; cells that are empty are left out."""
    with (folder / "progress.csv").open(newline="", encoding="utf-8") as file:
        return [
            {key: float(value) for key, value in row.items() if value}
            for row in csv.DictReader(file)
        ]


def learning_rows(
    results: ResultStore, trainings: Iterable[Training], metrics: Sequence[str]
) -> list[dict[str, Any]]:
    """Rows of ``learning.csv``: one a validation of each seed of each training."""
    return [
        {
            "agent": training.agent,
            "seed": seed,
            "decisions": int(row["decisions"]),
            **{metric: row[metric] for metric in metrics},
        }
        for training in trainings
        for seed, run in enumerate(results.folders(training))
        for row in read_progress(run)
        if metrics[0] in row
    ]
