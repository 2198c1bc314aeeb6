"""The metro network: fibre between sites, routes, and messages that wait their turn."""

from math import inf, nan
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edgesim.scenarios.parts.links import Backhaul
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.streams import Streams
from edgesim.twin.network.gabriel import metro_graph
from edgesim.twin.network.links import Links
from edgesim.twin.network.message_routes import MessageRoutes
from edgesim.twin.network.messages import Messages
from edgesim.twin.network.network import QUIET
from edgesim.twin.network.wiring import Wiring

# 8 Mbit/s: a message of 1 MB takes a second a hop. 1 km: 0.25 s. A switch: 0.5 s.
SLOW = Backhaul(link_rate_bps=8e6, switch_delay_s=0.5, propagation_s_per_km=0.25)
MB = 1e6


def line(sites: int = 4) -> "nx.Graph[int]":
    """Sites a kilometre apart in a row."""
    return metro_graph([(1000.0 * site, 0.0) for site in range(sites)])


def routes_of(graph: "nx.Graph[int]", route_bytes: float = MB) -> MessageRoutes:
    return MessageRoutes(Wiring.of_backhaul(graph, SLOW), route_bytes)


def messages_on(clock: Clock, routes: MessageRoutes) -> Messages:
    links = Links(clock, routes.wiring, QUIET, Streams(np.random.SeedSequence(0)))
    return Messages(clock, links, routes)


class Post:
    """A network whose messages write down when they arrive."""

    def __init__(self, graph: "nx.Graph[int] | None" = None) -> None:
        self.clock = Clock()
        self.routes = routes_of(graph if graph is not None else line())
        self.network = messages_on(self.clock, self.routes)
        self.log: list[tuple[str, float]] = []

    def arrived(self, name: str) -> None:
        self.log.append((name, self.clock.now))

    def posts(
        self, name: str, time_s: float, source: int, target: int, size_bytes: float = MB
    ) -> None:
        def post(_: object) -> None:
            self.network.send(size_bytes, source, target, self.arrived, name)

        self.clock.at(time_s, post)


def test_a_message_is_sent_travels_and_is_switched_at_every_hop() -> None:
    post = Post()
    post.posts("one hop", 0.0, 0, 1)
    post.posts("three hops", 10.0, 0, 3)
    post.posts("small", 20.0, 3, 0, size_bytes=0.0)
    post.clock.advance()
    # A hop: 1 s of sending, 0.25 s of fibre, 0.5 s of switch.
    assert post.log == [("one hop", 1.75), ("three hops", 15.25), ("small", 22.25)]


def test_messages_leave_a_link_in_their_order_one_at_a_time() -> None:
    post = Post()
    post.posts("big", 0.0, 0, 1, size_bytes=4 * MB)
    post.posts("small", 0.5, 0, 1, size_bytes=0.5 * MB)
    post.posts("late", 8.0, 0, 1)
    post.clock.advance()
    # small waits until 4.0, and is sent until 4.5; late finds the link idle.
    assert post.log == [("big", 4.75), ("small", 5.25), ("late", 9.75)]


def test_the_two_directions_of_a_link_do_not_wait_for_each_other() -> None:
    post = Post()
    post.posts("forth", 0.0, 0, 1)
    post.posts("back", 0.0, 1, 0)
    post.clock.advance()
    assert post.log == [("forth", 1.75), ("back", 1.75)]


def test_ways_that_cross_wait_only_on_the_link_they_share() -> None:
    post = Post()
    post.posts("from 0", 0.0, 0, 2)
    post.posts("from 1", 1.0, 1, 3)
    post.posts("to 1", 1.0, 2, 1)
    post.clock.advance()
    # from 0 is at site 1 at 1.75, where from 1 is being sent until 2.0.
    assert post.log == [("to 1", 2.75), ("from 0", 3.75), ("from 1", 4.5)]


