"""The links that carry the data: reservations, background, delay and loss, counters, failures."""

from itertools import pairwise
from math import inf, nan
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgesim.errors import InputError
from edgesim.scenarios.parts.links import Links
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.streams import Streams
from edgesim.twin.network.links import Links as NetworkLinks
from edgesim.twin.network.wiring import Wiring

# 1 Mbit/s and bursts of 125 bytes: a burst takes a millisecond. 200 km: one more.
QUIET = Links(capacity_bps=1e6, burst_bytes=125, queue_bursts=99, background_share=[0, 0])


def line(nodes: int = 3, length_km: float = 200.0) -> "nx.Graph[int]":
    graph: nx.Graph[int] = nx.path_graph(nodes)
    for ends in graph.edges:
        graph.edges[ends]["length_km"] = length_km
    return graph


def network(
    config: Links = QUIET, graph: "nx.Graph[int] | None" = None, seed: int = 0
) -> tuple[Clock, NetworkLinks]:
    clock = Clock()
    wiring = Wiring(graph if graph is not None else line(), config)
    return clock, NetworkLinks(clock, wiring, config, Streams(np.random.SeedSequence(seed)))


def test_links_are_numbered_in_pairs() -> None:
    graph = line()
    graph.edges[1, 2]["capacity_bps"] = 4e6
    wiring = Wiring(graph, QUIET)
    assert wiring.ends == [(0, 1), (1, 0), (1, 2), (2, 1)]
    assert wiring.edges == [(0, 1), (1, 2)]
    assert all(wiring.ends[link ^ 1] == wiring.ends[link][::-1] for link in range(4))
    assert wiring.leaving == [[0], [1, 2], [3]]
    assert wiring.arriving == [[1], [0, 3], [2]]
    assert wiring.capacity_bps == [1e6, 1e6, 4e6, 4e6]
    assert wiring.idle_s == pytest.approx([0.002, 0.002, 0.00125, 0.00125])


def test_a_graph_of_other_nodes_is_refused() -> None:
    with pytest.raises(ValueError, match="nodes"):
        Wiring(nx.relabel_nodes(line(), {0: 7}), QUIET)


# ---- delay and loss


def test_a_link_slows_down_as_it_fills_and_then_loses() -> None:
    _, links = network()
    story = []
    for _ in range(4):
        story.append((links.load_bps[0], links.delay_s[0] * 1000, links.loss[0]))
        links.reserve([0], 0.25e6)
    story.append((links.load_bps[0], links.delay_s[0] * 1000, links.loss[0]))
    # 1 ms of fibre, and 1 ms / (1 - rho) in the queue; 50 ms and 1 of 100 lost where it is full.
    expected = [(0, 2, 0), (0.25e6, 1 + 4 / 3, 0), (0.5e6, 3, 0), (0.75e6, 5, 0), (1e6, 51, 0.01)]
    for found, hoped in zip(story, expected, strict=True):
        assert found == pytest.approx(hoped, abs=1e-9)
    # The way back is another link.
    assert (links.load_bps[1], links.delay_s[1]) == (0.0, 0.002)


def test_background_gives_way_to_chains() -> None:
    _, links = network(Links(capacity_bps=1e6, background_share=[0.6, 0.6]))
    assert (links.load_bps[0], links.available_bps[0]) == pytest.approx((0.6e6, 0.4e6))
    links.reserve([0], 0.3e6)
    assert (links.load_bps[0], links.available_bps[0]) == pytest.approx((0.9e6, 0.1e6))
    links.reserve([0], 0.5e6)
    assert (links.load_bps[0], links.available_bps[0]) == (1e6, 0.0)
    links.release([0], 0.5e6)
    links.release([0], 0.3e6)
    assert links.load_bps[0] == pytest.approx(0.6e6)
    assert links.reserved_bps[0] == 0.0


# ---- reservations


