"""A table states what single links of a topology are."""

from pathlib import Path

import networkx as nx
import pytest

from edgesim.errors import InputError
from edgesim.scenarios.parts.links import Links
from edgesim.twin.network.link_table import state_links
from edgesim.twin.network.wiring import Wiring


def town() -> "nx.Graph[int]":
    graph: nx.Graph[int] = nx.cycle_graph(4)
    for node, name in enumerate(("Ulm", "Bonn", "Kiel", "Jena")):
        graph.nodes[node].update(name=name, x=0.0, y=0.0)
    for one, other in graph.edges:
        graph.edges[one, other]["length_km"] = 100.0
    return graph


def stated(folder: Path, *rows: str, header: str) -> Wiring:
    path = folder / "links.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    graph = town()
    state_links(graph, str(path))
    return Wiring(graph, Links(capacity_bps=1e9))


def capacity(wiring: Wiring, one: int, other: int) -> float:
    return wiring.capacity_bps[wiring.number[one, other]]


def test_a_row_holds_for_both_directions_and_the_rest_stays(tmp_path: Path) -> None:
    wiring = stated(
        tmp_path,
        "Bonn,Ulm,155,2.5",
        "Kiel,Jena,,7",
        header="source,target,capacity_mbps,delay_ms",
    )
    assert [capacity(wiring, *ends) for ends in ((0, 1), (1, 0), (2, 3), (1, 2))] == [
        155e6,
        155e6,
        1e9,
        1e9,
    ]
    assert wiring.propagation_s[wiring.number[0, 1]] == pytest.approx(0.0025)
    assert wiring.propagation_s[wiring.number[3, 2]] == pytest.approx(0.007)
    assert wiring.propagation_s[wiring.number[1, 2]] == pytest.approx(100 * 5e-6)


@pytest.mark.parametrize("rows", [("Ulm,Bonn,100", "Bonn,Ulm,10"), ("Bonn,Ulm,10", "Ulm,Bonn,100")])
def test_a_direction_may_have_a_row_of_its_own(rows: tuple[str, ...], tmp_path: Path) -> None:
    wiring = stated(tmp_path, *rows, header="source,target,capacity_mbps")
    assert (capacity(wiring, 0, 1), capacity(wiring, 1, 0)) == (1e8, 1e7)


def test_or_both_stand_in_one_row(tmp_path: Path) -> None:
    header = "source,target,capacity_bps,capacity_back_bps,reserved_bps"
    wiring = stated(tmp_path, "Bonn,Ulm,1e8,1e7,5e6", header=header)
    assert (capacity(wiring, 1, 0), capacity(wiring, 0, 1)) == (1e8, 1e7)
    assert wiring.reserved_bps[wiring.number[0, 1]] == 5e6


def test_a_length_is_the_way_of_the_light(tmp_path: Path) -> None:
    wiring = stated(tmp_path, "0,3,800", header="source,target,length_km")
    assert wiring.propagation_s[wiring.number[0, 3]] == pytest.approx(0.004)


def test_columns_that_mean_nothing_are_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stated(tmp_path, "Ulm,Bonn,1e8,3,fibre", header="source,target,capacity_bps,delay,kind")
    assert "columns not read: delay, kind" in caplog.text


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (("Ulm,Kiel,1e9",), "row 1 = 'Ulm – Kiel': the topology has no link between these"),
        (("Ulm,Bonn,1", "Ulm,Bonn,2"), "row 2 = 'Ulm – Bonn': the link is in the table twice"),
        (("Ulm,Born,1",), "row 1, target = 'Born': did you mean 'Bonn'"),
        (("Ulm,Bonn,0",), "row 1, capacity_bps = '?0.*above 0"),
        (("Ulm,Bonn,lots",), "row 1, capacity_bps = 'lots'"),
        (("Ulm,,1",), "row 1, column 'target' = None|row 1, column 'target' = ''"),
    ],
)
def test_rows_that_cannot_be_used_are_refused(
    rows: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        stated(tmp_path, *rows, header="source,target,capacity_bps")
