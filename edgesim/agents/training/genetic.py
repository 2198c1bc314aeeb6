"""A genetic search for how many devices each job gets, after that of Pollux."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["search"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_POPULATION, _GENERATIONS = 60, 40  # adaptdl has 100 and 100 [chosen: a fourth of the work]
_LEAST = 1e-3  # speed-up of a job that gets nothing


def search(
    speeds: Sequence[Sequence[float]], present: Sequence[int], devices: int, seed: int
) -> list[int]:
    """Replicas of each job with a large sum of ``-1/speed-up``: their harmonic mean.

    A population of allocations begins at the present one and what a mutation makes of it. Parents
    are drawn, the fitter of two; a child takes each job's replicas from one of them, some at
    random, and gives back at random what there is too much of. The fittest of parents and children
    live on (Pollux, OSDI 2021, section 4.2).

    Args:
        speeds: of each job its speed-up by replicas, from none on.
        present: replicas that each job has.
        devices: that there are.
        seed: of the search.
    """
    rng = np.random.default_rng(seed)
    most = np.array([len(own) - 1 for own in speeds])
    worth = np.full((len(speeds), int(most.max()) + 1), -1.0 / _LEAST)
    for job, own in enumerate(speeds):
        worth[job, : len(own)] = -1.0 / np.maximum(own, _LEAST)
    jobs = np.arange(len(speeds))

    def fitness(living: Ints) -> Floats:
        return np.asarray(worth[jobs, living].sum(axis=1), float)

    begun = np.minimum(present, most)
    living = np.tile(begun, (_POPULATION, 1))
    living[1:] = _mutated(living[1:], most, rng)
    living = _within(living, devices, rng)
    fit = fitness(living)
    for _ in range(_GENERATIONS):
        pairs = rng.integers(_POPULATION, size=(2, 2, _POPULATION))
        first, second = (np.where(fit[one] >= fit[other], one, other) for one, other in pairs)
        from_first = rng.random((_POPULATION, len(jobs))) < 0.5
        children = np.where(from_first, living[first], living[second])
        children = _within(_mutated(children, most, rng), devices, rng)
        everybody = np.concatenate([living, children])
        fits = np.concatenate([fit, fitness(children)])
        best = np.argsort(-fits, kind="stable")[:_POPULATION]
        living, fit = everybody[best], fits[best]
    found: list[int] = living[0].tolist()
    return found


def _mutated(living: Ints, most: Ints, rng: np.random.Generator) -> Ints:
    """Some jobs get another number of replicas: any, or one more or less."""
    lot = rng.random(living.shape)
    share = max(1.0 / living.shape[1], 0.02)
    anew = rng.integers(0, most + 1, size=living.shape)
    step = living + rng.choice([-1, 1], size=living.shape)
    changed = np.where(lot < share, anew, np.where(lot < 2 * share, step, living))
    return np.clip(changed, 0, most)


def _within(living: Ints, devices: int, rng: np.random.Generator) -> Ints:
    """Allocations that take no more than there are: what is too much goes, drawn at random."""
    over = living.sum(axis=1) - devices
    for row in np.flatnonzero(over > 0):
        held = np.repeat(np.arange(living.shape[1]), living[row])
        gone = rng.choice(held, size=over[row], replace=False)
        living[row] -= np.bincount(gone, minlength=living.shape[1])
    return living