def test_a_path_is_reserved_whole_or_not_at_all() -> None:
    _, links = network()
    links.reserve([2], 0.7e6)
    assert links.fits([0, 2], 0.3e6)
    assert not links.fits([0, 2], 0.31e6)
    with pytest.raises(ValueError, match="no room"):
        links.reserve([0, 2], 0.31e6)
    assert list(links.reserved_bps) == [0.0, 0.0, 0.7e6, 0.0]
    links.reserve([0, 2], 0.3e6)
    assert list(links.reserved_bps) == [0.3e6, 0.0, 1e6, 0.0]


def test_impossible_reservations_are_refused() -> None:
    _, links = network()
    for bandwidth in (0.0, -1.0, nan, inf):
        with pytest.raises(ValueError, match="bandwidth_bps"):
            links.reserve([0], bandwidth)
    with pytest.raises(ValueError, match="twice"):
        links.reserve([0, 2, 0], 1.0)
    with pytest.raises(ValueError, match="nothing is reserved"):
        links.release([0], 1.0)
    assert list(links.reserved_bps) == [0.0] * 4


def test_what_no_one_holds_is_exactly_nothing() -> None:
    _, links = network()
    for bandwidth in (0.1, 0.2, 0.3):
        links.reserve([0], bandwidth)
    for bandwidth in (0.2, 0.1, 0.3):
        links.release([0], bandwidth)
    assert links.reserved_bps[0] == 0.0
    links.reserve([0], 1e6)  # and so all of it can be had again


# ---- counters


def test_the_ports_count_what_is_sent_and_what_arrives() -> None:
    clock, links = network()
    clock.run(until=1.0)
    links.reserve([0], 1e6)
    clock.run(until=3.0)
    counters = links.counters(0)
    assert counters == pytest.approx((250_000, 247_500))  # 1 of 100 bursts finds the queue full
    assert counters.sent_frames == pytest.approx(250)
    assert counters.received_frames == pytest.approx(247.5)
    links.release([0], 1e6)
    clock.run(until=10.0)
    assert links.counters(0) == counters
    assert links.delay_integral(0) == pytest.approx(8 * 0.002 + 2 * 0.051)


# ---- failures


def test_a_link_is_down_while_its_edge_or_an_end_is() -> None:
    clock, links = network()
    links.reserve([0, 2], 0.5e6)
    links.fail_node(1)
    links.fail_edge(0)
    assert links.up == [False] * 4
    assert list(links.load_bps) == [0.0] * 4
    assert list(links.loss) == [1.0] * 4
    assert list(links.ceiling_bps) == [-1.0] * 4
    assert list(links.reserved_bps) == [0.5e6, 0.0, 0.5e6, 0.0]  # until someone gives it back
    clock.run(until=5.0)
    assert links.counters(0) == (0.0, 0.0)
    links.repair_node(1)
    assert links.up == [False, False, True, True]
    assert list(links.load_bps) == [0.0, 0.0, 0.5e6, 0.0]
    links.release([0, 2], 0.5e6)
    links.repair_edge(0)
    assert links.up == [True] * 4
    assert list(links.delay_s) == links.wiring.idle_s
    assert links.version == 4


def test_nothing_can_be_reserved_on_a_link_that_is_down() -> None:
    _, links = network()
    links.fail_edge(1)
    assert links.fits([0], 1.0)
    with pytest.raises(ValueError, match="no room"):
        links.reserve([0, 2], 1.0)


def test_what_is_down_cannot_fail_and_what_is_up_cannot_be_repaired() -> None:
    _, links = network()
    for act in (links.repair_edge, links.repair_node):
        with pytest.raises(ValueError, match="up already"):
            act(0)
    links.fail_edge(0)
    links.fail_node(0)
    for act in (links.fail_edge, links.fail_node):
        with pytest.raises(ValueError, match="down already"):
            act(0)


# ---- background


def test_background_is_drawn_anew_each_period_within_its_share() -> None:
    config = Links(capacity_bps=1e6, background_share=[0.2, 0.6], background_period_s=10.0)
    clock, links = network(config, line(30))
    seen = []
    for period in range(40):
        clock.run(until=10.0 * period + 9.0)
        seen.append(list(links.load_bps))
    shares = np.array(seen) / 1e6
    assert 0.2 <= shares.min() < 0.21
    assert 0.59 < shares.max() <= 0.6
    assert shares.mean() == pytest.approx(0.4, abs=0.01)
    assert (np.diff(shares, axis=0) != 0).all()


