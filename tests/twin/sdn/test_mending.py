"""The SDN controller when links and nodes fail: flows are led another way, or dropped."""

from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgesim.scenarios.parts.links import Topology
from edgesim.twin.network.topology import load_topology
from edgesim.twin.sdn.controller import Flow


def ring(nodes: int = 5) -> "nx.Graph[int]":
    return of_100_km(nx.cycle_graph(nodes))


def detour() -> "nx.Graph[int]":
    """From 0 to 1 there is one link; from there on to 2 a short way and a longer one by 3."""
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(4))
    for one, other, length in ((0, 1, 10.0), (1, 2, 10.0), (1, 3, 20.0), (3, 2, 20.0)):
        graph.add_edge(one, other, length_km=length)
    return graph


def of_100_km(graph: "nx.Graph[int]") -> "nx.Graph[int]":
    for ends in graph.edges:
        graph.edges[ends]["length_km"] = 100.0
    return graph


def test_a_flow_is_led_round_a_broken_link(controlled: Any) -> None:
    world = controlled(ring())
    flow = world.connect("a", [0, 2, 3], 1e5)
    assert flow is not None
    world.at(10.0, world.edge, 0)
    world.clock.advance()
    # A port-status takes 1 s, and so do the rules; switches 0 and 2 remove the old one first.
    assert world.log == [
        ("ready", "a", 1.2),
        ("interrupted", "a", 10.0),
        ("rerouted", "a", 11.0),
        ("ready", "a", 12.2),
    ]
    assert world.way(flow) == [0, 4, 3, 2, 3]
    assert flow.reroutes == world.controller.rerouted_flows == 1
    assert world.tally.messages["port_status"] == 2
    assert world.tally.messages["flow_mod"] == (3 + 2) + 3 + 4
    assert sum(world.links.reserved_bps) == pytest.approx(4e5)


def test_what_finds_no_other_way_is_dropped_in_order_of_age(controlled: Any) -> None:
    world = controlled(ring(3))
    for name in "ab":
        world.connect(name, [0, 1], 0.5e6)
    world.connect("c", [2, 1], 0.5e6)
    world.at(10.0, world.edge, 0)
    world.clock.run(until=9.0)
    world.log.clear()
    world.clock.advance()
    assert world.log[:4] == [
        ("interrupted", "a", 10.0),
        ("interrupted", "b", 10.0),
        ("rerouted", "a", 11.0),
        ("dropped", "b", 11.0),
    ]
    assert [flow.value for flow in world.controller.flows] == ["a", "c"]
    assert world.controller.dropped_flows == 1
    assert sum(world.links.reserved_bps) == pytest.approx(1.5e6)


def test_a_flow_through_a_failed_host_is_dropped_and_one_past_it_led_round(controlled: Any) -> None:
    world = controlled(ring())
    world.connect("through", [0, 1, 2], 1e5)
    world.connect("past", [0, 2], 1e5)
    world.connect("elsewhere", [3, 4], 1e5)
    world.at(10.0, world.node, 1)
    world.clock.run(until=9.0)
    world.log.clear()
    world.clock.advance()
    assert [what[:2] for what in world.log] == [
        ("interrupted", "through"),
        ("interrupted", "past"),
        ("dropped", "through"),
        ("rerouted", "past"),
        ("ready", "past"),
    ]
    assert world.tally.messages["port_status"] == 2  # of the neighbours


def test_a_failure_that_is_over_before_the_controller_hears_of_it_only_interrupts(
    controlled: Any,
) -> None:
    world = controlled(ring())
    world.connect("a", [0, 1], 1e5)
    world.at(10.0, world.edge, 0)
    world.at(10.5, world.edge, 0)
    world.clock.advance()
    assert world.log[1:] == [("interrupted", "a", 10.0), ("ready", "a", 11.0)]
    assert world.controller.rerouted_flows == 0


def test_a_short_failure_does_not_write_rules_faster(controlled: Any) -> None:
    world = controlled(ring())
    for name in range(30):
        world.connect(name, [0, 1], 1e4)
    world.at(0.1, world.edge, 0)
    world.at(0.2, world.edge, 0)
    world.clock.advance()
    assert world.log == [("ready", name, round(1.1 + 0.1 * name, 6)) for name in range(30)]


