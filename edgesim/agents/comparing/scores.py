"""Scores of episodes, some of which are missing."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from edgesim.problems import Score

__all__ = ["Values", "filled", "present"]

Values = npt.NDArray[np.float64]


def present(values: Iterable[float | None]) -> list[float]:
    """The values that are not missing (None or NaN)."""
    return [float(value) for value in values if value is not None and not np.isnan(value)]


def filled(score: Score, tables: Sequence[Values]) -> list[Values]:
    """Scores of several policies, with what a missing value (NaN) counts in its place.

    Where a score names no value for it, it is the worst of all policies and episodes; NaN stays
    where no policy has any.

    Args:
        score: which metric it is, and what a missing one counts.
        tables: scores of the episodes of each policy, of any shape.
    """
    missing = score.missing
    if missing is None:
        there = np.concatenate([table[~np.isnan(table)].ravel() for table in tables])
        missing = np.nan if not there.size else score.sign * float(np.min(score.sign * there))
    return [np.where(np.isnan(table), missing, table) for table in tables]
