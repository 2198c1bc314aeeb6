"""Named random streams from one seed."""

from hashlib import blake2b

import numpy as np

__all__ = ["Streams", "stream_key"]


class Streams:
    """Independent random generators by name, all of one ``numpy.random.SeedSequence``.

    A stream depends on the seed and its own name alone: taking another stream, or taking them in
    another order, changes none. Two runs on one seed therefore meet the same arrivals, users and
    channels whatever the policy does (common random numbers).
    """

    def __init__(self, seed: np.random.SeedSequence) -> None:
        self._seed = seed

    def __getitem__(self, name: str) -> np.random.Generator:
        """A fresh generator at the start of the stream ``name``."""
        child = np.random.SeedSequence(
            self._seed.entropy, spawn_key=(*self._seed.spawn_key, stream_key(name)), pool_size=4
        )
        return np.random.Generator(np.random.PCG64(child))


def stream_key(name: str) -> int:
    """What the name of a stream adds to the seed: 32 bits."""
    return int.from_bytes(blake2b(name.encode(), digest_size=4).digest(), "little")
