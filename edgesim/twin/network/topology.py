"""The map of the network: which switches there are, where they stand, how long each link is."""

from math import asin, cos, hypot, isfinite, radians, sin, sqrt
from typing import Any

import networkx as nx
import numpy as np

from edgesim.errors import InputError
from edgesim.scenarios.parts.links import Topology
from edgesim.twin.network import topology_sources as sources
from edgesim.twin.network.plan import KEY, Plan, PlannedLink

__all__ = ["build_topology", "great_circle_km", "load_topology"]

_EARTH_KM = 6371.0088  # mean radius R1 of the GRS 80 ellipsoid (H. Moritz, 1980)


def load_topology(
    topology: Topology,
    rng: np.random.Generator,
    waxman: tuple[float, float] = sources.WAXMAN,
) -> "nx.Graph[int]":
    """The switches and links of a scenario.

    ``topology.source`` is, tried in this order: a generator's name (``barabasi_albert``,
    ``gabriel``, ``waxman``; only these draw from ``rng``), a file that ends in ``.graphml`` or
    ``.gml``, or a topohub key. See :mod:`edgesim.twin.network.topology_sources` for what each
    reads.

    Args:
        topology: the scenario's keys.
        rng: draws a map, where one is drawn.
        waxman: (alpha, beta) of ``waxman``.

    Returns:
        As :func:`build_topology`; ``graph.graph["name"]`` is the source.

    Raises:
        InputError: the source is unknown, cannot be read, or is no network: see
            :func:`build_topology`.
    """
    source = topology.source.strip()
    if source in sources.GENERATORS:
        plan = sources.generate(source, topology.nodes, topology.side_km, rng, waxman)
    elif source.lower().endswith(sources.FILES):
        plan = sources.read_file(source)
    else:
        plan = sources.read_topohub(source)
    graph = build_topology(plan, source)
    graph.graph["name"] = source
    return graph


def build_topology(plan: Plan, source: str) -> "nx.Graph[int]":
    """A checked graph from what a source states.

    Lengths that are not given are distances: along the great circle between geographic positions,
    straight between (x, y). A link from a node to itself carries nothing and is left out; of
    parallel links the shortest is kept. A network some of whose nodes have no position, but all of
    whose links have a length, is laid out for drawing (``positions`` = "layout").

    Returns:
        Nodes 0 … N-1 in the source's order, each with ``name`` and ``x``, ``y``; edges with
        ``length_km`` and, where the source gives them, ``capacity_bps`` and ``reserved_bps``.
        ``graph.graph``:
        ``positions`` is "lonlat" (degrees), "km" or "layout".

    Raises:
        InputError: fewer than two nodes, not connected (the smallest part is named), a position,
            length, capacity or reservation that is none, or a link without length between nodes
            without positions.
    """
    count = len(plan.names)
    if count < 2:
        raise InputError(KEY, source, f"has {count} node(s): a network has at least 2")
    places = [_position(plan, node, source) for node in range(count)]
    graph: nx.Graph[int] = nx.Graph()
    for node, name in enumerate(plan.names):
        graph.add_node(node, name=name)
    for link in plan.links:
        if link.one == link.other:
            continue
        length = _length(plan, link, places, source)
        old = graph.get_edge_data(link.one, link.other)
        if old is not None and old["length_km"] <= length:
            continue
        if old is not None:
            graph.remove_edge(link.one, link.other)
        graph.add_edge(link.one, link.other, length_km=length)
        if link.capacity_bps is not None:
            what = f"{source}: capacity_bps of link {_called(plan, link)}"
            capacity = _figure(what, link.capacity_bps, "must be a finite number above 0")
            if capacity <= 0:
                raise InputError(what, link.capacity_bps, "must be a finite number above 0")
            graph.edges[link.one, link.other]["capacity_bps"] = capacity
        if link.reserved_bps is not None:
            what = f"{source}: reserved_bps of link {_called(plan, link)}"
            accepted = "must be a finite number of at least 0"
            reserved = _figure(what, link.reserved_bps, accepted)
            if reserved < 0:
                raise InputError(what, link.reserved_bps, accepted)
            graph.edges[link.one, link.other]["reserved_bps"] = reserved
    _connected(graph, plan, source)
    _place(graph, places, plan.geographic)
    return graph


def great_circle_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Distance (km) between two points (lon, lat), degrees, on a sphere of the earth's mean radius.

    The haversine formula (R. W. Sinnott, "Virtues of the haversine", Sky and Telescope 68, 1984),
    which keeps its digits for near points.
    """
    east, north = radians(other[0] - one[0]), radians(other[1] - one[1])
    chord = sin(north / 2) ** 2 + cos(radians(one[1])) * cos(radians(other[1])) * sin(east / 2) ** 2
    return 2 * _EARTH_KM * asin(min(1.0, sqrt(chord)))


def _called(plan: Plan, link: PlannedLink) -> str:
    return f"{plan.names[link.one]!r} – {plan.names[link.other]!r}"


def _figure(what: str, value: Any, accepted: str) -> float:
    try:
        figure = float(value)
    except (TypeError, ValueError):
        raise InputError(what, value, accepted) from None
    if not isfinite(figure):
        raise InputError(what, value, accepted)
    return figure


def _position(plan: Plan, node: int, source: str) -> tuple[float, float] | None:
    given = plan.positions[node]
    if given is None:
        return None
    what = f"{source}: position of node {plan.names[node]!r}"
    accepted = "must be finite numbers, a latitude in [-90, 90] and a longitude in [-360, 360]"
    if not plan.geographic:
        accepted = "must be finite numbers, km"
    x, y = (_figure(what, value, accepted) for value in given)
    if plan.geographic and (abs(x) > 360 or abs(y) > 90):
        raise InputError(what, (x, y), accepted)
    return x, y


def _length(
    plan: Plan, link: PlannedLink, places: list[tuple[float, float] | None], source: str
) -> float:
    if link.length_km is not None:
        what = f"{source}: length of link {_called(plan, link)}"
        length = _figure(what, link.length_km, "must be a finite number of at least 0 km")
        if length < 0:
            raise InputError(what, link.length_km, "must be a finite number of at least 0 km")
        return length
    one, other = places[link.one], places[link.other]
    if one is None or other is None:
        bare = plan.names[link.one if one is None else link.other]
        raise InputError(
            KEY,
            source,
            f"link {_called(plan, link)} has no length, and node {bare!r} no position: give links "
            "length_km, or nodes Longitude and Latitude (or x and y, km)",
        )
    if plan.geographic:
        return great_circle_km(one, other)
    return hypot(one[0] - other[0], one[1] - other[1])


def _connected(graph: "nx.Graph[int]", plan: Plan, source: str) -> None:
    parts = sorted(nx.connected_components(graph), key=lambda part: (len(part), min(part)))
    if len(parts) == 1:
        return
    names = [plan.names[node] for node in sorted(parts[0])]
    shown = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
    raise InputError(
        KEY,
        source,
        f"is not connected: it falls into {len(parts)} parts, the smallest of which holds {shown}",
    )


def _place(
    graph: "nx.Graph[int]", places: list[tuple[float, float] | None], geographic: bool
) -> None:
    graph.graph["positions"] = "lonlat" if geographic else "km"
    if None in places:
        graph.graph["positions"] = "layout"
        layout = nx.kamada_kawai_layout(graph, weight=None)
        places = [(float(layout[node][0]), float(layout[node][1])) for node in graph]
    for node, place in enumerate(places):
        if place is not None:
            graph.nodes[node]["x"], graph.nodes[node]["y"] = place
