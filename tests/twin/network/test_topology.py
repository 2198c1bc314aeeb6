"""Topologies from every source, and every way in which a source can be no network."""

import json
import logging
from math import dist, hypot
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
import topohub
from hypothesis import given, settings
from hypothesis import strategies as st

from edgesim import notes
from edgesim.errors import InputError
from edgesim.scenarios.parts.links import Topology
from edgesim.twin.network.plan import Plan, PlannedLink
from edgesim.twin.network.topology import build_topology, great_circle_km, load_topology


def lengths(graph: "nx.Graph[int]") -> list[tuple[int, int, float]]:
    return [(one, other, data["length_km"]) for one, other, data in graph.edges(data=True)]


def names(graph: "nx.Graph[int]") -> list[str]:
    return [data["name"] for _, data in graph.nodes(data=True)]


def load(source: str | Path, nodes: int = 20, seed: int = 0) -> "nx.Graph[int]":
    topology = Topology(source=str(source), nodes=nodes, side_km=300.0)
    return load_topology(topology, np.random.default_rng(seed))


# ---- topohub


def test_the_default_is_a_national_network() -> None:
    graph = load("sndlib/germany50")
    path = Path(topohub.__file__).parent / "data/sndlib/germany50.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    assert list(graph) == list(range(50))
    assert graph.number_of_edges() == 88
    assert graph.nodes[0] == {"name": "Aachen", "x": 6.04, "y": 50.76}
    assert graph.graph == {"name": "sndlib/germany50", "positions": "lonlat"}
    for edge in stored["edges"]:
        assert graph.edges[edge["source"], edge["target"]] == {"length_km": edge["dist"]}


@pytest.mark.parametrize(
    ("key", "nodes", "positions"),
    [
        ("topozoo/Abilene", 11, "lonlat"),  # ids "0", "1", …
        ("caida/2024-08/2856", 46, "lonlat"),  # ids such as 88661124
        ("gabriel/25/0", 25, "km"),  # positions on a plane
        ("backbone/africa", 403, "lonlat"),  # nodes without names
    ],
)
def test_all_kinds_of_ids_become_numbers(key: str, nodes: int, positions: str) -> None:
    if not (Path(topohub.__file__).parent / "data" / f"{key}.json").exists():
        pytest.skip("older versions of topohub have no networks of CAIDA")
    graph = load(key)
    assert list(graph) == list(range(nodes))
    assert nx.is_connected(graph)
    assert graph.graph["positions"] == positions
    assert all(isinstance(name, str) for name in names(graph))


def test_links_of_no_length_are_legal() -> None:
    found = [length for _, _, length in lengths(load("topozoo/Garr201105"))]
    assert min(found) == 0.0
    assert max(found) > 100.0


def test_a_drawing_is_not_taken_for_a_map() -> None:
    graph = load("sndlib/norway")
    assert graph.graph["positions"] == "km"
    for one, other, length in lengths(graph):
        a, b = graph.nodes[one], graph.nodes[other]
        assert length == pytest.approx(hypot(a["x"] - b["x"], a["y"] - b["y"]))
        assert length < 1000  # and not 17,000


def test_positions_of_a_plane_give_the_lengths_stated() -> None:
    graph = load("gabriel/25/0")
    for one, other, length in lengths(graph):
        a, b = graph.nodes[one], graph.nodes[other]
        assert hypot(a["x"] - b["x"], a["y"] - b["y"]) == pytest.approx(length, abs=0.02)


@pytest.mark.parametrize(
    ("source", "meant"),
    [
        ("germany50", "sndlib/germany50"),
        ("sndlib/germany5", "sndlib/germany50"),
        ("abilene", "topozoo/Abilene"),
        ("waxmann", "waxman"),
        ("Gabriel", "gabriel"),
    ],
)
def test_a_name_that_is_nearly_right_is_guessed(source: str, meant: str) -> None:
    with pytest.raises(InputError, match="did you mean") as refused:
        load(source)
    assert repr(meant) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize("source", ["xyzzy", "../data/sndlib/polska", "sndlib/", "/etc/passwd"])