def test_background_is_the_same_whatever_the_chains_do() -> None:
    config = Links(capacity_bps=1e6, background_share=[0.1, 0.9], background_period_s=1.0)
    logs: list[list[float]] = []
    for chains in (False, True):
        clock, links = network(config, seed=3)
        log: list[float] = []
        for period in range(20):
            clock.run(until=period + 0.5)
            log += links.load_bps
            if chains:
                links.reserve([0, 2], 0.5e6)
            clock.run(until=period + 0.9)
            if chains:
                links.release([0, 2], 0.5e6)
        logs.append(log)
    assert logs[0] == logs[1]
    clock, links = network(config, seed=4)
    assert links.load_bps != logs[0][:4]


# ---- as laws

acts = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "release", "edge", "node", "wait"]),
        st.integers(0, 9),
        st.floats(1e3, 6e5),
    ),
    max_size=60,
)


@settings(max_examples=120, deadline=None)
@given(acts, st.sampled_from([[0.0, 0.0], [0.0, 1.0], [0.7, 1.0]]))
def test_capacity_is_never_exceeded_and_counters_are_the_integral_of_the_load(
    story: list[tuple[str, int, float]], share: list[float]
) -> None:
    config = Links(
        capacity_bps=1e6, queue_bursts=20, background_share=share, background_period_s=0.3
    )
    graph: nx.Graph[int] = nx.cycle_graph(5)
    for ends in graph.edges:
        graph.edges[ends]["length_km"] = 50.0
    clock, links = network(config, graph)
    held: list[tuple[tuple[int, ...], float]] = []
    sent, received, area = ([0.0] * 10 for _ in range(3))

    def pass_time(seconds: float) -> None:
        """Step by step, with the sums done by hand."""
        end = clock.now + seconds
        clock.at(end, lambda _: None)
        while clock.now < end:
            before = clock.now
            now = min(clock.peek(), end)
            for link in range(10):
                part = links.load_bps[link] / 8 * (now - before)
                sent[link] += part
                received[link] += part * (1 - links.loss[link])
                area[link] += links.delay_s[link] * (now - before)
            clock.step()

    for what, which, figure in story:
        if what == "reserve":
            way = [(which + hop) % 5 for hop in range(1 + which % 3 + 1)]
            path = tuple(links.wiring.number[hop] for hop in pairwise(way))
            if links.fits(path, figure):
                links.reserve(path, figure)
                held.append((path, figure))
            else:
                with pytest.raises(ValueError, match="no room"):
                    links.reserve(path, figure)
        elif what == "release" and held:
            links.release(*held.pop(which % len(held)))
        elif what == "edge":
            (links.fail_edge if links.edge_up[which % 5] else links.repair_edge)(which % 5)
        elif what == "node":
            (links.fail_node if links.node_up[which % 5] else links.repair_node)(which % 5)
        elif what == "wait":
            pass_time(figure / 4e5)
        for link in range(10):
            total = sum(bandwidth for path, bandwidth in held if link in path)
            assert links.reserved_bps[link] == pytest.approx(total, abs=1e-3)
            assert links.reserved_bps[link] <= 1e6
            assert links.load_bps[link] <= 1e6
            assert 0 <= links.available_bps[link] <= 1e6
            one, other = links.wiring.ends[link]
            whole = links.edge_up[link >> 1] and links.node_up[one] and links.node_up[other]
            assert links.up[link] == whole
            if whole:
                assert links.load_bps[link] + links.available_bps[link] == 1e6
                assert links.load_bps[link] >= links.reserved_bps[link] - 1e-6
    for link in range(10):
        assert links.counters(link) == pytest.approx((sent[link], received[link]), abs=1e-6)
        assert links.delay_integral(link) == pytest.approx(area[link])


