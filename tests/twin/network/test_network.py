"""Reservations, background, messages and failures on the same links, worked out by hand."""

from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgesim.scenarios.parts.failures import Failures
from edgesim.scenarios.parts.links import Backhaul
from edgesim.scenarios.parts.links import Links as LinkSettings
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.forking import copied
from edgesim.twin.core.queueing import finite_queue
from edgesim.twin.core.streams import Streams
from edgesim.twin.network.network import Network, NetworkWorld
from edgesim.twin.network.wiring import Wiring

# 8 Mbit/s: a message of 1 MB takes a second a hop. 1 km: 0.25 s. A switch: 0.5 s.
SLOW = Backhaul(link_rate_bps=8e6, switch_delay_s=0.5, propagation_s_per_km=0.25)
MB = 1e6


class Story:
    """A network on which things happen at stated times, and what came of it."""

    def __init__(self, edges: list[tuple[int, int]]) -> None:
        graph: nx.Graph[int] = nx.Graph()
        graph.add_nodes_from(range(1 + max(max(edge) for edge in edges)))
        for one, other in edges:
            graph.add_edge(one, other, length_m=1000.0)
        self.clock = Clock()
        world = NetworkWorld.of_backhaul(graph, SLOW)
        self.network = Network(self.clock, world, Streams(np.random.SeedSequence(0)))
        self.number = world.wiring.number
        self.log: list[tuple[str, float]] = []

    def at(self, time_s: float, call: Any, *given: Any) -> None:
        self.clock.at(time_s, lambda moment: call(*given))

    def post(self, time_s: float, name: str, source: int, target: int, size: float = MB) -> None:
        self.at(time_s, self.network.send, size, source, target, self.arrived, name, self.stopped)

    def arrived(self, name: str) -> None:
        self.log.append((name, round(self.clock.now, 9)))

    def stopped(self, name: str) -> None:
        self.log.append((f"{name} stops", self.clock.now))

    def run(self) -> list[tuple[str, float]]:
        self.clock.advance()
        return self.log


LINE, TRIANGLE = [(0, 1), (1, 2)], [(0, 1), (1, 2), (0, 2)]


def test_a_message_goes_on_slower_while_bandwidth_is_reserved() -> None:
    story = Story(LINE)
    path = [story.number[0, 1]]
    story.post(0.0, "a", 0, 1)
    story.at(0.5, story.network.reserve, path, 4e6)  # half of the link: 0.5 MB are left
    story.at(1.0, story.network.release, path, 4e6)  # 0.25 MB are left
    story.post(10.0, "b", 0, 1)
    # Sent at 1.25 s, then 0.25 s of fibre and 0.5 s of switch.
    assert story.run() == [("a", 2.0), ("b", 11.75)]


def test_with_more_reserved_a_message_takes_longer_as_the_model_says() -> None:
    for share in (0.0, 0.25, 0.5, 0.9):
        story = Story(LINE)
        if share:
            story.network.reserve([story.number[0, 1]], share * 8e6)
        story.post(0.0, "a", 0, 1)
        ((_, time_s),) = story.run()
        assert time_s == pytest.approx(1 / (1 - share) + 0.75)


def test_a_link_that_is_reserved_whole_lets_messages_wait() -> None:
    story = Story(LINE)
    path = [story.number[0, 1]]
    story.post(0.0, "a", 0, 2)
    story.post(0.1, "b", 0, 1)
    story.at(0.5, story.network.reserve, path, 8e6)
    story.post(1.0, "other way", 1, 0)
    story.at(3.0, story.network.release, path, 8e6)
    # a: half before, half from 3 s on, at 1 at 4.25 s, then a hop of 1.75 s; b follows a.
    assert story.run() == [("other way", 2.75), ("b", 5.25), ("a", 6.0)]