def test_a_name_that_is_nothing_names_what_is_accepted(source: str) -> None:
    with pytest.raises(InputError, match=r"topohub key.*\.graphml or \.gml file|\.gml") as refused:
        load(source)
    assert "sndlib/…" in str(refused.value)


# ---- files

ZOO = """<?xml version="1.0" encoding="utf-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key attr.name="Longitude" attr.type="double" for="node" id="d1" />
  <key attr.name="Latitude" attr.type="double" for="node" id="d2" />
  <key attr.name="label" attr.type="string" for="node" id="d3" />
  <key attr.name="capacity_bps" attr.type="double" for="edge" id="d4" />
  <graph edgedefault="undirected">
    <node id="0"><data key="d1">0.0</data><data key="d2">0.0</data><data key="d3">A</data></node>
    <node id="1"><data key="d1">1.0</data><data key="d2">0.0</data><data key="d3">B</data></node>
    <node id="2"><data key="d1">0.0</data><data key="d2">2.0</data><data key="d3">C</data></node>
    <edge source="0" target="1"><data key="d4">2.5e9</data></edge>
    <edge source="0" target="2" />
  </graph>
</graphml>
"""


def test_a_file_of_the_topology_zoo_is_measured_along_great_circles(tmp_path: Path) -> None:
    path = tmp_path / "Zoo.GraphML"
    path.write_text(ZOO)
    graph = load(path)
    degree = 6371.0088 * np.pi / 180
    assert graph.nodes[1] == {"name": "B", "id": "1", "x": 1.0, "y": 0.0}
    assert graph.edges[0, 1]["length_km"] == pytest.approx(degree)
    assert graph.edges[0, 2]["length_km"] == pytest.approx(2 * degree)
    assert graph.edges[0, 1]["capacity_bps"] == 2.5e9
    assert "capacity_bps" not in graph.edges[0, 2]


def gml(nodes: str, edges: str, head: str = "") -> str:
    return f"graph [ {head}\n{nodes}\n{edges}\n]"


def node(number: int, more: str = "") -> str:
    return f'node [ id {number} label "n{number}" {more} ]'


def edge(one: int, other: int, more: str = "length 5") -> str:
    return f"edge [ source {one} target {other} {more} ]"


def test_a_plain_file_with_lengths_needs_no_positions(tmp_path: Path) -> None:
    path = tmp_path / "plain.gml"
    # Ids of any size; equal labels are no matter; 0 km is.
    path.write_text(gml(node(70) + node(5) + node(6), edge(5, 70) + edge(5, 6, "dist 0")))
    graph = load(path)
    assert names(graph) == ["n70", "n5", "n6"]
    assert graph.edges[0, 1] == {"length_km": 5.0}
    assert graph.edges[1, 2] == {"length_km": 0.0}
    assert graph.graph["positions"] == "layout"
    assert all(np.isfinite([data["x"], data["y"]]).all() for _, data in graph.nodes(data=True))


def test_x_and_y_are_kilometres(tmp_path: Path) -> None:
    path = tmp_path / "plane.gml"
    path.write_text(gml(node(0, "x 0 y 0") + node(1, "x 300.0 y 400.0"), edge(0, 1, "")))
    graph = load(path)
    assert graph.edges[0, 1]["length_km"] == 500.0
    assert graph.graph["positions"] == "km"


def test_of_parallel_links_the_shortest_stays_and_loops_go(tmp_path: Path) -> None:
    path = tmp_path / "multi.gml"
    links = edge(0, 1, "length 9") + edge(1, 0, "length 3 capacity_bps 1000000") + edge(0, 0)
    path.write_text(gml(node(0) + node(1), links + edge(0, 1, "length 4"), "multigraph 1"))
    graph = load(path)
    assert list(graph.edges(data=True)) == [(0, 1, {"length_km": 3.0, "capacity_bps": 1e6})]


