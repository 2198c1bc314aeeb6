"""What a handful of episodes tells about the mean of all of them."""

from collections.abc import Sequence
from typing import TypedDict

import numpy as np
from scipy.special import stdtrit

__all__ = ["Summary", "ci95", "mean", "std", "summary"]


class Summary(TypedDict):
    """Mean, sample standard deviation and 95 % interval of the mean."""

    mean: float
    std: float
    ci95: list[float]


def mean(values: Sequence[float]) -> float:
    """The sample mean."""
    return float(np.mean(values))


def std(values: Sequence[float]) -> float:
    """The sample standard deviation (n - 1 in the denominator); 0 of a single value."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


def ci95(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % confidence interval of the mean by Student's t with n - 1 degrees of freedom.

    A single value tells nothing of the spread: its interval is the value itself, and no claim.
    """
    centre = mean(values)
    if len(values) < 2:
        return centre, centre
    half = float(stdtrit(len(values) - 1, 0.975)) * std(values) / len(values) ** 0.5
    return centre - half, centre + half


def summary(values: Sequence[float]) -> Summary:
    """Mean, standard deviation and interval, as ``evaluation.json`` holds them."""
    return {"mean": mean(values), "std": std(values), "ci95": list(ci95(values))}
