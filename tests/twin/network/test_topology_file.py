"""Topology files as people have them: nothing they say is dropped or changed without a word."""

import gzip
import logging
import zipfile
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from edgesim.errors import InputError
from edgesim.scenarios.parts.links import Links, Topology
from edgesim.twin.network.topology import great_circle_km, load_topology
from edgesim.twin.network.wiring import Wiring

ZOO = Path(__file__).parents[4] / "shared" / "data" / "topology_zoo.zip"

PLACES = ((8.0, 50.0), (9.0, 51.0), (10.0, 50.5), (11.0, 51.0))
NAMES = ("Hub", "Mid", "Rim", "End")


def node(number: int, place: tuple[float, float] | None = None, more: str = "") -> str:
    x, y = PLACES[number] if place is None else place
    return f'node [ id {number} label "{NAMES[number]}" Longitude {x} Latitude {y} {more} ]'


NODES = "".join(map(node, range(4)))


def edge(one: int, other: int, more: str = "") -> str:
    return f"edge [ source {one} target {other} {more} ] "


CHAIN = edge(1, 2) + edge(2, 3)


def loaded(path: Path) -> "nx.Graph[int]":
    return load_topology(Topology(source=str(path)), np.random.default_rng(0))


def names(graph: "nx.Graph[int]") -> list[str]:
    return [of["name"] for _, of in graph.nodes(data=True)]


def of_gml(folder: Path, body: str, head: str = "") -> "nx.Graph[int]":
    path = folder / "map.gml"
    path.write_text(f"graph [ {head} {body} ]", encoding="utf-8")
    return loaded(path)


def said(caplog: pytest.LogCaptureFixture) -> str:
    """The one line that was said."""
    (line,) = caplog.messages
    assert line.startswith("note: ")
    return line


# ---- links


def test_parallel_links_need_no_flag_and_their_capacities_add_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cables = edge(0, 1, "capacity_bps 155000000.0 length_km 200") + edge(
        1, 0, "capacity_bps 1e10 length_km 150"
    )
    graph = of_gml(tmp_path, NODES + cables + CHAIN)
    assert graph.edges[0, 1] == {"length_km": 150.0, "capacity_bps": 1.0155e10}
    assert "parallel links between 1 pair of nodes" in said(caplog)


