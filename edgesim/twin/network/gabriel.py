"""Where the fibre between sites runs: their Gabriel graph."""

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike

__all__ = ["metro_graph"]

_ROUNDING = 1e-12  # of a squared distance


def metro_graph(sites: ArrayLike) -> "nx.Graph[int]":
    """Streets' worth of fibre between the sites: their Gabriel graph.

    Two sites are joined where no third one lies in the disc that has the line between them as its
    diameter (K. R. Gabriel, R. R. Sokal, "A new statistical approach to geographic variation
    analysis", Systematic Zoology 18, 1969). The graph is planar and connected, and contains the
    shortest tree of fibre; a site has about four neighbours. A site on the rim of the disc counts
    as inside, so that the diagonals of a square of sites are not drawn.

    Args:
        sites: coordinates, m, shape (S, 2).

    Returns:
        A graph on the nodes 0 … S-1, each with ``x_m`` and ``y_m``, each edge with ``length_m``.

    Raises:
        ValueError: ``sites`` is not of shape (S, 2) with S >= 1.
    """
    points = np.asarray(sites, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise ValueError(f"sites of shape {points.shape}: must be (S, 2) with S >= 1")
    graph: nx.Graph[int] = nx.Graph()
    for site, (x, y) in enumerate(points.tolist()):
        graph.add_node(site, x_m=x, y_m=y)
    squared = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    for one in range(len(points)):
        for other in range(one + 1, len(points)):
            apart = squared[one, other]
            # Sites on the same spot as an end, up to rounding, are no third site: else two of them
            # would cut each other off.
            third = np.minimum(squared[one], squared[other]) > 2 * _ROUNDING * apart
            inside = squared[one] + squared[other] <= apart * (1 + _ROUNDING)
            if not (third & inside).any():
                graph.add_edge(one, other, length_m=float(np.sqrt(apart)))
    return graph
