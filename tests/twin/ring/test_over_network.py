"""Activations as messages over the twin's network, by hand."""

import numpy as np
import pytest

from edgesim.scenarios.parts.links import Backhaul
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.streams import Streams
from edgesim.twin.network.gabriel import metro_graph
from edgesim.twin.network.network import Network, NetworkWorld
from edgesim.twin.ring.live import LiveRing
from edgesim.twin.ring.over_network import network_hop
from edgesim.twin.ring.tokens import Station

# 8 Mbit/s: a message of 1 MB takes a second a hop
SLOW = Backhaul(link_rate_bps=8e6, switch_delay_s=0.0, propagation_s_per_km=0.0)
MB = 1e6


def token_s(others: bool, batch: int = 1) -> float:
    """A token of two stations at neighbouring nodes, while others may send 3 MB the same way."""
    clock = Clock()
    graph = metro_graph([(0.0, 0.0), (1000.0, 0.0)])
    world = NetworkWorld.of_backhaul(graph, SLOW)
    network = Network(clock, world, Streams(np.random.SeedSequence(0)))
    station = Station(1, 0, 10.0, 1.0, 1.0, 1.0, 0.0)
    ring = LiveRing(
        clock,
        [station, station],
        rounds=1,
        layer_bytes=2.0,
        output_bytes=0.0,
        output_s=0.0,
        hop=network_hop(clock, network, [0, 1], MB),
    )
    if others:
        network.send(3 * MB, 0, 1, lambda _: None)
    clock.run(clock.process(ring.token(batch)))
    return float(clock.now)


def test_on_an_idle_network_a_hop_takes_its_bytes_over_the_rate() -> None:
    # each station reads its layer in 2 s and computes it in 1 s, and each hop takes a second
    assert token_s(others=False) == pytest.approx(2 * (2 + 1 + 1))
    assert token_s(others=False, batch=2) == pytest.approx(2 * (2 + 1 + 2))


def test_activations_wait_for_what_others_send() -> None:
    """The other message is on the link from 0 to 3 s: the first hop, due at 3 s, is not late."""
    assert token_s(others=True) == pytest.approx(2 * (2 + 1 + 1))


def test_activations_wait_for_a_longer_message() -> None:
    clock = Clock()
    graph = metro_graph([(0.0, 0.0), (1000.0, 0.0)])
    network = Network(
        clock, NetworkWorld.of_backhaul(graph, SLOW), Streams(np.random.SeedSequence(0))
    )
    hop = network_hop(clock, network, [0, 1], MB)
    network.send(3 * MB, 0, 1, lambda _: None)
    clock.run(clock.process(hop(0, 1.0)))
    assert clock.now == pytest.approx(4.0)