def test_the_two_directions_of_a_directed_link_are_one_link(tmp_path: Path) -> None:
    path = tmp_path / "directed.gml"
    path.write_text(gml(node(0) + node(1), edge(0, 1) + edge(1, 0), "directed 1"))
    assert load(path).number_of_edges() == 1


PAIR = node(0, "x 0 y 0") + node(1, "x 1 y 1")

BAD_FILES = {
    "gml without end": ("a.gml", "graph [ node [ id 0", "cannot be read as GML"),
    "gml that is prose": ("a.gml", "once upon a time", "cannot be read as GML"),
    "gml that is empty": ("a.gml", "", "cannot be read as GML"),
    "graphml that is no xml": ("a.graphml", "graph []", "cannot be read as GraphML"),
    "graphml that is other xml": ("a.graphml", "<a/>", "cannot be read as GraphML"),
    "graphml with text for a number": (
        "a.graphml",
        ZOO.replace(">1.0<", ">east<"),
        "cannot be read as GraphML",
    ),
    "an edge to nowhere": ("a.gml", gml(node(0), edge(0, 9)), "cannot be read as GML"),
    "no node": ("a.gml", "graph [ ]", r"0 node\(s\): a network has at least 2"),
    "one node": ("a.gml", gml(node(0), ""), r"1 node\(s\)"),
    "no link": ("a.gml", gml(PAIR, ""), "not connected: it falls into 2 parts.*holds n0"),
    "two parts": (
        "a.gml",
        gml("".join(map(node, range(5))), edge(0, 3) + edge(3, 4) + edge(1, 2)),
        "2 parts, the smallest of which holds n1, n2",
    ),
    "no positions and no lengths": (
        "a.gml",
        gml(node(0) + node(1), edge(0, 1, "")),
        "'n0' – 'n1' has no length, and node 'n0' no position",
    ),
    "one position missing": (
        "a.gml",
        gml(node(0, "x 0 y 0") + node(1, "x 0"), edge(0, 1, "")),
        "node 'n1' no position",
    ),
    "negative length": ("a.gml", gml(PAIR, edge(0, 1, "length -1")), "length of link.*-1"),
    "length that is NaN": (
        "a.gml",
        gml(PAIR, edge(0, 1, 'length "nan"')),
        "length of link.*must be a finite number",
    ),
    "length of words": ("a.gml", gml(PAIR, edge(0, 1, 'length "far"')), "length of link.*'far'"),
    "capacity of nothing": (
        "a.gml",
        gml(PAIR, edge(0, 1, "capacity_bps 0")),
        "capacity_bps of link.*above 0",
    ),
    "a latitude of 91": (
        "a.gml",
        gml(node(0, "Longitude 0 Latitude 91") + node(1), edge(0, 1)),
        "position of node 'n0'.*latitude",
    ),
    "a position of words": (
        "a.gml",
        gml(node(0, 'x "a" y 0') + node(1), edge(0, 1)),
        "position of node 'n0'",
    ),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_files_that_are_no_network_are_refused_in_one_line(case: str, tmp_path: Path) -> None:
    name, text, message = BAD_FILES[case]
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(InputError, match=message) as refused:
        load(path)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_missing_or_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        load(tmp_path / "none.gml")
    folder = tmp_path / "folder.graphml"
    folder.mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        load(folder)


def test_plans_in_code_are_checked_alike() -> None:
    plan = Plan(["a", "b"], [(0.0, 0.0), (float("inf"), 0.0)], [PlannedLink(0, 1)], False)
    with pytest.raises(InputError, match="position of node 'b'"):
        build_topology(plan, "mine")


# ---- generators


@pytest.mark.parametrize("name", ["waxman", "gabriel", "barabasi_albert"])
def test_generated_networks_are_drawn_by_the_generator_given(name: str) -> None:
    graph = load(name)
    same, other = load(name), load(name, seed=1)
    assert nx.utils.graphs_equal(graph, same)
    assert not nx.utils.graphs_equal(graph, other)
    for one, target, length in lengths(graph):
        a, b = graph.nodes[one], graph.nodes[target]
        assert length == pytest.approx(dist((a["x"], a["y"]), (b["x"], b["y"])))
    across = [value for _, data in graph.nodes(data=True) for value in (data["x"], data["y"])]
    assert 0 <= min(across) < max(across) <= 300.0


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["waxman", "gabriel", "barabasi_albert"]),
    st.integers(2, 40),
    st.integers(0, 1000),
)
def test_generated_networks_of_any_size_are_connected(name: str, nodes: int, seed: int) -> None:
    graph = load(name, nodes, seed)
    assert graph.number_of_nodes() == nodes
    assert nx.is_connected(graph)


