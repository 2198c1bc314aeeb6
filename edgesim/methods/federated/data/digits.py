"""scikit-learn's handwritten digits by synthetic writers, each with a hand of its own."""

from functools import cache

import numpy as np
from scipy.ndimage import affine_transform

from edgesim.errors import InputError
from edgesim.methods.federated.data.images import Floats, Images, Ints

__all__ = ["Hand", "base_digits", "digits", "hands"]

_TEST = 500  # base images that no writer copies for training: the last of the set [chosen]
_TEST_COPIES = 3  # hands in which each of them is shown
# How hands differ [chosen]: turned and slanted by up to so many radians, larger or smaller, beside
# the middle by up to so many pixels, and thicker or thinner by a power of the brightness.
_TURN, _SLANT, _SIZE, _SHIFT, _POWER = 0.35, 0.3, 0.15, 0.7, 0.4


@cache
def base_digits() -> tuple[Floats, Ints]:
    """The 1,797 images of the set, 8 x 8 in [0, 1], and their classes.

    Raises:
        InputError: scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ModuleNotFoundError:
        needs = "needs scikit-learn: pip install 'edgesim[federated]'; or name a file of images"
        raise InputError("data.source", "digits", needs) from None
    images, labels = load_digits(return_X_y=True)
    return (images / 16.0).astype(np.float32).reshape(-1, 8, 8), labels.astype(np.int64)


def digits(writers: int, samples: int, rng: np.random.Generator) -> Images:
    """Digits that each of some writers copies from the 1,297 first images of the set.

    Args:
        writers: how many.
        samples: images of each.
        rng: draws hands, and who copies what.
    """
    images, labels = base_digits()
    written = hands(writers, rng)
    drawn = rng.integers(len(images) - _TEST, size=(writers, samples))
    x = np.concatenate([hand.copies(images[own]) for hand, own in zip(written, drawn, strict=True)])
    shown = np.repeat(np.arange(len(images) - _TEST, len(images)), _TEST_COPIES)
    whose = rng.integers(writers, size=len(shown))
    x_test = np.empty((len(shown), 64), np.float32)
    for writer in np.unique(whose):
        own = whose == writer
        x_test[own] = written[writer].copies(images[shown[own]])
    client = np.repeat(np.arange(writers), samples)
    return Images(x, labels[drawn.ravel()], client, x_test, labels[shown], 10)


def hands(count: int, rng: np.random.Generator, wild: float = 1.0) -> "list[Hand]":
    """So many hands; ``wild``: how many times as much they turn and slant as usual."""
    return [Hand(rng, wild) for _ in range(count)]


class Hand:
    """How a writer turns, slants, moves and thickens what it copies."""

    def __init__(self, rng: np.random.Generator, wild: float = 1.0) -> None:
        turn, slant = wild * rng.uniform(-_TURN, _TURN), wild * rng.uniform(-_SLANT, _SLANT)
        size = 1 + rng.uniform(-_SIZE, _SIZE)
        rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        self._matrix = rotation @ np.array([[1.0, slant], [0.0, 1.0]]) / size
        middle = np.array([3.5, 3.5])
        self._offset = middle - self._matrix @ middle + rng.uniform(-_SHIFT, _SHIFT, size=2)
        self._power = np.exp(rng.uniform(-_POWER, _POWER))

    def copies(self, images: Floats) -> Floats:
        """Images 8 x 8 in this hand, samples x 64."""
        matrix = np.eye(3)
        matrix[1:, 1:] = self._matrix
        offset = np.array([0.0, *self._offset])
        moved = affine_transform(images, matrix, offset, order=1)
        return np.asarray(np.clip(moved, 0, 1).reshape(len(images), -1) ** self._power, np.float32)
