"""What a confusion matrix says: precision, recall and F1 by class, detections and false alarms."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgesim.errors import InputError

__all__ = ["ConfusionMetrics", "confusion", "confusion_metrics", "imbalance_ratio"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ConfusionMetrics:
    """Figures of one confusion matrix; class 0 is benign traffic, the others are attacks.

    A share of nothing (no flow of a class, none found as it) is 0, as scikit-learn counts it with
    ``zero_division=0``.

    Attributes:
        precision, recall, f1: of each class, shape (classes,).
        support: true flows of each class, shape (classes,).
        macro: mean precision, recall and F1 over the classes.
        weighted: the same, weighted by support.
        accuracy: share of all flows whose class was found.
        balanced_accuracy: mean recall over the classes that occur.
        attack_detected_share: share of attack flows found as any attack.
        right_type_share: share of attack flows found as what they are.
        false_alarm_share: share of benign flows found as any attack.
        imbalance_ratio: support of the largest class over that of each, shape (classes,); a class
            without flows counts as one flow.
    """

    precision: Floats
    recall: Floats
    f1: Floats
    support: Ints
    macro: tuple[float, float, float]
    weighted: tuple[float, float, float]
    accuracy: float
    balanced_accuracy: float
    attack_detected_share: float
    right_type_share: float
    false_alarm_share: float
    imbalance_ratio: Floats


def confusion(true: npt.ArrayLike, found: npt.ArrayLike, classes: int) -> Ints:
    """Count flows by true class (rows) and found class (columns).

    Args:
        true: class of each flow, shape (flows,).
        found: what a detector called it, shape (flows,).
        classes: how many there are.

    Returns:
        shape (classes, classes).
    """
    pairs = np.asarray(true, dtype=np.int64) * classes + np.asarray(found, dtype=np.int64)
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def imbalance_ratio(support: npt.ArrayLike) -> Floats:
    """Flows of the largest class over those of each class, n_max / n_i (arXiv 2306.03707); a class
    without flows counts as one.
    """
    counts = np.asarray(support, dtype=np.float64)
    ratio: Floats = counts.max() / np.maximum(counts, 1.0)
    return ratio


def confusion_metrics(matrix: npt.ArrayLike) -> ConfusionMetrics:
    """Every figure of a confusion matrix.

    Args:
        matrix: flows by true class (rows) and found class (columns); class 0 is benign. Shares
            instead of counts do as well.

    Raises:
        InputError: it is not square, has less than two classes, no flow, or a bad number.
    """
    counts = _checked(matrix)
    hits, support, found = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    precision, recall = _share(hits, found), _share(hits, support)
    f1 = _share(2.0 * hits, support + found)
    by_class = np.stack([precision, recall, f1])
    total = float(counts.sum())
    attacks, benign = float(support[1:].sum()), float(support[0])
    # scikit-learn's balanced accuracy leaves out the classes that do not occur.
    occurs = support > 0
    return ConfusionMetrics(
        precision=precision,
        recall=recall,
        f1=f1,
        support=support.astype(np.int64),
        macro=_triple(by_class.mean(axis=1)),
        weighted=_triple(by_class @ support / total),
        accuracy=float(hits.sum()) / total,
        balanced_accuracy=float(recall[occurs].mean()),
        attack_detected_share=float(counts[1:, 1:].sum()) / attacks if attacks else 0.0,
        right_type_share=float(hits[1:].sum()) / attacks if attacks else 0.0,
        false_alarm_share=float(counts[0, 1:].sum()) / benign if benign else 0.0,
        imbalance_ratio=imbalance_ratio(support),
    )


def _checked(matrix: npt.ArrayLike) -> Floats:
    accepted = "must be a square table of counts, true class by found class, of 2 classes or more"
    try:
        counts = np.asarray(matrix, dtype=np.float64)
    except (ValueError, TypeError):
        raise InputError("confusion matrix", matrix, accepted) from None
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or len(counts) < 2:
        raise InputError("confusion matrix", f"shape {counts.shape}", accepted)
    if not (np.isfinite(counts).all() and (counts >= 0).all() and counts.sum() > 0):
        raise InputError("confusion matrix", counts.tolist(), "must be counts of 0 and more")
    return counts


def _share(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)


def _triple(values: Floats) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])
