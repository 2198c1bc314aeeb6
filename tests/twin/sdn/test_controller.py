"""The SDN controller: rules that take their time, failures that are mended or not."""

from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgesim.scenarios.parts.links import Links, Topology
from edgesim.scenarios.parts.sdn import Controller
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.streams import Streams
from edgesim.twin.network.links import DataLinks
from edgesim.twin.network.routing import Routes, Routing
from edgesim.twin.network.topology import load_topology
from edgesim.twin.network.wiring import Wiring
from edgesim.twin.sdn.controller import Flow, SDNController
from edgesim.twin.sdn.southbound import ControlChannel, SouthboundTally

QUIET = Links(capacity_bps=1e6, background_share=[0, 0])
# A message takes a second, a rule a tenth.
SLOW = Controller(channel_ms=1000, channel_ms_per_km=0, rule_ms=100)


def ring(nodes: int = 5) -> "nx.Graph[int]":
    return of_100_km(nx.cycle_graph(nodes))


def of_100_km(graph: "nx.Graph[int]") -> "nx.Graph[int]":
    for ends in graph.edges:
        graph.edges[ends]["length_km"] = 100.0
    return graph


class Network:
    """A controller whose flows, by name, are written down when something happens to them."""

    def __init__(self, graph: "nx.Graph[int]", config: Controller = SLOW) -> None:
        self.clock = Clock()
        self.wiring = Wiring(graph, QUIET)
        streams = Streams(np.random.SeedSequence(0))
        self.links = DataLinks(self.clock, self.wiring, QUIET, streams)
        self.tally = SouthboundTally()
        self.log: list[tuple[str, Any, float]] = []
        self.controller = SDNController(
            self.clock,
            config,
            ControlChannel(self.wiring, config),
            self.tally,
            Routing(Routes(self.wiring, config.routes), self.links),
            **{what: self.notes(what) for what in ("ready", "interrupted", "rerouted", "dropped")},
        )

    def notes(self, what: str) -> Any:
        def note(flow: Flow) -> None:
            self.log.append((what, flow.value, round(self.clock.now, 6)))

        return note

    def connect(self, name: Any, points: list[int], bandwidth_bps: float) -> Flow | None:
        flow = self.controller.open(points[0], bandwidth_bps, name)
        for node in points[1:]:
            if not self.controller.extend(flow, node):
                self.controller.release(flow)
                return None
        self.controller.install(flow)
        return flow

    def edge(self, number: int) -> None:
        links = self.links
        (links.fail_edge if links.edge_up[number] else links.repair_edge)(number)
        self.controller.edges_changed([number])

    def node(self, number: int) -> None:
        links = self.links
        (links.fail_node if links.node_up[number] else links.repair_node)(number)
        self.controller.edges_changed(link >> 1 for link in self.wiring.leaving[number])

    def at(self, time_s: float, act: Any, number: int) -> None:
        self.clock.at(time_s, lambda _: act(number))

    def way(self, flow: Flow) -> list[int]:
        nodes = flow.points[:1]
        for path in flow.paths:
            nodes += [self.wiring.ends[link][1] for link in path]
        return nodes


# ---- the channel


def test_the_controller_stands_in_the_middle() -> None:
    config = Controller(channel_ms=1.0, channel_ms_per_km=0.005)
    channel = ControlChannel(Wiring(of_100_km(nx.path_graph(5)), QUIET), config)
    assert channel.site == 2
    assert channel.delay_s == pytest.approx([0.002, 0.0015, 0.001, 0.0015, 0.002])


# ---- rules


def test_a_flow_carries_traffic_when_its_last_rule_is_in() -> None:
    world = Network(ring())
    flow = world.connect("a", [0, 1, 2], 1e5)
    assert flow is not None
    assert not flow.carrying
    world.clock.advance()
    # Switch 1 ends one way and begins the next: two rules.
    assert world.log == [("ready", "a", 1.2)]
    assert flow.carrying
    messages = {kind: count for kind, count in world.tally.messages.items() if count}
    assert messages == {"flow_mod": 4, "barrier_request": 3, "barrier_reply": 3}
    assert world.tally.total() == (10, 4 * 112 + 6 * 8)


def test_a_switch_writes_one_rule_after_the_other() -> None:
    world = Network(ring())
    for name in "abc":
        world.connect(name, [0, 1], 1e5)
    world.clock.advance()
    assert world.log == [("ready", "a", 1.1), ("ready", "b", 1.2), ("ready", "c", 1.3)]


