"""Perceived quality of generated content against the denoising steps spent on it."""

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgesim.twin.core.forking import Shared

__all__ = ["QualityCurves", "Scatter", "timeliness"]

FloatArray = npt.NDArray[np.float64]


class Scatter(Shared):
    """How far the quality of single results lies from the mean of all, by measurement.

    Every measured image was generated at every number of steps of a grid. Between two of them, an
    image's distance from the mean is followed in a straight line; outside, it stays. At any steps
    the mean over all images is therefore 0.

    Args:
        steps: the grid, increasing.
        samples: quality of every image at each of ``steps``, shape (steps, images).
    """

    def __init__(self, steps: Sequence[float], samples: Sequence[Sequence[float]]) -> None:
        values = np.asarray(samples, dtype=float)
        self._steps = list(steps)
        self._residuals = values - values.mean(axis=1, keepdims=True)
        self._known: dict[int, list[float]] = {}

    def at(self, steps: int) -> list[float]:
        """Distance of every image from the mean at so many steps."""
        known = self._known.get(steps)
        if known is None:
            grid, rows = self._steps, self._residuals
            above = bisect_right(grid, steps)
            if above in (0, len(grid)):
                row = rows[max(above - 1, 0)]
            else:
                share = (steps - grid[above - 1]) / (grid[above] - grid[above - 1])
                row = (1 - share) * rows[above - 1] + share * rows[above]
            known = self._known[steps] = row.tolist()
        return known


class QualityCurves(Shared):
    """The four-parameter curves of a set of providers (arXiv 2301.03220).

    A provider shows no gain below ``ax`` steps, where quality stands at its floor ``ay``; quality
    rises in a straight line to ``by`` at ``bx`` steps and is flat beyond. What is paid is the gain
    over the floor, as in the authors' simulator: 0 below ``ax``, ``by - ay`` beyond ``bx``.

    Where the service was measured that is the mean, and single results scatter around it as the
    measured images do. A gain may then fall a little below 0, or pass 1.

    Args:
        ax: steps up to which there is no gain, one value a provider.
        ay: quality there, in [0, 1], one value a provider.
        bx: steps beyond which there is no further gain, one value a provider.
        by: quality there, in [0, 1], one value a provider.
        scatter: one a provider, None where nothing was measured; none at all: no scatter.

    Attributes:
        scatters: whether any provider's results scatter.
    """

    def __init__(
        self,
        ax: Sequence[float],
        ay: Sequence[float],
        bx: Sequence[float],
        by: Sequence[float],
        scatter: Sequence[Scatter | None] = (),
    ) -> None:
        self._scatter = list(scatter)
        self.scatters = any(found is not None for found in self._scatter)
        self.ax, self.ay, self.bx, self.by = (np.asarray(v, dtype=float) for v in (ax, ay, bx, by))
        self._slope = (self.by - self.ay) / (self.bx - self.ax)
        self._gain = self.by - self.ay
        self._known: dict[int, FloatArray] = {}

    def gains(self, steps: int) -> FloatArray:
        """Quality gain of every provider at ``steps`` denoising steps, shape (providers,)."""
        known = self._known.get(steps)
        if known is None:
            known = np.where(
                steps < self.ax,
                0.0,
                np.where(steps <= self.bx, self._slope * (steps - self.ax), self._gain),
            )
            known.flags.writeable = False
            self._known[steps] = known
        return known

    def paid(self, number: int, steps: int, picture: float) -> float:
        """Quality gain of one result of provider ``number``.

        Args:
            number: the provider.
            steps: denoising steps.
            picture: uniform in [0, 1), which of the measured images the result is like; the same
                at all providers, which were measured on the same images.
        """
        gain = float(self.gains(steps)[number])
        scatter = self._scatter[number] if self._scatter else None
        if scatter is None:
            return gain
        images = scatter.at(steps)
        return gain + images[int(picture * len(images))]

    def all_paid(self, steps: int, picture: float) -> FloatArray:
        """:meth:`paid` of every provider, shape (providers,)."""
        if not self.scatters:
            return self.gains(steps)
        return np.array([self.paid(number, steps, picture) for number in range(len(self.ax))])


def timeliness(latency_s: float, deadline_s: float, lateness_s: float) -> float:
    """What is left of a result's worth when it comes after ``latency_s``, in [0, 1].

    All of it up to the deadline, then less in a straight line, nothing ``lateness_s`` after it.
    """
    late = latency_s - deadline_s
    return 1.0 if late <= 0 else max(0.0, 1.0 - late / lateness_s)
