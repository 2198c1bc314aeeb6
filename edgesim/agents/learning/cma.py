"""CMA-ES: a search for the numbers of the highest score that asks for nothing but scores."""

import numpy as np
import numpy.typing as npt

__all__ = ["CMA"]

Floats = npt.NDArray[np.float64]


class CMA:
    """The covariance matrix adaptation evolution strategy, with its usual settings.

    N. Hansen, "The CMA evolution strategy: a tutorial", arXiv 1604.00772, with positive weights
    alone. Only the order of scores matters.

    Args:
        mean: where it begins, (n,).
        spread: standard deviation of the first candidates.
        population: candidates of a generation; the better half of them counts.

    Attributes:
        mean: the best guess so far, (n,).
        spread: the step size.
        covariance: (n, n).
    """

    def __init__(self, mean: Floats, spread: float, population: int) -> None:
        count = len(mean)
        self.mean, self.spread, self.population = mean.astype(float), spread, population
        parents = max(population // 2, 1)
        weights = np.log((population + 1) / 2) - np.log(np.arange(1, parents + 1))
        self._weights = weights / weights.sum()
        effective = 1.0 / float((self._weights**2).sum())
        self._share_step = (effective + 2) / (count + effective + 5)
        self._damping = (
            1 + 2 * max(0.0, np.sqrt((effective - 1) / (count + 1)) - 1) + self._share_step
        )
        self._share_path = (4 + effective / count) / (count + 4 + 2 * effective / count)
        self._rank_one = 2 / ((count + 1.3) ** 2 + effective)
        self._rank_many = min(
            1 - self._rank_one,
            2 * (effective - 2 + 1 / effective) / ((count + 2) ** 2 + effective),
        )
        self._effective = effective
        self._usual = np.sqrt(count) * (1 - 1 / (4 * count) + 1 / (21 * count**2))
        self._step_path, self._path = np.zeros(count), np.zeros(count)
        self.covariance = np.eye(count)
        self._generations = 0

    def ask(self, rng: np.random.Generator) -> Floats:
        """The candidates of a generation, shape (population, n)."""
        values, axes = np.linalg.eigh(self.covariance)
        drawn = rng.standard_normal((self.population, len(self.mean)))
        steps = (drawn * np.sqrt(np.maximum(values, 1e-20))) @ axes.T
        return np.asarray(self.mean + self.spread * steps, float)

    def tell(self, candidates: Floats, scores: Floats) -> None:
        """Move towards the candidates of higher scores."""
        best = np.argsort(-scores, kind="stable")[: len(self._weights)]
        steps = (candidates[best] - self.mean) / self.spread
        step = self._weights @ steps
        values, axes = np.linalg.eigh(self.covariance)
        whitened = axes @ ((axes.T @ step) / np.sqrt(np.maximum(values, 1e-20)))
        self._generations += 1
        share, path = self._share_step, self._share_path
        self._step_path = (1 - share) * self._step_path + np.sqrt(
            share * (2 - share) * self._effective
        ) * whitened
        length = float(np.linalg.norm(self._step_path))
        expected = np.sqrt(1 - (1 - share) ** (2 * self._generations))
        moving = length / expected < (1.4 + 2 / (len(self.mean) + 1)) * self._usual
        self._path = (1 - path) * self._path + moving * np.sqrt(
            path * (2 - path) * self._effective
        ) * step
        lost = (1 - moving) * path * (2 - path)
        self.covariance = (
            (1 - self._rank_one - self._rank_many + self._rank_one * lost) * self.covariance
            + self._rank_one * np.outer(self._path, self._path)
            + self._rank_many * (steps.T * self._weights) @ steps
        )
        self.mean = self.mean + self.spread * step
        self.spread *= float(np.exp(share / self._damping * (length / self._usual - 1)))
