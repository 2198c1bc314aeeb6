r"""The gradient noise scale from the squared norms of gradients at two batch sizes.

A gradient over ``b`` samples has the expected squared norm ``|G|² + tr(Σ)/b``. From mean squared
norms at ``b < B``:

    |G|² = (B |g_B|² - b |g_b|²) / (B - b),    tr Σ = (|g_b|² - |g_B|²) / (1/b - 1/B),

and the noise scale is ``tr Σ / |G|²``, in samples (S. McCandlish and others, "An empirical model of
large-batch training", arXiv 1812.06162, appendix A). Both have to be averaged *before* they are
divided: the ratio of single steps is useless.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.errors import InputError

__all__ = ["NoiseScale", "averaged", "by_replicas", "noise_scale", "smoothed"]


class NoiseScale(NamedTuple):
    """What norms at two batch sizes tell.

    Attributes:
        gradient: squared norm of the true gradient, ``|G|²``; may be below 0 where noise rules.
        trace: trace of the covariance of a sample's gradient, ``tr Σ``.
        samples: the noise scale ``trace / gradient``; infinite where ``gradient`` is 0.
    """

    gradient: float
    trace: float
    samples: float


def noise_scale(small: float, big: float, small_batch: float, big_batch: float) -> NoiseScale:
    """The noise scale from mean squared norms.

    Args:
        small: mean squared norm at ``small_batch`` samples.
        big: mean squared norm at ``big_batch`` samples.
        small_batch: ``b``, above 0.
        big_batch: ``B``, above ``b``.

    Raises:
        InputError: the batches are not 0 < b < B.
    """
    _check(small_batch, big_batch)
    gradient = (big_batch * big - small_batch * small) / (big_batch - small_batch)
    trace = (small - big) / (1.0 / small_batch - 1.0 / big_batch)
    return NoiseScale(gradient, trace, trace / gradient if gradient else np.inf)


def averaged(
    small: Sequence[float] | npt.NDArray[np.float64],
    big: Sequence[float] | npt.NDArray[np.float64],
    small_batch: float,
    big_batch: float,
) -> NoiseScale:
    """The noise scale from the squared norms of many steps, whose means are taken first.

    Raises:
        InputError: as :func:`noise_scale`, or not as many small as big norms.
    """
    one, other = _norms(small, big)
    return noise_scale(float(one.mean()), float(other.mean()), small_batch, big_batch)


def smoothed(
    small: Sequence[float] | npt.NDArray[np.float64],
    big: Sequence[float] | npt.NDArray[np.float64],
    small_batch: float,
    big_batch: float,
    beta: float = 0.95,
) -> NoiseScale:
    """The same after the last step, from exponential moving averages with bias correction.

    Args:
        small: squared norms of each step at ``small_batch``, shape (steps,).
        big: those at ``big_batch``.
        small_batch: as of :func:`noise_scale`.
        big_batch: likewise.
        beta: weight of what was, in [0, 1).

    Raises:
        InputError: as :func:`averaged`, or ``beta`` is out of its range.
    """
    if not 0.0 <= beta < 1.0:
        raise InputError("beta", beta, "must lie in [0, 1)")
    one, other = _norms(small, big)
    # The average with its bias corrected is a weighted mean; the last step weighs the most.
    weights = beta ** np.arange(len(one) - 1, -1, -1.0)
    weights /= weights.sum()
    return noise_scale(float(weights @ one), float(weights @ other), small_batch, big_batch)


def by_replicas(small: float, big: float, replicas: int) -> tuple[float, float]:
    """(sqr, var) as Pollux has them: each of ``replicas`` gradients is a small batch.

    ``sqr = (R big - small)/(R - 1)`` and ``var = (small - big) R/(R - 1)``, so that
    ``tr Σ = var · b`` with ``b`` the samples of a replica.

    Raises:
        InputError: fewer than two replicas: one gradient alone tells no variance.
    """
    if replicas < 2:
        raise InputError("replicas", replicas, "must be at least 2")
    return (replicas * big - small) / (replicas - 1), (small - big) * replicas / (replicas - 1)


def _norms(small: object, big: object) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    one, other = np.asarray(small, dtype=float), np.asarray(big, dtype=float)
    if one.ndim != 1 or one.shape != other.shape or not len(one):
        raise InputError("norms", (one.shape, other.shape), "must be a small and a big one a step")
    return one, other


def _check(small_batch: float, big_batch: float) -> None:
    if not 0 < small_batch < big_batch:
        raise InputError("batches", (small_batch, big_batch), "must be 0 < small < big")
