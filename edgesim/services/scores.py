"""From values of items to metrics against work, and to the score of an item."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgesim.profiles.profile import Metric, Score
from edgesim.services.fits import fit_curves

__all__ = ["ItemMetric", "metric_of_items", "metric_of_sets", "score_of"]

FloatArray = npt.NDArray[np.float64]

_RESAMPLES = 100


@dataclass(frozen=True)
class ItemMetric:
    """A metric of one item.

    Attributes:
        values: of items and, where it needs them, their truths; shape (n,).
        unit: its unit.
        better: ``higher`` or ``lower``.
        zero, one: values that score 0 and 1.
        needs_truth: whether it compares with the true item.
    """

    values: Callable[..., FloatArray]
    unit: str
    better: str
    zero: float
    one: float
    needs_truth: bool


def metric_of_items(
    metric: ItemMetric, work: Sequence[float], values: Sequence[FloatArray]
) -> Metric:
    """A metric against work, from its value for every item.

    The interval of the mean is Student's.
    """
    from scipy.stats import t

    rows = np.asarray(values, dtype=float)
    count = rows.shape[1]
    means = rows.mean(axis=1)
    spreads = rows.std(axis=1, ddof=1) if count > 1 else np.zeros(len(rows))
    half = spreads / np.sqrt(count) * (t.ppf(0.975, count - 1) if count > 1 else 0.0)
    return Metric(
        unit=metric.unit,
        better=metric.better,
        of="item",
        mean=_rounded(means),
        sd=_rounded(spreads),
        ci95=tuple(_pair(low, high) for low, high in zip(means - half, means + half, strict=True)),
        n=count,
        fits=fit_curves(work, means.tolist()),
    )


def metric_of_sets(
    value: Callable[[FloatArray], float],
    work: Sequence[float],
    sets: Sequence[FloatArray],
    seed: int,
) -> Metric:
    """A metric that only a set of images has, lower better, with its bootstrap.

    The interval is the basic bootstrap's, which does not inherit the bias of resampled sets.

    Args:
        value: the metric of one set, from what is known of every item, shape (n, ...).
        work: of each set.
        sets: what is known of every item, for each entry of ``work``.
        seed: of the resampling.
    """
    rng = np.random.default_rng(seed)
    means, spreads, intervals = [], [], []
    for found in sets:
        mean = value(found)
        again = np.array(
            [value(found[rng.integers(len(found), size=len(found))]) for _ in range(_RESAMPLES)]
        )
        high, low = 2 * mean - np.quantile(again, [0.025, 0.975])
        means.append(mean)
        spreads.append(float(again.std(ddof=1)))
        intervals.append(_pair(low, high))
    return Metric(
        unit="",
        better="lower",
        of="set",
        mean=_rounded(means),
        sd=_rounded(spreads),
        ci95=tuple(intervals),
        n=len(sets[0]),
        fits=fit_curves(work, means),
    )


def _rounded(values: npt.ArrayLike) -> tuple[float, ...]:
    """Six digits are more than is measured."""
    return tuple(float(f"{value:.6g}") for value in np.asarray(values, dtype=float))


def _pair(low: float, high: float) -> tuple[float, float]:
    first, second = _rounded([low, high])
    return first, second


def score_of(
    name: str, metric: ItemMetric, work: Sequence[float], values: Sequence[FloatArray]
) -> Score:
    """The score of every item from its values of a metric, and the curves of the mean score."""
    share = (np.asarray(values, dtype=float) - metric.zero) / (metric.one - metric.zero)
    scores = np.clip(share, 0.0, 1.0).round(4)
    return Score(
        metric=name,
        zero=metric.zero,
        one=metric.one,
        samples=tuple(tuple(row) for row in scores.tolist()),
        fits=fit_curves(work, scores.mean(axis=1).tolist()),
    )
