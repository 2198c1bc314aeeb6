"""The SDN controller: its place, and rules that take their time."""

from typing import Any

import networkx as nx
import pytest

from edgesim.scenarios.parts.links import Links
from edgesim.scenarios.parts.sdn import Controller
from edgesim.twin.network.wiring import Wiring
from edgesim.twin.sdn.southbound import ControlChannel


def ring(nodes: int = 5) -> "nx.Graph[int]":
    return of_100_km(nx.cycle_graph(nodes))


def of_100_km(graph: "nx.Graph[int]") -> "nx.Graph[int]":
    for ends in graph.edges:
        graph.edges[ends]["length_km"] = 100.0
    return graph


# ---- the channel


def test_the_controller_stands_in_the_middle() -> None:
    config = Controller(channel_ms=1.0, channel_ms_per_km=0.005)
    channel = ControlChannel(Wiring(of_100_km(nx.path_graph(5)), Links()), config)
    assert channel.site == 2
    assert channel.delay_s == pytest.approx([0.002, 0.0015, 0.001, 0.0015, 0.002])


# ---- rules


def test_a_flow_carries_traffic_when_its_last_rule_is_in(controlled: Any) -> None:
    world = controlled(ring())
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


def test_a_switch_writes_one_rule_after_the_other(controlled: Any) -> None:
    world = controlled(ring())
    for name in "abc":
        world.connect(name, [0, 1], 1e5)
    world.clock.advance()
    assert world.log == [("ready", "a", 1.1), ("ready", "b", 1.2), ("ready", "c", 1.3)]


def test_instances_on_one_host_need_a_rule_and_no_link(controlled: Any) -> None:
    world = controlled(ring())
    flow = world.connect("a", [3, 3], 1e5)
    assert flow is not None
    assert flow.paths == [()]
    world.clock.advance()
    assert world.log == [("ready", "a", 1.1)]


def test_rules_are_removed_and_bandwidth_is_free_at_once(controlled: Any) -> None:
    world = controlled(ring())
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


def test_a_flow_that_ends_before_its_rules_are_in_never_carries(controlled: Any) -> None:
    world = controlled(ring())
    flow = world.connect("a", [0, 1], 1e6)
    assert flow is not None
    world.clock.at(0.5, lambda _: world.controller.release(flow))
    world.clock.advance()
    assert world.log == []


def test_a_flow_that_finds_no_room_gives_back_what_it_had(controlled: Any) -> None:
    world = controlled(ring())
    assert world.connect("a", [0, 1], 1e6) is not None
    second = world.connect("b", [0, 1], 1e6)
    assert second is not None
    assert world.way(second) == [0, 4, 3, 2, 1]
    held = list(world.links.reserved_bps)
    assert world.connect("c", [3, 2, 1, 0, 1], 1e6) is None
    assert list(world.links.reserved_bps) == held
    assert len(world.controller.flows) == 2


def test_a_flow_may_cross_a_link_twice_if_there_is_room_for_both(controlled: Any) -> None:
    world = controlled(nx.Graph([(0, 1, {"length_km": 1.0})]))
    flow = world.connect("a", [0, 1, 0, 1], 0.5e6)
    assert flow is not None
    assert list(world.links.reserved_bps) == [1e6, 0.5e6]
    world.controller.release(flow)
    assert world.connect("b", [0, 1, 0, 1], 0.6e6) is None
    assert list(world.links.reserved_bps) == [0.0, 0.0]
