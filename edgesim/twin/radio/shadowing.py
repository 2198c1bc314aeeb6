"""Shadowing: fields of random numbers over a square that are alike in places close together."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

__all__ = ["correlated_normal", "kernel_reach"]


def kernel_reach(sigma: float) -> int:
    """How far the smoothing reaches, in pixels: it is cut at four deviations."""
    return int(4 * sigma + 0.5)


def correlated_normal(
    rng: np.random.Generator, fields: int, columns: int, sigma: float
) -> NDArray[np.float64]:
    """Fields of correlated standard normal numbers, independent of one another.

    White noise smoothed by a Gaussian kernel of deviation ``sigma`` is correlated over a distance
    of d pixels as exp(-(d / (2 sigma))^2). The noise reaches beyond the square by as much as the
    kernel does, so that the field has unit variance and the same correlation up to its rim.

    Args:
        rng: draws the noise.
        fields: number of fields.
        columns: pixels along a side.
        sigma: deviation of the kernel, pixels.

    Returns:
        Shape (fields, columns, columns).
    """
    margin = kernel_reach(sigma)
    width = columns + 2 * margin
    noise = rng.standard_normal((fields, width, width))
    gaussian_filter(noise, (0, sigma, sigma), output=noise, mode="wrap")
    impulse = np.zeros(2 * margin + 1)
    impulse[margin] = 1.0
    kernel = gaussian_filter(impulse, sigma, mode="constant")
    inner = slice(margin, margin + columns)
    return noise[:, inner, inner] / float((kernel**2).sum())