def test_what_a_failed_link_has_not_sent_goes_another_way() -> None:
    story = Story(TRIANGLE)
    story.post(0.0, "sent", 0, 1, size=MB / 4)  # on the fibre when the link fails
    story.post(0.0, "half", 0, 1)
    story.post(0.0, "waits", 0, 1)
    story.at(0.75, story.network.fail_edge, 0)
    links, log = story.number, story.run()
    # half: again from 0 at 0.75 s over 2, two hops of 1.75 s; waits: behind it.
    assert log == [
        ("half stops", 0.75),
        ("waits stops", 0.75),
        ("sent", 1.0),
        ("half", 4.25),
        ("waits", 5.25),
    ]
    messages = story.network.messages
    assert messages.wasted_bytes[links[0, 1]] == pytest.approx(MB / 2)
    assert messages.sent_bytes[links[0, 1]] == MB / 4
    assert messages.sent_bytes[links[0, 2]] == messages.sent_bytes[links[2, 1]] == 2 * MB


def test_where_no_way_is_left_a_message_waits_for_the_repair() -> None:
    story = Story(LINE)
    story.post(0.0, "a", 0, 2)
    story.at(2.0, story.network.fail_edge, 1)  # a is at 1, and a quarter of it sent
    story.post(3.0, "b", 0, 2)
    story.at(9.0, story.network.repair_edge, 1)
    # b waits at 0, from where no way leads to 2 either.
    assert story.run() == [("a stops", 2.0), ("a", 10.75), ("b", 12.5)]


def test_a_node_that_is_down_keeps_what_it_holds_and_takes_nothing_in() -> None:
    story = Story(LINE)
    story.post(0.0, "a", 0, 2)
    story.at(2.0, story.network.fail_node, 1)  # it holds a
    story.post(3.0, "b", 0, 1)
    story.at(5.0, story.network.repair_node, 1)
    assert story.run() == [("a stops", 2.0), ("a", 6.75), ("b", 6.75)]


def test_listeners_hear_of_failures_after_the_links_know() -> None:
    story = Story(TRIANGLE)
    heard: list[tuple[str, int, bool]] = []

    class Listener:
        def edge_failed(self, edge: int) -> None:
            heard.append(("edge fails", edge, story.network.links.up[2 * edge]))

        def edge_repaired(self, edge: int) -> None:
            heard.append(("edge repaired", edge, story.network.links.up[2 * edge]))

        def node_failed(self, node: int) -> None:
            heard.append(("node fails", node, story.network.links.node_up[node]))

        def node_repaired(self, node: int) -> None:
            heard.append(("node repaired", node, story.network.links.node_up[node]))

        def capacity_changed(self, edge: int, factor: float) -> None:
            heard.append(("capacity", edge, story.network.links.capacity_bps[2 * edge] > 0))

    network = story.network
    network.watch(Listener())
    for call, what in (
        (network.fail_edge, 1),
        (network.repair_edge, 1),
        (network.fail_node, 2),
        (network.repair_node, 2),
    ):
        call(what)
    assert heard == [
        ("edge fails", 1, False),
        ("edge repaired", 1, True),
        ("node fails", 2, False),
        ("node repaired", 2, True),
    ]


def test_a_message_loads_the_queue_that_small_packets_wait_in() -> None:
    story = Story(LINE)
    links, link = story.network.links, story.number[0, 1]
    links.metered = True
    wiring, idle_s = links.wiring, links.delay_s[link]
    seen: list[tuple[float, float]] = []

    def look() -> None:
        seen.append((links.load_bps[link], story.network.packet_delay_s([link])))

    story.post(1.0, "a", 0, 1)
    for time_s in (0.5, 1.5, 1.999, 2.001):
        story.at(time_s, look)
    story.run()
    stay, _ = finite_queue(1.0, 100)  # (K + 1) / 2 bursts
    full_s = wiring.propagation_s[link] + stay * wiring.burst_s[link]
    assert stay == pytest.approx(50.5)
    assert seen == [(0.0, idle_s), (8e6, full_s), (8e6, full_s), (0.0, idle_s)]
    sent = links.counters(link).sent_bytes
    assert sent == pytest.approx(MB)  # a second at 8 Mbit/s


def test_background_leaves_what_it_does_not_take() -> None:
    graph: nx.Graph[int] = nx.path_graph(2)
    graph.edges[0, 1]["length_km"] = 0.0
    quarter = LinkSettings(capacity_bps=8e6, background_share=[0.25, 0.25])
    clock = Clock()
    world = NetworkWorld(Wiring(graph, quarter), quarter, Failures())
    network = Network(clock, world, Streams(np.random.SeedSequence(0)))
    arrived: list[float] = []
    network.send(3 * MB, 0, 1, lambda _: arrived.append(clock.now))
    clock.run(until=9.0)
    assert arrived == [pytest.approx(4.0)]  # 24 Mbit at 6 Mbit/s


