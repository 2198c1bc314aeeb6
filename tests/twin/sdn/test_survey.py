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