def test_directions_keep_their_own_capacity(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    both = edge(1, 0, "capacity_bps 1e9 reserved_bps 5e6") + edge(0, 1, "capacity_bps 1e7")
    graph = of_gml(tmp_path, NODES + both + CHAIN, head="directed 1")
    assert graph.edges[0, 1]["capacity_bps"] == 1e7
    assert graph.edges[0, 1]["capacity_back_bps"] == 1e9
    wiring = Wiring(graph, Links())
    down, up = wiring.number[1, 0], wiring.number[0, 1]
    assert (wiring.capacity_bps[down], wiring.capacity_bps[up]) == (1e9, 1e7)
    assert (wiring.reserved_bps[down], wiring.reserved_bps[up]) == (5e6, 0.0)
    assert wiring.burst_s[up] == pytest.approx(100 * wiring.burst_s[down])
    # The others are stated in one direction, which stands for both.
    assert "stated in one direction alone, taken both ways: 2" in said(caplog)


def test_an_undirected_link_may_state_its_way_back(tmp_path: Path) -> None:
    graph = of_gml(tmp_path, NODES + edge(1, 0, "capacity_mbps 100 capacity_back_mbps 10") + CHAIN)
    wiring = Wiring(graph, Links())
    assert wiring.capacity_bps[wiring.number[1, 0]] == 1e8
    assert wiring.capacity_bps[wiring.number[0, 1]] == 1e7


def test_more_reserved_than_one_direction_holds_is_refused(tmp_path: Path) -> None:
    link = edge(0, 1, "capacity_mbps 100 capacity_back_mbps 10 reserved_mbps 20")
    graph = of_gml(tmp_path, NODES + link + CHAIN)
    with pytest.raises(InputError, match=r"link .Mid. – .Hub. = 20000000\.0: must be at most"):
        Wiring(graph, Links())


def test_a_stated_delay_is_the_propagation(tmp_path: Path) -> None:
    graph = of_gml(tmp_path, NODES + edge(0, 1, "delay_ms 7.5") + CHAIN)
    assert graph.edges[0, 1]["propagation_s"] == pytest.approx(0.0075)
    assert graph.edges[0, 1]["length_km"] == pytest.approx(great_circle_km(*PLACES[:2]))
    wiring = Wiring(graph, Links())
    assert wiring.propagation_s[wiring.number[0, 1]] == pytest.approx(0.0075)


def test_delays_need_neither_lengths_nor_positions(tmp_path: Path) -> None:
    bare = 'node [ id 0 label "a" ] node [ id 1 label "b" ]'
    graph = of_gml(tmp_path, bare + edge(0, 1, "delay_ms 1"))
    assert graph.edges[0, 1]["length_km"] == pytest.approx(200.0)  # of fibre, 5 µs/km


@pytest.mark.parametrize("value", ["-1", '"nan"', '"soon"'])
def test_a_delay_that_is_none_is_refused(value: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="delay of link 'Hub' – 'Mid'"):
        of_gml(tmp_path, NODES + edge(0, 1, f"delay_ms {value}") + CHAIN)


def test_metres_are_not_taken_for_kilometres(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"length of link 'Hub' – 'Mid' = 131781: .*length_m"):
        of_gml(tmp_path, NODES + edge(0, 1, "length 131781") + CHAIN)
    graph = of_gml(tmp_path, NODES + edge(0, 1, "length_m 131781") + CHAIN)
    assert graph.edges[0, 1]["length_km"] == pytest.approx(131.781)


def test_lengths_that_cannot_reach_are_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    of_gml(tmp_path, NODES + edge(0, 1, "length 1") + CHAIN)  # a hop, perhaps, and no kilometre
    assert "as 1 km of 132 km at 'Hub' – 'Mid'" in said(caplog)


def test_figures_without_a_unit_are_left_out_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    graph = of_gml(tmp_path, NODES + edge(0, 1, 'LinkFwdCap 1000 LinkDelay 3 LinkNote "x"') + CHAIN)
    assert graph.edges[0, 1].keys() == {"length_km"}
    line = said(caplog)
    assert "LinkFwdCap, LinkDelay of links not used, for want of a unit: name it capacity" in line
    assert "not used: LinkNote of links" in line


# ---- nodes


def test_a_node_without_a_position_stands_between_its_neighbours(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bare = 'node [ id 4 label "None" hyperedge 1 ] node [ id 5 label "Leaf" ]'
    graph = of_gml(tmp_path, NODES + bare + edge(0, 4) + edge(1, 4) + edge(5, 4) + CHAIN)
    lengths = [graph.edges[end, 4]["length_km"] for end in (0, 1, 5)]
    assert lengths[0] == pytest.approx(lengths[1], rel=1e-6)
    assert 2 * lengths[0] == pytest.approx(great_circle_km(*PLACES[:2]), rel=1e-3)
    assert lengths[2] == pytest.approx(0.0, abs=1e-6)
    line = said(caplog)
    assert (
        "2 of 6 nodes have no position and are placed between their neighbours: None, Leaf" in line
    )
    assert "not used: hyperedge of nodes" in line


def test_between_neighbours_over_the_date_line(tmp_path: Path) -> None:
    ends = node(0, (179.0, 0.0)) + node(1, (-179.0, 0.0)) + 'node [ id 2 label "Sea" ]'
    graph = of_gml(tmp_path, ends + edge(0, 2) + edge(2, 1))
    assert abs(graph.nodes[2]["x"]) == pytest.approx(180.0)


def test_one_position_is_no_map(tmp_path: Path) -> None:
    bare = 'node [ id 1 label "a" ] node [ id 2 label "b" ]'
    with pytest.raises(InputError, match=r"node 'a' no position \(1 of 3 nodes have one\)"):
        of_gml(tmp_path, node(0) + bare + edge(0, 1) + edge(1, 2))


def test_small_parts_are_left_out_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    graph = of_gml(tmp_path, NODES + edge(0, 2) + edge(3, 2))  # Mid hangs on nothing
    assert names(graph) == ["Hub", "Rim", "End"]
    assert list(graph.edges) == [(0, 1), (1, 2)]
    assert "1 of 4 nodes left out, which nothing joins to the others: Mid" in said(caplog)
    with pytest.raises(InputError, match=r"2 parts, .* no more than two thirds"):
        of_gml(tmp_path, NODES + edge(0, 2) + edge(3, 1))


def test_x_and_y_without_a_unit_are_said_to_be_taken_as_km(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    degrees = "".join(f"node [ id {n} x {x} y {y} ]" for n, (x, y) in enumerate(PLACES[:2]))
    of_gml(tmp_path, degrees + edge(0, 1))
    assert "taken as km: if they are degrees, name them Longitude and Latitude" in said(caplog)
    caplog.clear()
    graph = of_gml(tmp_path, degrees.replace(" x ", " x_km ").replace(" y ", " y_km ") + edge(0, 1))
    assert caplog.messages == []
    assert graph.edges[0, 1]["length_km"] == pytest.approx(2**0.5)
    graph = of_gml(tmp_path, degrees.replace(" x ", " x_m ").replace(" y ", " y_m ") + edge(0, 1))
    assert graph.edges[0, 1]["length_km"] == pytest.approx(2**0.5 / 1000)


@pytest.mark.parametrize("pair", [("lon", "lat"), ("lng", "lat"), ("LONGITUDE", "latitude")])
def test_degrees_by_other_names(pair: tuple[str, str], tmp_path: Path) -> None:
    nodes = NODES.replace("Longitude", pair[0]).replace("Latitude", pair[1])
    assert of_gml(tmp_path, nodes + edge(0, 1) + CHAIN).graph["positions"] == "lonlat"


# ---- forms


UMLAUT = NODES.replace("Hub", "Zürich") + edge(0, 1) + CHAIN


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_gml_in_every_encoding(
    encoding: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "map.gml"
    path.write_bytes(f"graph [ {UMLAUT} ]".encode(encoding))
    assert loaded(path).nodes[0]["name"] == "Zürich"
    assert ("read as ISO 8859-1" in caplog.text) == (encoding == "latin-1")


def test_gml_with_entities_as_its_language_has_them(tmp_path: Path) -> None:
    graph = of_gml(tmp_path, UMLAUT.replace("ü", "&#252;"))
    assert graph.nodes[0]["name"] == "Zürich"


def test_a_compressed_file(tmp_path: Path) -> None:
    path = tmp_path / "map.gml.gz"
    path.write_bytes(gzip.compress(f"graph [ {UMLAUT} ]".encode()))
    assert loaded(path).number_of_nodes() == 4


def test_numbers_with_an_exponent_alone_and_words_that_look_like_some(tmp_path: Path) -> None:
    nodes = NODES.replace('"Hub"', '"1e9"')
    graph = of_gml(tmp_path, nodes + edge(0, 1, "capacity_bps 2e9 length 1E2") + CHAIN)
    assert graph.nodes[0]["name"] == "1e9"
    assert graph.edges[0, 1] == {"length_km": 100.0, "capacity_bps": 2e9}


GRAPHML = """<?xml version="1.0" encoding="utf-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key attr.name="Longitude" attr.type="double" for="node" id="d1" />
  <key attr.name="Latitude" attr.type="double" for="node" id="d2" />
  <key attr.name="capacity_bps" attr.type="double" for="edge" id="d4"><default>1e8</default></key>
  <graph edgedefault="undirected">
    <node id="a"><data key="d1">8.0</data><data key="d2">50.0</data></node>
    <node id="b"><data key="d1">9.0</data><data key="d2">51.0</data></node>
    <edge id="e" source="a" target="b"><data key="d4">2.5e9</data></edge>
    <edge id="e" source="a" target="b" />
  </graph>
</graphml>
"""


def of_graphml(folder: Path, text: str) -> "nx.Graph[int]":
    path = folder / "map.graphml"
    path.write_text(text, encoding="utf-8")
    return loaded(path)


def test_graphml_keeps_parallel_edges_of_one_id_and_default_values(tmp_path: Path) -> None:
    graph = of_graphml(tmp_path, GRAPHML)
    assert graph.edges[0, 1]["capacity_bps"] == 2.6e9
    assert names(graph) == ["a", "b"]
    assert of_graphml(tmp_path, "\ufeff" + GRAPHML).number_of_nodes() == 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('encoding="utf-8"', 'encoding="utfa8"', "unknown encoding"),
        ('target="b" />', 'target="c" />', "an edge has the target 'c', and no node this id"),
        ('<node id="b">', '<node id="a">', "2 nodes have the id 'a'"),
        ("</graph>\n", '</graph><graph edgedefault="directed"/>', "it holds 2 graphs"),
        ('<node id="a">', '<node id="a"><graph/>', "a graph within a node"),
        ("</graphml>", "", "no element found"),
    ],
)
def test_graphml_that_would_be_read_as_something_else_is_refused(
    old: str, new: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=f"cannot be read as GraphML: .*{message}") as refused:
        of_graphml(tmp_path, GRAPHML.replace(old, new))
    assert "\n" not in str(refused.value)


def test_gml_nested_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "deep.gml"
    path.write_text("graph [" + "a [" * 20_000, encoding="utf-8")
    with pytest.raises(InputError, match="cannot be read as GML: nested too deeply"):
        loaded(path)


def test_a_name_stated_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"label of node 0.*must be stated once"):
        of_gml(tmp_path, NODES.replace('label "Hub"', 'label "Hub" label "Nub"') + CHAIN)


# ---- the Internet Topology Zoo


def zoo(kind: str, folder: Path, names: slice) -> list[Path]:
    """Its original files (CC-BY 4.0), which are not part of the repository."""
    if not ZOO.is_file():
        pytest.skip("the Internet Topology Zoo is not part of the repository")
    with zipfile.ZipFile(ZOO) as archive:
        members = sorted(name for name in archive.namelist() if name.endswith(f".{kind}"))[names]
        return [Path(archive.extract(member, folder)) for member in members]


def loads(paths: list[Path]) -> tuple[int, list[str]]:
    """How many load, and why the others do not."""
    reasons = []
    for path in paths:
        try:
            graph = loaded(path)
        except InputError as error:
            reasons.append(error.accepted)
        else:
            assert nx.is_connected(graph)
            lengths = [of["length_km"] for *_, of in graph.edges(data=True)]
            assert all(0 <= length < 20_000 for length in lengths)
    return len(paths) - len(reasons), reasons


@pytest.mark.parametrize("kind", ["gml", "graphml"])
def test_a_sample_of_the_topology_zoo_loads(kind: str, tmp_path: Path) -> None:
    read, reasons = loads(zoo(kind, tmp_path, slice(0, None, 12)))
    assert (read, len(reasons)) == (23, 0)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["gml", "graphml"])