events = st.lists(
    st.tuples(
        st.floats(0.0, 8.0),
        st.sampled_from(["post", "reserve", "release", "fail", "repair", "node"]),
        st.integers(0, 3),
        st.integers(0, 3),
        st.floats(0.0, 3e6),
    ),
    max_size=25,
)
SQUARE = [(0, 1), (1, 2), (2, 3), (3, 0), (0, 2)]


@settings(max_examples=60, deadline=None)
@given(events)
def test_bytes_are_conserved_on_every_link_whatever_happens(
    rows: list[tuple[float, str, int, int, float]],
) -> None:
    story = Story(SQUARE)
    network, clock = story.network, story.clock
    links, messages = network.links, network.messages
    left: dict[int, int] = {}
    held: list[tuple[int, float]] = []

    def happen(number: int, what: str, one: int, other: int, size: float) -> None:
        link, edge = 2 * one + other % 2, one
        if what == "post":
            left[number] = other
            network.send(size, one, other, left.__delitem__, number)
        elif what == "reserve" and links.fits([link], size + 1.0):
            network.reserve([link], size + 1.0)
            held.append((link, size + 1.0))
        elif what == "release" and held:
            link, bandwidth = held.pop()
            network.release([link], bandwidth)
        elif what == "fail" and links.edge_up[edge]:
            network.fail_edge(edge)
        elif what == "repair" and not links.edge_up[edge]:
            network.repair_edge(edge)
        elif what == "node":
            (network.fail_node if links.node_up[one] else network.repair_node)(one)

    for number, (time_s, *row) in enumerate(rows):
        story.at(time_s, happen, number, *row)
    capacity = links.wiring.capacity_bps
    while clock.peek() < float("inf"):
        clock.step()
        assert messages.in_transit == len(left)
        for link, reserved in enumerate(links.reserved_bps):
            assert reserved <= capacity[link] * (1 + 1e-12)
            # What a link has sent, for good or in vain, never passes what it could have sent.
            carried = messages.sent_bytes[link] + messages.wasted_bytes[link]
            assert carried * 8 <= capacity[link] * clock.now * (1 + 1e-9)
    for node, up in enumerate(links.node_up):
        if not up:
            network.repair_node(node)
    for edge, up in enumerate(links.edge_up):
        if not up:
            network.repair_edge(edge)
    while held:
        link, bandwidth = held.pop()
        network.release([link], bandwidth)
    clock.advance()
    assert not left and not messages.in_transit  # all arrive in the end


@settings(max_examples=30, deadline=None)
@given(events, st.floats(0.0, 8.0))
def test_a_copy_of_a_network_goes_on_alike(
    rows: list[tuple[float, str, int, int, float]], until_s: float
) -> None:
    """Copied at any time, messages, reservations and failures included."""
    log: list[tuple[float, int]] = []
    clock = Clock()
    graph: nx.Graph[int] = nx.Graph()
    for one, other in SQUARE:
        graph.add_edge(one, other, length_m=1000.0)
    world = NetworkWorld.of_backhaul(graph, SLOW)
    network = Network(clock, world, Streams(np.random.SeedSequence(1)))
    book = _Book(clock, log)
    for number, (time_s, what, one, other, size) in enumerate(rows):
        if time_s <= until_s:
            if time_s > clock.now:
                clock.run(until=time_s)
            if what == "post":
                network.send(size, one, other, book.note, number)
            elif what == "fail" and network.links.edge_up[one]:
                network.fail_edge(one)
            elif what == "reserve" and network.links.fits([2 * one], size + 1.0):
                network.reserve([2 * one], size + 1.0)
    copy_clock, copy_book, _ = copied((clock, book, network))
    clock.advance()
    copy_clock.advance()
    assert copy_book.log == book.log


class _Book:
    def __init__(self, clock: Clock, log: list[tuple[float, int]]) -> None:
        self.clock, self.log = clock, log

    def note(self, number: int) -> None:
        self.log.append((self.clock.now, number))
