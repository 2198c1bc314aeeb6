"""Transfers that share links fairly, beside messages, reservations and failures, by hand."""

from typing import Any

import networkx as nx
import numpy as np
import pytest

from edgesim.scenarios.parts.links import Backhaul
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.forking import copied
from edgesim.twin.core.streams import Streams
from edgesim.twin.network.network import Network, NetworkWorld

# 8 Mbit/s: 1 MB takes a second. 1 km: 0.25 s. A switch: 0.5 s.
SLOW = Backhaul(link_rate_bps=8e6, switch_delay_s=0.5, propagation_s_per_km=0.25)
MB = 1e6


class Story:
    def __init__(self, edges: list[tuple[int, int]]) -> None:
        graph: nx.Graph[int] = nx.Graph()
        graph.add_nodes_from(range(1 + max(max(edge) for edge in edges)))
        for one, other in edges:
            graph.add_edge(one, other, length_m=1000.0)
        self.clock, self.log = Clock(), list[tuple[str, float]]()
        world = NetworkWorld.of_backhaul(graph, SLOW)
        self.network = Network(self.clock, world, Streams(np.random.SeedSequence(0)))
        self.number = world.wiring.number

    def at(self, time_s: float, call: Any, *given: Any) -> None:
        self.clock.at(time_s, _Call(call, given))

    def fair(self, time_s: float, name: str, source: int, target: int, size: float = MB) -> None:
        self.at(time_s, self._send, size, source, target, name)

    def _send(self, size: float, source: int, target: int, name: str) -> None:
        self.network.send(size, source, target, self.arrived, name, self.stopped, mode="fair")

    def arrived(self, name: str) -> None:
        self.log.append((name, round(self.clock.now, 9)))

    def stopped(self, name: str) -> None:
        self.log.append((f"{name} stops", round(self.clock.now, 9)))

    def run(self) -> list[tuple[str, float]]:
        self.clock.advance()
        return self.log


class _Call:
    def __init__(self, call: Any, given: tuple[Any, ...]) -> None:
        self.call, self.given = call, given

    def __call__(self, _: Any) -> None:
        self.call(*self.given)


LINE, TRIANGLE = [(0, 1), (1, 2)], [(0, 1), (1, 2), (0, 2)]


def test_two_share_a_link_and_cross_all_links_at_once() -> None:
    story = Story(LINE)
    story.fair(0.0, "long", 0, 2)
    story.fair(0.0, "short", 0, 1, size=MB / 2)
    # Half the rate each: short is sent at 1 s, and long half; then the rest at the full rate.
    # Propagation and switch: 0.75 s a link.
    assert story.run() == [("short", 1.75), ("long", 3.0)]


def test_what_is_reserved_is_not_there_to_share() -> None:
    story = Story(LINE)
    story.fair(0.0, "a", 0, 1)
    path = [story.number[0, 1]]
    story.at(0.5, story.network.reserve, path, 6e6)  # a quarter is left: 2 s for half a megabyte
    assert story.run() == [("a", 3.25)]


def test_messages_go_first() -> None:
    story = Story(LINE)
    story.fair(0.0, "a", 0, 1)
    story.at(0.5, story.network.send, MB, 0, 1, story.arrived, "message")
    # The message takes the link from 0.5 to 1.5 s.
    assert story.run() == [("message", 2.25), ("a", 2.75)]


def test_a_failed_link_is_gone_around_with_what_is_left() -> None:
    story = Story(TRIANGLE)
    story.fair(0.0, "a", 0, 1)
    story.at(0.5, story.network.fail_edge, 0)
    # Half a megabyte over 2, both links at once: sent at 1 s, two links' delay.
    assert story.run() == [("a stops", 0.5), ("a", 2.5)]


def test_where_no_way_is_left_it_waits_for_the_repair() -> None:
    story = Story(LINE)
    story.fair(0.0, "a", 0, 2)
    story.at(0.25, story.network.fail_edge, 1)
    story.fair(1.0, "b", 0, 2)
    story.at(9.0, story.network.repair_edge, 1)
    # Three quarters and a whole megabyte from 9 s on, sharing both links.
    assert story.run() == [("a stops", 0.25), ("a", 12.0), ("b", 12.25)]


def test_a_transfer_loads_the_links_that_it_crosses() -> None:
    story = Story(LINE)
    seen: list[tuple[float, float]] = []
    links, link = story.network.links, story.number[1, 2]

    def look() -> None:
        seen.append((links.load_bps[link], links.available_bps[link]))

    story.fair(1.0, "a", 0, 2)
    for time_s in (0.5, 1.5, 2.5):
        story.clock.at(time_s, lambda moment: look())
    story.run()
    assert seen == [(0.0, 8e6), (8e6, 0.0), (0.0, 8e6)]
    assert links.counters(link).sent_bytes == pytest.approx(MB)


def test_a_copy_goes_on_alike() -> None:
    story = Story(TRIANGLE)
    for number in range(6):
        story.fair(0.3 * number, str(number), number % 3, (number + 1) % 3, size=MB * (1 + number))
    story.at(1.0, story.network.fail_edge, 1)
    story.at(2.0, story.network.repair_edge, 1)
    story.clock.run(until=1.4)
    copy = copied(story)
    assert copy.run() == story.run()
    assert len(story.log) >= 6


