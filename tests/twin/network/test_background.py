"""Other traffic on all links at once: as links change one by one, and by hand."""

from array import array
from math import inf
from typing import Any

import networkx as nx
import numpy as np
import pytest

from edgesim.scenarios.parts.links import Links as LinkSettings
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.streams import Streams
from edgesim.twin.network.background import leave, load_all, make_room, settle_all
from edgesim.twin.network.links import Links
from edgesim.twin.network.wiring import Wiring

FIGURES = ("available_bps", "delay_s", "load_bps", "loss", "left_bps", "byte_s")


def test_integrals_are_brought_up_to_now() -> None:
    # 800 bit/s since 2 s with a quarter lost; nothing since 10 s.
    load, delay, loss, since = (np.array(it) for it in ([800.0, 0], [0.5, 1], [0.25, 0], [2.0, 10]))
    sent, received, area = np.array([10.0, 20]), np.array([5.0, 6]), np.array([1.0, 2])
    settle_all(10.0, load, delay, loss, since, sent, received, area)
    assert sent.tolist() == [810.0, 20.0] and received.tolist() == [605.0, 6.0]
    assert area.tolist() == [5.0, 2.0] and since.tolist() == [10.0, 10.0]


def test_what_is_spare_is_what_chains_and_others_leave() -> None:
    capacity, reserved = np.full(5, 100.0), np.array([0.0, 30, 60, 60, 0])
    demand, ceiling = np.array([0.0, 30, 30, 60, 0]), np.array([100.0, 100, 100, 100, -1])
    byte_s = np.array([0.08, 0.08, 0.8, inf, 1.0])
    spare, changed = np.empty(5), np.empty(5, dtype=np.int64)
    count = make_room(capacity, reserved, demand, ceiling, byte_s, spare, changed)
    assert spare.tolist() == [100.0, 40.0, 10.0, 0.0, 100.0]
    assert byte_s.tolist() == [0.08, 0.2, 0.8, inf, inf]
    assert changed[:count].tolist() == [1, 4]


def test_what_is_left_to_transfers_is_spare_where_no_message_is_sent_and_the_link_is_up() -> None:
    spare, busy = np.array([40.0, 40, 40, 0]), np.array([False, True, False, False])
    ceiling, left = np.array([100.0, 100, -1, 0]), np.array([40.0, 40, 40, 0])
    changed = np.empty(4, dtype=np.int64)
    count = leave(spare, busy, ceiling, left, changed)
    assert spare.tolist() == [40.0, 0.0, 40.0, 0.0] and left.tolist() == [40.0, 0.0, 0.0, 0.0]
    assert changed[:count].tolist() == [1, 2]


def test_load_loss_and_delay_by_hand() -> None:
    """Bursts of 2 s in queues of one place, propagation of 3 s: at a load of rho a share of
    rho / (1 + rho) finds the place taken, and the others stay one burst.
    """
    spare = np.array([100.0, 50, 50, 0, 10, 0])
    shared = np.array([0.0, 0, 50, 0, 20, 0])
    reserved = np.array([0.0, 50, 0, 200, 0, 100])
    ceiling = np.array([100.0, 100, -1, 100, 100, 0])
    available, load, loss, delay = (np.full(6, 7.0) for _ in range(4))
    load_all(
        spare, np.full(6, 100.0), reserved, shared, ceiling, np.full(6, 3.0), np.full(6, 2.0), 1,
        available, load, loss, delay,
    )  # fmt: skip
    assert available.tolist() == [100.0, 50.0, 7.0, 0.0, 0.0, 0.0]
    assert load.tolist() == [0.0, 50.0, 7.0, 100.0, 100.0, 100.0]
    # Where twice as much is reserved as there is, half of it is too much besides.
    assert loss.tolist() == pytest.approx([0.0, 1 / 3, 7.0, 0.75, 0.5, 0.5])
    assert delay.tolist() == pytest.approx([5.0, 5.0, 7.0, 5.0, 5.0, 5.0])


def ring(share: list[float], seed: int) -> tuple[Clock, Links]:
    graph: nx.Graph[int] = nx.cycle_graph(6)
    for ends in graph.edges:
        graph.edges[ends]["length_km"] = 100.0
    settings = LinkSettings(background_share=share, queue_bursts=7)
    clock = Clock()
    streams = Streams(np.random.SeedSequence(seed))
    return clock, Links(clock, Wiring(graph, settings), settings, streams)


@pytest.mark.parametrize("scaled", [False, True])
def test_a_draw_for_all_links_is_a_change_of_each(scaled: bool) -> None:
    """After each period every link is touched by itself: nothing may move, to the last bit."""
    clock, links = ring([0.1, 0.9], 4)
    capacity = links.wiring.capacity_bps[0]
    links.reserve((0, 2, 4), 0.4 * capacity)
    links.reserve((6,), capacity)
    links.share(8, 0.2 * capacity)
    links.occupy(10)
    links.fail_edge(2)
    if scaled:
        links.scale(0, 0.25)
        links.scale(3, 0.5)
    for period in range(6):
        clock.run(until=10.0 * period + 5.0)
        before = {name: array("d", getattr(links, name)) for name in FIGURES}
        for link in range(12):
            links._change(link)
        for name in FIGURES:
            assert getattr(links, name) == before[name], name
        assert max(links.load_bps) > 0 and links.loss[4] == 1.0
        assert links.excess_bps(0) == pytest.approx((0.4 - 0.25) * capacity * scaled)


def test_who_listens_is_told_which_links_have_another_room(told: Any) -> None:
    clock, links = ring([0.1, 0.9], 1)
    links.listeners.append(told)
    links.fail_node(0)
    links.occupy(6)
    told.log.clear()
    clock.run(until=11.0)
    # Links 0 to 3 are down, and on link 6 a message is sent: nothing is left there.
    up = [4, 5, 6, 7, 8, 9, 10, 11]
    assert told.log == [("room", *up), ("left", *(link for link in up if link != 6))]