def test_from_a_site_to_itself_takes_no_time_but_an_event() -> None:
    post = Post()
    post.network.send(MB, 2, 2, post.arrived, "home")
    assert (post.log, post.network.in_transit) == ([], 1)
    post.clock.advance()
    assert post.log == [("home", 0.0)]
    assert (post.network.in_transit, post.network.delivered) == (0, 1)


def test_what_waits_for_a_link_can_be_asked() -> None:
    post = Post()
    post.network.send(3 * MB, 0, 2, post.arrived, "big")
    assert post.network.backlog_s(0, 3) == 3.0
    assert post.network.backlog_s(1, 2) == post.network.backlog_s(1, 1) == 0.0
    post.clock.at(1.0, lambda _: post.log.append(("left", post.network.backlog_s(0, 1))))
    post.clock.advance()
    assert post.log == [("left", 2.0), ("big", 7.5)]


@pytest.mark.parametrize("size_bytes", [-1.0, nan, inf])
def test_impossible_sizes_are_refused(size_bytes: float) -> None:
    post = Post()
    with pytest.raises(ValueError, match="size_bytes"):
        post.network.send(size_bytes, 0, 1, post.arrived)
    assert post.network.in_transit == 0


# ---- routes


def test_an_idle_network_keeps_the_time_it_states() -> None:
    sites = np.random.default_rng(3).random((12, 2)) * 3000
    for source, target, size in [(0, 5, 2e5), (7, 1, 3e6), (11, 10, 0.0), (4, 4, MB)]:
        post = Post(metro_graph(sites))
        post.posts("", 0.0, source, target, size_bytes=size)
        post.clock.advance()
        assert post.log[0][1] == pytest.approx(post.routes.delay_s(source, target, size))


def test_the_matrices_hold_what_the_functions_say() -> None:
    sites = np.random.default_rng(4).random((9, 2)) * 3000
    routes = routes_of(metro_graph(sites))
    delay = routes.fixed_s + 5e5 * routes.seconds_per_byte
    for source in range(9):
        for target in range(9):
            assert routes.hop_count[source, target] == routes.hops(source, target)
            assert delay[source, target] == pytest.approx(routes.delay_s(source, target, 5e5))
    # Links of one rate: a byte takes 1 us a hop, on the way there and on the way back.
    assert routes.seconds_per_byte == pytest.approx(routes.hop_count * 1e-6)
    assert routes.hop_count.tolist() == routes.hop_count.T.tolist()
    assert not routes.hop_count.diagonal().any()


def test_routes_take_the_shortest_delay_rather_than_the_fewest_hops() -> None:
    graph = line(3)
    graph.add_edge(0, 2, length_m=2000.0, rate_bps=1e6)  # direct, and slow: 8 s for 1 MB
    routes = routes_of(graph)
    assert [routes.wiring.ends[link] for link in routes.paths[0][2]] == [(0, 1), (1, 2)]
    assert routes.delay_s(0, 2, MB) == pytest.approx(3.5)
    # For a byte the direct way is the shorter: 0.5 s of fibre and one switch instead of two.
    small = routes_of(graph, route_bytes=1.0)
    assert small.hops(0, 2) == 1


def test_a_single_site_is_a_network() -> None:
    routes = routes_of(metro_graph([(5.0, 5.0)]))
    assert routes.hop_count.tolist() == [[0]]
    assert routes.delay_s(0, 0, MB) == 0.0


def test_graphs_that_are_no_network_are_refused() -> None:
    apart: nx.Graph[int] = nx.Graph()
    apart.add_nodes_from([0, 1])
    with pytest.raises(ValueError, match="no way joins"):
        routes_of(apart)
    with pytest.raises(ValueError, match="nodes"):
        routes_of(nx.relabel_nodes(line(2), {1: 5}))
    with pytest.raises(ValueError, match="nodes"):
        routes_of(nx.Graph())


# ---- the graph


