"""What numpy makes of seeds, compiled: states of PCG64 without building a generator for each.

numpy builds a seed sequence and a generator in some 20 µs. What they compute is documented and
fixed: numpy promises that neither ``numpy.random.SeedSequence`` nor the bits of
``numpy.random.PCG64`` ever change (NEP 19). What a generator makes of its bits stays numpy's own.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.twin.core.compiled import compiled

__all__ = ["ALL_BITS", "PCG_MULTIPLIER", "POOL", "Words", "first_draws", "generate", "state_of"]

Words = npt.NDArray[np.uint32]

# M. E. O'Neill, "Developing a seed_seq Alternative", 2015, as numpy.random.SeedSequence has it.
POOL = 4
"""Words of a seed sequence's pool."""
_INIT_A, _MULT_A = np.uint32(0x43B0D7E5), np.uint32(0x931E8875)
_INIT_B, _MULT_B = np.uint32(0x8B51F9DD), np.uint32(0x58F38DED)
_MIX_LEFT, _MIX_RIGHT = np.uint32(0xCA01F9DD), np.uint32(0x4973F715)
_SHIFT = np.uint32(16)
# M. E. O'Neill, "PCG", HMC-CS-2014-0905.
PCG_MULTIPLIER = 0x2360ED051FC65DA44385DF649FCCF645
"""The multiplier of the 128-bit generator."""
ALL_BITS = 2**128 - 1
"""As many bits as its state has."""


def first_draws(
    seed: np.random.SeedSequence, keys: Iterable[int], draw: Callable[[np.random.Generator], float]
) -> npt.NDArray[np.float64]:
    """What is drawn first from each of many streams; none of their generators is kept.

    Args:
        seed: of the streams.
        keys: what each of them adds to the seed's ``spawn_key``, 32 bits each.
        draw: draws a number from a generator that stands at the start of a stream.

    Returns:
        shape (keys,).
    """
    entropy = _words(seed.entropy)
    entropy += [0] * (POOL - len(entropy))
    entropy += [word for part in seed.spawn_key for word in _words(part)]
    last = np.fromiter(keys, dtype=np.uint32)
    words = _generate_all(np.array([*entropy, 0], dtype=np.uint32), last).tolist()
    bits = np.random.PCG64(0)
    generator, inner = np.random.Generator(bits), {"state": 0, "inc": 0}
    state: Any = {"bit_generator": "PCG64", "state": inner, "has_uint32": 0, "uinteger": 0}
    drawn = np.empty(len(words))
    for at, stream in enumerate(words):
        inner["state"], inner["inc"] = state_of(*stream)
        bits.state = state
        drawn[at] = draw(generator)
    return drawn


def _words(number: Any) -> list[int]:
    """A number, or several one after the other, as words of 32 bits, the lowest first."""
    if not isinstance(number, int | np.integer):
        return [word for part in number for word in _words(part)]
    number = int(number)
    words: list[int] = []
    while number or not words:
        number, word = divmod(number, 2**32)
        words.append(word)
    return words


def state_of(high: int, low: int, odd_high: int, odd_low: int) -> tuple[int, int]:
    """State and increment of a PCG64 that is seeded with four words of 64 bits."""
    increment = ((odd_high << 64 | odd_low) << 1 | 1) & ALL_BITS
    return ((increment + (high << 64 | low)) * PCG_MULTIPLIER + increment) & ALL_BITS, increment


@compiled()
def _generate_all(entropy: Words, keys: Words) -> npt.NDArray[np.uint64]:
    """:func:`generate` of the entropy with each key as its last word, shape (keys, 4)."""
    words = np.empty((len(keys), POOL), dtype=np.uint64)
    entropy = entropy.copy()
    for at in range(len(keys)):
        entropy[-1] = keys[at]
        words[at] = generate(entropy)
    return words


@compiled()
def generate(entropy: Words) -> npt.NDArray[np.uint64]:
    """``SeedSequence(...).generate_state(4, np.uint64)`` of at least four words of entropy."""
    pool = np.empty(POOL, dtype=np.uint32)
    hashing = _INIT_A
    for source in range(POOL):
        pool[source], hashing = _hash(entropy[source], hashing, _MULT_A)
    for source in range(len(entropy)):
        for into in range(POOL):
            if source != into:
                word = pool[source] if source < POOL else entropy[source]
                mixed, hashing = _hash(word, hashing, _MULT_A)
                mixed = np.uint32(_MIX_LEFT * pool[into]) - np.uint32(_MIX_RIGHT * mixed)
                pool[into] = np.uint32(mixed) ^ (np.uint32(mixed) >> _SHIFT)
    words = np.empty(2 * POOL, dtype=np.uint32)
    hashing = _INIT_B
    for at in range(len(words)):
        words[at], hashing = _hash(pool[at % POOL], hashing, _MULT_B)
    return words.view(np.uint64)


@compiled()
def _hash(word: Any, hashing: Any, multiplier: Any) -> Any:
    """The hash of a word, and what the next one starts from."""
    word = np.uint32(word ^ hashing)
    hashing = np.uint32(hashing * multiplier)
    word = np.uint32(word * hashing)
    return np.uint32(word ^ (word >> _SHIFT)), hashing