def test_the_same_world_twice() -> None:
    def run() -> Any:
        clock, links = network(Links(), line(20), seed=5)
        clock.run(until=100.0)
        return [links.counters(link) for link in range(38)], links.delay_s

    assert run() == run()


def test_what_others_hold_from_the_beginning_is_not_there_for_anybody() -> None:
    graph = line()
    graph.edges[0, 1]["reserved_bps"] = 0.4e6
    clock, links = network(graph=graph)
    assert not links.fits((0,), 0.7e6) and links.fits((0,), 0.6e6) and links.fits((2,), 1e6)
    assert links.load_bps[0] == pytest.approx(0.4e6) and links.load_bps[2] == 0
    assert links.byte_s[0] == pytest.approx(8 / 0.6e6)
    links.reserve((0, 2), 0.6e6)
    links.release((0, 2), 0.6e6)
    assert links.reserved_bps[0] == pytest.approx(0.4e6)
    clock.run(10)
    assert links.counters(0).sent_bytes == pytest.approx(10 * 0.4e6 / 8)


def test_more_than_a_link_has_cannot_be_held_by_others() -> None:
    graph = line()
    graph.edges[0, 1]["reserved_bps"] = 1.1e6
    with pytest.raises(InputError, match=r"reserved_bps of link 0 – 1 = 1100000\.0: .* 1e\+06"):
        Wiring(graph, QUIET)


# ---- who is told, and when nobody looks


def test_listeners_are_told_of_what_has_changed_and_of_nothing_else(told: Any) -> None:
    _, links = network()
    links.listeners.append(told)

    def heard(act: Any, *given: Any) -> list[Any]:
        told.log.clear()
        act(*given)
        return list(told.log)

    assert heard(links.reserve, [0], 0.25e6) == [("room", 0), ("left", 0)]
    assert heard(links.occupy, 0) == [("left", 0)]
    assert heard(links.vacate, 0) == [("left", 0)]
    assert heard(links.share, 0, 0.5e6) == []
    assert heard(links.release, [0], 0.25e6) == [("room", 0), ("left", 0)]
    assert heard(links.fail_edge, 0) == [("failed", 0), ("failed", 1)]
    assert heard(links.fail_node, 1) == [("failed", 2), ("failed", 3)]
    assert not links.all_up
    assert heard(links.repair_edge, 0) == ["repaired"]  # the node is down still
    # What it had left was nothing while it was down.
    again = [("room", 1), ("left", 1), ("room", 2), ("left", 2), ("room", 0), ("left", 0)]
    again += [("room", 3), ("left", 3)]
    assert heard(links.repair_node, 1) == [*again, "repaired"]
    assert links.all_up


def test_watchers_are_called_before_anything_changes() -> None:
    _, links = network()
    seen: list[Any] = []
    links.watchers.append(
        lambda: seen.append(
            (links.reserved_bps[0], links.busy[0], links.up[0], links.shared_bps[0])
        )
    )
    links.reserve([0], 0.5e6)
    links.release([0], 0.5e6)
    links.occupy(0)
    links.vacate(0)
    links.share(0, 1e5)
    links.share(0, 1e5)  # as it is
    links.fail_edge(0)
    links.repair_edge(0)
    links.scale(0, 0.5)
    links.counters(0)
    links.delay_integral(0)
    still = (0.0, False, True, 1e5)
    assert seen == [
        (0.0, False, True, 0.0),
        (0.5e6, False, True, 0.0),
        (0.0, False, True, 0.0),
        (0.0, True, True, 0.0),
        (0.0, False, True, 0.0),
        still,
        (0.0, False, False, 1e5),
        still,
        still,
        still,
    ]


