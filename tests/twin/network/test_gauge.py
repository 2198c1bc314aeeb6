"""The series of links, by hand: fluid, messages, and reservations alone."""

from math import isnan
from typing import Any

import networkx as nx
import numpy as np
import pytest

from edgesim.scenarios.parts.failures import Failures
from edgesim.scenarios.parts.links import Backhaul, Links
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.streams import Streams
from edgesim.twin.network.gauge import LinkGauge
from edgesim.twin.network.network import Network, NetworkWorld
from edgesim.twin.network.wiring import Wiring

# 1 Mbit/s and bursts of 125 bytes: a burst takes a millisecond. 200 km: one more.
QUIET = Links(capacity_bps=1e6, burst_bytes=125, queue_bursts=99, background_share=[0, 0])
# 8 Mbit/s: a message of 1 MB takes a second a hop. 1 km: 0.25 s. A switch: 0.5 s.
SLOW = Backhaul(link_rate_bps=8e6, switch_delay_s=0.5, propagation_s_per_km=0.25)


def looked_at(graph: Any, world: Any) -> tuple[Clock, Network, LinkGauge]:
    clock = Clock()
    network = Network(clock, world(graph), Streams(np.random.SeedSequence(0)))
    return clock, network, LinkGauge(clock, network)


def fluid(graph: Any) -> NetworkWorld:
    for ends in graph.edges:
        graph.edges[ends]["length_km"] = 200.0
    return NetworkWorld(Wiring(graph, QUIET), QUIET, Failures())


def test_where_reservations_are_all_they_are_the_load() -> None:
    _, network, gauge = looked_at(nx.path_graph(3), fluid)
    network.reserve((0, 2), 0.25e6)
    told = gauge.read()
    assert list(told) == ["load", "load_bps"] and gauge.marks() == ()
    assert told["load"].tolist() == [0.25, 0.0, 0.25, 0.0]
    network.reserve((0,), 0.25e6)
    assert told["load_bps"].tolist() == [0.25e6, 0.0, 0.25e6, 0.0]  # as it was
    assert gauge.kind == "link" and list(gauge.names) == ["0 > 1", "1 > 0", "1 > 2", "2 > 1"]


def test_a_fluid_waits_in_queues_and_is_lost_where_they_are_full() -> None:
    _, network, gauge = looked_at(nx.path_graph(3), fluid)
    network.links.metered = True
    network.reserve((0,), 0.5e6)
    network.reserve((1,), 1e6)
    network.links.fail_edge(1)
    told = gauge.read()
    assert told["load"].tolist() == pytest.approx([0.5, 1.0, 0.0, 0.0])
    assert told["load_bps"].tolist() == pytest.approx([0.5e6, 1e6, 0.0, 0.0])
    # At rho = 0.5 a burst stays 2 ms: one is there on average. A full queue of 99 places turns one
    # of a hundred away, and the others stay 50 ms: 990 a second are 49.5 at a time.
    assert told["queue"].tolist() == pytest.approx([1.0, 49.5, 0.0, 0.0])
    assert told["latency_s"][:2].tolist() == pytest.approx([0.003, 0.051])
    assert all(isnan(value) for value in told["latency_s"][2:])
    assert told["drop_hz"].tolist() == pytest.approx([0.0, 10.0, 0.0, 0.0], abs=1e-9)


def test_messages_fill_a_link_while_it_sends_them() -> None:
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(3))
    for one, other in ((0, 1), (1, 2)):
        graph.add_edge(one, other, length_m=1000.0)

    def world(graph: Any) -> NetworkWorld:
        return NetworkWorld.of_backhaul(graph, SLOW)

    clock, network, gauge = looked_at(graph, world)
    for size_bytes in (2e6, 1e6):
        network.send(size_bytes, 0, 1, lambda _: None)
    clock.run(until=0.5)
    told = gauge.read()
    assert list(told) == ["load", "load_bps", "queue", "latency_s"]
    assert told["load"].tolist() == [1.0, 0.0, 0.0, 0.0]
    assert told["load_bps"].tolist() == [8e6, 0.0, 0.0, 0.0]
    assert told["queue"].tolist() == [2.0, 0.0, 0.0, 0.0]
    # 2.5 s of what waits, a second of sending, 0.25 s of fibre, 0.5 s of switch.
    assert told["latency_s"].tolist() == pytest.approx([4.25, 1.75, 1.75, 1.75])
    network.links.fail_edge(1)
    clock.run(until=3.25)  # both are sent, and the second is not there yet
    told = gauge.read()
    assert told["load"].tolist() == told["queue"].tolist() == [0.0] * 4
    assert told["latency_s"][0] == pytest.approx(1.75) and isnan(told["latency_s"][2])
