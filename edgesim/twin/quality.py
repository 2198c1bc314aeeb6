"""Perceived quality of generated content against the denoising steps spent on it."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["QualityCurves", "timeliness"]

FloatArray = npt.NDArray[np.float64]


class QualityCurves:
    """The four-parameter curves of a set of providers (arXiv 2301.03220).

    A provider shows no gain below ``ax`` steps, where quality stands at its floor ``ay``; quality
    rises in a straight line to ``by`` at ``bx`` steps and is flat beyond. What is paid is the gain
    over the floor, as in the authors' simulator: 0 below ``ax``, ``by - ay`` beyond ``bx``.

    Args:
        ax, ay, bx, by: one value a provider; steps and quality in [0, 1].
    """

    def __init__(
        self, ax: Sequence[float], ay: Sequence[float], bx: Sequence[float], by: Sequence[float]
    ) -> None:
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


def timeliness(latency_s: float, deadline_s: float, lateness_s: float) -> float:
    """What is left of a result's worth when it comes after ``latency_s``, in [0, 1].

    All of it up to the deadline, then less in a straight line, nothing ``lateness_s`` after it.
    """
    late = latency_s - deadline_s
    return 1.0 if late <= 0 else max(0.0, 1.0 - late / lateness_s)
