"""The cables between switches: figures of both directions, by hand."""

import networkx as nx
import pytest

from edgesim.errors import InputError
from edgesim.scenarios.parts.links import Backhaul, Links
from edgesim.twin.network.wiring import Wiring

# A burst of 125 bytes takes a millisecond at 1 Mbit/s; 5 us a km.
CONFIG = Links(capacity_bps=1e6, burst_bytes=125, propagation_ms_per_km=0.005)


def wired(**edge: object) -> Wiring:
    return Wiring(nx.Graph([(0, 1, {"length_km": 400.0, **edge})]), CONFIG)


def test_a_link_has_the_scenarios_figures_where_it_states_none() -> None:
    wiring = wired()
    assert wiring.capacity_bps == [1e6, 1e6] and wiring.reserved_bps == [0.0, 0.0]
    assert wiring.propagation_s == pytest.approx([0.002, 0.002])
    assert wiring.burst_s == pytest.approx([0.001, 0.001])
    assert wiring.idle_s == pytest.approx([0.003, 0.003])
    assert wiring.fixed_s == wiring.propagation_s == list(wiring.propagation_each_s)
    assert wiring.byte_s == pytest.approx([8e-6, 8e-6])
    assert (wiring.nodes, wiring.edges, wiring.length_km) == (2, [(0, 1)], [400.0])
    assert wiring.number == {(0, 1): 0, (1, 0): 1}


def test_a_link_may_state_all_of_it_each_way() -> None:
    wiring = wired(
        capacity_bps=2e6,
        capacity_back_bps=4e6,
        reserved_bps=1e6,
        reserved_back_bps=3e6,
        propagation_s=0.5,
    )
    assert wiring.capacity_bps == [2e6, 4e6] and wiring.reserved_bps == [1e6, 3e6]
    assert wiring.propagation_s == [0.5, 0.5]
    assert wiring.burst_s == pytest.approx([0.0005, 0.00025])
    assert wiring.idle_s == pytest.approx([0.5005, 0.50025])
    assert wiring.byte_s == pytest.approx([4e-6, 2e-6])


def test_one_figure_holds_both_ways_and_none_for_the_way_back_is_the_scenarios_own() -> None:
    wiring = wired(capacity_bps=2e6, reserved_bps=1e6)
    assert wiring.capacity_bps == [2e6, 2e6] and wiring.reserved_bps == [1e6, 1e6]
    wiring = wired(
        capacity_bps=2e6, reserved_bps=1e6, capacity_back_bps=None, reserved_back_bps=None
    )
    assert wiring.capacity_bps == [2e6, 1e6] and wiring.reserved_bps == [1e6, 0.0]


def test_no_more_is_held_than_there_is_on_the_way_back_too() -> None:
    assert wired(reserved_bps=1e6).reserved_bps == [1e6, 1e6]
    with pytest.raises(InputError, match="network: reserved_bps of link 1 – 0 = 3000000"):
        wired(reserved_bps=0.0, reserved_back_bps=3e6)


def test_nodes_go_by_their_names_and_by_their_numbers_where_names_are_the_same() -> None:
    graph: nx.Graph[int] = nx.path_graph(4)
    for node, name in enumerate(["Ulm", "Bonn", None, "Ulm"]):
        graph.nodes[node]["name"] = name
    for ends in graph.edges:
        graph.edges[ends]["length_km"] = 1.0
    wiring = Wiring(graph, CONFIG)
    assert wiring.node_names == ["Ulm (0)", "Bonn", "2", "Ulm (3)"]
    assert wiring.edge_names == ["Ulm (0) – Bonn", "Bonn – 2", "2 – Ulm (3)"]


def test_a_metro_network_is_in_metres_and_has_switches() -> None:
    graph: nx.Graph[int] = nx.Graph()
    graph.add_edge(0, 1, length_m=2500.0)
    graph.add_edge(1, 2, length_m=500.0, rate_bps=4e6)
    backhaul = Backhaul(link_rate_bps=8e6, switch_delay_s=0.5, propagation_s_per_km=0.25)
    wiring = Wiring.of_backhaul(graph, backhaul)
    assert wiring.length_km == [2.5, 0.5]
    assert wiring.capacity_bps == [8e6, 8e6, 4e6, 4e6]
    assert wiring.propagation_s == pytest.approx([0.625, 0.625, 0.125, 0.125])
    assert wiring.fixed_s == pytest.approx([1.125, 1.125, 0.625, 0.625])
    assert wiring.node_names == ["site 0", "site 1", "site 2"]
