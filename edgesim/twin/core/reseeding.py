"""Streams of many seeds, one after another, without new generators: for engines of many worlds.

numpy builds a seed sequence and a generator in some 20 µs, which is long beside the steps of a
short episode. Here only the state of a generator is replaced, see
:mod:`edgesim.twin.core.seeding`.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.twin.core.compiled import compiled
from edgesim.twin.core.seeding import PCG_MULTIPLIER, POOL, Words, generate, state_of
from edgesim.twin.core.streams import Streams, stream_key

__all__ = ["ReseededStreams"]

_MULTIPLIER_HIGH, _MULTIPLIER_LOW = divmod(PCG_MULTIPLIER, 2**64)
_HALF, _LOWER = np.uint64(32), np.uint64(0xFFFFFFFF)
_ONE, _ROTATION, _WORD = np.uint64(1), np.uint64(58), np.uint64(63)


class ReseededStreams(Streams):
    """The streams of :class:`edgesim.twin.core.streams.Streams`, of one seed after another.

    A stream is the same generator for every seed, so that only the streams of the seed at hand are
    of use.
    """

    def __init__(self) -> None:
        self._generators: dict[str, np.random.Generator] = {}
        self._states: dict[str, list[list[int]]] = {}  # of a stream: of each seed
        self._seeds = np.zeros((1, POOL), dtype=np.uint32)
        self._at = 0

    def integers(
        self, seeds: Words, name: str, low: int, high: int, size: int
    ) -> npt.NDArray[np.int64]:
        """``integers(low, high, size, endpoint=True)`` of a stream of each seed, compiled.

        numpy does not promise that what it makes of its bits never changes. So it draws the first
        seed's numbers too, and all of them if it should draw others than are compiled here.

        Args:
            seeds: as of :meth:`each`.
            name: of the stream.
            low: least number.
            high: largest number.
            size: how many numbers a seed.

        Returns:
            shape (seeds, size).
        """
        drawn = np.empty((len(seeds), size), dtype=np.int64)
        small = high - low < 2**32 - 1  # larger numbers are made of more bits
        if small:
            states = _generate_all(seeds, np.uint32(stream_key(name)))
            _draw_integers(states, low, high - low, drawn)
        for k, streams in enumerate(self.each(seeds)):
            theirs = streams[name].integers(low, high, size=size, endpoint=True)
            if k == 0 and small and np.array_equal(theirs, drawn[0]):
                break
            drawn[k] = theirs
        return drawn

    def each(self, seeds: Words) -> Iterator["ReseededStreams"]:
        """These streams for one seed after another, those of ``SeedSequence(words)``.

        Args:
            seeds: the words of each seed, 32 bits each, shape (seeds, 4).

        Raises:
            ValueError: there are not four words a seed.
        """
        if seeds.shape[1:] != (POOL,):
            raise ValueError(f"seeds of shape {seeds.shape}: must be {POOL} words a seed")
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
        state, increment = state_of(*self._states[name][self._at])
        generator.bit_generator.state = {
            "bit_generator": "PCG64",
            "state": {"state": state, "inc": increment},
            "has_uint32": 0,
            "uinteger": 0,
        }
        return generator


@compiled()
def _generate_all(seeds: Words, key: Any) -> npt.NDArray[np.uint64]:
    """:func:`_generate` of each seed and the key of a stream, shape (seeds, 4)."""
    words = np.empty((len(seeds), POOL), dtype=np.uint64)
    entropy = np.empty(POOL + 1, dtype=np.uint32)
    entropy[POOL] = key
    for k in range(len(seeds)):
        entropy[:POOL] = seeds[k]
        words[k] = generate(entropy)
    return words


@compiled()
def _draw_integers(
    states: npt.NDArray[np.uint64], low: int, span: int, drawn: npt.NDArray[np.int64]
) -> None:
    """Numbers from ``low`` to ``low + span`` by D. Lemire, "Fast Random Integer Generation in an
    Interval", ACM TOMACS 29(1), 2019, from halves of 64 bits, the lower first.
    """
    count = np.uint64(span + 1)
    least = (_LOWER - np.uint64(span)) % count
    for k in range(len(states)):
        odd_high = states[k, 2] << _ONE | states[k, 3] >> _WORD
        odd_low = states[k, 3] << _ONE | _ONE
        low_word = odd_low + states[k, 1]
        high_word = odd_high + states[k, 0] + np.uint64(low_word < odd_low)
        high_word, low_word = _advance(high_word, low_word, odd_high, odd_low)
        left, has_left = np.uint64(0), False
        for at in range(drawn.shape[1]):
            if span == 0:  # numpy draws nothing
                drawn[k, at] = low
                continue
            while True:
                if has_left:
                    bits, has_left = left, False
                else:
                    high_word, low_word = _advance(high_word, low_word, odd_high, odd_low)
                    mixed, turn = high_word ^ low_word, high_word >> _ROTATION
                    mixed = mixed >> turn | mixed << (np.uint64(64) - turn & _WORD)
                    bits, left, has_left = mixed & _LOWER, mixed >> _HALF, True
                product = bits * count
                if (product & _LOWER) >= least:
                    break
            drawn[k, at] = low + np.int64(product >> _HALF)


@compiled()
def _advance(high: Any, low: Any, odd_high: Any, odd_low: Any) -> Any:
    """The next state of a generator: times the multiplier and more by the increment, 128 bits."""
    by_high, by_low = np.uint64(_MULTIPLIER_HIGH), np.uint64(_MULTIPLIER_LOW)
    a, b = low >> _HALF, low & _LOWER
    c, d = by_low >> _HALF, by_low & _LOWER
    middle = a * d + (b * d >> _HALF)
    other = b * c + (middle & _LOWER)
    carried = a * c + (middle >> _HALF) + (other >> _HALF)
    next_low = low * by_low + odd_low
    carry = np.uint64(next_low < odd_low)
    return carried + high * by_low + low * by_high + odd_high + carry, next_low
