"""What is told of many ways at once, against the definition, way by way."""

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest

from edgesim.scenarios.parts.links import Links
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.streams import Streams
from edgesim.twin.network.links import Links as NetworkLinks
from edgesim.twin.network.routing import Routes, Routing
from edgesim.twin.network.wiring import Wiring
from edgesim.twin.sdn.link_view import LinkView
from edgesim.twin.sdn.survey import UNREACHABLE_MS, Survey

CAPACITY_BPS = 1e6


@pytest.mark.parametrize(
    "points", [((0,), (4, 4, 2), (1, 5), (7,)), ((3,), (3, 6), (0,)), ((1,), (2,))]
)
def test_each_way_is_the_first_with_room_or_the_shortest_with_none(
    points: tuple[tuple[int, ...], ...],
) -> None:
    graph: nx.Graph[int] = nx.circulant_graph(8, [1, 3])
    for place, ends in enumerate(graph.edges):
        graph.edges[ends]["length_km"] = 100.0 + 17.0 * place
    config = Links(capacity_bps=CAPACITY_BPS, background_share=[0, 0])
    clock, wiring = Clock(), Wiring(graph, config)
    links = NetworkLinks(clock, wiring, config, Streams(np.random.SeedSequence(0)))
    routing = Routing(Routes(wiring, 3), links)
    view = LinkView(clock, links, lambda: None)
    delay_s, _, loss, _ = view.tables()
    rng = np.random.default_rng(1)
    delay_s[:], loss[:] = rng.random((2, len(delay_s)))
    for link in range(len(delay_s)):
        links.reserve([link], rng.random() * CAPACITY_BPS)

    def between(source: int, target: int, bandwidth_bps: float) -> tuple[float, float, float]:
        paths = routing.paths(source, target)
        if not paths:
            return UNREACHABLE_MS, 0.0, 1.0
        path = routing.path(source, target, bandwidth_bps)
        # The way from a host to itself has more room than any chain can want.
        left = [CAPACITY_BPS - links.reserved_bps[link] for link in path or ()]
        room = 0.0 if path is None else min(left, default=1e15)
        total_s, kept = 0.0, 1.0
        for link in paths[0] if path is None else path:
            total_s += delay_s[link]
            kept *= 1.0 - loss[link]
        return 1000 * total_s, room, 1.0 - kept

    survey = Survey(routing, view)
    kinds = set()
    for act in (lambda: None, lambda: links.fail_edge(2), lambda: links.fail_node(3)):
        act()
        for bandwidth_bps in (1.0, 2e5, 9.9e5):
            figures = survey.between(points, bandwidth_bps)
            expected = [
                between(source, target, bandwidth_bps)
                for sources, targets in pairwise(points)
                for source in sources
                for target in targets
            ]
            np.testing.assert_array_equal(figures.T, expected)
            kinds |= {room > 0 for _, room, _ in expected}
    assert kinds == {True, False}


def diamond() -> tuple[NetworkLinks, Survey]:
    """From 0 to 3 over 1 (two hops of 100 km) or over 2 (two of 200 km), and 4 beside 3.

    Link n has a delay of n + 1 ms and loses a tenth.
    """
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(5))
    for one, other, km in ((0, 1, 100.0), (1, 3, 100.0), (0, 2, 200.0), (2, 3, 200.0)):
        graph.add_edge(one, other, length_km=km)
    graph.add_edge(3, 4, length_km=1.0)
    config = Links(capacity_bps=CAPACITY_BPS, background_share=[0, 0])
    clock, wiring = Clock(), Wiring(graph, config)
    links = NetworkLinks(clock, wiring, config, Streams(np.random.SeedSequence(0)))
    view = LinkView(clock, links, lambda: None)
    tables = view.tables()
    tables.delay_s[:], tables.loss[:] = np.arange(1, 11) / 1000, 0.1
    return links, Survey(Routing(Routes(wiring, 2), links), view)


def crossed(survey: Survey, points: tuple[tuple[int, ...], ...], bps: float) -> list[set[int]]:
    """The links of each way, told by a column for each link."""
    sums = survey.along(points, bps, np.eye(10))
    assert set(np.unique(sums)) <= {0.0, 1.0}
    return [set(np.flatnonzero(row).tolist()) for row in sums]


def test_sums_along_ways_are_those_of_their_links() -> None:
    links, survey = diamond()
    number = links.wiring.number
    over_1, over_2 = ({number[0, it], number[it, 3]} for it in (1, 2))
    points = ((0,), (3, 0), (4,))
    last = {number[3, 4]}
    assert crossed(survey, points, 1e5) == [over_1, set(), last, over_1 | last]
    # Kinds by themselves, each link's own.
    kinds = np.stack([np.arange(10.0), np.full(10, 2.0)], axis=1)
    assert survey.along(((0,), (3,)), 1e5, kinds).tolist() == [[float(sum(over_1)), 4.0]]
    links.reserve([number[1, 3]], 0.5e6)
    assert crossed(survey, points, 0.5e6)[0] == over_1  # just as much is left
    assert crossed(survey, points, 0.5e6 + 1)[0] == over_2
    links.reserve([number[0, 2]], 0.7e6)
    assert crossed(survey, points, 0.6e6)[0] == over_1  # none has room: the shortest
    links.fail_node(4)
    assert crossed(survey, points, 1e5)[2:] == [set(), set()]


def test_figures_of_ways_by_hand() -> None:
    links, survey = diamond()
    number = links.wiring.number
    links.reserve([number[1, 3]], 0.5e6)

    def told(bps: float) -> list[float]:
        return [float(figure) for figure in survey.between(((0,), (3,)), bps)[:, 0]]

    delay_ms = [sum(number[ends] + 1 for ends in ((0, via), (via, 3))) for via in (1, 2)]
    assert told(0.5e6) == pytest.approx([delay_ms[0], 0.5e6, 0.19])
    assert told(0.6e6) == pytest.approx([delay_ms[1], 1e6, 0.19])
    links.reserve([number[0, 2]], 0.9e6)
    assert told(0.6e6) == pytest.approx([delay_ms[0], 0.0, 0.19])
    assert survey.between(((4,), (4,)), 1.0)[:, 0].tolist() == [0.0, 1e15, 0.0]
    links.fail_node(3)
    assert told(1.0) == [UNREACHABLE_MS, 0.0, 1.0]