def test_instances_on_one_host_need_a_rule_and_no_link() -> None:
    world = Network(ring())
    flow = world.connect("a", [3, 3], 1e5)
    assert flow is not None
    assert flow.paths == [()]
    world.clock.advance()
    assert world.log == [("ready", "a", 1.1)]


def test_rules_are_removed_and_bandwidth_is_free_at_once() -> None:
    world = Network(ring())
    flow = world.connect("a", [0, 1], 1e6)
    assert flow is not None
    world.clock.advance()
    world.controller.release(flow)
    assert list(world.links.reserved_bps) == [0.0] * 10
    assert world.tally.messages["flow_mod"] == 4
    assert not world.controller.flows
    # The next flow's rules wait for the removal.
    world.connect("b", [0, 1], 1e6)
    world.clock.advance()
    assert world.log[1] == ("ready", "b", 1.1 + 1.2)


def test_a_flow_that_ends_before_its_rules_are_in_never_carries() -> None:
    world = Network(ring())
    flow = world.connect("a", [0, 1], 1e6)
    assert flow is not None
    world.clock.at(0.5, lambda _: world.controller.release(flow))
    world.clock.advance()
    assert world.log == []


def test_a_flow_that_finds_no_room_gives_back_what_it_had() -> None:
    world = Network(ring())
    assert world.connect("a", [0, 1], 1e6) is not None
    second = world.connect("b", [0, 1], 1e6)
    assert second is not None
    assert world.way(second) == [0, 4, 3, 2, 1]
    held = list(world.links.reserved_bps)
    assert world.connect("c", [3, 2, 1, 0, 1], 1e6) is None
    assert list(world.links.reserved_bps) == held
    assert len(world.controller.flows) == 2


def test_a_flow_may_cross_a_link_twice_if_there_is_room_for_both() -> None:
    world = Network(nx.Graph([(0, 1, {"length_km": 1.0})]))
    flow = world.connect("a", [0, 1, 0, 1], 0.5e6)
    assert flow is not None
    assert list(world.links.reserved_bps) == [1e6, 0.5e6]
    world.controller.release(flow)
    assert world.connect("b", [0, 1, 0, 1], 0.6e6) is None
    assert list(world.links.reserved_bps) == [0.0, 0.0]


# ---- failures


def test_a_flow_is_led_round_a_broken_link() -> None:
    world = Network(ring())
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


def test_what_finds_no_other_way_is_dropped_in_order_of_age() -> None:
    world = Network(ring(3))
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


def test_a_flow_through_a_failed_host_is_dropped_and_one_past_it_led_round() -> None:
    world = Network(ring())
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


def test_a_failure_that_is_over_before_the_controller_hears_of_it_only_interrupts() -> None:
    world = Network(ring())
    world.connect("a", [0, 1], 1e5)
    world.at(10.0, world.edge, 0)
    world.at(10.5, world.edge, 0)
    world.clock.advance()
    assert world.log[1:] == [("interrupted", "a", 10.0), ("ready", "a", 11.0)]
    assert world.controller.rerouted_flows == 0


def test_a_short_failure_does_not_write_rules_faster() -> None:
    world = Network(ring())
    for name in range(30):
        world.connect(name, [0, 1], 1e4)
    world.at(0.1, world.edge, 0)
    world.at(0.2, world.edge, 0)
    world.clock.advance()
    assert world.log == [("ready", name, round(1.1 + 0.1 * name, 6)) for name in range(30)]


def test_a_link_that_fails_while_rules_are_written_has_them_written_elsewhere() -> None:
    world = Network(ring())
    world.connect("a", [0, 1], 1e5)
    world.at(0.5, world.edge, 0)
    world.clock.advance()
    # It never carried, so it is not interrupted.
    assert [what[0] for what in world.log] == ["rerouted", "ready"]


def test_where_no_switch_is_left_to_report_it_flows_are_dropped_all_the_same() -> None:
    world = Network(nx.Graph([(0, 1, {"length_km": 1.0})]))
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


# ---- as a law

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
    story: list[tuple[str, int, float]], seed: int
) -> None:
    world = Network(load_topology(Topology(source="gabriel", nodes=8), np.random.default_rng(seed)))
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