def test_a_third_site_between_two_cuts_their_link() -> None:
    # (500, 499) lies in the disc over (0, 0)-(1000, 0), (500, 501) does not.
    inside = metro_graph([(0, 0), (1000, 0), (500, 499)])
    outside = metro_graph([(0, 0), (1000, 0), (500, 501)])
    assert set(inside.edges) == {(0, 2), (1, 2)}
    assert set(outside.edges) == {(0, 1), (0, 2), (1, 2)}
    assert outside.edges[0, 1]["length_m"] == 1000.0
    assert inside.nodes[2] == {"x_m": 500.0, "y_m": 499.0}


def test_a_grid_of_sites_has_no_diagonals() -> None:
    points = [(100.1 * i, 100.1 * j) for i in range(4) for j in range(4)]
    assert nx.is_isomorphic(metro_graph(points), nx.grid_2d_graph(4, 4))


@pytest.mark.parametrize("sites", [[], [1.0, 2.0], [[1.0, 2.0, 3.0]]])
def test_coordinates_of_another_shape_are_refused(sites: list[float]) -> None:
    with pytest.raises(ValueError, match="shape"):
        metro_graph(sites)


coordinate = st.one_of(st.integers(0, 4).map(lambda k: 250.0 * k), st.floats(0, 1000))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=10))
@example([(0.0, 0.0), (0.0, 250.0), (0.0, 1e-95)])
@example([(0.0, 0.0), (250.0, 0.0), (0.0, 0.0), (250.0, 0.0)])
def test_any_sites_are_connected(sites: list[tuple[float, float]]) -> None:
    assert nx.is_connected(metro_graph(sites))


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 25), st.integers(0, 10_000))
def test_the_graph_is_planar_and_holds_the_shortest_tree(sites: int, seed: int) -> None:
    points = np.random.default_rng(seed).random((sites, 2)) * 1000
    graph = metro_graph(points)
    assert nx.check_planarity(graph)[0]
    everyone: nx.Graph[int] = nx.Graph()
    for one in range(sites):
        for other in range(one):
            length = float(np.hypot(*(points[one] - points[other])))
            everyone.add_edge(one, other, length_m=length)
    tree = nx.minimum_spanning_tree(everyone, weight="length_m")
    assert all(graph.has_edge(*edge) for edge in tree.edges)


# ---- as laws

posts = st.lists(
    st.tuples(st.floats(0, 20), st.integers(0, 3), st.integers(0, 3), st.floats(0, 5e6)),
    max_size=40,
)


@settings(max_examples=80, deadline=None)
@given(posts)
def test_messages_are_conserved_and_never_early(
    rows: list[tuple[float, int, int, float]],
) -> None:
    clock = Clock()
    network = messages_on(clock, routes_of(line()))
    left: dict[int, tuple[float, int, int, float]] = {}
    order: dict[tuple[int, int], list[int]] = {}
    gone = 0

    def arrived(number: int) -> None:
        time_s, source, target, size = left.pop(number)
        delay = network.routes.delay_s(source, target, size)
        assert clock.now >= time_s + delay - 1e-9
        # First in, first out between any two sites.
        assert order[source, target].pop(0) == number

    def post(moment: Any) -> None:
        nonlocal gone
        number = moment.value
        gone += 1
        left[number] = rows[number]
        _, source, target, size = rows[number]
        order.setdefault((source, target), []).append(number)
        network.send(size, source, target, arrived, number)

    for number, row in enumerate(rows):
        clock.at(row[0], post, number)
    while clock.peek() < inf:
        clock.step()
        assert network.in_transit == len(left)
        assert network.in_transit + network.delivered == gone
    assert not left


def test_the_same_world_twice() -> None:
    def run() -> list[tuple[str, float]]:
        rng = np.random.default_rng(8)
        post = Post(metro_graph(rng.random((10, 2)) * 1000))
        for number in range(300):
            source, target = rng.integers(0, 10, 2).tolist()
            post.posts(str(number), number * 0.2, source, target, float(rng.uniform(1e5, 2e6)))
        post.clock.advance()
        return post.log

    assert run() == run()