def test_a_link_that_fails_while_rules_are_written_has_them_written_elsewhere(
    controlled: Any,
) -> None:
    world = controlled(ring())
    world.connect("a", [0, 1], 1e5)
    world.at(0.5, world.edge, 0)
    world.clock.advance()
    # It never carried, so it is not interrupted.
    assert [what[0] for what in world.log] == ["rerouted", "ready"]


def test_where_no_switch_is_left_to_report_it_flows_are_dropped_all_the_same(
    controlled: Any,
) -> None:
    world = controlled(nx.Graph([(0, 1, {"length_km": 1.0})]))
    world.connect("a", [0, 1], 1e5)
    world.clock.run(until=9.0)
    world.links.fail_node(0)
    world.node(1)
    world.clock.advance()
    assert [what[:2] for what in world.log] == [
        ("ready", "a"),
        ("interrupted", "a"),
        ("dropped", "a"),
    ]


# ---- what a flow holds itself does not stand in its way


def test_a_flow_keeps_no_room_from_itself_where_its_old_way_and_the_new_one_meet(
    controlled: Any,
) -> None:
    world = controlled(detour())
    flow = world.connect("a", [0, 2], 0.6e6)
    assert flow is not None
    world.at(10.0, world.edge, 1)
    world.clock.advance()
    assert world.way(flow) == [0, 1, 3, 2]
    # The port-status takes 1 s, a flow-mod another; then switch 0 erases a rule and writes one.
    assert world.log[1:] == [
        ("interrupted", "a", 10.0),
        ("rerouted", "a", 11.0),
        ("ready", "a", 12.2),
    ]
    assert world.tally.messages["flow_mod"] == 3 + 3 + 4
    assert world.reserved(0, 1) == 0.6e6
    assert world.reserved(1, 2) == 0.0


def test_a_flow_that_fills_a_link_by_crossing_it_twice_is_led_over_it_twice_again(
    controlled: Any,
) -> None:
    world = controlled(detour())
    flow = world.connect("a", [0, 2, 0, 2], 0.5e6)
    assert flow is not None
    assert world.reserved(0, 1) == 1e6
    world.at(10.0, world.edge, 1)
    world.clock.advance()
    assert world.way(flow) == [0, 1, 3, 2, 3, 1, 0, 1, 3, 2]
    assert [world.reserved(*ends) for ends in ((0, 1), (1, 3), (3, 2))] == [1e6] * 3
    assert [world.reserved(*ends) for ends in ((1, 0), (3, 1), (2, 3))] == [0.5e6] * 3
    # Each of the three paths had 3 rules and has 4; each of switches 0, 1 and 2 erases 3, writes 3.
    assert world.tally.messages["flow_mod"] == 9 + 9 + 12
    assert world.log[-1] == ("ready", "a", 12.6)


@pytest.mark.parametrize(("bandwidth_bps", "end"), [(0.5e6, "ready"), (0.6e6, "dropped")])
def test_what_a_flow_holds_on_paths_that_still_work_it_goes_on_holding(
    controlled: Any, bandwidth_bps: float, end: str
) -> None:
    world = controlled(ring(3))
    world.connect("a", [1, 0, 1, 2], bandwidth_bps)
    world.at(10.0, world.edge, 2)
    assert world.wiring.edges[2] == (1, 2)
    world.clock.advance()
    # The last path must now begin 1 → 0, as the first one does.
    assert world.log[-1][:2] == (end, "a")
    assert world.reserved(1, 0) == pytest.approx(1e6 if end == "ready" else 0.0)


def test_where_the_second_of_two_paths_finds_no_way_nothing_was_written_for_the_first(
    controlled: Any,
) -> None:
    world = controlled(ring())
    world.connect("a", [0, 1, 0], 1e6)
    world.connect("b", [1, 2], 1e6)
    world.at(10.0, world.edge, 0)
    world.clock.advance()
    # There, 0 → 4 → 3 → 2 → 1 has room; back, 1 → 2 is taken.
    assert [what[:2] for what in world.log[2:]] == [("interrupted", "a"), ("dropped", "a")]
    assert sum(world.links.reserved_bps) == 1e6
    # Written: two rules for each of a's paths, two for b. Erased: the four of a.
    assert world.tally.messages["flow_mod"] == (4 + 2) + 4
    # Switch 0 had one rule of each path, and nothing else to do.
    world.connect("c", [0, 4], 1e5)
    world.clock.advance()
    assert world.log[-1] == ("ready", "c", 12.3)


