"""Inter-cluster grouping (FedGSP, arXiv 2201.12976): like devices in clusters, unlike in groups.

``K // G`` clusters of equal size hold devices with like labels; a group takes one device of each,
so that its labels are near those of everybody.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import combinations, permutations, product
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import linear_sum_assignment

from edgesim.errors import InputError

__all__ = [
    "Clusters",
    "balanced_groupings",
    "best_clusters",
    "divergence",
    "groupings_of",
    "groups_by_index",
    "icg",
    "inertia",
    "kmeans_clusters",
    "random_groups",
]

Groups = list[list[int]]


class Clusters(NamedTuple):
    """Clusters of devices, each ascending and by its first device, and their k-means inertia."""

    clusters: Groups
    inertia: float


def inertia(counts: ArrayLike, clusters: Sequence[Sequence[int]]) -> float:
    """Sum of squared distances of each device's label counts to the mean of its cluster."""
    rows = np.asarray(counts, float)
    return float(sum(((rows[c] - rows[c].mean(axis=0)) ** 2).sum() for c in map(list, clusters)))


def divergence(counts: ArrayLike, groups: Sequence[Sequence[int]]) -> float:
    """Mean over groups of the L2 distance of a group's label shares to those of all devices."""
    rows = np.asarray(counts, float)
    everybody = rows.sum(axis=0) / rows.sum()
    shares = [rows[list(group)].sum(axis=0) for group in groups]
    return float(np.mean([np.linalg.norm(it / it.sum() - everybody) for it in shares]))


def check_groups(devices: int, groups: int) -> None:
    """Refuse a number of groups that the devices cannot fill.

    Raises:
        InputError: there are fewer than one, or more groups than devices.
    """
    if not 1 <= groups <= devices:
        raise InputError("groups", groups, f"1 to {devices}, the number of devices")


def best_clusters(counts: ArrayLike, groups: int) -> Clusters:
    """The clusters of least inertia, all partitions tried: for a dozen devices at most.

    Args:
        counts: label counts, devices x classes; ``groups`` divides the number of devices.
        groups: G; there are ``K // G`` clusters of G devices.

    Raises:
        InputError: more groups than devices, or a number that does not divide theirs.
    """
    rows = np.asarray(counts, float)
    check_groups(len(rows), groups)
    if len(rows) % groups:
        raise InputError("groups", groups, f"a divisor of {len(rows)}, the number of devices")

    # The inertia is a sum over clusters: each set of devices is weighed once.
    @cache
    def within(cluster: tuple[int, ...]) -> float:
        return inertia(rows, [cluster])

    best: tuple[tuple[int, ...], ...] = ()
    least = np.inf
    for partition in _partitions(tuple(range(len(rows))), groups):
        if (total := sum(map(within, partition))) < least - 1e-9:
            best, least = partition, total
    return Clusters([list(cluster) for cluster in best], float(least))


def groups_by_index(clusters: Sequence[Sequence[int]]) -> Groups:
    """Group i takes the i-th device of each cluster, in the order in which they are given."""
    return [sorted(members) for members in zip(*clusters, strict=True)]


def groupings_of(clusters: Sequence[Sequence[int]]) -> Iterator[Groups]:
    """Every grouping that takes one device of each cluster into each group."""
    first, *others = clusters
    for orders in product(*(permutations(cluster) for cluster in others)):
        yield groups_by_index([first, *orders])


def balanced_groupings(devices: int, groups: int) -> Iterator[Groups]:
    """Every way to part the devices into ``groups`` groups of equal size."""
    for partition in _partitions(tuple(range(devices)), devices // groups):
        yield [list(members) for members in partition]


def kmeans_clusters(
    counts: ArrayLike, clusters: int, rng: np.random.Generator, starts: int = 3, steps: int = 30
) -> Clusters:
    """Clusters of equal size by k-means, where an assignment problem gives each centre its share.

    Args:
        counts: label counts, devices x classes; ``clusters`` divides the number of devices.
        clusters: how many clusters.
        rng: draws the first centres.
        starts: how often k-means begins anew; the least inertia is kept.
        steps: reassignments at most.
    """
    rows = np.asarray(counts, float)
    size = len(rows) // clusters
    best = Clusters([], np.inf)
    for _ in range(starts):
        centres = rows[rng.choice(len(rows), clusters, replace=False)]
        owner = np.full(len(rows), -1)
        for _ in range(steps):
            apart = ((rows[:, None, :] - centres[None]) ** 2).sum(axis=2)
            places = linear_sum_assignment(np.repeat(apart, size, axis=1))[1] // size
            if (places == owner).all():
                break
            owner = places
            centres = np.stack([rows[owner == c].mean(axis=0) for c in range(clusters)])
        found = [[int(k) for k in np.flatnonzero(owner == c)] for c in range(clusters)]
        if (within := inertia(rows, found)) < best.inertia:
            best = Clusters(sorted(found), within)
    return best


def icg(counts: ArrayLike, groups: int, rng: np.random.Generator) -> Groups:
    """Groups of unlike devices: one of each of ``K // G`` clusters.

    ``K // G`` clusters have ``K // (K // G)`` devices each; devices beyond them sit out, and of
    their groups the first G are kept, as in the authors' code. Devices are drawn, and shuffled
    within clusters, by ``rng``.

    Raises:
        InputError: more groups than devices.
    """
    rows = np.asarray(counts, float)
    check_groups(len(rows), groups)
    clusters = len(rows) // groups
    drawn = rng.permutation(len(rows))[: len(rows) // clusters * clusters]
    found = kmeans_clusters(rows[drawn], clusters, rng).clusters
    shuffled = [[int(drawn[k]) for k in rng.permutation(cluster)] for cluster in found]
    return [list(members) for members in zip(*shuffled, strict=True)][:groups]


def random_groups(devices: int, groups: int, rng: np.random.Generator) -> Groups:
    """As many groups of as many devices as :func:`icg` makes, drawn at random.

    Raises:
        InputError: more groups than devices.
    """
    check_groups(devices, groups)
    size = devices // groups
    drawn = rng.permutation(devices)
    return [[int(k) for k in drawn[g * size : (g + 1) * size]] for g in range(groups)]


def _partitions(members: tuple[int, ...], size: int) -> Iterator[tuple[tuple[int, ...], ...]]:
    """Every partition of ``members`` into sets of ``size``, each ascending, by first members."""
    if not members:
        yield ()
        return
    first, rest = members[0], members[1:]
    for others in combinations(rest, size - 1):
        left = tuple(it for it in rest if it not in others)
        for further in _partitions(left, size):
            yield ((first, *others), *further)
