"""Streams of many seeds, one after another, without new generators: for engines of many worlds.

numpy builds a seed sequence and a generator in some 20 µs, which is long beside the steps of a
short episode. What they compute is documented and fixed: numpy promises that neither
``numpy.random.SeedSequence`` nor the bits of ``numpy.random.PCG64`` ever change (NEP 19). Here it
is compiled, and only the state of a generator is replaced. What a generator makes of its bits stays
numpy's own.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from edgesim.twin.streams import Streams, stream_key

__all__ = ["ReseededStreams"]

Words = npt.NDArray[np.uint32]

# M. E. O'Neill, "Developing a seed_seq Alternative", 2015, as numpy.random.SeedSequence has it.
_POOL = 4  # words
_INIT_A, _MULT_A = np.uint32(0x43B0D7E5), np.uint32(0x931E8875)
_INIT_B, _MULT_B = np.uint32(0x8B51F9DD), np.uint32(0x58F38DED)
_MIX_LEFT, _MIX_RIGHT = np.uint32(0xCA01F9DD), np.uint32(0x4973F715)
_SHIFT = np.uint32(16)
# M. E. O'Neill, "PCG", HMC-CS-2014-0905, the multiplier of the 128-bit generator.
_PCG_MULTIPLIER = 0x2360ED051FC65DA44385DF649FCCF645
_ALL_BITS = 2**128 - 1


class ReseededStreams(Streams):
    """The streams of :class:`edgesim.twin.streams.Streams`, of one seed after another.

    A stream is the same generator for every seed, so that only the streams of the seed at hand are
    of use.
    """

    def __init__(self) -> None:
        self._generators: dict[str, np.random.Generator] = {}
        self._states: dict[str, list[list[int]]] = {}  # of a stream: of each seed
        self._seeds = np.zeros((1, _POOL), dtype=np.uint32)
        self._at = 0

    def each(self, seeds: Words) -> Iterator["ReseededStreams"]:
        """These streams for one seed after another, those of ``SeedSequence(words)``.

        Args:
            seeds: the words of each seed, 32 bits each, shape (seeds, 4).

        Raises:
            ValueError: there are not four words a seed.
        """
        if seeds.shape[1:] != (_POOL,):
            raise ValueError(f"seeds of shape {seeds.shape}: must be {_POOL} words a seed")
        self._seeds = seeds
        self._states.clear()
        for self._at in range(len(seeds)):
            yield self

    def __getitem__(self, name: str) -> np.random.Generator:
        """The generator of the stream ``name``, put at the start."""
        if name not in self._generators:
            self._generators[name] = np.random.Generator(np.random.PCG64(0))
        if name not in self._states:
            self._states[name] = _generate_all(self._seeds, np.uint32(stream_key(name))).tolist()
        generator = self._generators[name]
        high, low, odd_high, odd_low = self._states[name][self._at]
        increment = ((odd_high << 64 | odd_low) << 1 | 1) & _ALL_BITS
        state = ((increment + (high << 64 | low)) * _PCG_MULTIPLIER + increment) & _ALL_BITS
        generator.bit_generator.state = {
            "bit_generator": "PCG64",
            "state": {"state": state, "inc": increment},
            "has_uint32": 0,
            "uinteger": 0,
        }
        return generator


@njit(cache=True)
def _generate_all(seeds: Words, key: Any) -> npt.NDArray[np.uint64]:
    """:func:`_generate` of each seed and the key of a stream, shape (seeds, 4)."""
    words = np.empty((len(seeds), _POOL), dtype=np.uint64)
    entropy = np.empty(_POOL + 1, dtype=np.uint32)
    entropy[_POOL] = key
    for k in range(len(seeds)):
        entropy[:_POOL] = seeds[k]
        words[k] = _generate(entropy)
    return words


@njit(cache=True)
def _generate(entropy: Words) -> npt.NDArray[np.uint64]:
    """``SeedSequence(...).generate_state(4, np.uint64)`` of at least four words of entropy."""
    pool = np.empty(_POOL, dtype=np.uint32)
    hashing = _INIT_A
    for source in range(_POOL):
        pool[source], hashing = _hash(entropy[source], hashing, _MULT_A)
    for source in range(len(entropy)):
        for into in range(_POOL):
            if source != into:
                word = pool[source] if source < _POOL else entropy[source]
                mixed, hashing = _hash(word, hashing, _MULT_A)
                mixed = np.uint32(_MIX_LEFT * pool[into]) - np.uint32(_MIX_RIGHT * mixed)
                pool[into] = np.uint32(mixed) ^ (np.uint32(mixed) >> _SHIFT)
    words = np.empty(2 * _POOL, dtype=np.uint32)
    hashing = _INIT_B
    for at in range(len(words)):
        words[at], hashing = _hash(pool[at % _POOL], hashing, _MULT_B)
    return words.view(np.uint64)


@njit(cache=True)
def _hash(word: Any, hashing: Any, multiplier: Any) -> Any:
    """The hash of a word, and what the next one starts from."""
    word = np.uint32(word ^ hashing)
    hashing = np.uint32(hashing * multiplier)
    word = np.uint32(word * hashing)
    return np.uint32(word ^ (word >> _SHIFT)), hashing
