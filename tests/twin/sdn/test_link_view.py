"""What the controller believes: how old it is, and within which bounds."""

import networkx as nx
import numpy as np
import pytest

from edgesim.scenarios.parts.links import Links
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.streams import Streams
from edgesim.twin.network.links import Links as NetworkLinks
from edgesim.twin.network.wiring import Wiring
from edgesim.twin.sdn.link_view import LinkView

QUIET = Links(capacity_bps=1e6, burst_bytes=125, background_share=[0, 0])


def seen(*, truth: bool = False) -> tuple[Clock, NetworkLinks, LinkView, list[float]]:
    """A view of two links of 200 km, and when it was asked for what has come in."""
    graph: nx.Graph[int] = nx.path_graph(3)
    for ends in graph.edges:
        graph.edges[ends]["length_km"] = 200.0
    clock, asked = Clock(), []
    links = NetworkLinks(clock, Wiring(graph, QUIET), QUIET, Streams(np.random.SeedSequence(0)))
    view = LinkView(clock, links, lambda: asked.append(clock.now), truth=truth)
    return clock, links, view, asked


def test_at_first_the_view_is_that_of_an_idle_network_known_at_time_0() -> None:
    clock, _, view, asked = seen()
    clock.run(until=8.0)
    assert list(view.delay_s) == pytest.approx([0.002] * 4)  # 1 ms of fibre, 1 ms a burst
    assert list(view.available_bps) == [1e6] * 4
    assert list(view.loss) == list(view.measured_s) == [0.0] * 4
    assert asked == [8.0] * 4  # each time what has come in is written first
    assert view.age_s(2) == view.mean_age_s() == view.oldest_s([1, 3]) == 8.0
    assert len(asked) == 7


def test_ages_are_those_of_the_links() -> None:
    clock, _, view, _ = seen()
    clock.run(until=10.0)
    view.tables().measured_s[:] = (1.0, 2.0, 4.0, 9.0)
    assert [view.age_s(link) for link in range(4)] == [9.0, 8.0, 6.0, 1.0]
    assert view.mean_age_s() == 6.0
    assert view.oldest_s([3, 1, 2]) == 8.0 and view.oldest_s([]) == 0.0


def test_counters_cannot_tell_what_is_impossible() -> None:
    _, _, view, _ = seen()
    for link, (available_bps, loss) in enumerate([(-1.0, -0.5), (0.5, 0.25), (3.0, 1.5)]):
        view.see_available(link, available_bps)
        view.see_loss(link, loss)
    assert list(view.available_bps)[:3] == [0.0, 0.5, 3.0]
    assert list(view.loss)[:3] == [0.0, 0.25, 1.0]


def test_the_truth_is_that_of_the_links_and_has_no_age() -> None:
    clock, links, view, _ = seen(truth=True)
    clock.run(until=5.0)
    links.reserve([0], 0.5e6)
    assert view.delay_s is links.delay_s and view.delay_s[0] == pytest.approx(0.003)
    assert view.available_bps[0] == 0.5e6 and view.loss is links.loss
    assert view.age_s(0) == view.mean_age_s() == view.oldest_s([0, 1]) == 0.0