def test_what_a_message_would_meet_on_its_way_is_told_by_its_parts() -> None:
    post = Post()
    for size_bytes in (3 * MB, MB):
        post.network.send(size_bytes, 0, 1, post.arrived, "")
    post.network.send(2 * MB, 1, 2, post.arrived, "")
    # A byte takes 1 us a hop; 4 s of queue at the first hop, 2 s at the second, 0.75 s a hop.
    assert post.network.way_s(0, 3) == pytest.approx((3e-6, 4.0 + 2.0 + 3 * 0.75))
    assert post.network.way_s(3, 0) == pytest.approx((3e-6, 3 * 0.75))
    assert post.network.way_s(2, 2) == (0.0, 0.0)
    free_s, waiting = post.network.backlog()
    assert free_s.tolist() == [4.0, 0.0, 2.0, 0.0, 0.0, 0.0]
    assert waiting.tolist() == [2.0, 0.0, 1.0, 0.0, 0.0, 0.0]
    post.clock.run(until=3.0)  # the first has been sent just now
    assert post.network.backlog()[1].tolist() == [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    assert post.network.way_s(0, 2) == pytest.approx((2e-6, 1.0 + 2 * 0.75))


def test_a_message_goes_on_with_what_it_lacks_when_the_pace_changes() -> None:
    """Of 4 MB a quarter is sent in a second; at a quarter of the rate the rest takes 12 s."""
    post = Post(line(2))
    links = post.network._links
    for size_bytes in (4 * MB, MB):
        post.network.send(size_bytes, 0, 1, post.arrived, f"{size_bytes:g}")
    post.clock.at(1.0, lambda _: links.reserve([0], 6e6))
    post.clock.at(1.0, lambda _: links.reserve([1], 6e6))
    post.clock.at(5.0, lambda _: links.release([0], 6e6))
    post.clock.advance()
    # By 5 s another MB: the last two, and then the other message, go at the full rate again.
    assert post.log == [("4e+06", 7.75), ("1e+06", 8.75)]
    assert post.network.sent_bytes == [5 * MB, 0.0]


def test_a_link_that_is_full_sends_when_it_has_room_and_other_ways_keep_their_time() -> None:
    post = Post(line(3))
    links = post.network._links
    links.reserve([0], 8e6)
    post.posts("waits", 0.0, 0, 2)
    post.posts("goes", 0.0, 1, 2)
    post.posts("behind", 1.0, 0, 1)
    post.clock.at(4.0, lambda _: links.release([0], 8e6))
    post.clock.advance()
    assert post.log == [("goes", 1.75), ("behind", 6.75), ("waits", 4 + 2 * 1.75)]


def test_what_a_failed_link_had_sent_is_wasted_and_what_has_left_arrives() -> None:
    post = Post(line(2))
    links, network = post.network._links, post.network
    stops: list[tuple[str, float]] = []

    def send(name: str, size_bytes: float) -> None:
        network.send(
            size_bytes, 0, 1, post.arrived, name, lambda name: stops.append((name, post.clock.now))
        )

    send("has left", MB)
    send("under way", 2 * MB)
    send("waits", MB)
    post.clock.at(1.5, lambda _: links.fail_edge(0))
    post.clock.at(10.0, lambda _: links.repair_edge(0))
    post.clock.run(until=9.0)
    # At 1.5 s half a second of the second message had been sent: 0.5 MB.
    assert post.log == [("has left", 1.75)] and network.waiting == 2
    assert network.wasted_bytes == [0.5 * MB, 0.0]
    assert stops == [("under way", 1.5), ("waits", 1.5)]
    post.clock.advance()
    assert post.log[1:] == [("under way", 12.75), ("waits", 13.75)]
    assert network.sent_bytes == [4 * MB, 0.0] and network.waiting == network.in_transit == 0
