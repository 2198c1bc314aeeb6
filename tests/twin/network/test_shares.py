"""Shares of links that change at once: what they are one by one, to the last bit."""

from array import array

import networkx as nx
import numpy as np
import pytest

from edgesim.scenarios.parts.links import Links as LinkSettings
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.streams import Streams
from edgesim.twin.network.links import Links
from edgesim.twin.network.shares import share_all, share_tables
from edgesim.twin.network.wiring import Wiring

FIGURES = ("available_bps", "delay_s", "load_bps", "loss", "left_bps", "shared_bps", "byte_s")


def ring() -> tuple[Clock, Links]:
    """Links of a ring: reserved, sent on, loaded by others, and one edge down."""
    graph: nx.Graph[int] = nx.cycle_graph(6)
    for ends in graph.edges:
        graph.edges[ends]["length_km"] = 100.0
    settings = LinkSettings(background_share=[0.1, 0.6])
    clock = Clock()
    streams = Streams(np.random.SeedSequence(3))
    links = Links(clock, Wiring(graph, settings), settings, streams)
    links.metered = True
    links.reserve((0, 2), 0.2 * links.wiring.capacity_bps[0])
    links.occupy(4)
    links.fail_edge(3)
    return clock, links


@pytest.mark.parametrize("scaled", [False, True])
def test_many_at_once_are_as_one_by_one(scaled: bool) -> None:
    (clock, one_by_one), (other_clock, at_once) = ring(), ring()
    if scaled:  # edge 0 has less than is reserved, edge 4 less than it had
        for links in (one_by_one, at_once):
            links.scale(0, 0.15)
            links.scale(4, 0.5)
    tables, rng = share_tables(at_once), np.random.default_rng(0)
    for time_s in (0.0, 1.5, 1.5, 40.0):
        if time_s > clock.now:
            clock.run(until=time_s)
            other_clock.run(until=time_s)
        numbers = rng.permutation(12)[:9].astype(np.int32)
        bandwidth_bps = array("d", rng.choice([0.0, 0.3, 0.9], 12) * np.array(at_once.left_bps))
        for link in numbers.tolist():
            one_by_one.share(link, bandwidth_bps[link])
        share_all(numbers, np.frombuffer(bandwidth_bps), other_clock.now, at_once.places, *tables)
        for name in FIGURES:
            assert getattr(one_by_one, name) == getattr(at_once, name), name
        for link in range(12):
            assert one_by_one.counters(link) == at_once.counters(link)
            assert one_by_one.delay_integral(link) == at_once.delay_integral(link)
    assert max(at_once.shared_bps) > 0.0 and at_once.load_bps[6] == 0.0


def test_an_overloaded_link_goes_on_losing_when_transfers_stop() -> None:
    """Where twice as much is reserved as there is, half is lost, and of the rest a full queue's."""
    _, links = ring()
    tables, none = share_tables(links), np.zeros(12)
    links.share(0, 0.1 * links.capacity_bps[0])
    links.scale(0, 0.1)
    share_all(np.array([0], dtype=np.int32), none, 0.0, links.places, *tables)
    assert links.available_bps[0] == 0.0
    assert np.isclose(links.loss[0], 1 - 0.5 * (1 - 1 / (links.places + 1)), rtol=1e-12)
    slow_s = 10 * links.wiring.burst_s[0]  # a burst takes ten times as long
    delay_s = links.wiring.propagation_s[0] + (links.places + 1) / 2 * slow_s
    assert np.isclose(links.delay_s[0], delay_s, rtol=1e-12)


def test_a_link_that_transfers_fill_is_a_full_queue() -> None:
    _, links = ring()
    full_bps = array("d", links.left_bps)
    numbers = np.array([8, 9], dtype=np.int32)
    share_all(numbers, np.frombuffer(full_bps), 0.0, links.places, *share_tables(links))
    # At rho = 1 of K places the mean stay is (K + 1) / 2 bursts, and 1 / (K + 1) find no room.
    wiring, places = links.wiring, links.places
    for link in (8, 9):
        assert links.available_bps[link] == 0.0
        assert links.loss[link] == 1 / (places + 1)
        delay_s = wiring.propagation_s[link] + (places + 1) / 2 * wiring.burst_s[link]
        assert np.isclose(links.delay_s[link], delay_s, rtol=1e-12)