def test_an_older_flow_is_given_the_room_of_a_younger_one_that_is_lost(controlled: Any) -> None:
    graph = ring(4)
    graph.edges[2, 3]["length_km"] = 200.0
    world = controlled(graph)
    old = world.connect("old", [0, 2], 0.6e6)
    assert old is not None
    assert world.way(old) == [0, 1, 2]
    world.connect("young", [1, 0, 3], 0.6e6)
    world.at(10.0, world.node, 1)
    world.clock.run(until=10.5)
    world.log.clear()
    world.clock.advance()
    assert [what[:2] for what in world.log] == [
        ("rerouted", "old"),
        ("dropped", "young"),
        ("ready", "old"),
    ]
    assert world.way(old) == [0, 3, 2]
    assert sum(world.links.reserved_bps) == pytest.approx(1.2e6)


# ---- as laws

breaks = st.lists(st.tuples(st.booleans(), st.integers(0, 10**6)), min_size=5, max_size=25)


@settings(max_examples=80, deadline=None)
@given(breaks, st.integers(0, 50))
def test_no_flow_is_dropped_that_would_be_accepted_anew(
    controlled: Any, story: list[tuple[bool, int]], seed: int
) -> None:
    world = controlled(
        load_topology(Topology(source="gabriel", nodes=6), np.random.default_rng(seed))
    )
    ends: list[tuple[int, int]] = []

    def dropped(flow: Flow) -> None:
        again = world.controller.open(ends[flow.value][0], flow.bandwidth_bps)
        assert not world.controller.extend(again, ends[flow.value][1])

    world.controller._dropped_call = dropped
    for number, (fails, which) in enumerate(story):
        ends.append((which % 6, which // 6 % 6))
        world.connect(number, list(ends[number]), 0.3e6)
        if fails:
            world.edge(which % len(world.links.edge_up))
        world.clock.run(until=world.clock.now + 0.7)
    world.clock.advance()


@settings(max_examples=80, deadline=None)
@given(breaks, st.integers(0, 50))
def test_what_is_erased_is_what_was_written(
    controlled: Any, story: list[tuple[bool, int]], seed: int
) -> None:
    """As long as no switch fails, which takes its rules with it."""
    world = controlled(
        load_topology(Topology(source="gabriel", nodes=6), np.random.default_rng(seed))
    )
    written = 0
    paths: dict[Flow, list[tuple[int, ...]]] = {}

    def count(flow: Flow) -> None:
        nonlocal written
        old = paths.get(flow, [None] * len(flow.paths))
        new = [path for path, before in zip(flow.paths, old, strict=True) if path is not before]
        written += sum(1 + len(path) for path in new)
        paths[flow] = list(flow.paths)

    world.controller._rerouted_call = count
    for number, (fails, which) in enumerate(story):
        points = [which // 6**place % 6 for place in range(4)]
        flow = world.connect(number, points, 0.2e6)
        if flow is not None:
            count(flow)
        if fails:
            world.edge(which % len(world.links.edge_up))
        world.clock.run(until=world.clock.now + 0.7)
    world.clock.advance()
    for flow in list(world.controller.flows):
        world.controller.release(flow)
    assert world.tally.messages["flow_mod"] == 2 * written


acts = st.lists(
    st.tuples(
        st.sampled_from(["connect", "connect", "release", "edge", "node", "wait"]),
        st.integers(0, 10**6),
        st.floats(1e4, 5e5),
    ),
    max_size=40,
)


@settings(max_examples=80, deadline=None)
@given(acts, st.integers(0, 50))
def test_the_books_of_flows_and_links_agree_whatever_happens(
    controlled: Any, story: list[tuple[str, int, float]], seed: int
) -> None:
    world = controlled(
        load_topology(Topology(source="gabriel", nodes=8), np.random.default_rng(seed))
    )
    links, controller = world.links, world.controller
    edges = len(links.edge_up)
    begun = released = 0
    for what, which, figure in story:
        if what == "connect":
            points = [which // 8**place % 8 for place in range(4)]
            begun += world.connect(begun, points, figure) is not None
        elif what == "release" and controller.flows:
            controller.release(list(controller.flows)[which % len(controller.flows)])
            released += 1
        elif what == "edge":
            world.edge(which % edges)
        elif what == "node":
            world.node(which % 8)
        else:
            world.clock.run(until=world.clock.now + figure / 1e5)
        held = [0.0] * len(links.up)
        for flow in controller.flows:
            for path, (one, other) in zip(flow.paths, pairwise(flow.points), strict=True):
                nodes = [one, *(world.wiring.ends[link][1] for link in path)]
                assert nodes[-1] == other
                for link in path:
                    held[link] += flow.bandwidth_bps
            whole = all(links.up[link] for path in flow.paths for link in path)
            assert whole or not flow.carrying
        assert links.reserved_bps == pytest.approx(held, abs=1e-3)
        assert max(links.reserved_bps) <= 1e6
        assert begun == released + controller.dropped_flows + len(controller.flows)
    world.clock.advance()
    assert all(flow.carrying for flow in controller.flows)
    for flow in list(controller.flows):
        controller.release(flow)
    assert list(links.reserved_bps) == [0.0] * len(links.up)


# --- links that get smaller ---------------------------------------------------------------------


def lower(world: Any, edge: int, factor: float) -> None:
    world.links.scale(edge, factor)
    world.controller.capacity_lowered(edge)


def halved(graph: "nx.Graph[int]", controlled: Any, *flows: list[int]) -> Any:
    """Flows of half a link each, and the link from 0 to 1 halved at 10 s."""
    world = controlled(graph)
    for name, points in zip("abc", flows, strict=False):
        assert world.connect(name, points, 0.5e6) is not None
    world.clock.run(until=9.0)
    world.log.clear()
    world.at(10.0, lambda edge: lower(world, edge, 0.5), 0)
    return world


def test_what_came_last_gives_way_and_goes_on_until_then(controlled: Any) -> None:
    world = halved(ring(), controlled, [0, 1], [0, 1])
    world.clock.run(until=10.5)
    assert world.links.loss[0] > 0.5  # twice as much as it holds
    world.clock.advance()
    assert world.log[0] == ("rerouted", "b", 11.0)
    assert [line[:2] for line in world.log] == [("rerouted", "b"), ("ready", "b")]
    assert world.reserved(0, 1) == 0.5e6 and world.reserved(0, 4) == 0.5e6


def test_what_finds_no_other_way_is_dropped(controlled: Any) -> None:
    world = halved(of_100_km(nx.path_graph(2)), controlled, [0, 1], [0, 1])
    world.clock.advance()
    assert world.log == [("dropped", "b", 11.0)]
    assert world.reserved(0, 1) == 0.5e6


def test_nothing_happens_where_all_of_it_still_fits(controlled: Any) -> None:
    world = halved(ring(), controlled, [0, 1])
    world.clock.advance()
    assert world.log == []


def test_a_flow_that_a_failure_has_stopped_is_mended_before_it_gives_way(controlled: Any) -> None:
    world = halved(ring(), controlled, [0, 1], [0, 1, 2])
    world.at(10.5, world.edge, 2)  # from 1 to 2
    world.clock.advance()
    assert [line for line in world.log if line[0] != "ready"] == [
        ("interrupted", "b", 10.5),
        ("rerouted", "b", 11.5),
        ("dropped", "b", 12.0),  # the ring is open: from 0 to 1 there is no other way
    ]
    held = np.array(world.links.reserved_bps)
    assert (held <= np.array(world.links.capacity_bps) * (1 + 1e-6)).all()
    assert all(world.links.up[link] for flow in world.controller.flows for path in flow.paths
               for link in path)  # fmt: skip


# --- machines that fail -------------------------------------------------------------------------


def test_flows_to_machines_that_fail_are_given_up_and_others_pass_their_node(
    controlled: Any,
) -> None:
    world = controlled(ring())
    world.connect("to 1", [0, 1, 2], 1e5)
    world.connect("over 1", [0, 2], 1e5)
    world.connect("from 1", [1, 2], 1e5)
    world.clock.run(until=9.0)
    world.log.clear()
    world.at(10.0, world.controller.host_failed, 1)
    world.clock.run(until=20.0)
    assert world.log == [("interrupted", "to 1", 10.0), ("dropped", "to 1", 11.0)]
    assert world.connect("again", [0, 1, 2], 1e5) is not None  # whoever offers it has to know
