"""Performance profiles over worlds: how often a policy is how near to the best."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.agents.comparing.aggregates import RESAMPLES
from edgesim.files import replacing

__all__ = ["NEAR", "profiles", "shortfalls", "within", "write_profiles"]

NEAR = (0.01, 0.05)
"""Shortfalls that tables count the worlds of."""

_THRESHOLDS = np.round(np.linspace(0.0, 0.25, 51), 3)
_SEED = 0

Scores = npt.NDArray[np.float64]


def shortfalls(scores: Mapping[str, npt.ArrayLike], sign: int) -> dict[str, Scores]:
    """By how much of the best score of each world each policy is behind it there.

    Args:
        scores: of each policy its mean score in each world, shape (worlds,).
        sign: 1 where more is better, -1 where less is.

    Returns:
        shape (worlds,) each, at least 0; where the best score is 0, infinite for all that differ.
    """
    names = list(scores)
    table = sign * np.array([scores[name] for name in names], dtype=float)
    best = table.max(axis=0)
    behind = best - table
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(behind > 0.0, behind / np.abs(best), 0.0)
    return dict(zip(names, share, strict=True))


def within(shortfall: npt.ArrayLike, threshold: float) -> float:
    """Share of the worlds in which a policy is behind the best by at most a threshold."""
    return float(np.mean(np.asarray(shortfall, dtype=float) <= threshold))


def profiles(scores: Mapping[str, npt.ArrayLike], sign: int) -> list[dict[str, Any]]:
    """The profile of each policy: a row a policy and threshold.

    Performance profiles of E. D. Dolan and J. J. More ("Benchmarking optimization software with
    performance profiles", Mathematical Programming 91, 2002), with shortfalls for their ratios, so
    that scores may be of any sign.

    Args:
        scores: as of :func:`shortfalls`.
        sign: likewise.

    Returns:
        rows of ``policy``, ``shortfall`` (of the best score), ``share`` of the worlds in which it
        is at most that, and the 95 % bootstrap interval over worlds (``low``, ``high``).
    """
    rng = np.random.default_rng(_SEED)
    rows: list[dict[str, Any]] = []
    for name, behind in shortfalls(scores, sign).items():
        passed = behind[:, None] <= _THRESHOLDS
        drawn = rng.integers(len(behind), size=(RESAMPLES, len(behind)))
        low, high = np.percentile(passed[drawn].mean(axis=1), [2.5, 97.5], axis=0)
        rows += [
            {"policy": name, "shortfall": float(x), "share": float(y), "low": a, "high": b}
            for x, y, a, b in zip(
                _THRESHOLDS, passed.mean(axis=0), low.tolist(), high.tolist(), strict=True
            )
        ]
    return rows


def write_profiles(folder: Path, groups: Sequence[tuple[str, Sequence[Mapping[str, Any]]]]) -> None:
    """Write ``profiles.csv``, a row a scenario, policy and threshold, and draw ``profiles.png``.

    Args:
        folder: that of the comparison.
        groups: name of each scenario with its rows of :func:`profiles`; none: nothing is written.
    """
    if not groups:
        return
    from edgesim.plots.profiles import draw

    with (
        replacing(folder / "profiles.csv") as part,
        part.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(("scenario", "policy", "shortfall", "share", "low", "high"))
        for scenario, rows in groups:
            writer.writerows([scenario, *row.values()] for row in rows)
    draw(folder)
