"""The streets as radio waves meet them: how strongly every place hears every site."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from edgesim.errors import InputError
from edgesim.scenarios.parts.radio import Radio
from edgesim.twin.core.forking import Shared
from edgesim.twin.radio.pathloss import los_path_loss_db, los_probability, nlos_path_loss_db
from edgesim.twin.radio.shadowing import correlated_normal, kernel_reach

__all__ = ["RadioMap"]

_NEAREST_M = 10.0  # TR 38.901 gives no path loss for less
_LARGEST_MAP = 20_000_000


class RadioMap(Shared):
    """Gains from every site to every pixel of a square: a property of the streets, kept by a world.

    Line of sight and shadowing vary over the square and are the same for everyone who stands in a
    pixel. For each site a field of uniform numbers is compared with the line-of-sight probability
    of TR 38.901, and a field of standard normal numbers is multiplied by the shadowing deviation of
    the state found. Both fields are white noise smoothed by a Gaussian kernel, and so correlated as
    exp(-(d / D)^2), D the ``shadowing_distance_m`` at which the correlation has fallen to 1/e.
    Distances are those of the pixel's centre, and at least 10 m, where the standard begins. Pixels
    are as large as ``pixel_m``, or so much smaller that whole ones fill the side.

    Args:
        radio: the air interface.
        side_m: side of the square, m.
        sites: coordinates, m, shape (S, 2).
        rng: a generator that nothing else draws from.

    Attributes:
        gain: linear power gain (received over sent), shape (pixels, S).
        line_of_sight: which pixels see which sites, shape (pixels, S), bool.
        strongest: site of the highest gain in each pixel, shape (pixels,), int.

    Raises:
        ValueError: ``sites`` is not of shape (S, 2) with S >= 1.
        InputError: the pixels are so small that the map would fill the memory.
    """

    def __init__(
        self, radio: Radio, side_m: float, sites: ArrayLike, rng: np.random.Generator
    ) -> None:
        points = np.asarray(sites, dtype=np.float64)
        if points.ndim != 2 or points.shape[1] != 2 or not len(points):
            raise ValueError(f"sites of shape {points.shape}: must be (S, 2) with S >= 1")
        self.columns = columns = int(np.ceil(side_m / radio.pixel_m))
        """Pixels along a side; pixel 0 lies at the origin, the next one further along x."""
        # Whole pixels fill the square: none has its centre beyond it.
        self.pixel_m = side_m / columns
        sigma = radio.shadowing_distance_m / 2 / self.pixel_m
        if len(points) * (columns + 2 * kernel_reach(sigma)) ** 2 > _LARGEST_MAP:
            raise InputError(
                "wireless.radio.pixel_m",
                radio.pixel_m,
                f"too small for {len(points)} sites on {side_m:g} m with a shadowing distance of "
                f"{radio.shadowing_distance_m:g} m: the map would hold more than "
                f"{_LARGEST_MAP:,} values",
            )
        centres = (np.arange(columns) + 0.5) * self.pixel_m
        across = centres[None, None, :] - points[:, 0, None, None]
        along = centres[None, :, None] - points[:, 1, None, None]
        distance = np.maximum(np.hypot(across, along), _NEAREST_M)

        uniform = ndtr(correlated_normal(rng, len(points), columns, sigma))
        shadow = correlated_normal(rng, len(points), columns, sigma)
        seen = uniform < los_probability(distance)
        street = (radio.carrier_ghz, radio.site_height_m, radio.user_height_m)
        loss_db = np.where(
            seen,
            los_path_loss_db(distance, *street) + radio.shadowing_los_db * shadow,
            nlos_path_loss_db(distance, *street) + radio.shadowing_nlos_db * shadow,
        )
        gain = 10.0 ** (-loss_db / 10.0)
        self.line_of_sight: NDArray[np.bool_] = seen.reshape(len(points), -1).T
        self.use_gain(gain.reshape(len(points), -1).T)

    def use_gain(self, gain: ArrayLike) -> None:
        """Take other gains instead of those drawn, such as measured or ray-traced ones.

        Args:
            gain: linear power gain, shape (pixels, S), pixels numbered as by :meth:`pixel`.

        Raises:
            ValueError: the shape is another, or a gain is not above 0 and finite.
        """
        values = np.ascontiguousarray(gain, dtype=np.float64)
        if values.shape != self.line_of_sight.shape:
            raise ValueError(f"gain of shape {values.shape}: must be {self.line_of_sight.shape}")
        if not ((values > 0) & (values < np.inf)).all():
            raise ValueError("gain: every value must be above 0 and finite")
        self.gain: NDArray[np.float64] = values
        self.strongest: NDArray[np.int64] = values.argmax(axis=1)
        self.rows: list[list[float]] = values.tolist()
        """``gain`` as lists, where a single number is read fast."""
        self.serving: list[int] = self.strongest.tolist()
        """``strongest`` as a list."""

    def pixel(self, x_m: float, y_m: float) -> int:
        """Number of the pixel at (x, y); the nearest one for points beyond the square."""
        last = self.columns - 1
        column = int(x_m / self.pixel_m)
        row = int(y_m / self.pixel_m)
        if not 0 <= column <= last:
            column = 0 if column < 0 else last
        if not 0 <= row <= last:
            row = 0 if row < 0 else last
        return row * self.columns + column
