"""Semantic memory of a device (HFedMS, arXiv 2211.03300): features of earlier samples.

Which are kept is a reconstruction: the published code sorts by distance to the class mean, then
shuffles and cuts, so that its rule is not in force. Compensation is that of the code.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Selection", "class_means", "compensate", "select_memory", "shift_of_classes"]

_Floats = NDArray[np.float64]


class Selection(NamedTuple):
    """What fits into a memory.

    Attributes:
        class_means: class -> mean features, of the classes that occur.
        sq_distance: squared distance of each sample to the mean of its class.
        nearest_overall: the samples nearest to their means, as many as fit, ascending.
        quota: the largest equal number a class with which all fit.
        nearest_per_class: the nearest ``quota`` samples of each class, ascending.
    """

    class_means: dict[int, _Floats]
    sq_distance: _Floats
    nearest_overall: list[int]
    quota: int
    nearest_per_class: list[int]


def class_means(features: ArrayLike, labels: ArrayLike) -> dict[int, _Floats]:
    """Mean features of each class that occurs; ``features`` samples x dimensions."""
    rows, classes = np.asarray(features, float), np.asarray(labels, int)
    return {int(c): rows[classes == c].mean(axis=0) for c in np.unique(classes)}


def select_memory(features: ArrayLike, labels: ArrayLike, capacity: int) -> Selection:
    """Which samples a memory of ``capacity`` pairs keeps, by two rules; of equal ones the first.

    Args:
        features: samples x dimensions.
        labels: class of each sample.
        capacity: pairs that fit.
    """
    rows, classes = np.asarray(features, float), np.asarray(labels, int)
    means = class_means(rows, classes)
    if not len(classes):
        return Selection({}, np.zeros(0), [], 0, [])
    apart = ((rows - np.stack([means[int(c)] for c in classes])) ** 2).sum(axis=1)
    # Distances that are equal but for rounding count as equal: two samples of a class lie
    # symmetrically about its mean, and the first of them should win on every machine.
    order = np.argsort(np.round(apart, 12), kind="stable")
    counts = np.unique(classes, return_counts=True)[1]
    quota = next(q for q in range(len(classes), -1, -1) if np.minimum(counts, q).sum() <= capacity)
    per_class = [int(k) for c in means for k in [k for k in order if classes[k] == c][:quota]]
    overall = [int(k) for k in order[:capacity]]
    return Selection(means, apart, sorted(overall), quota, sorted(per_class))


def shift_of_classes(
    features_old: ArrayLike, features_new: ArrayLike, labels: ArrayLike, classes: int
) -> _Floats:
    """How far each class moved, classes x dimensions: mean now less mean under the old model.

    Both are features of the same samples; a class without a sample has not moved.
    """
    old, new = np.asarray(features_old, float), np.asarray(features_new, float)
    shift = np.zeros((classes, new.shape[1]))
    means_old, means_new = class_means(old, labels), class_means(new, labels)
    for c, mean in means_new.items():
        shift[c] = mean - means_old[c]
    return shift


def compensate(memory_features: ArrayLike, memory_labels: ArrayLike, shift: _Floats) -> _Floats:
    """Features in memory, each moved along with its class."""
    rows, labels = np.asarray(memory_features, float), np.asarray(memory_labels, int)
    return rows + shift[labels] if len(labels) else rows
