r"""Pollux's goodput: throughput times statistical efficiency, its choice of a batch, and its fit.

Our own words for the formulas of petuum/adaptdl (branch osdi21-artifact, Apache-2.0; A. Qiao and
others, "Pollux", OSDI 2021). With ``m`` samples a replica and accumulation step, ``s`` accumulation
steps besides the last, ``K`` replicas on ``N`` nodes:

    t_c = alpha_c + beta_c m                        a pass over m samples
    t_n = alpha + beta max(K - 2, 0)                the all-reduce; alpha_n, beta_n over nodes,
                                                    alpha_r, beta_r inside one, 0 for K = 1
    T = s t_c + (t_c^gamma + t_n^gamma)^(1/gamma)   a step, gamma from 1 (one after the other) to
                                                    10 (the longer of the two)
    M = K m (s + 1),  throughput = M / T,  goodput = throughput · efficiency(M)
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.errors import InputError
from edgesim.numbers import as_finite

__all__ = ["Choice", "GradientStats", "StepTimes", "efficiency", "goodput", "optimise"]

FloatArray = npt.NDArray[np.float64]

_BATCHES = 50  # that the choice looks at
_EPSILON = 1e-8  # of adaptdl's rounding up
_NOTHING = 1e-8  # adaptdl's 0: of K - 2 where K is 1 or 2, and of alpha and beta where K is 1


@dataclass(frozen=True)
class StepTimes:
    """The seven parameters of a step's time; s, s a sample, and s a replica.

    Raises:
        InputError: one is negative or not finite, or gamma is below 1.
    """

    alpha_c: float
    beta_c: float
    alpha_n: float
    beta_n: float
    alpha_r: float
    beta_r: float
    gamma: float

    def __post_init__(self) -> None:
        for key, value in self.__dict__.items():
            number = as_finite(value)
            low = 1.0 if key == "gamma" else 0.0
            if number is None or number < low:
                raise InputError(key, value, f"must be a finite number of at least {low:g}")

    def pass_s(self, atomic: Any) -> FloatArray:
        """``t_c``, s, of ``atomic`` samples a replica."""
        return np.asarray(self.alpha_c + self.beta_c * np.asarray(atomic, dtype=float))

    def sync_s(self, nodes: Any, replicas: Any) -> FloatArray:
        """``t_n``, s."""
        nodes, replicas = np.asarray(nodes), np.asarray(replicas)
        beyond = np.maximum(replicas - 2, _NOTHING)
        over = self.alpha_n + self.beta_n * beyond
        inside = self.alpha_r + self.beta_r * beyond
        alone = _NOTHING + _NOTHING * beyond
        return np.asarray(np.where(nodes > 1, over, np.where(replicas > 1, inside, alone)))

    def last_s(self, nodes: Any, replicas: Any, atomic: Any) -> FloatArray:
        """The last accumulation step with its all-reduce, s."""
        c, n = self.pass_s(atomic), self.sync_s(nodes, replicas)
        # Over the longer of the two, so that the powers neither overflow nor vanish.
        longer = np.maximum(np.maximum(c, n), 1e-300)
        powers = (c / longer) ** self.gamma + (n / longer) ** self.gamma
        return np.asarray(longer * powers ** (1.0 / self.gamma))

    def step_s(self, nodes: Any, replicas: Any, atomic: Any, accumulation: Any = 0) -> FloatArray:
        """``T``, s."""
        last = self.last_s(nodes, replicas, atomic)
        return np.asarray(np.asarray(accumulation) * self.pass_s(atomic) + last)

    def throughput(
        self, nodes: Any, replicas: Any, atomic: Any, accumulation: Any = 0
    ) -> FloatArray:
        """Samples a second; all arguments broadcast."""
        batch = np.asarray(replicas) * np.asarray(atomic) * (np.asarray(accumulation) + 1)
        return np.asarray(batch / self.step_s(nodes, replicas, atomic, accumulation))


class GradientStats(NamedTuple):
    """Moments of the gradient at the initial batch.

    Attributes:
        sqr: squared norm of its mean, 0 or more.
        var: its variance, 0 or more.
        initial_batch: ``M0``, samples.
    """

    sqr: float
    var: float
    initial_batch: float

    @property
    def noise_scale(self) -> float:
        """``phi = var/sqr · M0``, samples; infinite where ``sqr`` is 0."""
        return self.var / self.sqr * self.initial_batch if self.sqr else np.inf


def efficiency(stats: GradientStats, batch: Any) -> FloatArray:
    """``(phi + M0) / (phi + M)``: what a sample is worth beside one at the initial batch.

    1 where both moments are 0, or the noise is without bounds beside the gradient.
    """
    scale = np.asarray(batch, dtype=float) / stats.initial_batch
    below = stats.var / scale + stats.sqr
    gain = np.where(below > 0, (stats.var + stats.sqr) / np.where(below > 0, below, 1.0), scale)
    return np.asarray(gain / scale)


def goodput(
    times: StepTimes,
    stats: GradientStats,
    nodes: Any,
    replicas: Any,
    atomic: Any,
    accumulation: Any = 0,
) -> FloatArray:
    """Throughput times efficiency, useful samples a second; arguments broadcast."""
    batch = np.asarray(replicas) * np.asarray(atomic) * (np.asarray(accumulation) + 1)
    rate = times.throughput(nodes, replicas, atomic, accumulation)
    return np.asarray(rate * efficiency(stats, batch))


class Choice(NamedTuple):
    """The batch of the best goodput.

    Attributes:
        goodput: useful samples a second.
        atomic: samples a replica and accumulation step.
        accumulation: accumulation steps besides the last.
    """

    goodput: float
    atomic: int
    accumulation: int


def optimise(
    times: StepTimes,
    stats: GradientStats,
    nodes: int,
    replicas: int,
    max_batch: float,
    max_atomic: int,
    min_atomic: int = 1,
) -> Choice:
    """Pollux's search for a batch, with accumulation.

    50 batches are looked at, geometric from ``max(M0, min_atomic K)`` to ``max_batch``. As few
    accumulation steps as ``max_atomic`` allows; on one replica at least one above ``M0``, which
    lets the variance be measured. Of equals the smallest batch. Where the smallest is above the
    largest, the ends are taken the other way round, as adaptdl does.

    Raises:
        InputError: not 1 <= nodes <= replicas, or limits that leave nothing to choose from.
    """
    if not 1 <= nodes <= replicas:
        raise InputError("nodes", nodes, f"must be from 1 to the {replicas} replicas")
    if max_batch < stats.initial_batch:
        raise InputError("max_batch", max_batch, f"must be at least {stats.initial_batch:g}")
    if not 1 <= min_atomic <= max_atomic:
        raise InputError("max_atomic", max_atomic, f"must be at least {min_atomic}")
    lowest = max(stats.initial_batch, min_atomic * replicas)
    local = np.geomspace(lowest, max_batch, _BATCHES) / replicas
    steps = np.ceil(local / max_atomic - _EPSILON) - 1
    if replicas == 1:
        steps = np.where(local > stats.initial_batch + _EPSILON, np.maximum(steps, 1), steps)
    steps = np.maximum(steps.astype(int), 0)
    atomic = np.ceil(local / (steps + 1) - _EPSILON).astype(int)
    atomic = np.clip(atomic, min_atomic, max_atomic)
    found = goodput(times, stats, nodes, replicas, atomic, steps)
    best = int(np.argmax(found))
    return Choice(float(found[best]), int(atomic[best]), int(steps[best]))
