"""What a job measures of itself: the noise scale from norms of gradients, and its own speed."""

from typing import NamedTuple

import numpy as np

from edgesim.twin.training.noise_scale import NoiseScale, noise_scale

__all__ = ["NoiseMonitor", "Norms"]

_MOST_STEPS = 400  # of an interval that are drawn: what was before weighs nothing


class Norms(NamedTuple):
    """Moving averages of squared norms, not yet corrected for their bias."""

    small: float
    big: float
    weight: float


class NoiseMonitor:
    """Online estimate of the noise scale from the gradients that the replicas make.

    Each step gives the mean squared norm at a micro-batch and that at the whole batch. Their
    moving averages, with the bias corrected, are divided at the end: the true gradient's squared
    norm is 1 here, the trace the noise scale. Where the batch changes the averages begin anew.

    Args:
        small_spread: standard deviation of a step's small norm, over its mean.
        big_spread: of the big one.
        beta: weight of what was.
    """

    def __init__(self, small_spread: float, big_spread: float, beta: float) -> None:
        self._spreads, self._beta = (small_spread, big_spread), beta
        self._batches: tuple[float, float] | None = None
        self._norms = Norms(0.0, 0.0, 0.0)
        self.estimate: NoiseScale | None = None

    def observe(
        self,
        small_batch: float,
        big_batch: float,
        true_scale: float,
        steps: int,
        rng: np.random.Generator,
    ) -> None:
        """Look at the gradients of some steps.

        One batch alone (no larger than the small one) tells nothing, and the estimate stays.
        """
        if small_batch >= big_batch or steps < 1:
            return
        if self._batches != (small_batch, big_batch):
            self._batches, self._norms = (small_batch, big_batch), Norms(0.0, 0.0, 0.0)
        count = min(steps, _MOST_STEPS)
        dice = rng.standard_normal((2, count))
        means = (1.0 + true_scale / small_batch, 1.0 + true_scale / big_batch)
        old = self._beta**count
        weights = (1.0 - self._beta) * self._beta ** np.arange(count - 1, -1, -1.0)
        small, big = (
            float(weights @ (mean * np.maximum(1.0 + spread * drawn, 0.0)))
            for mean, spread, drawn in zip(means, self._spreads, dice, strict=True)
        )
        norms = self._norms
        self._norms = norms = Norms(
            norms.small * old + small, norms.big * old + big, norms.weight * old + weights.sum()
        )
        self.estimate = noise_scale(
            norms.small / norms.weight, norms.big / norms.weight, small_batch, big_batch
        )
