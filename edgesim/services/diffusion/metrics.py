"""How good generated images are: metrics of one image, and of a set.

Images have the shape (n, height, width, channels), values in [0, 1].
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.services.scores import ItemMetric

__all__ = [
    "PER_IMAGE",
    "Judge",
    "frechet_distance",
    "judge_of_digits",
    "psnr_db",
    "ssim",
    "total_variation",
]

FloatArray = npt.NDArray[np.float64]


def psnr_db(images: npt.ArrayLike, truths: npt.ArrayLike) -> FloatArray:
    """Peak signal-to-noise ratio of every image, dB, at most 60."""
    import skimage.metrics

    psnr: Any = skimage.metrics.peak_signal_noise_ratio

    pairs = zip(np.asarray(images, float), np.asarray(truths, float), strict=True)
    with np.errstate(divide="ignore"):
        return np.array([min(psnr(truth, image, data_range=1.0), 60.0) for image, truth in pairs])


def ssim(images: npt.ArrayLike, truths: npt.ArrayLike) -> FloatArray:
    """Structural similarity of every image with its truth (Wang et al. 2004), 1 for equal ones."""
    import skimage.metrics

    structural_similarity: Any = skimage.metrics.structural_similarity

    pairs = zip(np.asarray(images, float), np.asarray(truths, float), strict=True)
    return np.array(
        [
            structural_similarity(truth, image, data_range=1.0, channel_axis=-1)
            for image, truth in pairs
        ]
    )


def total_variation(images: npt.ArrayLike, truths: npt.ArrayLike | None = None) -> FloatArray:
    """Mean absolute difference of neighbouring pixels of every image: noise has much of it."""
    found = np.asarray(images, dtype=float)
    down, right = (np.abs(np.diff(found, axis=axis)).mean(axis=(1, 2, 3)) for axis in (1, 2))
    return np.asarray(down + right)


PER_IMAGE: Mapping[str, ItemMetric] = {
    "ssim": ItemMetric(ssim, "", "higher", 0.0, 1.0, needs_truth=True),
    "psnr": ItemMetric(psnr_db, "dB", "higher", 5.0, 30.0, needs_truth=True),
    "total_variation": ItemMetric(total_variation, "", "lower", 1.0, 0.0, needs_truth=False),
}
"""Metrics of one image. The score's ends are declared, and hold for every service."""


def frechet_distance(features: FloatArray, others: FloatArray) -> float:
    """Distance of two normal distributions with the features' means and covariances.

    ``|m1 - m2|² + tr(C1 + C2 - 2 (C1 C2)^(1/2))`` (Heusel et al. 2017, eq. 6).

    Args:
        features: of one set, shape (images, features).
        others: of the other set.
    """
    first, second = np.cov(features, rowvar=False), np.cov(others, rowvar=False)
    sizes, axes = np.linalg.eigh(first)
    root = axes * np.sqrt(np.clip(sizes, 0.0, None)) @ axes.T
    # The roots of the eigenvalues of C1 C2, which are those of a symmetric matrix.
    common = np.sqrt(np.clip(np.linalg.eigvalsh(root @ second @ root), 0.0, None)).sum()
    apart = ((features.mean(axis=0) - others.mean(axis=0)) ** 2).sum()
    return float(apart + np.trace(first) + np.trace(second) - 2.0 * common)


_NO_DIGIT = 10


class Judge:
    """A small classifier of digits: how sure it is of an image, and what it sees in it.

    It also knows what is no digit, since a classifier of digits alone is sure of noise.

    Args:
        classifier: scikit-learn's ``MLPClassifier``, fitted to images as rows.
    """

    def __init__(self, classifier: Any) -> None:
        self._classifier = classifier

    def confidence(self, images: npt.ArrayLike) -> FloatArray:
        """The probability of the likeliest digit, for every image; near 0 where there is none."""
        shares = self._classifier.predict_proba(_as_rows(images))
        return np.asarray(shares[:, :_NO_DIGIT].max(axis=1))

    def features(self, images: npt.ArrayLike) -> FloatArray:
        """Outputs of the last hidden layer, shape (n, features)."""
        rows = _as_rows(images)
        layers = zip(self._classifier.coefs_[:-1], self._classifier.intercepts_, strict=False)
        for weights, offsets in layers:
            rows = np.maximum(rows @ weights + offsets, 0.0)
        return np.asarray(rows)

    def accuracy(self, images: npt.ArrayLike, labels: npt.NDArray[np.int64]) -> float:
        """Share of images that it names as they are."""
        return float((self._classifier.predict(_as_rows(images)) == labels).mean())


def _as_rows(images: npt.ArrayLike) -> FloatArray:
    found = np.asarray(images, dtype=float)
    return found.reshape(len(found), -1)


@cache
def judge_of_digits() -> Judge:
    """The judge, trained in seconds on the digits that the network learned from."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    from edgesim.services.diffusion.content import digits

    images, labels = digits(scored=False)
    rows, rng = _as_rows(images), np.random.default_rng(0)
    noise = np.clip(rng.normal(0.5, 0.5, rows.shape), 0.0, 1.0)
    noisy = np.clip(0.4 * rows + 0.6 * noise, 0.0, 1.0)
    shuffled = rng.permuted(rows, axis=1)
    none = np.full(3 * len(rows), _NO_DIGIT)
    classifier = MLPClassifier((64, 32), random_state=0, max_iter=40)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 40 rounds are enough here
        classifier.fit(
            np.concatenate([rows, noise, noisy, shuffled]), np.concatenate([labels, none])
        )
    return Judge(classifier)
