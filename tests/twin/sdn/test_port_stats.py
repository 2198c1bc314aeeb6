"""Port counters read by the controller, by hand: two switches that read a second apart."""

from types import SimpleNamespace
from typing import Any

import networkx as nx
import numpy as np
import pytest

from edgesim.scenarios.parts.links import Links
from edgesim.twin.core.clock import Clock
from edgesim.twin.network.wiring import Wiring
from edgesim.twin.sdn.port_stats import PortStats
from edgesim.twin.sdn.southbound import SouthboundTally

SENT_BYTES_S, RECEIVED_BYTES_S = 1000.0, 900.0  # of every link: a tenth is lost


class Seen:
    """What the controller writes into its view, with the time."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.log: list[tuple[str, int, float, float]] = []

    def see_available(self, link: int, bps: float) -> None:
        self.log.append(("available", link, self.clock.now, bps))

    def see_loss(self, link: int, share: float) -> None:
        self.log.append(("loss", link, self.clock.now, share))


def watched(until_s: float, **links: Any) -> tuple[Seen, SouthboundTally]:
    """Two switches that are asked every 10 s; the second one is a second further away."""
    graph: nx.Graph[int] = nx.path_graph(2)
    graph.edges[0, 1]["length_km"] = 1.0
    clock, tally = Clock(), SouthboundTally()

    def counters(_: int) -> Any:
        now = clock.now
        return SimpleNamespace(sent_bytes=SENT_BYTES_S * now, received_bytes=RECEIVED_BYTES_S * now)

    network: Any = SimpleNamespace(
        wiring=Wiring(graph, Links()),
        counters=counters,
        capacity_bps=[80_000.0] * 2,
        node_up=[True] * 2,
        quiet_until_s=0.0,
    )
    vars(network).update(links)
    channel: Any = SimpleNamespace(delay_s=[0.0, 1.0])
    view: Any = Seen(clock)
    PortStats(clock, network, channel, tally, view, 10.0, np.zeros)
    while clock.now < until_s:
        clock.step()
    return view, tally


def test_available_bandwidth_is_that_between_two_readings_and_loss_of_the_same_two() -> None:
    view, _ = watched(22.0)
    log: Any = [(what, link, at_s, pytest.approx(value)) for what, link, at_s, value in view.log]
    # A link sends 8 kbit/s of its 80. Switch 0 reads at 10 and 20 s, switch 1 at 11 and 21 s and
    # its replies take a second. The first readings are compared with nothing at time 0: what the
    # second switch counts in 11 s with what the first one counts in 10 s.
    assert log == [
        ("available", 0, 10.0, 72_000.0),
        ("available", 1, 12.0, 72_000.0),
        ("loss", 1, 12.0, 1.0 - 9_000.0 / 11_000.0),
        ("loss", 0, 12.0, 1.0 - 9_900.0 / 10_000.0),
        ("available", 0, 20.0, 72_000.0),
        ("available", 1, 22.0, 72_000.0),
        ("loss", 1, 22.0, 0.1),
        ("loss", 0, 22.0, 0.1),
    ]


def test_a_switch_that_is_down_is_asked_and_does_not_reply() -> None:
    view, tally = watched(20.5, node_up=[True, False])
    assert {(what, link) for what, link, _, _ in view.log} == {("available", 0)}
    assert tally.messages["port_stats_reply"] == 2
