r"""How much of the training a batch gets done: a noise scale that drifts, in closed form.

Progress ``x`` runs from 0 to 1. The noise scale is ``g(x) = g_0 r^x``, the critical batch
``2 g(x)``, and a sequence of a batch ``B`` is worth ``1/(1 + B/(2 g(x)))`` (S. McCandlish and
others, arXiv 1812.06162, with COPUS's factor of 2). At ``v`` sequences a second, of ``N`` that the
training takes at small batches,

    (1 + B/(2 g_0) r^{-x}) dx = v/N dt,

so that the time from ``x_0`` to ``x_1`` is ``(N/v) (F(x_1) - F(x_0))`` with
``F(x) = x - B/(2 g_0 ln r) r^{-x}``, or ``x (1 + B/(2 g_0))`` where ``r`` is 1.
"""

from math import exp, log
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Drift"]


class Drift(NamedTuple):
    """A noise scale that grows with progress.

    Attributes:
        start: ``g_0``, sequences.
        growth: ``r``, 1 or more.
    """

    start: float
    growth: float

    def noise_scale(self, progress: Any) -> Any:
        """``g(x)``, sequences."""
        return self.start * self.growth**progress

    def efficiency(self, batch: float, progress: float) -> float:
        """What a sequence is worth, in (0, 1]."""
        return float(1.0 / (1.0 + batch / (2.0 * self.noise_scale(progress))))

    def work(self, batch: Any, progress: Any) -> Any:
        """``F(x)``, up to a constant: sequences over ``N`` that it takes to get from 0 there."""
        share = np.asarray(batch) / (2.0 * self.start)
        rate = log(self.growth)
        if rate < 1e-9:
            return progress * (1.0 + share)
        return progress + share / rate * (1.0 - self.growth ** (-np.asarray(progress)))

    def seconds(self, batch: Any, from_x: Any, to_x: Any, sequences: float, speed: Any) -> Any:
        """Time from one progress to another, s."""
        return sequences / speed * (self.work(batch, to_x) - self.work(batch, from_x))

    def after(
        self, batch: float, from_x: float, seconds: float, sequences: float, speed: float
    ) -> float:
        """Progress after some time; above 1 where the training would have ended."""
        more = speed * seconds / sequences
        share, rate = batch / (2.0 * self.start), log(self.growth)
        if rate < 1e-9:
            return from_x + more / (1.0 + share)
        # F is concave in -r^{-x} and rises: Newton from below never oversteps.
        start = from_x - share / rate * exp(-rate * from_x)
        x = from_x
        for _ in range(60):
            decay = share * exp(-rate * x)
            step = (start + more - (x - decay / rate)) / (1.0 + decay)
            x += step
            if abs(step) < 1e-15:
                break
        return x
