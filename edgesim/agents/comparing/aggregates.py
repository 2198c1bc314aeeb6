"""What several training runs tell together, by the definitions of Agarwal et al. 2021.

"Deep reinforcement learning at the edge of the statistical precipice" (arXiv 2108.13264): scores of
several runs a task, their interquartile mean, intervals by the stratified bootstrap, performance
profiles, and the probability of improvement. A run's score is its mean return over the held-out
episodes; where scores of several tasks meet, they are normalised.

All dice have a fixed seed: equal scores give equal intervals, to the last digit.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import bootstrap, mannwhitneyu, trim_mean

__all__ = [
    "BESIDE",
    "RESAMPLES",
    "beside",
    "hierarchical_interval",
    "improvement_interval",
    "interquartile_mean",
    "interval",
    "normalised",
    "performance_profile",
    "probability_of_improvement",
    "stratified_interval",
]

BESIDE = ("minus_best", "minus_best_low", "minus_best_high", "beats_best")
"""What :func:`beside` gives."""

RESAMPLES = 2000
_SEED = 0
_PARTS = 20  # of the resamples: what is held in memory at a time

Scores = npt.NDArray[np.float64]
Statistic = Callable[..., Any]
"""A function of scores and an ``axis``."""


def normalised(score: npt.ArrayLike, low: float, high: float) -> Scores:
    """Scores on the scale on which ``low`` is 0 and ``high`` is 1 (random policy and bound).

    Raises:
        ValueError: ``low`` is not below ``high``.
    """
    if not low < high:
        raise ValueError(f"low = {low} must be below high = {high}")
    return (np.asarray(score, dtype=float) - low) / (high - low)


def interquartile_mean(scores: npt.ArrayLike, axis: int | None = None) -> Scores:
    """The mean of the middle half: a quarter of the scores is left out at each end.

    Over all scores, shape (), or along an axis.
    """
    return np.asarray(trim_mean(np.asarray(scores, dtype=float), 0.25, axis=axis))


def interval(returns: npt.ArrayLike, statistic: Statistic = np.mean) -> tuple[float, float]:
    """95 % percentile bootstrap interval of a statistic of returns.

    Both what training draws and what the episodes bring is resampled: rows and columns,
    independently, so that an episode keeps together over all runs.

    Args:
        returns: shape (runs, episodes). A policy that is not trained has one row, and then the
            episodes alone are resampled.
        statistic: of all returns together: ``np.mean`` or :func:`interquartile_mean`.
    """
    values = np.atleast_2d(np.asarray(returns, dtype=float))
    rng = np.random.default_rng(_SEED)
    runs, episodes = values.shape
    rows = rng.integers(runs, size=(RESAMPLES, runs, 1))
    columns = rng.integers(episodes, size=(RESAMPLES, 1, episodes))
    drawn = [
        statistic(values[row, column].reshape(len(row), -1), axis=1)
        for row, column in zip(
            np.array_split(rows, _PARTS), np.array_split(columns, _PARTS), strict=True
        )
    ]
    low, high = np.percentile(np.concatenate(drawn), [2.5, 97.5])
    return float(low), float(high)


def hierarchical_interval(worlds: Iterable[npt.ArrayLike]) -> tuple[float, float]:
    """95 % bootstrap interval of a mean over worlds, training runs and episodes.

    Worlds are resampled, within each of them its runs, and within these their episodes, each level
    on its own: episodes of one world are no more independent than the world is one draw. Each world
    counts the same, however many runs and episodes it has.

    Args:
        worlds: for each world its values, shape (runs, episodes).
    """
    tables = list(map(_floats, worlds))
    rng = np.random.default_rng(_SEED)
    drawn = rng.integers(len(tables), size=(RESAMPLES, len(tables)))
    means = np.empty(drawn.size)
    for number, values in enumerate(tables):
        runs, episodes = values.shape
        places = np.flatnonzero(drawn == number)
        for part in np.array_split(places, _PARTS):
            run = rng.integers(runs, size=(len(part), runs, 1))
            episode = rng.integers(episodes, size=(len(part), runs, episodes))
            means[part] = values[run, episode].mean(axis=(1, 2))
    low, high = np.percentile(means.reshape(drawn.shape).mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def stratified_interval(
    tasks: Sequence[npt.ArrayLike], statistic: Statistic = interquartile_mean
) -> tuple[float, float]:
    """95 % stratified bootstrap interval: the runs of each task are resampled on their own.

    Args:
        tasks: for each task the normalised scores of its runs, shape (runs,); at least two runs
            in each.
        statistic: of all scores together: ``np.mean`` or :func:`interquartile_mean`.
    """
    result = bootstrap(
        [np.asarray(scores, dtype=float) for scores in tasks],
        lambda *samples, axis: statistic(np.concatenate(samples, axis=-1), axis=axis),
        n_resamples=RESAMPLES,
        vectorized=True,
        paired=False,
        method="percentile",
        rng=np.random.default_rng(_SEED),
    )
    return float(result.confidence_interval.low), float(result.confidence_interval.high)


def probability_of_improvement(
    ours: Sequence[npt.ArrayLike], theirs: Sequence[npt.ArrayLike]
) -> float:
    """How probably a run of ours beats one of theirs, averaged over the tasks; ties count half.

    The Mann-Whitney U over the number of pairs (section 4.3 of the paper).

    Args:
        ours: for each task the scores of the runs, shape (runs,).
        theirs: likewise.
    """
    shares = [
        float(mannwhitneyu(x, y, method="asymptotic").statistic) / (x.size * y.size)
        for x, y in zip(map(_floats, ours), map(_floats, theirs), strict=True)
    ]
    return float(np.mean(shares))


def improvement_interval(
    ours: Sequence[npt.ArrayLike], theirs: Sequence[npt.ArrayLike]
) -> tuple[float, float]:
    """95 % stratified bootstrap interval of :func:`probability_of_improvement`.

    The runs of either side and each task are resampled on their own. Where the interval holds 0.5,
    the two are tied.
    """
    rng = np.random.default_rng(_SEED)
    shares = np.zeros(RESAMPLES)
    for x, y in zip(map(_floats, ours), map(_floats, theirs), strict=True):
        drawn_x = rng.choice(x, (RESAMPLES, x.size, 1))
        drawn_y = rng.choice(y, (RESAMPLES, 1, y.size))
        wins = (drawn_x > drawn_y) + 0.5 * (drawn_x == drawn_y)
        shares += wins.mean(axis=(1, 2))
    low, high = np.percentile(shares / len(ours), [2.5, 97.5])
    return float(low), float(high)


def beside(ours: Scores, theirs: Scores, sign: int) -> dict[str, float]:
    """Runs beside a policy on the same episodes.

    Args:
        ours: scores, shape (runs, episodes).
        theirs: shape (1, episodes).
        sign: 1 where more is better, -1 where less is.

    Returns:
        by the names in :data:`BESIDE` the mean difference, episode by episode, with its interval,
        and the probability that a run beats the policy.
    """
    difference = ours - theirs
    share = probability_of_improvement([sign * ours.mean(axis=1)], [sign * theirs.mean(axis=1)])
    return dict(zip(BESIDE, (float(difference.mean()), *interval(difference), share), strict=True))


def performance_profile(tasks: Sequence[npt.ArrayLike], thresholds: npt.ArrayLike) -> Scores:
    """Share of the runs whose score passes each threshold, averaged over the tasks.

    Args:
        tasks: for each task the normalised scores of its runs, shape (runs,).
        thresholds: shape (thresholds,).

    Returns:
        shape (thresholds,), falling from 1 to 0.
    """
    levels = np.asarray(thresholds, dtype=float)
    passed = [np.mean(np.asarray(scores)[:, None] > levels, axis=0) for scores in tasks]
    return np.asarray(np.mean(passed, axis=0))


def _floats(scores: npt.ArrayLike) -> Scores:
    return np.asarray(scores, dtype=float)
