"""The ring, or the tree, in which gradients are reduced, and what that asks of the links.

In a ring all-reduce every one of ``n`` nodes sends ``2 (n - 1)/n`` times the gradient to the next
one, in ``2 (n - 1)`` rounds that all finish together (P. Patarasu and X. Yuan, "Bandwidth optimal
all-reduce algorithms for clusters of workstations", JPDC 69(2), 2009). All hops thus go at one
rate; a link that ``m`` hops cross carries ``m`` times that.

In a tree the gradient goes up to the root and its sum down again, in pieces that follow one
another: each hop carries the whole of it, and two rounds a level take time besides. The tree is
binary, in the order of the ring.
"""

from collections.abc import Callable, Sequence

import networkx as nx

__all__ = [
    "REDUCTIONS",
    "Hops",
    "hops_of",
    "inserted",
    "layers",
    "pairs_of",
    "rounds_of",
    "share_of",
    "tour_ranks",
]

REDUCTIONS = ("ring", "tree")
"""How gradients are reduced."""

Path = tuple[int, ...]
Hops = list[Path]
"""The links of each hop, from one node to another."""


def pairs_of(kind: str, ring: Sequence[int]) -> list[tuple[int, int]]:
    """Who sends to whom in a ``ring``, each to the one after it, or in a ``tree``, up and down."""
    if len(ring) < 2:
        return []
    if kind == "ring":
        return list(zip(ring, [*ring[1:], ring[0]], strict=True))
    edges = [(ring[place], ring[(place - 1) // 2]) for place in range(1, len(ring))]
    return [pair for one, other in edges for pair in ((one, other), (other, one))]


def hops_of(kind: str, ring: Sequence[int], path: Callable[[int, int], Path | None]) -> Hops | None:
    """The hops of a ring or tree; None where one finds no way, nothing for fewer than two nodes."""
    hops = []
    for one, other in pairs_of(kind, ring):
        way = path(one, other)
        if way is None:
            return None
        hops.append(way)
    return hops


def share_of(kind: str, count: int) -> float:
    """What each hop carries of the gradient, for ``count`` nodes in a ``ring`` or ``tree``."""
    if count < 2:
        return 0.0
    return 2.0 * (count - 1) / count if kind == "ring" else 1.0


def rounds_of(kind: str, count: int) -> int:
    """Rounds of messages one after another, likewise."""
    return 2 * (count - 1) if kind == "ring" else 2 * (count.bit_length() - 1)


def layers(hops: Hops) -> list[Path]:
    """The hops as sets of links without one twice: the n-th holds what n hops or more cross.

    A transfer over each of them at the same time asks of every link what the hops ask of it.
    """
    found: list[list[int]] = []
    crossed: dict[int, int] = {}
    for hop in hops:
        for link in hop:
            times = crossed.get(link, 0)
            crossed[link] = times + 1
            if times == len(found):
                found.append([])
            found[times].append(link)
    return [tuple(layer) for layer in found]


def tour_ranks(backbone: "nx.Graph[int]", switches: Sequence[int]) -> list[int]:
    """A place for each institution, by which a ring goes around the backbone's shortest tree.

    Such a ring crosses each link of the tree at most once each way.
    """
    tree = nx.minimum_spanning_tree(backbone, weight="length_km")
    place = {node: at for at, node in enumerate(nx.dfs_preorder_nodes(tree, 0))}
    return [place[switch] for switch in switches]


def inserted(ring: Sequence[int], newcomer: int, apart: Callable[[int, int], float]) -> list[int]:
    """A ring with a newcomer where it makes the way around the least longer; of equals the first.

    Args:
        ring: the ring.
        newcomer: who joins.
        apart: how far two are from each other.
    """
    if len(ring) < 2:
        return [*ring, newcomer]
    longer = []
    for place, one in enumerate(ring):
        other = ring[(place + 1) % len(ring)]
        longer.append(apart(one, newcomer) + apart(newcomer, other) - apart(one, other))
    place = longer.index(min(longer)) + 1
    return [*ring[:place], newcomer, *ring[place:]]
