"""Labelled images and whose they are, checked."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgesim.errors import InputError

__all__ = ["Images", "averaged", "checked", "split"]

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_MOST_CLASSES = 10_000


class Images(NamedTuple):
    """Images to train on and to test with.

    Attributes:
        x: numbers of each training image, samples x numbers.
        y: class of each.
        client: whose it is, from 0.
        x_test: numbers of each test image.
        y_test: class of each.
        classes: how many classes there are.
    """

    x: Floats
    y: Ints
    client: Ints
    x_test: Floats
    y_test: Ints
    classes: int


def checked(source: str, x: Any, y: Any, client: Any) -> tuple[Floats, Ints, Ints]:
    """Arrays of a file as numbers in [0, 1] where they were bytes, classes, and clients from 0.

    Raises:
        InputError: shapes that do not fit, no samples, NaN or infinite numbers, classes that are
            no whole numbers from 0, or one class alone.
    """
    images, labels, owners = np.asarray(x), np.asarray(y), np.asarray(client)
    if images.ndim < 2 or labels.ndim != 1 or owners.ndim != 1:
        shapes = (images.shape, labels.shape, owners.shape)
        raise InputError(
            source, shapes, "must have x of shape (samples, …), y and client (samples,)"
        )
    if not len(images) == len(labels) == len(owners):
        counts = (len(images), len(labels), len(owners))
        raise InputError(source, counts, "x, y and client must have as many samples")
    if not len(images):
        raise InputError(source, 0, "has no samples")
    if not (np.issubdtype(images.dtype, np.number) or images.dtype == bool):
        raise InputError(f"{source}: x", str(images.dtype), "must be numbers")
    scale = 255.0 if images.dtype == np.uint8 else 1.0
    flat = (images.reshape(len(images), -1) / scale).astype(np.float32)
    if not np.isfinite(flat).all():
        row = int(np.flatnonzero(~np.isfinite(flat).all(axis=1))[0])
        raise InputError(f"{source}: x of sample", row, "must be finite numbers, without NaN")
    classes = _classes(source, labels)
    return flat, classes, np.unique(owners, return_inverse=True)[1].astype(np.int64)


def _classes(source: str, labels: NDArray[Any]) -> Ints:
    if not np.issubdtype(labels.dtype, np.number) or not (labels == np.round(labels)).all():
        raise InputError(f"{source}: y", str(labels.dtype), "must be whole numbers from 0")
    found = labels.astype(np.int64)
    if found.min() < 0 or found.max() >= _MOST_CLASSES:
        wrong = int(found.min() if found.min() < 0 else found.max())
        raise InputError(f"{source}: y", wrong, f"classes must be from 0 to {_MOST_CLASSES - 1}")
    if len(np.unique(found)) < 2:
        raise InputError(
            f"{source}: y", int(found[0]), "is the one class of all samples: needs two"
        )
    return found


def averaged(x: Floats, side: int) -> Floats:
    """Square images averaged to ``side`` x ``side`` pixels.

    Raises:
        InputError: they are no squares, or their side is no multiple of it.
    """
    before = round(float(np.sqrt(x.shape[1])))
    if before * before != x.shape[1] or before % side:
        raise InputError(
            "data.pixels",
            side,
            f"must divide the side of square images; {x.shape[1]} numbers are a sample",
        )
    step = before // side
    parts = x.reshape(-1, side, step, side, step)
    return np.ascontiguousarray(parts.mean(axis=(2, 4)).reshape(len(x), -1), dtype=np.float32)


def split(x: Floats, y: Ints, client: Ints, rng: np.random.Generator, share: float = 0.1) -> Images:
    """A ``share`` of each client's samples, drawn by ``rng``, to test with."""
    held = np.zeros(len(y), bool)
    for one in np.unique(client):
        own = np.flatnonzero(client == one)
        held[rng.permutation(own)[: int(len(own) * share)]] = True
    if not held.any():  # clients of a few samples each
        held[rng.permutation(len(y))[: max(1, int(len(y) * share))]] = True
    kept = ~held
    return Images(x[kept], y[kept], client[kept], x[held], y[held], int(y.max()) + 1)