def test_the_topology_zoo_loads_but_for_files_without_a_map(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="edgesim"):
        read, reasons = loads(zoo(kind, tmp_path, slice(None)))
    assert (read, len(reasons)) == (256, 20)
    assert all("no position" in reason or "not connected" in reason for reason in reasons)
    assert all(len(line.splitlines()) == 1 for line in caplog.messages)


def test_of_many_attributes_ten_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    more = " ".join(f"note{chr(97 + number)} 1" for number in range(11))
    of_gml(tmp_path, NODES + edge(0, 1, more) + CHAIN)
    line = said(caplog)
    assert (
        "notea, noteb, notec, noted, notee, notef, noteg, noteh, notei, notej and 1 more of links"
        in line
    )
    caplog.clear()
    of_gml(tmp_path, NODES + edge(0, 1, more.replace(" notek 1", "")) + CHAIN)
    assert "notei, notej of links" in said(caplog)


@pytest.mark.parametrize(
    ("pair", "km"), [(("x_km", "y_km"), 5.0), (("x_m", "y_m"), 0.005), (("x", "y"), 5.0)]
)
def test_positions_on_a_plane_by_their_unit(
    pair: tuple[str, str], km: float, tmp_path: Path
) -> None:
    x, y = pair
    body = f"node [ id 0 {x} 0 {y} 0 ] node [ id 1 {x} 3 {y} 4 ] edge [ source 0 target 1 ]"
    graph = of_gml(tmp_path, body)
    assert graph.edges[0, 1]["length_km"] == pytest.approx(km)
    assert graph.graph["positions"] == "km"


def test_what_a_node_says_of_its_instances_is_in_bits_a_second(tmp_path: Path) -> None:
    host = node(0, more="host 1 instance_capacity_gbps 2.5 processing_ms 3")
    graph = of_gml(tmp_path, host + "".join(map(node, range(1, 4))) + edge(0, 1) + CHAIN)
    assert graph.nodes[0]["host"] == 1 and graph.nodes[0]["instance_capacity_bps"] == 2.5e9
    assert graph.nodes[0]["processing_ms"] == 3
    assert "host" not in graph.nodes[1]
