"""What real topology files lack: positions of some nodes, links between some parts."""

from collections.abc import Iterable
from dataclasses import replace

import networkx as nx
import numpy as np
import numpy.typing as npt

from edgesim.errors import InputError
from edgesim.twin.network.plan import KEY, Plan

__all__ = ["Place", "between_neighbours", "largest_part"]

Place = tuple[float, float]
"""(lon, lat) in degrees, or (x, y) in km."""

_WHOLE = 2 / 3
"""Share of the nodes beyond which the largest part of a network is the one that is meant."""


def largest_part(plan: Plan, source: str, notes: list[str]) -> Plan:
    """The plan where all of it hangs together, or its largest part.

    Raises:
        InputError: the largest part holds no more than two thirds of the nodes.
    """
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(len(plan.names)))
    graph.add_edges_from((link.one, link.other) for link in plan.links)
    parts = sorted(nx.connected_components(graph), key=lambda part: (len(part), min(part)))
    if len(parts) == 1:
        return plan
    kept = sorted(parts[-1])
    if len(kept) <= _WHOLE * len(plan.names):
        raise InputError(
            KEY,
            source,
            f"is not connected: it falls into {len(parts)} parts, the smallest of which holds"
            f" {_names(plan, sorted(parts[0]))}, and the largest no more than two thirds of the"
            " nodes",
        )
    left = sorted(set(range(len(plan.names))) - set(kept))
    notes.append(
        f"{len(left)} of {len(plan.names)} nodes left out, which nothing joins to the others:"
        f" {_names(plan, left)}"
    )
    number = {node: place for place, node in enumerate(kept)}
    return replace(
        plan,
        names=[plan.names[node] for node in kept],
        positions=[plan.positions[node] for node in kept],
        ids=None if plan.ids is None else [plan.ids[node] for node in kept],
        hosting=None if plan.hosting is None else [plan.hosting[node] for node in kept],
        links=[
            replace(link, one=number[link.one], other=number[link.other])
            for link in plan.links
            if link.one in number
        ],
    )


def between_neighbours(
    plan: Plan, places: list[Place | None], source: str, notes: list[str]
) -> None:
    """Give nodes without a position one: the mean of those of their neighbours.

    That is W. T. Tutte's barycentric mapping ("How to draw a graph", Proc. London Math. Soc. 13,
    1963) with the known places fixed. Degrees are averaged as points of a sphere, so that the date
    line is no border. Nothing is done where fewer than two nodes have a position: there is no map.

    Args:
        plan: names and links; connected.
        places: of the nodes; those that are None are set.
        source: the source, for messages.
        notes: what is assumed is added to it.
    """
    lacking = [node for node, place in enumerate(places) if place is None]
    if not lacking or len(places) - len(lacking) < 2:
        return
    count = len(places)
    weights = np.zeros((count, count))
    for link in plan.links:
        if link.one != link.other:
            weights[link.one, link.other] = weights[link.other, link.one] = 1.0
    known = [node for node in range(count) if places[node] is not None]
    points = np.array([_point(places[node], plan.geographic) for node in known])
    laplace = np.diag(weights.sum(axis=1)) - weights
    found = np.linalg.solve(
        laplace[np.ix_(lacking, lacking)], weights[np.ix_(lacking, known)] @ points
    )
    for node, point in zip(lacking, found, strict=True):
        places[node] = _place(point, plan.geographic)
    notes.append(
        f"{len(lacking)} of {count} nodes have no position and are placed between their neighbours:"
        f" {_names(plan, lacking)}"
    )


def _point(place: Place | None, geographic: bool) -> tuple[float, ...]:
    assert place is not None
    if not geographic:
        return place
    lon, lat = np.radians(place)
    return float(np.cos(lat) * np.cos(lon)), float(np.cos(lat) * np.sin(lon)), float(np.sin(lat))


def _place(point: npt.NDArray[np.float64], geographic: bool) -> Place:
    if not geographic:
        return float(point[0]), float(point[1])
    x, y, z = point
    return float(np.degrees(np.arctan2(y, x))), float(np.degrees(np.arctan2(z, np.hypot(x, y))))


def _names(plan: Plan, nodes: Iterable[int], most: int = 5) -> str:
    names = [plan.names[node] for node in nodes]
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")