def test_a_link_that_was_stuck_is_left_to_others_when_its_message_is_through() -> None:
    story = Story(LINE)
    path = [story.number[0, 1]]
    story.fair(0.0, "shares", 0, 1)
    story.at(0.0, story.network.send, MB, 0, 1, story.arrived, "message", story.stopped)
    story.at(0.5, story.network.reserve, path, 8e6)  # all of it: nothing is sent
    story.at(2.0, story.network.release, path, 8e6)
    # Messages come first. Half of it is left at 2 s: it is sent at 2.5 s, what shares at 3.5 s.
    assert story.run() == [("message", 3.25), ("shares", 4.25)]


def test_a_message_that_comes_to_a_link_that_failed_before_is_told_to_wait() -> None:
    story = Story(LINE)
    far = story.number[1, 2] >> 1
    story.at(0.0, story.network.send, MB, 0, 2, story.arrived, "message", story.stopped)
    story.at(0.5, story.network.fail_edge, far)
    story.at(5.0, story.network.repair_edge, far)
    # It is at the switch between at 1.75 s, and crosses the second link from 5 s on.
    assert story.run() == [("message stops", 1.75), ("message", 6.75)]


def test_a_message_to_a_node_that_fails_while_it_crosses_the_last_link_is_told_to_wait() -> None:
    story = Story([(0, 1)])
    story.at(0.0, story.network.send, MB, 0, 1, story.arrived, "message", story.stopped)
    story.at(1.25, story.network.fail_node, 1)  # all of it is sent, and has not arrived
    story.at(5.0, story.network.repair_node, 1)
    assert story.run() == [("message stops", 1.75), ("message", 5.0)]


def test_a_transfer_over_a_ring_has_one_rate_and_no_delay() -> None:
    story = Story(TRIANGLE)
    ring = [story.number[ends] for ends in ((0, 1), (1, 2), (2, 0))]
    sharing = story.network.sharing
    story.at(0.0, sharing.along, 2 * MB, ring, story.arrived, "ring")
    story.fair(0.0, "beside", 0, 1)
    # Half each until 2 s, when beside is sent; the rest of the ring's takes another second.
    assert story.run() == [("beside", 2.75), ("ring", 3.0)]


def test_who_sends_over_given_links_knows_the_way_on_when_one_fails() -> None:
    story = Story(TRIANGLE)
    sharing = story.network.sharing
    path = [story.number[0, 1]]
    numbers: list[int] = []
    story.at(0.0, lambda: numbers.append(
        sharing.along(MB, path, story.arrived, "along", story.stopped)
    ))  # fmt: skip
    story.at(0.25, story.network.fail_edge, 0)
    story.at(0.5, story.network.repair_edge, 0)
    assert story.run() == [("along stops", 0.25)]
    assert sharing.lacking_bytes(numbers[0]) == sharing.cancel(numbers[0]) == 0.0


def test_what_lacks_can_be_asked_and_taken_back_under_way_and_while_it_waits() -> None:
    story = Story(LINE)
    sharing, lacking = story.network.sharing, list[tuple[float, ...]]()
    one, two, three = (
        sharing.send(MB, 0, target, story.arrived, name)
        for target, name in ((2, "one"), (1, "two"), (2, "three"))
    )
    assert [one, two, three] == [1, 2, 3]

    def look() -> None:
        lacking.append(tuple(sharing.lacking_bytes(number) for number in (one, two, three, 99)))

    story.at(0.75, look)
    story.at(0.75, story.network.fail_edge, 1)
    story.at(1.0, look)
    story.at(1.0, lambda: lacking.append((sharing.cancel(three), sharing.cancel(99))))
    story.at(2.0, story.network.repair_edge, 1)
    story.at(2.5, lambda: lacking.append((sharing.cancel(one),)))
    # A third each: a quarter of a megabyte until 0.75 s. Then two has the link to itself.
    assert story.run() == [("two", 2.25)]
    quarter = MB / 4
    assert lacking[0] == pytest.approx((3 * quarter, 3 * quarter, 3 * quarter, 0.0))
    assert lacking[1] == pytest.approx((3 * quarter, 2 * quarter, 3 * quarter, 0.0))
    assert lacking[2] == pytest.approx((3 * quarter, 0.0))
    assert lacking[3] == pytest.approx((quarter,))
    assert not sharing.waiting


def test_who_takes_another_away_when_it_is_stopped_is_obeyed() -> None:
    story = Story(LINE)
    sharing, numbers = story.network.sharing, list[int]()

    def stopped(name: str) -> None:
        story.stopped(name)
        sharing.cancel(numbers[1])

    def gone(_: str) -> None:
        sharing.cancel(numbers[2])

    numbers.append(sharing.send(MB, 0, 1, story.arrived, "first", stopped))
    numbers.append(sharing.send(MB, 0, 1, story.arrived, "second", story.stopped))
    numbers.append(sharing.send(MB, 0, 1, story.arrived, "third", gone))
    story.at(0.5, story.network.fail_edge, 0)
    story.at(1.0, story.network.repair_edge, 0)
    # A sixth was sent: 5/6 s from 1 s on, and 0.75 s.
    assert story.run() == [("first stops", 0.5), ("first", pytest.approx(1 + 5 / 6 + 0.75))]
