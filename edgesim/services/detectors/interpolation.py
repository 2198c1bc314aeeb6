"""New flows between old ones of the same class: SKN, and SMOTE by imbalanced-learn.

SKN (arXiv 2306.03707) takes a point, one of its k nearest neighbours of the same class, and a
place on the line between them. That is SMOTE (Chawla and others, JAIR 16, 2002); what differs is
how the point is chosen.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgesim.errors import InputError

__all__ = ["NEIGHBOURS", "interpolated", "nearest_neighbours", "skn", "smote"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

NEIGHBOURS = 5
"""Of a flow that are considered, of SMOTE (imbalanced-learn's own) and SKN."""


def nearest_neighbours(points: npt.ArrayLike, k: int) -> Ints:
    """The k nearest other points of each point.

    Args:
        points: shape (n, features), n > k.
        k: neighbours of each.

    Returns:
        their indices by Euclidean distance, nearest first, of equal ones the lower index first;
        shape (n, k).

    Raises:
        InputError: fewer than ``k`` other points.
    """
    places = np.asarray(points, dtype=np.float64)
    if not 1 <= k < len(places):
        raise InputError("k", k, f"must be 1 to {len(places) - 1}, the other points of the class")
    # Row by row: a class may have thousands of flows.
    nearest = np.empty((len(places), k), dtype=np.int64)
    for i, place in enumerate(places):
        squared = ((places - place) ** 2).sum(axis=1)
        squared[i] = np.inf
        nearest[i] = np.argsort(squared, kind="stable")[:k]
    return nearest


def interpolated(
    points: npt.ArrayLike, neighbours: npt.ArrayLike, choices: Sequence[tuple[int, int, float]]
) -> Floats:
    """New points x + u (x_k - x).

    Args:
        points: shape (n, features).
        neighbours: indices of the neighbours of each point, shape (n, k).
        choices: of each new point: the point, the place among its neighbours, the weight u.

    Returns:
        shape (choices, features).
    """
    places = np.asarray(points, dtype=np.float64)
    near = np.asarray(neighbours, dtype=np.int64)
    from_, place = (np.array([it[i] for it in choices], dtype=np.int64) for i in (0, 1))
    weight = np.array([it[2] for it in choices], dtype=np.float64)[:, None]
    start = places[from_]
    made: Floats = start + weight * (places[near[from_, place]] - start)
    return made


def skn(points: npt.ArrayLike, count: int, k: int, rng: np.random.Generator) -> Floats:
    """As many new points of a class, between its points and their neighbours.

    Args:
        points: the class, shape (n, features).
        count: how many new ones.
        k: neighbours that are considered; fewer where the class has fewer points.
        rng: draws point, neighbour and weight, all uniform.

    Returns:
        shape (count, features).

    Raises:
        InputError: fewer than two points: there is no neighbour.
    """
    places = np.asarray(points, dtype=np.float64)
    if len(places) < 2:
        raise InputError("skn", len(places), "must have 2 points of a class or more")
    near = nearest_neighbours(places, min(k, len(places) - 1))
    choices = zip(
        rng.integers(len(places), size=count),
        rng.integers(near.shape[1], size=count),
        rng.random(count),
        strict=True,
    )
    return interpolated(places, near, list(choices)) if count else places[:0]


def smote(
    points: npt.ArrayLike,
    majority: npt.ArrayLike,
    k: int = 5,
    random_state: int = 0,
    total: int | None = None,
) -> Floats:
    """What imbalanced-learn's SMOTE adds to a class beside a larger one.

    Args:
        points: the small class, shape (n, features), n > k.
        majority: the large class, shape (m, features).
        k: neighbours that are considered.
        random_state: seed.
        total: points that the small class has afterwards; None: as many as the large one.

    Returns:
        the new points, shape (total - n, features).

    Raises:
        InputError: fewer than ``k`` other points.
    """
    from imblearn.over_sampling import SMOTE

    few, many = (np.asarray(it, dtype=np.float64) for it in (points, majority))
    if not 1 <= k < len(few):
        raise InputError("k", k, f"must be 1 to {len(few) - 1}, the other points of the class")
    wanted = len(many) if total is None else total
    sampler = SMOTE(sampling_strategy={1: wanted}, k_neighbors=k, random_state=random_state)
    flows = np.concatenate([few, many])
    classes = np.repeat([1, 0], [len(few), len(many)])
    made, _ = sampler.fit_resample(flows, classes)
    new: Floats = np.asarray(made)[len(flows) :]
    return new
