"""Ways over links with room: against networkx, and by hand where a bound breaks."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgesim.scenarios.parts.links import Links
from edgesim.twin.network.routing import Routes
from edgesim.twin.network.spare import NEVER, Neighbourhood, hops_along, trace, tree_from
from edgesim.twin.network.wiring import Wiring

INF = float("inf")


def wired(graph: "nx.Graph[int]") -> Wiring:
    for _, _, edge in graph.edges(data=True):
        edge["length_km"] = 0.0
    return Wiring(graph, Links())


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_ways_are_as_short_as_networkx_finds_them(number: int, bounded: bool) -> None:
    rng = np.random.default_rng(number)
    graph: nx.Graph[int] = nx.gnp_random_graph(12, 0.3, seed=number)
    wiring = wired(graph)
    edges = wiring.edges
    room = rng.integers(0, 4, len(edges)).astype(np.float64)
    delay_s = rng.integers(1, 9, len(edges)).astype(np.float64)
    bound_s = 9.0 if bounded else INF
    around = Neighbourhood(wiring)
    tree = tree_from(around.near, room, delay_s, 0, 2.0, bound_s)
    open_: nx.Graph[int] = nx.Graph()
    open_.add_nodes_from(graph)
    for edge, ends in enumerate(edges):
        if room[edge] >= 2.0:
            open_.add_edge(*ends, delay_s=delay_s[edge])
    hops = nx.single_source_shortest_path_length(open_, 0)
    least_s = nx.single_source_dijkstra_path_length(open_, 0, weight="delay_s")
    for node in graph:
        reached = least_s.get(node, INF) <= bound_s
        assert (tree.hops[node] != NEVER) == (reached and node in hops)
        if tree.hops[node] == NEVER:
            continue
        links = trace(tree, around.start_of, node)[::-1].tolist()
        assert len(links) == tree.hops[node] >= hops[node]
        nodes = [0, *(wiring.ends[link][1] for link in links)]
        assert nodes[-1] == node and nx.is_path(open_, nodes)
        spent_s = sum(delay_s[link >> 1] for link in links)
        assert spent_s <= bound_s
        assert len(links) == hops[node] or spent_s == least_s[node]


def test_the_fast_way_is_taken_where_the_short_one_breaks_the_bound() -> None:
    """0-2 takes 5 s; 0-1-2 takes 2 s and another hop."""
    wiring = wired(nx.Graph([(0, 1), (0, 2), (1, 2)]))
    delay_s = np.array([{(0, 1): 1.0, (0, 2): 5.0, (1, 2): 1.0}[ends] for ends in wiring.edges])
    near, room = Neighbourhood(wiring).near, np.ones(3)
    hops = [tree_from(near, room, delay_s, 0, 1.0, bound).hops[2] for bound in (9.0, 4.0, 1.5)]
    assert hops == [1, 2, NEVER]


def test_the_first_of_the_kept_paths_that_has_room_counts() -> None:
    """Around a ring of six from 0 to 2: two hops, or four."""
    wiring = wired(nx.cycle_graph(6))
    routes = Routes(wiring, 2)
    paths = routes.between(0, 2)
    links = np.concatenate([np.array(path) for path in paths])
    bundle = np.array([0, 2]), np.array([0, 2, 6]), links
    room, delay_s = np.ones(6), np.ones(6)
    assert [len(path) for path in paths] == [2, 4]
    assert hops_along(*bundle, room, delay_s, 1.0, INF).tolist() == [2]
    assert hops_along(*bundle, room, delay_s, 1.0, 1.5).tolist() == [NEVER]
    room[paths[0][0] >> 1] = 0.5
    assert hops_along(*bundle, room, delay_s, 1.0, INF).tolist() == [4]
    assert hops_along(*bundle, room, delay_s, 0.5, INF).tolist() == [2]
    room[paths[1][2] >> 1] = 0.0
    assert hops_along(*bundle, room, delay_s, 1.0, INF).tolist() == [NEVER]


def test_a_waxman_map_follows_the_parameters_it_is_given() -> None:
    from edgesim.scenarios.parts.links import Topology
    from edgesim.twin.network.topology import load_topology

    topology = Topology("waxman", 100, 600.0)
    few = load_topology(topology, np.random.default_rng(0))
    many = load_topology(topology, np.random.default_rng(0), (0.5, 0.2))
    assert few.number_of_edges() < many.number_of_edges()
    assert many.number_of_edges() == pytest.approx(470, abs=4 * 26)
