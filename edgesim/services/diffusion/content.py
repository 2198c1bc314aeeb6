"""What the embedded services are trained and scored on: data that lie in the wheels of
scikit-learn and scikit-image. Nothing is downloaded.
"""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "SCORING_PHOTOGRAPHS",
    "TRAINING_PHOTOGRAPHS",
    "digits",
    "drop_mask",
    "photograph",
    "scoring_crop",
    "training_crops",
]

FloatArray = npt.NDArray[np.float32]

TRAINING_PHOTOGRAPHS = (
    "chelsea",
    "rocket",
    "stereo_motorcycle",
    "hubble_deep_field",
    "brick",
    "grass",
    "gravel",
    "coins",
)
"""Photographs of scikit-image that the networks learn from."""

SCORING_PHOTOGRAPHS = ("astronaut", "coffee", "camera")
"""Photographs of scikit-image that quality is scored on; no network has seen them."""

_DIGITS_SCORED = 500  # of 1797: the last ones, which other people wrote than the first


@cache
def photograph(name: str) -> FloatArray:
    """A photograph of scikit-image, shape (height, width, 3), values in [0, 1].

    A grey one has three equal channels.
    """
    from skimage import data

    found: Any = getattr(data, name)()
    image = np.asarray(found[0] if isinstance(found, tuple) else found)
    if image.ndim == 2:
        image = np.repeat(image[..., None], 3, axis=-1)
    return np.asarray(image[..., :3], dtype=np.float32) / 255.0


@cache
def _third(name: str) -> FloatArray:
    """A photograph at a third of its size."""
    return _smaller(photograph(name), 3)


def _smaller(image: FloatArray, factor: int) -> FloatArray:
    """The photograph at 1 / ``factor`` of its size: means of blocks."""
    height, width = (size // factor for size in image.shape[:2])
    blocks = image[: height * factor, : width * factor].reshape(height, factor, width, factor, 3)
    return np.asarray(blocks.mean(axis=(1, 3)), dtype=np.float32)


@cache
def _training_images() -> tuple[FloatArray, ...]:
    """Every training photograph at its size, a half and a quarter of it."""
    return tuple(
        _smaller(photograph(name), factor) for name in TRAINING_PHOTOGRAPHS for factor in (1, 2, 4)
    )


def training_crops(rng: np.random.Generator, count: int, side_px: int) -> FloatArray:
    """Random crops of the training photographs, mirrored at random and with their colours swapped.

    Returns:
        shape (count, 3, side_px, side_px), values in [0, 1].
    """
    images = [image for image in _training_images() if min(image.shape[:2]) >= side_px]
    crops = []
    for number in rng.integers(len(images), size=count):
        crop = _crop(images[number], rng, side_px)
        if rng.random() < 0.5:
            crop = crop[:, ::-1]
        crops.append(crop[..., rng.permutation(3)].transpose(2, 0, 1))
    return np.stack(crops)


def scoring_crop(number: int, seed: int, side_px: int) -> FloatArray:
    """Crop ``number`` of the scoring photographs, at a third of their size.

    Returns:
        shape (3, side_px, side_px), values in [0, 1].
    """
    name = SCORING_PHOTOGRAPHS[number % len(SCORING_PHOTOGRAPHS)]
    rng = np.random.default_rng([seed, number, 0])
    return _crop(_third(name), rng, side_px).transpose(2, 0, 1)


def _crop(image: FloatArray, rng: np.random.Generator, side_px: int) -> FloatArray:
    top, left = (int(rng.integers(size - side_px + 1)) for size in image.shape[:2])
    return image[top : top + side_px, left : left + side_px]


def drop_mask(number: int, seed: int, side_px: int, dropped: float) -> FloatArray:
    """Which pixels of crop ``number`` are kept: 1, or 0 for those that were dropped.

    Args:
        number: of the crop.
        seed: of the calibration.
        side_px: side of the image.
        dropped: share of pixels that are dropped, each on its own.

    Returns:
        shape (1, side_px, side_px).
    """
    rng = np.random.default_rng([seed, number, 1])
    return (rng.random((1, side_px, side_px)) >= dropped).astype(np.float32)


def digits(*, scored: bool) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """scikit-learn's handwritten digits, enlarged from 8 to 16 px.

    Args:
        scored: those kept apart for scoring; otherwise those to learn from.

    Returns:
        images, shape (n, 1, 16, 16), values in [0, 1], and which digit each is, shape (n,).
    """
    from sklearn.datasets import load_digits

    found: Any = load_digits()
    images = np.repeat(np.repeat(found.images / 16.0, 2, axis=1), 2, axis=2)
    part = slice(-_DIGITS_SCORED, None) if scored else slice(None, -_DIGITS_SCORED)
    return images[part, None].astype(np.float32), found.target[part].astype(np.int64)
