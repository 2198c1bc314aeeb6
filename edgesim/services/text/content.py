"""The text that the embedded models learn from and are scored on.

Plays of Shakespeare (public domain), the first 1.1 million characters as Andrej Karpathy packed
them in char-rnn (MIT), compressed; see ``data/NOTICE``. The last tenth is never trained on.
"""

import lzma
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgesim.errors import InputError

__all__ = ["decoded", "encoded", "held_out", "passage", "text", "training_text", "vocabulary"]

_FILE = Path(__file__).parent / "data" / "tinyshakespeare.txt.xz"
_TRAINED = 0.9  # share of the text


@cache
def text() -> str:
    """All of it."""
    return lzma.decompress(_FILE.read_bytes()).decode("ascii")


def training_text() -> str:
    """What models learn from: the first nine tenths."""
    return text()[: int(_TRAINED * len(text()))]


def held_out() -> str:
    """What they are scored on: the last tenth."""
    return text()[int(_TRAINED * len(text())) :]


@cache
def vocabulary() -> str:
    """The characters, sorted: 65 kinds."""
    return "".join(sorted(set(text())))


def encoded(characters: str, known: str) -> npt.NDArray[np.int64]:
    """Tokens of a text.

    Raises:
        InputError: a character that the vocabulary lacks.
    """
    places = {character: place for place, character in enumerate(known)}
    for at, character in enumerate(characters):
        if character not in places:
            line = characters.count("\n", 0, at) + 1
            raise InputError(
                "text",
                character,
                f"the model's vocabulary lacks it (line {line}); accepted: {known!r}",
            )
    return np.array([places[character] for character in characters], dtype=np.int64)


def decoded(tokens: npt.ArrayLike, known: str) -> str:
    """The text of some tokens."""
    return "".join(known[token] for token in np.asarray(tokens, dtype=int))


def passage(number: int, seed: int, length: int) -> str:
    """Passage ``number`` of the held-out text: the same for every model."""
    rng = np.random.default_rng([seed, number])
    start = int(rng.integers(len(held_out()) - length))
    return held_out()[start : start + length]
