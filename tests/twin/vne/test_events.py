"""Stated events under virtual networks: what is led around, what is given up."""

from typing import Any

import numpy as np
import pytest

from edgesim.scenarios import resolve
from edgesim.twin.vne.outcomes import Dropped, Rerouted
from edgesim.twin.vne.request import UNPLACED
from edgesim.twin.vne.workload import VNEWorkload

BUSY = {"virtual.count": 60, "virtual.arrival_rate_hz": 0.1, "virtual.nodes": [2, 3]}


def most_room(vne: VNEWorkload, request: Any) -> tuple[int, int]:
    left = vne.substrate.cpu_left.copy()
    left[[host for host in vne.embedding.hosts if host != UNPLACED]] = -1e9
    return vne.embedding.placed, int(np.argmax(left))


def opened(*events: dict[str, Any], **keys: Any) -> VNEWorkload:
    scenario = resolve("vne_geant", {**BUSY, **keys, "events": list(events)})
    return VNEWorkload.alone(scenario, np.random.SeedSequence(0), record=True)


def played(*events: dict[str, Any], **keys: Any) -> VNEWorkload:
    vne = opened(*events, **keys)
    assert vne.run(most_room).closes
    return vne


def at(vne: VNEWorkload, time_s: float) -> None:
    """Decide up to a time."""
    while vne.next_decision() is not None and vne.clock.now < time_s:
        vne.decide(most_room(vne, vne.last))


def test_a_link_that_fails_is_led_around_or_its_networks_are_given_up() -> None:
    vne = opened()
    at(vne, 300)
    held = [path[0] >> 1 for it in vne.running.values() for path in it.paths if path]
    edge = held[0]
    vne = opened({"at_s": 300, "event": "fails", "link": edge, "until_s": 400})
    at(vne, 300)
    for embedding in vne.running.values():
        for path in embedding.paths:
            assert edge not in [link >> 1 for link in path or ()]
    hit = [it for it in vne.outcomes if isinstance(it, Rerouted | Dropped)]
    assert hit and all(it.time_s == 300 for it in hit)
    assert vne.run(most_room).closes
    assert vne.twin.network.links.up[2 * edge]


def test_a_node_that_fails_takes_the_networks_it_hosts() -> None:
    vne = opened()
    at(vne, 300)
    node = next(iter(vne.running.values())).hosts[0]
    hosted = [number for number, it in vne.running.items() if node in it.hosts]
    vne = opened({"at_s": 300, "event": "fails", "node": node})
    at(vne, 300)
    dropped = [it.embedding.request.number for it in vne.outcomes if isinstance(it, Dropped)]
    assert set(hosted) <= set(dropped)
    assert not any(node in it.hosts for it in vne.running.values())
    assert vne.run(most_room).closes
    assert not vne.substrate.take_cpu(node, 0.0)


def test_the_cpu_of_a_host_fails_alone_and_comes_back_whole() -> None:
    vne = opened({"at_s": 300, "event": "fails", "host": 4, "until_s": 400})
    at(vne, 350)
    assert vne.substrate.cpu_left[4] < 0 and all(vne.twin.network.links.node_up)
    at(vne, 401)
    held = sum(
        units
        for it in vne.running.values()
        for host, units in zip(it.hosts, it.request.cpu, strict=True)
        if host == 4
    )
    assert vne.substrate.cpu_left[4] == pytest.approx(vne.substrate.cpu[4] - held)


def test_a_link_that_gets_smaller_keeps_what_it_can_hold() -> None:
    vne = opened()
    at(vne, 300)
    reserved = np.array(vne.twin.network.links.reserved_bps)
    edge = int(np.argmax(reserved)) // 2
    vne = opened({"at_s": 300, "event": "capacity", "link": edge, "factor": 0.01})
    at(vne, 300)
    links = vne.twin.network.links
    assert links.reserved_bps[2 * edge] <= links.capacity_bps[2 * edge] * (1 + 1e-5)
    assert reserved[2 * edge] > links.capacity_bps[2 * edge]
    assert any(isinstance(it, Rerouted | Dropped) for it in vne.outcomes)


def test_an_embedding_at_hand_does_not_use_what_is_down() -> None:
    vne = opened({"at_s": 0, "event": "fails", "link": 0})
    vne.run(most_room)
    assert vne.twin.network.links.reserved_bps[0] == 0.0


def test_more_come_beside_the_usual_ones_until_these_end() -> None:
    usual = [it.arrival_s for it in opened().arrivals()]
    more = [it.arrival_s for it in opened({"at_s": 100, "event": "load", "factor": 3}).arrivals()]
    assert set(usual) <= set(more) and more[-1] == usual[-1]
    beside = len(more) - len(usual)
    expected = (usual[-1] - 100) * 0.1 * 2
    assert beside == pytest.approx(expected, abs=5 * expected**0.5)


def test_a_fork_has_the_same_events_to_come() -> None:
    vne = opened(
        {"at_s": 300, "event": "fails", "node": 3, "until_s": 400},
        {"at_s": 250, "event": "load", "factor": 2},
    )
    at(vne, 200)
    copy, other = vne.fork(), vne.fork(np.random.SeedSequence(5))
    for one in (vne, copy, other):
        assert one.run(most_room).closes
    assert copy.log.fingerprint() == vne.log.fingerprint()  # type: ignore[union-attr]
    assert other.log.fingerprint() != vne.log.fingerprint()  # type: ignore[union-attr]
