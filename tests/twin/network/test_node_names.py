"""Who is meant by a name: nobody where it could be two."""

import networkx as nx
import pytest

from edgesim.twin.network.node_names import NodeNames


def named(*names: str, ids: tuple[str, ...] | None = None) -> NodeNames:
    graph: nx.Graph[int] = nx.Graph()
    for node, name in enumerate(names):
        graph.add_node(node, name=name)
        if ids is not None:
            graph.nodes[node]["id"] = ids[node]
    return NodeNames(graph)


def test_a_node_goes_by_its_name_and_its_number() -> None:
    names = named("Ulm", " Bonn ", "7")
    assert [names.node(text) for text in ("Ulm", "Bonn", "7", "0", "1", "2")] == [0, 1, 2, 0, 1, 2]
    assert names.node("Köln") is None and names.node("3") is None


def test_two_nodes_of_one_name_are_told_apart_by_their_numbers() -> None:
    names = named("Hub", "Edge", "Edge")
    assert names.node("Edge") is None
    assert names.why_not("Edge") == (
        "could mean node 1 ('number:1') or node 2 ('number:2'): write which, as in the brackets"
    )
    assert (names.node("number:1"), names.node("2")) == (1, 2)


def test_a_name_that_is_the_number_of_another_node_means_neither() -> None:
    names = named("1", "Ulm", "Bonn")
    assert names.node("1") is None
    assert "node 0 ('name:1') or node 1 ('number:1')" in names.why_not("1")
    assert (names.node("name:1"), names.node("number:1"), names.node("0")) == (0, 1, 0)


def test_where_all_names_are_numbers_numbers_are_names() -> None:
    names = named("3320", "680", "1")
    assert [names.node(text) for text in ("3320", "680", "1", "0", "2")] == [0, 1, 2, None, None]


def test_ids_of_a_file_that_are_not_the_numbers_are_ambiguous() -> None:
    names = named("Ulm", "Bonn", "Kiel", ids=("1", "2", "3"))
    assert names.node("Bonn") == 1 and names.node("3") == 2 and names.node("0") == 0
    assert names.node("1") is None and names.node("id:1") == 0 and names.node("number:1") == 1
    # Labels 1 … N beside ids 0 … N-1, as drawing programs write them.
    names = named("1", "2", "3", ids=("0", "1", "2"))
    assert names.node("1") is None and names.node("name:1") == 0 and names.node("id:1") == 1
    assert names.node("0") == 0 and names.node("3") == 2


@pytest.mark.parametrize(("wrong", "meant"), [("Uml", "Ulm"), ("bonn", "Bonn")])
def test_the_nearest_name_is_told(wrong: str, meant: str) -> None:
    assert f"did you mean {meant!r}" in named("Ulm", "Bonn").why_not(wrong)
    assert f"did you mean {meant!r}" in named("Ulm", "Bonn", *map(str, range(30))).why_not(wrong)
