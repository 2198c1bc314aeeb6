"""Pollux's model of a step's time, fitted on a part of its traces and held to the rest."""

from pathlib import Path
from typing import Any

import numpy as np

from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.tables import write_table
from edgesim.twin.training.fitting import fit_step_times, relative_errors
from edgesim.twin.training.llm.traces import APPLICATIONS, StepRows, steps

__all__ = ["PARTS", "TRAININGS", "tables"]

TRAININGS: tuple[Training, ...] = ()
_REPEATS = 5

PARTS = {"rows": 0.10, "configurations": 0.13, "extrapolation": None}
"""What is held out, and the mean error that is asked for: half of the rows; a fifth of the pairs of
nodes and replicas; more than 16 replicas, by fits on 8 at most."""


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write ``fit.csv``: mean relative error of a step's time, a row an application and part."""
    rows: list[dict[str, Any]] = []
    for name in APPLICATIONS:
        measured = steps(name)
        rng = np.random.default_rng(results.seed)
        for part in PARTS:
            repeats = 1 if part == "extrapolation" else _REPEATS
            errors = [_error(measured, _held(measured, part, rng)) for _ in range(repeats)]
            rows.append(
                {
                    "application": name,
                    "part": part,
                    "error": float(np.mean(errors)),
                    "error_low": float(np.min(errors)),
                    "error_high": float(np.max(errors)),
                }
            )
    write_table(folder, "fit", rows)
    return [_finding(part, [row for row in rows if row["part"] == part]) for part in PARTS]


def _held(measured: StepRows, part: str, rng: np.random.Generator) -> Any:
    """Which rows are held out, shape (rows,); in extrapolation those between are left out."""
    count = len(measured.nodes)
    if part == "rows":
        held = np.zeros(count, dtype=bool)
        held[rng.permutation(count)[: count // 2]] = True
        return held, ~held
    if part == "extrapolation":
        return measured.replicas > 16, measured.replicas <= 8
    pairs = np.stack([measured.nodes, measured.replicas], axis=1)
    kinds = np.unique(pairs, axis=0)
    out = kinds[rng.permutation(len(kinds))[: len(kinds) // 5]]
    held = (pairs[:, None] == out[None]).all(axis=2).any(axis=1)
    return held, ~held


def _error(measured: StepRows, parts: Any) -> float:
    held, kept = parts
    n, k, m, t, sync = measured
    times = fit_step_times(n[kept], k[kept], m[kept], (t - sync)[kept], t[kept])
    return float(relative_errors(times, n[held], k[held], m[held], t[held]).mean())


def _finding(part: str, rows: list[dict[str, Any]]) -> Finding:
    asked = PARTS[part]
    worst = max(row["error"] for row in rows)
    told = ", ".join(f"{row['application']} {100 * row['error']:.1f}" for row in rows)
    return Finding(
        f"mean error on held-out {part}, %",
        told,
        "" if asked is None else f"at most {100 * asked:g}",
        "" if asked is None else "asked of this model",
        None if asked is None else worst <= asked,
    )