def test_parts_are_joined_by_the_shortest_links_and_nothing_else_is_added() -> None:
    for seed in range(20):
        graph = load("waxman", nodes=12, seed=seed)
        rng = np.random.default_rng(seed)
        rng.uniform(0.0, 300.0, (12, 2))  # the positions of the other generators
        drawn = nx.waxman_graph(
            12, beta=0.4, alpha=0.15, domain=(0, 0, 300.0, 300.0), seed=int(rng.integers(2**32))
        )
        parts = list(nx.connected_components(drawn))
        added = {frozenset(edge) for edge in graph.edges} - {frozenset(e) for e in drawn.edges}
        assert graph.number_of_edges() == drawn.number_of_edges() + len(added)
        assert len(added) == len(parts) - 1
        place = nx.get_node_attributes(drawn, "pos")
        for part in parts:
            rest = set(drawn) - part
            nearest = min((dist(place[a], place[b]) for a in part for b in rest), default=0.0)
            ways = [
                dist(place[a], place[b]) for a, b in map(tuple, added) if (a in part) != (b in part)
            ]
            assert not rest or min(ways) == pytest.approx(nearest)


def test_great_circles() -> None:
    assert great_circle_km((0, 0), (90, 0)) == pytest.approx(6371.0088 * np.pi / 2)
    assert great_circle_km((-180, 10), (180, 10)) == pytest.approx(0.0, abs=1e-6)
    assert great_circle_km((0, 90), (77, -90)) == pytest.approx(6371.0088 * np.pi)
    # Paris and Berlin lie 878 km apart.
    assert great_circle_km((2.3522, 48.8566), (13.4050, 52.5200)) == pytest.approx(878, abs=1)


# ---- lengths that can be those of cables


def stated(*lengths: float, degrees: float = 10.0) -> Plan:
    """Links between two towns on the equator, so many degrees apart: 111.195 km each."""
    links = [PlannedLink(0, 1, length_km=length) for length in lengths]
    return Plan(["a", "b"], [(0.0, 0.0), (degrees, 0.0)], links)


def test_a_length_is_at_most_twenty_times_the_distance_and_500_km() -> None:
    apart = 10 * 111.19508
    build_topology(stated(20 * apart + 499.0), "mine")
    with pytest.raises(InputError, match=r"is 22740 km, and its ends lie 1112 km apart"):
        build_topology(stated(20 * apart + 501.0), "mine")
    build_topology(stated(499.0, degrees=0.0), "mine")
    with pytest.raises(InputError, match="lengths are km; name metres length_m"):
        build_topology(stated(300.0, 501.0, degrees=0.0), "mine")


def test_lengths_below_half_the_distance_are_said_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notes, "_said", set())
    apart = 10 * 111.19508
    with caplog.at_level(logging.WARNING, logger="edgesim"):
        build_topology(stated(apart / 2 - 4.9), "near enough")
    assert not caplog.messages
    with caplog.at_level(logging.WARNING, logger="edgesim"):
        graph = build_topology(stated(apart / 2 - 5.1, 100.0), "short")
    assert graph.edges[0, 1]["length_km"] == 100.0
    (line,) = caplog.messages
    assert line.count("are taken as they are, as 550.875 km of 1112 km at 'a' – 'b'") == 1


