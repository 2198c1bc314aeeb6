"""Routes equal networkx's, with and without failures; the first with room is taken."""

from itertools import islice, pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgesim.scenarios.parts.links import Links, Topology
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.streams import Streams
from edgesim.twin.network.links import Links as NetworkLinks
from edgesim.twin.network.routing import Path, Routes, Routing
from edgesim.twin.network.topology import load_topology
from edgesim.twin.network.wiring import Wiring

QUIET = Links(capacity_bps=1e6, background_share=[0, 0])


def routing(graph: "nx.Graph[int]", count: int = 3) -> Routing:
    wiring = Wiring(graph, QUIET)
    links = NetworkLinks(Clock(), wiring, QUIET, Streams(np.random.SeedSequence(0)))
    return Routing(Routes(wiring, count), links)


def ring() -> "nx.Graph[int]":
    """0 - 1 - 2 - 3 - 0, all of 100 km but 3 - 0, which has 150."""
    graph: nx.Graph[int] = nx.Graph()
    for one, other, length in ((0, 1, 100.0), (1, 2, 100.0), (2, 3, 100.0), (3, 0, 150.0)):
        graph.add_edge(one, other, length_km=length)
    return graph


def nodes(world: Routing, source: int, path: Path | None) -> list[int] | None:
    if path is None:
        return None
    ends = world.links.wiring.ends
    assert all(ends[one][1] == ends[other][0] for one, other in pairwise(path))
    return [source, *(ends[link][1] for link in path)]


def idle(world: Routing, path: Path) -> float:
    return sum(world.links.wiring.idle_s[link] for link in path)


def by_networkx(world: Routing, source: int, target: int) -> list[list[int]]:
    """The definition: networkx on a graph of what is up."""
    links = world.links
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(links.wiring.nodes))
    for edge, (one, other) in enumerate(links.wiring.edges):
        if links.up[2 * edge]:
            graph.add_edge(one, other, delay=links.wiring.idle_s[2 * edge])
    ways = nx.shortest_simple_paths(graph, source, target, weight="delay")
    try:
        return [list(way) for way in islice(ways, world.routes.count)]
    except nx.NetworkXNoPath:
        return []


@pytest.fixture(scope="module")
def germany() -> Routing:
    return routing(load_topology(Topology(), np.random.default_rng(0)))


def test_routes_are_those_of_networkx(germany: Routing) -> None:
    for source, target in [(0, 49), (3, 17), (12, 13), (8, 40)]:
        found = [nodes(germany, source, path) for path in germany.paths(source, target)]
        assert found == by_networkx(germany, source, target)
        back = [nodes(germany, target, path) for path in germany.paths(target, source)]
        assert back == [way[::-1] for way in found if way]


def test_from_a_node_to_itself_the_way_is_empty(germany: Routing) -> None:
    assert germany.path(5, 5, 1e5) == ()


def test_there_may_be_fewer_ways_than_asked_for() -> None:
    world = routing(ring(), count=5)
    assert [nodes(world, 0, path) for path in world.paths(0, 2)] == [[0, 1, 2], [0, 3, 2]]


def test_the_first_way_with_room_is_taken() -> None:
    world = routing(ring())
    links, story = world.links, []
    for bandwidth in (0.6e6, 0.6e6, 0.5e6, 0.3e6):
        path = world.path(0, 2, bandwidth)
        story.append(nodes(world, 0, path))
        if path is not None:
            links.reserve(path, bandwidth)
    assert story == [[0, 1, 2], [0, 3, 2], None, [0, 1, 2]]
    assert nodes(world, 2, world.path(2, 0, 1e6)) == [2, 1, 0]  # the way back is free


def test_a_failure_leads_round_and_a_repair_back() -> None:
    world = routing(ring())
    links, story = world.links, []
    for act, number in [
        (links.fail_edge, 0),
        (links.fail_node, 3),
        (links.repair_edge, 0),
        (links.fail_node, 2),
        (links.repair_node, 2),
        (links.repair_node, 3),
    ]:
        act(number)
        story.append(nodes(world, 0, world.path(0, 2, 1.0)))
    assert story == [[0, 3, 2], None, [0, 1, 2], None, [0, 1, 2], [0, 1, 2]]
    assert len(world.paths(0, 2)) == 2


def test_a_node_that_is_down_has_no_way_even_to_itself() -> None:
    world = routing(ring())
    world.links.fail_node(1)
    assert world.path(1, 1, 1.0) is None
    assert world.path(0, 0, 1.0) == ()


def test_worlds_share_what_episodes_have_searched(germany: Routing) -> None:
    wiring = germany.links.wiring
    links = NetworkLinks(Clock(), wiring, QUIET, Streams(np.random.SeedSequence(1)))
    later = Routing(germany.routes, links)
    links.fail_edge(0)
    assert later.paths(0, 1) != germany.paths(0, 1)
    links.repair_edge(0)
    assert later.paths(0, 1) is germany.paths(0, 1)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 500), st.data())
def test_after_any_failures_the_ways_are_those_of_what_is_left(
    seed: int, data: st.DataObject
) -> None:
    topology = Topology(source="gabriel", nodes=9)
    world = routing(load_topology(topology, np.random.default_rng(seed)))
    links = world.links
    for _ in range(4):
        kind = data.draw(st.sampled_from(["edge", "node"]))
        if kind == "edge":
            edge = data.draw(st.integers(0, len(links.edge_up) - 1))
            (links.fail_edge if links.edge_up[edge] else links.repair_edge)(edge)
        else:
            node = data.draw(st.integers(0, 8))
            (links.fail_node if links.node_up[node] else links.repair_node)(node)
        for source, target in [(0, 8), (8, 0), (2, 5), (7, 3)]:
            paths = world.paths(source, target)
            for path in paths:
                way = nodes(world, source, path)
                assert way is not None
                assert way[-1] == target
                assert len(set(way)) == len(way)
                assert all(links.up[link] for link in path)
            if not (links.node_up[source] and links.node_up[target]):
                assert paths == ()
                continue
            expected = by_networkx(world, source, target)
            wiring = links.wiring
            lengths = [
                sum(wiring.idle_s[wiring.number[hop]] for hop in pairwise(way)) for way in expected
            ]
            assert [idle(world, path) for path in paths] == pytest.approx(lengths)
