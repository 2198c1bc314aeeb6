"""Virtual networks on networks small enough to be reckoned by hand."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgesim.errors import InputError
from edgesim.scenarios import resolve
from edgesim.twin.twin import Twin
from edgesim.twin.vne.outcomes import Accepted, Rejected, Released
from edgesim.twin.vne.request import VirtualLink, VirtualNetwork
from edgesim.twin.vne.workload import VNEWorkload

INF = float("inf")

SQUARE = """graph [
  node [ id 0 x 0.0 y 0.0 ]
  node [ id 1 x 1.0 y 0.0 ]
  node [ id 2 x 1.0 y 1.0 ]
  node [ id 3 x 0.0 y 1.0 ]
  edge [ source 0 target 1 ]
  edge [ source 1 target 2 ]
  edge [ source 2 target 3 ]
  edge [ source 3 target 0 ]
]
"""
"""Nodes 0, 1, 2, 3 around a square with sides of 1 km: edges 0-1, 0-3, 1-2, 2-3 in this order."""


class Scripted(VNEWorkload):
    """A workload whose virtual networks are given."""

    coming: list[VirtualNetwork]

    def arrivals(self) -> Any:
        return iter(self.coming)


def on_square(tmp_path: Path, coming: list[VirtualNetwork], **keys: Any) -> Scripted:
    """The square: 10 CPU units a node, 10 Mbit/s a link, 1 ms a km."""
    path = tmp_path / "square.gml"
    path.write_text(SQUARE)
    routing = keys.pop("routing", None)
    overrides = {
        "physical.topology.source": str(path),
        "physical.cpu": [10, 10],
        "physical.bandwidth_mbps": [10, 10],
        "physical.propagation_ms_per_km": 1.0,
        **keys,
    }
    vne = Scripted(resolve("vne_geant", overrides), routing=routing)
    vne.coming = coming
    Twin([vne], np.random.SeedSequence(0), record=True)
    return vne


def pair(
    number: int, arrival_s: float, mbps: float, *, lifetime_s: float = 5.0, bound_s: float = INF
) -> VirtualNetwork:
    """Two nodes of 6 CPU units each, joined by one link."""
    link = VirtualLink(0, 1, mbps * 1e6, bound_s)
    return VirtualNetwork(number, arrival_s, lifetime_s, [6.0, 6.0], [link])


def left(vne: VNEWorkload) -> tuple[list[float], list[float]]:
    """CPU of the nodes, and Mbit/s of the edges 0-1, 0-3, 1-2, 2-3, that are not held."""
    edges = [tuple(sorted(ends)) for ends in vne.substrate.network.links.wiring.edges]
    order = [edges.index(ends) for ends in ((0, 1), (0, 3), (1, 2), (2, 3))]
    room = vne.substrate.room_bps() / 1e6
    return vne.substrate.cpu_left.tolist(), room[order].tolist()


def played(vne: VNEWorkload, *choices: tuple[int, int] | None) -> list[str]:
    """What comes of some choices."""
    for choice in choices:
        assert vne.next_decision() is not None
        vne.decide(choice)
    said = [
        outcome.reason if isinstance(outcome, Rejected) else type(outcome).__name__.lower()
        for outcome in vne.outcomes
    ]
    vne.outcomes.clear()
    return said


def test_a_virtual_network_holds_cpu_and_bandwidth_until_it_leaves(tmp_path: Path) -> None:
    coming = [pair(0, 1.0, 4.0), pair(1, 3.0, 7.0), pair(2, 6.0, 7.0)]
    vne = on_square(tmp_path, coming)
    assert played(vne, (0, 0), (1, 1)) == ["accepted"]
    assert left(vne) == ([4, 4, 10, 10], [6, 10, 10, 10])
    # The second finds 6 of 10 Mbit/s on 0-1, goes from 3 to 2, and meets no host of the first.
    assert played(vne, (0, 3), (1, 2)) == ["accepted"]
    assert left(vne) == ([4, 4, 4, 4], [6, 10, 10, 3])
    # The first leaves at 6 s, before the third, which arrives at that very instant.
    assert vne.next_decision() is coming[2]
    assert left(vne) == ([10, 10, 4, 4], [10, 10, 10, 3])
    assert played(vne, (0, 0), (1, 1)) == ["released", "accepted"]
    assert vne.next_decision() is None and vne.ledger.closes
    assert vne.log is not None
    assert vne.log.rows == [
        (1.0, "arrive", 0, -1, 2.0),
        (1.0, "choose", 0, 0, 0.0),
        (1.0, "choose", 0, 1, 1.0),
        (1.0, "accept", 0, -1, 4e6),
        (3.0, "arrive", 1, -1, 2.0),
        (3.0, "choose", 1, 3, 0.0),
        (3.0, "choose", 1, 2, 1.0),
        (3.0, "accept", 1, -1, 7e6),
        (6.0, "release", 0, -1, 0.0),
        (6.0, "arrive", 2, -1, 2.0),
        (6.0, "choose", 2, 0, 0.0),
        (6.0, "choose", 2, 1, 1.0),
        (6.0, "accept", 2, -1, 7e6),
    ]


def test_what_cannot_hold_is_rejected_whole_and_gives_all_back(tmp_path: Path) -> None:
    coming = [pair(0, 0.0, 8.0, lifetime_s=100.0), *(pair(n, float(n), 8.0) for n in range(1, 5))]
    vne = on_square(tmp_path, coming)
    assert played(vne, (0, 0), (1, 1)) == ["accepted"]
    before = ([4.0, 4.0, 10.0, 10.0], [2.0, 10.0, 10.0, 10.0])
    assert played(vne, (0, 2), (1, 2)) == ["taken"]
    assert left(vne) == before
    assert played(vne, (0, 2), (1, 0)) == ["cpu"]
    assert left(vne) == before
    assert played(vne, None) == ["declined"]
    # From 2 to 3 there are 2-3 and, around, 2-1-0-3, which lacks room.
    assert played(vne, (1, 3), (0, 2)) == ["accepted"]
    assert left(vne) == ([4, 4, 4, 4], [2, 10, 10, 2])
    ledger = vne.ledger
    assert (ledger.arrived, ledger.accepted, ledger.rejected, ledger.running) == (5, 2, 3, 2)


def test_a_path_goes_around_where_the_short_one_is_full(tmp_path: Path) -> None:
    first = VirtualNetwork(0, 0.0, 100.0, [1.0, 1.0], [VirtualLink(0, 1, 8e6, INF)])
    second = VirtualNetwork(1, 1.0, 100.0, [1.0, 1.0], [VirtualLink(0, 1, 5e6, INF)])
    third = VirtualNetwork(2, 2.0, 100.0, [1.0, 1.0], [VirtualLink(0, 1, 6e6, INF)])
    for routing in ("k_shortest", "shortest"):
        vne = on_square(tmp_path, [first, second, third], routing=routing)
        assert played(vne, (0, 0), (1, 1)) == ["accepted"]
        assert played(vne, (1, 1), (0, 0)) == ["accepted"]
        assert left(vne)[1] == [2, 5, 5, 5], "0-3, 3-2 and 2-1 instead of 0-1"
        assert vne.embedding.hop_bps == 15e6
        ends = vne.substrate.network.links.wiring.ends
        path = vne.embedding.paths[0]
        assert path is not None
        assert [ends[link] for link in path] == [(0, 3), (3, 2), (2, 1)]
        assert played(vne, (0, 0), (1, 1)) == ["path"], "both ways lack room"


def test_only_so_many_shortest_paths_are_looked_at(tmp_path: Path) -> None:
    coming = [pair(0, 0.0, 8.0), VirtualNetwork(1, 1.0, 9.0, [1, 1], [VirtualLink(0, 1, 5e6, INF)])]
    vne = on_square(tmp_path, coming, paths=1)
    assert played(vne, (0, 0), (1, 1), (0, 0), (1, 1)) == ["accepted", "path"]


@pytest.mark.parametrize("routing", ["k_shortest", "shortest"])
def test_a_path_keeps_the_bound_of_its_link(tmp_path: Path, routing: str) -> None:
    """A side takes 1 ms: across the square 2 ms, around a full side 3 ms."""
    coming = [
        pair(0, 0.0, 1.0, bound_s=0.0021),
        pair(1, 10.0, 1.0, bound_s=0.0019),
        pair(2, 20.0, 10.0, lifetime_s=100.0),
        VirtualNetwork(3, 21.0, 100.0, [1, 1], [VirtualLink(0, 1, 1e6, 0.0029)]),
        VirtualNetwork(4, 22.0, 100.0, [1, 1], [VirtualLink(0, 1, 1e6, 0.0031)]),
    ]
    vne = on_square(tmp_path, coming, routing=routing)
    across, along = ((0, 0), (1, 2)), ((0, 0), (1, 1))
    assert played(vne, *across) == ["accepted"]
    assert played(vne, *across) == ["released", "path"]
    assert played(vne, *along, *along, *along) == ["accepted", "path", "accepted"]


def test_a_link_that_asks_for_nothing_holds_nothing(tmp_path: Path) -> None:
    full, nothing = pair(0, 0.0, 10.0), pair(1, 1.0, 0.0)
    nothing.cpu = [0.0, 0.0]
    vne = on_square(tmp_path, [full, nothing])
    assert played(vne, (0, 0), (1, 1), (0, 0), (1, 1)) == ["accepted", "accepted"]
    assert left(vne) == ([4, 4, 10, 10], [0, 10, 10, 10])


def test_decisions_out_of_turn_are_mistakes(tmp_path: Path) -> None:
    vne = on_square(tmp_path, [pair(0, 0.0, 1.0)])
    for decide in (vne.reject, lambda: vne.choose(0, 0)):
        with pytest.raises(RuntimeError, match="no request to decide"):
            decide()
    vne.next_decision()
    for choice, message in (((2, 0), "virtual node = 2: "), ((0, -1), "physical node = -1: ")):
        with pytest.raises(InputError, match=message):
            vne.decide(choice)
    vne.choose(0, 0)
    with pytest.raises(RuntimeError, match="virtual node 0 has a host already"):
        vne.choose(0, 1)


def test_a_network_with_another_map_is_refused() -> None:
    geant, brain = (VNEWorkload(resolve(name)) for name in ("vne_geant", "vne_brain"))
    with pytest.raises(InputError, match="must have the scenario's map"):
        Twin([geant], np.random.SeedSequence(0), network=brain.network_world)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32), st.sampled_from(["k_shortest", "shortest"]))
def test_books_and_resources_agree_at_every_decision(number: int, routing: str) -> None:
    """What nodes and links have left is what they hold less what running networks take."""
    scenario = resolve("vne_geant", {"virtual.count": 40, "virtual.arrival_rate_hz": 0.05})
    seed = np.random.SeedSequence(number)
    vne = VNEWorkload.alone(scenario, seed, routing=routing)
    rng = np.random.default_rng(number)
    substrate, wiring = vne.substrate, vne.substrate.network.links.wiring
    assert substrate.cpu.min() >= 50 and substrate.cpu.max() <= 100
    while (request := vne.next_decision()) is not None:
        cpu = substrate.cpu.copy()
        room = substrate.capacity_bps.copy()
        at_hand = [vne.embedding] if vne.request is not None else []
        for embedding in (*vne.running.values(), *at_hand):
            placed = [host for host in embedding.hosts if host >= 0]
            assert len(set(placed)) == len(placed) == embedding.placed
            for host, units in zip(embedding.hosts, embedding.request.cpu, strict=True):
                if host >= 0:
                    cpu[host] -= units
            for path, link in zip(embedding.paths, embedding.request.links, strict=True):
                ends = embedding.hosts[link.one], embedding.hosts[link.other]
                assert (path is not None) == (min(ends) >= 0)
                if path is not None:
                    way = [wiring.ends[step] for step in path]
                    assert way[0][0] == ends[0] and way[-1][1] == ends[1]
                    assert all(a[1] == b[0] for a, b in pairwise(way))
                    room[[step >> 1 for step in path]] -= link.bandwidth_bps
        assert np.array_equal(cpu, substrate.cpu_left) and cpu.min() >= 0
        assert np.array_equal(room, substrate.room_bps()) and room.min() >= 0
        assert vne.ledger.closes
        node = next(n for n in range(request.nodes) if vne.embedding.hosts[n] < 0)
        vne.decide((node, int(rng.integers(vne.world.nodes))) if rng.random() < 0.95 else None)
    assert vne.ledger.arrived == 40


def test_outcomes_are_told_with_their_times(tmp_path: Path) -> None:
    vne = on_square(tmp_path, [pair(0, 1.0, 1.0, lifetime_s=2.0), pair(1, 9.0, 1.0)])
    for choice in ((0, 0), (1, 1), None):
        vne.next_decision()
        vne.decide(choice)
    kinds = [(type(outcome), outcome.time_s) for outcome in vne.outcomes]
    assert kinds == [(Accepted, 1.0), (Released, 3.0), (Rejected, 9.0)]
