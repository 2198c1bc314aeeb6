"""Stated events among service chains: what fails, what gets smaller, who comes."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from edgesim.errors import InputError
from edgesim.scenarios import resolve
from edgesim.twin.sfc.outcomes import Dropped, Rerouted
from edgesim.twin.sfc.workload import SFCWorkload

SHORT = {
    "network.horizon_s": 60.0,
    "network.failures.link_mtbf_s": None,
    "network.topology.source": "sndlib/polska",
}


def least_delay(chains: SFCWorkload, request: Any) -> int:
    layers, choices = chains.fabric.layers(request), chains.chain.choices
    stage, before = len(choices), choices[-1] if choices else 0
    room = layers.residual[stage, before] >= request.bandwidth
    return int(np.argmin(np.where(room, layers.delay_ms[stage, before], np.inf)))


def opened(*events: dict[str, Any], **keys: Any) -> SFCWorkload:
    scenario = resolve("sfc", {**SHORT, **keys, "events": list(events)})
    return SFCWorkload.alone(scenario, np.random.SeedSequence(0), record=True)


def played(*events: dict[str, Any], **keys: Any) -> SFCWorkload:
    chains = opened(*events, **keys)
    assert chains.run(least_delay).closes
    return chains


def rows(chains: SFCWorkload) -> list[dict[str, Any]]:
    assert chains.log is not None
    found: list[dict[str, Any]] = chains.log.table().to_pylist()
    return found


def busiest(chains: SFCWorkload) -> int:
    """The edge on which the most is reserved at the end."""
    held = np.array(chains.fabric.links.reserved_bps)  # type: ignore[attr-defined]
    return int(np.argmax(held)) // 2


def test_a_link_fails_at_its_time_and_chains_go_around() -> None:
    edge = busiest(played())
    chains = opened({"at_s": 30, "event": "fails", "link": edge, "until_s": 45})
    links = chains.fabric.links  # type: ignore[attr-defined]
    while chains.next_decision() is not None:
        down = 30 <= chains.clock.now < 45
        assert links.up[2 * edge] == links.up[2 * edge + 1] == (not down)
        choice = least_delay(chains, chains.last)
        chains.decide(choice)
    mended = [it for it in chains.outcomes if isinstance(it, Rerouted | Dropped)]
    assert mended and all(30 <= it.time_s < 31 for it in mended)


def test_the_log_names_links_by_their_ends_and_chains_by_their_path() -> None:
    edge = busiest(played())
    chains = played({"at_s": 30, "event": "fails", "link": edge})
    (fails,) = [row for row in rows(chains) if row["event"] == "link fails"]
    name = fails["element"]
    assert name == chains.world.elements["link"][edge] and " – " in name
    one, other = name.split(" – ")
    accepted = [row for row in rows(chains) if row["event"] == "accept"]
    assert {row["slice"] for row in accepted} == {"embb", "urllc", "mmtc"}
    for row in accepted:
        way = row["path"].split(" > ")
        hops = {frozenset(hop) for hop in pairwise(way)}
        assert row["bandwidth_bps"] > 0 and row["vnfs"].startswith("nat at ")
        if row["time_s"] > 31:
            assert frozenset((one, other)) not in hops
    assert any(f"{one} > {other}" in row["path"] or f"{other} > {one}" in row["path"]
               for row in accepted if row["time_s"] < 30)  # fmt: skip


def test_machines_fail_and_the_node_goes_on() -> None:
    usual = played()
    host = usual.fabric.hosts.placement.hosts[0]  # type: ignore[attr-defined]
    chains = opened({"at_s": 30, "event": "fails", "host": host, "until_s": 45})
    fabric: Any = chains.fabric
    on_it = [i for i, node in enumerate(fabric.hosts.placement.node) if node == host]
    while chains.next_decision() is not None:
        down = 30 <= chains.clock.now < 45
        assert fabric.links.node_up[host]
        assert [fabric.hosts.up[instance] for instance in on_it] == [not down] * len(on_it)
        chains.decide(least_delay(chains, chains.last))
    dropped = [it for it in chains.outcomes if isinstance(it, Dropped)]
    assert dropped and all(30 <= it.time_s < 31 for it in dropped)


def test_a_link_that_gets_smaller_keeps_what_it_can_hold() -> None:
    edge = busiest(played())
    chains = opened({"at_s": 30, "event": "capacity", "link": edge, "factor": 0.05})
    links = chains.fabric.links  # type: ignore[attr-defined]
    before = 0.0
    while chains.next_decision() is not None:
        if chains.clock.now < 30:
            before = max(before, links.reserved_bps[2 * edge], links.reserved_bps[2 * edge + 1])
        elif chains.clock.now > 31:
            for link in (2 * edge, 2 * edge + 1):
                assert links.ceiling_bps[link] == pytest.approx(5e7)
                assert links.reserved_bps[link] <= 5e7 * (1 + 1e-5)
        chains.decide(least_delay(chains, chains.last))
    assert before > 5e7
    mended = [it for it in chains.outcomes if isinstance(it, Rerouted | Dropped)]
    assert mended and all(30 <= it.time_s < 31 for it in mended)


def test_an_overloaded_link_loses_what_is_too_much() -> None:
    """Half the capacity of what is reserved: half is lost, and the queue is full."""
    chains = opened(**{"network.links.background_share": [0.0, 0.0]})
    links = chains.fabric.links  # type: ignore[attr-defined]
    links.reserve((0,), 8e8)
    links.scale(0, 0.4)
    assert links.excess_bps(0) == pytest.approx(4e8)
    assert links.load_bps[0] == pytest.approx(4e8)
    full = 1 / (links.places + 1)  # loss of an M/M/1/K queue at load 1
    assert links.loss[0] == pytest.approx(1 - (1 - full) * 0.5)
    links.scale(0, 2.5)
    assert links.excess_bps(0) == 0 and links.capacity_bps[0] == 1e9


def test_only_a_slice_gets_more() -> None:
    usual, chains = played(), played({"at_s": 20, "event": "load", "factor": 3, "slice": "urllc"})

    def arrivals(found: SFCWorkload) -> dict[str, set[float]]:
        kinds: dict[str, set[float]] = {}
        for row in rows(found):
            if row["event"] == "arrive":
                kinds.setdefault(row["slice"], set()).add(row["time_s"])
        return kinds

    before, after = arrivals(usual), arrivals(chains)
    assert after["embb"] == before["embb"] and after["mmtc"] == before["mmtc"]
    more = after["urllc"] - before["urllc"]
    assert before["urllc"] < after["urllc"] and min(more) >= 20


def test_a_group_comes_from_its_node() -> None:
    group = {"at_s": 20, "event": "joins", "group": "fair", "rate_hz": 2, "node": "Warsaw",
             "slice": "embb"}  # fmt: skip
    chains = opened(group, {"at_s": 40, "event": "leaves", "group": "fair"})
    usual = {it.arrival_s for it in opened().requests()}
    more = [it for it in chains.requests() if it.arrival_s not in usual]
    warsaw = chains.world.elements["node"].index("Warsaw")
    assert len(more) == pytest.approx(40, abs=4 * 40**0.5)
    assert all(it.source == warsaw != it.destination and it.kind == 0 for it in more)
    assert all(20 <= it.arrival_s < 40 for it in more)


def test_a_fork_has_the_same_events_to_come() -> None:
    chains = opened(
        {"at_s": 30, "event": "fails", "node": "Warsaw", "until_s": 45},
        {"at_s": 25, "event": "load", "factor": 2},
        {"at_s": 50, "event": "load", "factor": 0.25},
    )
    for _ in range(100):
        chains.next_decision()
        chains.decide(least_delay(chains, chains.last))
    copy, other = chains.fork(), chains.fork(np.random.SeedSequence(5))
    for one in (chains, copy, other):
        assert one.run(least_delay).closes
    assert copy.log.fingerprint() == chains.log.fingerprint()  # type: ignore[union-attr]
    assert other.ledger.arrived != chains.ledger.arrived
    for one in (chains, other):
        assert [row["time_s"] for row in rows(one) if row["event"] == "node fails"] == [30.0]


def test_a_stated_failure_and_a_random_one_are_both_repaired() -> None:
    chains = opened({"at_s": 30, "event": "fails", "link": 0, "until_s": 45})
    network = chains.twin.network
    chains.clock.at(35.0, lambda _: network.fail_edge(0))
    chains.clock.at(50.0, lambda _: network.repair_edge(0))
    while chains.next_decision() is not None:
        assert network.links.up[0] == (not 30 <= chains.clock.now < 50)
        chains.decide(least_delay(chains, chains.last))


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({"at_s": 1, "event": "fails", "node": "Warsau"}, "did you mean 'Warsaw'"),
        ({"at_s": 1, "event": "fails", "link": ["Warsaw", "Paris"]}, "accepted: "),
        (
            {"at_s": 1, "event": "joins", "group": "g", "rate_hz": 1, "node": "Paris"},
            r"events\[0\]\.node = 'Paris'",
        ),
    ],
)
def test_what_is_not_there_is_refused_before_the_episode(
    event: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        opened(event)


def test_a_node_without_instances_is_no_host() -> None:
    with pytest.raises(InputError, match="has no VNF instances"):
        opened(
            {"at_s": 1, "event": "fails", "host": "Aachen"},
            **{"network.topology.source": "sndlib/germany50"},
        )
