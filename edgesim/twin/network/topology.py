"""The map of the network: which switches there are, where they stand, how long each link is."""

from math import asin, cos, hypot, radians, sin, sqrt

import networkx as nx
import numpy as np

from edgesim.errors import InputError
from edgesim.notes import note
from edgesim.scenarios.parts.links import Topology
from edgesim.twin.network import topology_sources as sources
from edgesim.twin.network.bundles import Bundle, bundled, called, figure
from edgesim.twin.network.mending import Place, between_neighbours, largest_part
from edgesim.twin.network.plan import KEY, Plan, PlannedLink

__all__ = ["build_topology", "great_circle_km", "load_topology"]

_EARTH_KM = 6371.0088  # mean radius R1 of the GRS 80 ellipsoid (H. Moritz, 1980)
_FIBRE_S_PER_KM = 5e-6  # light in fibre, of refractive index about 1.5 (ITU-T G.652)
# No cable is so many times as long as the way through the air, however short that is: the detour of
# the longest submarine cables around a continent is about three.
_DETOUR, _SLACK_KM = 20.0, 500.0


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
    elif sources.is_file(source):
        plan = sources.read_file(source)
    else:
        plan = sources.read_topohub(source)
    graph = build_topology(plan, source)
    graph.graph["name"] = source
    return graph


def build_topology(plan: Plan, source: str) -> "nx.Graph[int]":
    """A checked graph from what a source states.

    Lengths that are not given are distances: along the great circle between geographic positions,
    straight between (x, y); or what light in fibre goes in the delay that is given. A node without
    a position stands between its neighbours. A link from a node to itself carries nothing and is
    left out; parallel links are one link, with the sum of the capacities that are stated and the
    shortest length. A network some of whose nodes have no position, but all of whose links have a
    length, is laid out for drawing (``positions`` = "layout"). Where one part of a network holds
    more than two thirds of its nodes, the others are left out. What was left out or assumed is
    said.

    Returns:
        Nodes 0 … N-1 in the source's order, each with ``name``, ``x``, ``y`` and, from a file,
        ``id``, and what it says of itself as a host; edges with ``length_km`` and, where the source
        gives them, ``capacity_bps``, ``reserved_bps`` and ``propagation_s``. Where the way back
        differs, from the node with the larger number to the other, ``capacity_back_bps`` and
        ``reserved_back_bps`` are it. ``graph.graph``: ``positions`` is "lonlat" (degrees), "km" or
        "layout".

    Raises:
        InputError: fewer than two nodes, not connected (the smallest part is named), a position,
            length, delay, capacity or reservation that is none, a length far beyond the distance
            between its ends, or a link without length between nodes without positions.
    """
    count = len(plan.names)
    if count < 2:
        raise InputError(KEY, source, f"has {count} node(s): a network has at least 2")
    notes = list(plan.notes)
    plan = largest_part(plan, source, notes)
    places = [_position(plan, node, source) for node in range(len(plan.names))]
    if any(link.length_km is None and link.delay_s is None for link in plan.links):
        between_neighbours(plan, places, source, notes)
    graph: nx.Graph[int] = nx.Graph()
    for node, name in enumerate(plan.names):
        graph.add_node(node, name=name)
        if plan.ids is not None:
            graph.nodes[node]["id"] = plan.ids[node]
        if plan.hosting is not None:
            graph.nodes[node].update(plan.hosting[node])
    for bundle in bundled(plan, notes):
        lengths = [_length(plan, link, places, source) for link in bundle.links]
        _check_lengths(plan, bundle, lengths, places, source, notes)
        graph.add_edge(bundle.low, bundle.high, length_km=min(lengths))
        graph.edges[bundle.low, bundle.high].update(bundle.figures(plan, source))
    if not graph.number_of_edges():
        raise InputError(KEY, source, "has no link between two nodes")
    _place(graph, places, plan.geographic)
    if notes:
        note(source, "; ".join(notes))
    return graph


