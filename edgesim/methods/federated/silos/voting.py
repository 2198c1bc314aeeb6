"""Votes of silos on public samples (CoFED, arXiv 2202.08603), and the weights of what they accept.

A silo labels a public sample where it is sure; the server accepts a class for a sample where enough
of the silos that own the class say so; a silo learns from samples that were accepted for exactly
one of its classes.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Votes", "class_weights", "confident", "vote"]


class Votes(NamedTuple):
    """What the server accepted.

    Attributes:
        owners: class -> how many silos own it.
        accepted: class -> public samples accepted for it, ascending.
        pseudo_labels: of each silo, class -> samples it learns as that class.
    """

    owners: dict[int, int]
    accepted: dict[int, list[int]]
    pseudo_labels: list[dict[int, list[int]]]


def confident(probabilities: ArrayLike, confidence_gap: float) -> NDArray[np.int64]:
    """The column of the likeliest class of each sample, or -1 where the silo is not sure.

    It is sure where the likeliest class is more than ``confidence_gap`` above the next. A silo of
    one class has no next: its gap is the whole probability.

    Args:
        probabilities: samples x the silo's classes.
        confidence_gap: .3 in the published code, strict.
    """
    shares = np.asarray(probabilities, float)
    top = shares.argmax(axis=1)
    ordered = np.sort(shares, axis=1)
    second = ordered[:, -2] if shares.shape[1] > 1 else 0.0
    return np.where(ordered[:, -1] - second > confidence_gap, top, -1).astype(np.int64)


def vote(
    classes_of_silo: Sequence[Sequence[int]],
    probabilities: Sequence[ArrayLike],
    confidence_gap: float = 0.3,
    vote_share: float = 0.3,
) -> Votes:
    """Accept public samples for classes, and give each silo those that are its own once.

    Args:
        classes_of_silo: the classes that each silo owns.
        probabilities: of each silo, public samples x its classes, in the order of its classes.
        confidence_gap: how far the likeliest class is above the next, strict.
        vote_share: of the owners of a class, how many must say so, strict.
    """
    labelled = [confident(it, confidence_gap) for it in probabilities]
    samples = len(labelled[0]) if labelled else 0
    owners: dict[int, int] = {}
    ballots: dict[int, NDArray[np.int64]] = {}
    for classes, columns in zip(classes_of_silo, labelled, strict=True):
        for column, c in enumerate(classes):
            owners[c] = owners.get(c, 0) + 1
            ballots[c] = ballots.get(c, np.zeros(samples, np.int64)) + (columns == column)
    accepted = {
        c: [int(x) for x in np.flatnonzero(ballots[c] / owners[c] > vote_share)]
        for c in sorted(owners)
    }
    pseudo_labels = []
    for classes in classes_of_silo:
        claims = np.zeros(samples, np.int64)
        for c in classes:
            claims[accepted[c]] += 1
        pseudo_labels.append({c: [x for x in accepted[c] if claims[x] == 1] for c in classes})
    return Votes(dict(sorted(owners.items())), accepted, pseudo_labels)


def class_weights(local_counts: ArrayLike, pseudo_counts: ArrayLike) -> NDArray[np.float64]:
    """Weight of each class in a silo's training: 1 / count, the largest being 1.

    Args:
        local_counts: own samples of each class.
        pseudo_counts: public samples that were accepted for it; a class with neither weighs 0.
    """
    counts = np.asarray(local_counts, float) + np.asarray(pseudo_counts, float)
    inverse = np.divide(1.0, counts, out=np.zeros(counts.shape), where=counts > 0)
    largest = inverse.max(initial=0.0)
    return np.asarray(inverse / largest if largest > 0 else inverse, float)
