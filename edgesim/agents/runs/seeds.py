"""Which episodes are trained on, which choose the best model, and which are held out.

An episode's seed carries its purpose in its last two bits: a training seed is 0 modulo 4, a
validation seed 1, a test seed 2 and a policy's own seed 3. Whatever the run seeds are, an agent
therefore never trains on an episode that it is later judged by. (An environment that is reset
without a seed goes on in the generator of its first, and each episode takes 128 bits from it:
meeting a held-out one there is a matter of 2^-128.)

Test seeds follow from the evaluation seed alone, so that all agents, baselines, bounds and training
seeds are compared on the same episodes.
"""

from hashlib import blake2b

import numpy as np

from edgesim.errors import InputError

__all__ = ["held_out_seeds", "policy_seed", "training_seeds", "validation_seeds"]

_PURPOSES = ("training", "validation", "test", "policy")


def training_seeds(run_seed: int, count: int) -> list[int]:
    """Seeds of the episodes that a run trains on, from the run's seed.

    All seeds of this module are distinct within a list, below 2**32, and the first ones of any
    longer list.

    Raises:
        InputError: ``run_seed`` is not a whole number of at least 0.
    """
    return _seeds("training", run_seed, count)


def validation_seeds(run_seed: int, count: int) -> list[int]:
    """Seeds of the episodes by which a run keeps its best model, from the run's seed."""
    return _seeds("validation", run_seed, count)


def held_out_seeds(evaluation_seed: int, count: int) -> list[int]:
    """Seeds of the held-out episodes, from the evaluation seed alone."""
    return _seeds("test", evaluation_seed, count)


def policy_seed(evaluation_seed: int, name: str) -> int:
    """Seed of a policy's own dice, independent of the episodes and of all other policies."""
    key = int.from_bytes(blake2b(name.encode(), digest_size=4).digest(), "little")
    return _seeds("policy", evaluation_seed, 1, key)[0]


def _seeds(purpose: str, seed: int, count: int, *key: int) -> list[int]:
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise InputError("seed", seed, "must be a whole number of at least 0")
    residue = _PURPOSES.index(purpose)
    sequence = np.random.SeedSequence(int(seed), spawn_key=(residue, *key))
    rng = np.random.Generator(np.random.PCG64(sequence))
    seeds: dict[int, None] = {}
    while len(seeds) < count:
        seeds[4 * int(rng.integers(2**30)) + residue] = None
    return list(seeds)