def great_circle_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Distance (km) between two points (lon, lat), degrees, on a sphere of the earth's mean radius.

    The haversine formula (R. W. Sinnott, "Virtues of the haversine", Sky and Telescope 68, 1984),
    which keeps its digits for near points.
    """
    east, north = radians(other[0] - one[0]), radians(other[1] - one[1])
    chord = sin(north / 2) ** 2 + cos(radians(one[1])) * cos(radians(other[1])) * sin(east / 2) ** 2
    return 2 * _EARTH_KM * asin(min(1.0, sqrt(chord)))


def _position(plan: Plan, node: int, source: str) -> tuple[float, float] | None:
    given = plan.positions[node]
    if given is None:
        return None
    what = f"{source}: position of node {plan.names[node]!r}"
    accepted = "must be finite numbers, a latitude in [-90, 90] and a longitude in [-360, 360]"
    if not plan.geographic:
        accepted = "must be finite numbers, km"
    x, y = (figure(what, value, accepted) for value in given)
    if plan.geographic and (abs(x) > 360 or abs(y) > 90):
        raise InputError(what, (x, y), accepted)
    return x, y


def _length(plan: Plan, link: PlannedLink, places: list[Place | None], source: str) -> float:
    if link.length_km is not None:
        what = f"{source}: length of link {called(plan, link)}"
        return figure(what, link.length_km, "must be a finite number of at least 0 km", low=0.0)
    one, other = places[link.one], places[link.other]
    if link.delay_s is not None and (one is None or other is None):
        what = f"{source}: delay of link {called(plan, link)}"
        delay_s = figure(what, link.delay_s, "must be a finite time of at least 0", low=0.0)
        return delay_s / _FIBRE_S_PER_KM
    if one is None or other is None:
        bare = plan.names[link.one if one is None else link.other]
        placed = sum(place is not None for place in places)
        known = f"{placed} of {len(places)} nodes have" if placed else "no node has"
        raise InputError(
            KEY,
            source,
            f"link {called(plan, link)} has no length, and node {bare!r} no position ({known} one):"
            " give links length_km, or nodes Longitude and Latitude (or x and y, km)",
        )
    if plan.geographic:
        return great_circle_km(one, other)
    return hypot(one[0] - other[0], one[1] - other[1])


def _check_lengths(
    plan: Plan,
    bundle: Bundle,
    lengths: list[float],
    places: list[Place | None],
    source: str,
    notes: list[str],
) -> None:
    """See that stated lengths can be those of cables between the places of their ends.

    Raises:
        InputError: one is far too long: metres, or another unit, stated as km.
    """
    one, other = places[bundle.low], places[bundle.high]
    if one is None or other is None or not plan.geographic:
        return
    apart = great_circle_km(one, other)
    for link, length in zip(bundle.links, lengths, strict=True):
        if link.length_km is None:
            continue
        if length > _DETOUR * apart + _SLACK_KM:
            raise InputError(
                f"{source}: length of link {called(plan, link)}",
                link.length_km,
                f"is {length:g} km, and its ends lie {apart:.0f} km apart: lengths are km; name"
                " metres length_m",
            )
        if length < apart / 2 - _SLACK_KM / 100:
            told = "stated lengths below half the distance between their ends are taken as they are"
            if not any(line.startswith(told) for line in notes):
                notes.append(f"{told}, as {length:g} km of {apart:.0f} km at {called(plan, link)}")


def _place(graph: "nx.Graph[int]", places: list[Place | None], geographic: bool) -> None:
    graph.graph["positions"] = "lonlat" if geographic else "km"
    if None in places:
        graph.graph["positions"] = "layout"
        layout = nx.kamada_kawai_layout(graph, weight=None)
        places = [(float(layout[node][0]), float(layout[node][1])) for node in graph]
    for node, place in enumerate(places):
        if place is not None:
            graph.nodes[node]["x"], graph.nodes[node]["y"] = place
