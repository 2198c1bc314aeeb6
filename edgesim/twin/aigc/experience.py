"""What an operator has seen of each provider in this episode: results that came back, failures."""

from typing import ClassVar

import numpy as np

from edgesim.twin.aigc.quality import FloatArray
from edgesim.twin.core.forking import Rebuilt

__all__ = ["Experience"]


class Experience(Rebuilt):
    """By provider, what came back up to now. Nothing hidden is in it.

    Mean and spread are kept by Welford's recurrence (B. P. Welford, "Note on a method for
    calculating corrected sums of squares and products", Technometrics 4, 1962).

    Args:
        providers: their number.

    Attributes:
        results: results that reached their users, shape (providers,).
        quality: their mean quality, 0 where there is none.
        failures: crashes and refusals.
        last_s: when the last result came, -inf where none has.
    """

    views: ClassVar[tuple[str, ...]] = ("_results", "_quality", "_squares", "_failures", "_last_s")

    def __init__(self, providers: int) -> None:
        self.results, self.quality = np.zeros(providers), np.zeros(providers)
        self.squares, self.failures = np.zeros(providers), np.zeros(providers)
        self.last_s = np.full(providers, -np.inf)
        self.look()

    def look(self) -> None:
        """Have single numbers at hand, which a memoryview takes several times faster."""
        arrays = (self.results, self.quality, self.squares, self.failures, self.last_s)
        views = [numbers.data.cast("B").cast("d") for numbers in arrays]
        self._results, self._quality, self._squares, self._failures, self._last_s = views

    def came_back(self, provider: int, quality: float, now_s: float) -> None:
        """A result of a provider is with its user."""
        count = self._results[provider] + 1.0
        self._results[provider] = count
        off = quality - self._quality[provider]
        mean = self._quality[provider] + off / count
        self._quality[provider] = mean
        self._squares[provider] += off * (quality - mean)
        self._last_s[provider] = now_s

    def failed(self, provider: int) -> None:
        """A provider crashed, or refused a task."""
        self._failures[provider] += 1.0

    @property
    def spread(self) -> FloatArray:
        """Sample standard deviation of the qualities, 0 below two results; shape (providers,)."""
        return np.sqrt(self.squares / np.maximum(self.results - 1.0, 1.0))
