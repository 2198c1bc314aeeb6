"""The channel to the controller: sizes of messages by the standards, delays by hand."""

from typing import Any

import networkx as nx
import pytest

from edgesim.scenarios.parts.links import Links
from edgesim.scenarios.parts.sdn import Controller
from edgesim.twin.network.wiring import Wiring
from edgesim.twin.sdn import southbound
from edgesim.twin.sdn.southbound import KINDS, ControlChannel, SouthboundTally, frame_bytes


def channel(graph: Any, **keys: Any) -> ControlChannel:
    for ends in graph.edges:
        graph.edges[ends].setdefault("length_km", 100.0)
    return ControlChannel(Wiring(graph, Links()), Controller(**keys))


def test_messages_are_as_long_as_openflow_1_3_5_has_them() -> None:
    sizes = {
        name: getattr(southbound, name)
        for name in ("ECHO", "BARRIER", "FLOW_MOD", "PACKET_OUT", "PACKET_IN", "PORT_STATUS")
    }
    # ofp_header is 8; ofp_flow_mod 56 with its empty match of 8, here 40 instead, an
    # ofp_instruction_actions of 8 and an ofp_action_output of 16; ofp_packet_out 24 and an action;
    # ofp_packet_in 32 with its empty match of 8, here 16, and 2 of padding; ofp_port_status 16 and
    # an ofp_port of 64.
    assert sizes == {
        "ECHO": 8,
        "BARRIER": 8,
        "FLOW_MOD": 112,
        "PACKET_OUT": 40,
        "PACKET_IN": 42,
        "PORT_STATUS": 80,
    }
    # ofp_multipart_request 16 and ofp_port_stats_request 8; ofp_port_stats 112.
    assert southbound.PORT_STATS_REQUEST == 24
    assert (southbound.PORT_STATS_REPLY, southbound.PORT_STATS) == (16, 112)


@pytest.mark.parametrize(("values", "size"), [(0, 60), (1, 60), (2, 60), (3, 66), (4, 74)])
def test_a_frame_is_its_header_its_tlvs_and_at_least_an_ethernet_frame(
    values: int, size: int
) -> None:
    # Ethernet 14, chassis ID 9, port ID 7, time to live 4, end 2; a TLV of 6 and 8 a value.
    assert frame_bytes(values) == max(60, 36 + 6 + 8 * values if values else 36) == size


def test_the_controller_stands_where_ways_are_shortest_and_of_several_at_the_first() -> None:
    assert channel(nx.path_graph(4)).site == 1
    assert channel(nx.cycle_graph(5)).site == 0
    graph = nx.star_graph([3, 0, 1, 2, 4])
    assert channel(graph).site == 3


def test_ways_to_switches_are_the_shortest_in_km() -> None:
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(4))
    for one, other, km in ((0, 1, 10.0), (1, 2, 20.0), (0, 2, 100.0), (1, 3, 5.0)):
        graph.add_edge(one, other, length_km=km)
    found = channel(graph, channel_ms=2.0, channel_ms_per_km=0.5)
    assert found.site == 1
    assert found.delay_s == pytest.approx([0.007, 0.002, 0.012, 0.0045])


def test_a_tally_adds_up_by_kind() -> None:
    tally = SouthboundTally()
    assert set(tally.messages) == set(KINDS) and tally.total() == (0, 0)
    tally.add("echo_reply", 8)
    tally.add("echo_reply", 8, 3)
    tally.add("flow_mod", 112, 2)
    assert tally.messages["echo_reply"] == 4 and tally.message_bytes["echo_reply"] == 32
    assert tally.total() == (6, 256)


def test_who_counts_late_counts_before_anybody_reads() -> None:
    tally, late = SouthboundTally(), [3]

    def count() -> None:
        tally.add("echo_reply", 10, late.pop() if late else 0)

    tally.watchers.append(count)
    assert tally.messages["echo_reply"] == 3
    late.append(2)
    assert tally.message_bytes["echo_reply"] == 50
    late.append(1)
    assert tally.total() == (6, 60)