def test_without_lengths_the_delay_or_the_distance_tells_them() -> None:
    plan = Plan(["a", "b"], [None, None], [PlannedLink(0, 1, delay_s=1e-3)])
    assert build_topology(plan, "mine").edges[0, 1]["length_km"] == pytest.approx(200.0)
    plan = Plan(["a", "b"], [(0.0, 0.0), (3.0, 4.0)], [PlannedLink(0, 1)], False)
    assert build_topology(plan, "mine").edges[0, 1]["length_km"] == 5.0


@pytest.mark.parametrize(
    ("position", "fine"),
    [((360.0, 90.0), True), ((-360.0, -90.0), True), ((360.1, 0.0), False), ((0.0, 90.1), False),
     ((0.0, -90.1), False), (("x", 0.0), False)],
)  # fmt: skip
def test_positions_are_degrees_within_their_bounds(position: Any, fine: bool) -> None:
    plan = Plan(["a", "b"], [(0.0, 0.0), position], [PlannedLink(0, 1, length_km=1e4)])
    if fine:
        graph = build_topology(plan, "mine")
        assert (graph.nodes[1]["x"], graph.nodes[1]["y"]) == position
        assert graph.graph["positions"] == "lonlat"
    else:
        with pytest.raises(InputError, match="position of node 'b'"):
            build_topology(plan, "mine")


def test_who_has_no_position_stands_between_its_neighbours() -> None:
    """c is next to a, b and d: the mean of (0, 0), (6, 0) and d; d hangs on c: where c is."""
    links = [PlannedLink(0, 2), PlannedLink(1, 2), PlannedLink(2, 3), PlannedLink(2, 2)]
    plan = Plan(["a", "b", "c", "d"], [(0.0, 0.0), (6.0, 2.0), None, None], links, False)
    graph = build_topology(plan, "mine")
    for node in (2, 3):
        assert (graph.nodes[node]["x"], graph.nodes[node]["y"]) == pytest.approx((3.0, 1.0))
    assert graph.edges[0, 2]["length_km"] == pytest.approx(10**0.5)
    # Across the date line: between 179° east and 179° west, at 180°.
    plan = Plan(["a", "b", "c"], [(179.0, 0.0), (-179.0, 0.0), None],
                [PlannedLink(0, 2), PlannedLink(1, 2)])  # fmt: skip
    assert abs(build_topology(plan, "mine").nodes[2]["x"]) == pytest.approx(180.0)


def test_the_largest_part_is_kept_where_it_has_more_than_two_thirds() -> None:
    def parts(whole: int, apart: int) -> Plan:
        names = [f"n{number}" for number in range(whole + apart)]
        links = [PlannedLink(number, number + 1, length_km=1.0) for number in range(whole - 1)]
        links += [PlannedLink(at, at + 1, length_km=1.0) for at in range(whole, whole + apart - 1)]
        return Plan(names, [None] * len(names), links, ids=[name.upper() for name in names])

    graph = build_topology(parts(5, 2), "mine")
    assert [graph.nodes[node]["id"] for node in graph] == ["N0", "N1", "N2", "N3", "N4"]
    assert graph.graph["positions"] == "layout" and graph.number_of_edges() == 4
    with pytest.raises(InputError, match="falls into 2 parts, the smallest of which holds n4, n5"):
        build_topology(parts(4, 2), "mine")


def test_of_many_nodes_five_are_named(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for lone, end in ((5, "n17"), (6, "n17, …")):
        monkeypatch.setattr(notes, "_said", set())
        names = [f"n{number}" for number in range(13 + lone)]
        links = [PlannedLink(at, at + 1, length_km=1.0) for at in range(12)]
        caplog.clear()
        with caplog.at_level(logging.WARNING, logger="edgesim"):
            build_topology(Plan(names, [None] * len(names), links), "mine")
        assert caplog.messages[0].endswith(f"to the others: n13, n14, n15, n16, {end}")