def test_a_transfer_fills_its_link_and_those_that_share_take_their_part() -> None:
    clock, links = network()
    links.reserve([0], 0.2e6)
    assert (links.left_bps[0], links.byte_s[0]) == (0.8e6, 1e-5)
    links.share(0, 0.5e6)
    assert (links.left_bps[0], links.available_bps[0], links.load_bps[0]) == (0.8e6, 0.3e6, 0.7e6)
    links.occupy(0)
    # All that is left is sent with: 50 bursts of a millisecond, and one in a hundred is lost.
    assert (links.left_bps[0], links.available_bps[0], links.load_bps[0]) == (0.0, 0.0, 1e6)
    assert (links.delay_s[0], links.loss[0]) == pytest.approx((0.051, 0.01))
    assert links.byte_s[0] == 1e-5  # a message would have what no other chain holds
    clock.run(until=8.0)
    assert links.counters(0) == pytest.approx((1e6, 0.99e6))
    links.vacate(0)
    links.share(0, 0.0)
    assert (links.left_bps[0], links.available_bps[0]) == (0.8e6, 0.8e6)


def test_an_overloaded_link_loses_what_is_too_much_and_is_mended_exactly() -> None:
    _, links = network()
    links.reserve([0], 0.6e6)
    links.scale(0, 0.3)
    assert list(links.capacity_bps) == pytest.approx([0.3e6, 0.3e6, 1e6, 1e6])
    assert links.ceiling_bps[1] == links.capacity_bps[1]
    assert links.excess_bps(0) == pytest.approx(0.3e6) and links.excess_bps(1) == 0.0
    # Half of what is sent has no room; of the rest a hundredth finds the queue full. A burst takes
    # 1 / 0.3 ms.
    assert links.loss[0] == pytest.approx(1 - 0.99 / 2)
    assert links.delay_s[0] == pytest.approx(0.001 + 50 * 0.001 / 0.3)
    assert links.delay_s[1] == pytest.approx(0.001 + 0.001 / 0.3)
    links.fail_edge(0)
    links.scale(0, 1 / 0.3)
    assert list(links.capacity_bps) == [1e6] * 4 and links.ceiling_bps[0] == -1.0
    links.repair_edge(0)
    assert links.ceiling_bps[0] == 1e6 and links.loss[0] < 1e-9
    assert links.delay_s[1] == links.wiring.idle_s[1]
    for factor in (0.0, -1.0, inf, nan):
        with pytest.raises(ValueError, match="factor"):
            links.scale(0, factor)


def test_while_nobody_looks_the_background_stays_and_its_stream_goes_on() -> None:
    config = Links(capacity_bps=1e6, background_share=[0.1, 0.9], background_period_s=10.0)
    (clock, links), (other_clock, other) = (network(config, seed=2) for _ in range(2))
    rested: list[float] = []
    links.resters.append(rested.append)
    clock.run(until=5.0)
    before = list(links.load_bps)
    links.rest(47.0)
    assert (links.quiet_until_s, rested) == (47.0, [47.0])
    # Periods begin at 10, 20, 30, 40: all before 47.
    assert [links.turns_to_rest(period_s) for period_s in (10.0, 42.0, 100.0)] == [5, 1, 1]
    clock.run(until=49.9)
    assert list(links.load_bps) == before
    for at_s in (50.5, 65.0):
        clock.run(until=at_s)
        other_clock.run(until=at_s)
        assert list(links.load_bps) == list(other.load_bps) != before
    assert links.turns_to_rest(10.0) == 0


def test_links_need_no_stream_where_there_is_no_background() -> None:
    clock, _ = network()
    assert clock.peek() == inf
    clock, _ = network(
        Links(capacity_bps=1e6, background_share=[0.0, 0.5], background_period_s=3.0)
    )
    assert clock.peek() == 3.0


def test_more_than_there_is_cannot_be_reserved_behind_the_ledgers_back() -> None:
    _, links = network()
    links.reserved_bps[0] = 1.5e6
    with pytest.raises(RuntimeError, match=r"link 0: 1500000\.0 reserved of 1000000\.0"):
        links.occupy(0)


def test_what_is_left_is_left_however_little() -> None:
    _, links = network()
    links.reserve([0], 1e6 - 0.5)
    assert (links.left_bps[0], links.available_bps[0], links.byte_s[0]) == (0.5, 0.5, 16.0)
