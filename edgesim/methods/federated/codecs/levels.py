"""Quantisation to integer levels of a shared norm, unbiased and as published (EGA)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Levels", "bits_of_levels", "published_levels", "stochastic_levels"]

_Floats = NDArray[np.float64]


class Levels(NamedTuple):
    """A quantised vector.

    Attributes:
        scaled: ``|g| / nu * s`` of each entry.
        levels: signed integers, -s to s.
        value: what they stand for, ``level * nu / s``.
        variance: of each value, over the draws; 0 where nothing is drawn.
    """

    scaled: _Floats
    levels: NDArray[np.int64]
    value: _Floats
    variance: _Floats


def stochastic_levels(gradient: ArrayLike, nu: float, levels: int, uniforms: ArrayLike) -> Levels:
    """The unbiased rule (QSGD, arXiv 1610.02132): round down, or up with the odds of the fraction.

    Args:
        gradient: any shape.
        nu: the norm that is shared, at least the largest entry.
        levels: s.
        uniforms: draws in [0, 1), one an entry; up where one is below the fraction.
    """
    g = np.asarray(gradient, float)
    scaled = _scaled(g, nu, levels)
    floor = np.floor(scaled)
    fraction = scaled - floor
    signed = (np.sign(g) * (floor + (np.asarray(uniforms, float) < fraction))).astype(np.int64)
    unit = nu / levels
    return Levels(scaled, signed, signed * unit, fraction * (1 - fraction) * unit**2)


def published_levels(gradient: ArrayLike, nu: float, levels: int) -> Levels:
    """What the published code of EGA (arXiv 2205.13216) computes: every entry is rounded up."""
    g = np.asarray(gradient, float)
    scaled = _scaled(g, nu, levels)
    signed = (np.sign(g) * np.ceil(scaled)).astype(np.int64)
    return Levels(scaled, signed, signed * (nu / levels), np.zeros(g.shape))


def bits_of_levels(levels: int) -> int:
    """Bits that tell the ``2 s + 1`` integers from -s to s apart."""
    return int(2 * levels).bit_length()


def _scaled(gradient: _Floats, nu: float, levels: int) -> _Floats:
    return np.abs(gradient) / nu * levels if nu else np.zeros(gradient.shape)
