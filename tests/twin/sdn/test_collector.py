"""The LLDP collector: what frames find out about links, when, and what that costs."""

from typing import Any

import networkx as nx
import numpy as np
import pytest

from edgesim.scenarios.parts.links import Links
from edgesim.scenarios.parts.sdn import Collector, Controller
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.streams import Streams
from edgesim.twin.network.links import Links as NetworkLinks
from edgesim.twin.network.wiring import Wiring
from edgesim.twin.sdn.collector import LLDPCollector
from edgesim.twin.sdn.southbound import ControlChannel, SouthboundTally, frame_bytes

# 1 Mbit/s and bursts of 125 bytes: a burst takes a millisecond.
QUIET = Links(capacity_bps=1e6, burst_bytes=125, queue_bursts=99, background_share=[0, 0])
# Links whose load changes between 30 and 80 % every 2 s; a burst takes 1.2 ms.
BUSY = Links(
    capacity_bps=1e8, queue_bursts=15, background_share=[0.3, 0.8], background_period_s=2.0
)
EXACT = Collector(period_s=1.0, echo_period_s=1.0, noise_ms=0, smoothing=1)


class Network:
    def __init__(
        self,
        collector: Collector,
        links: Links = QUIET,
        graph: "nx.Graph[int] | None" = None,
        seed: int = 0,
    ) -> None:
        if graph is None:
            graph = nx.Graph([(0, 1, {"length_km": 200.0})])
        self.clock = Clock()
        self.wiring = Wiring(graph, links)
        streams = Streams(np.random.SeedSequence(seed))
        self.links = NetworkLinks(self.clock, self.wiring, links, streams)
        self.tally = SouthboundTally()
        # A message takes 10 ms.
        channel = ControlChannel(self.wiring, Controller(channel_ms=10, channel_ms_per_km=0))
        self.collector = LLDPCollector(
            self.clock, collector, self.links, channel, self.tally, streams
        )
        self.view = self.collector.view

    def row(self, link: int = 0) -> tuple[float, float, float, float]:
        view = self.view
        return view.delay_s[link], view.available_bps[link], view.loss[link], view.age_s(link)


def mesh(nodes: int = 12) -> "nx.Graph[int]":
    """A ring with chords; links of 0 to 600 km."""
    graph: nx.Graph[int] = nx.circulant_graph(nodes, [1, 3])
    for place, ends in enumerate(graph.edges):
        graph.edges[ends]["length_km"] = place * 600.0 / graph.number_of_edges()
    return graph


# ---- one link, no noise: what is known when


def test_before_the_first_frame_the_view_is_that_of_an_idle_network() -> None:
    world = Network(EXACT)
    world.links.reserve([0], 0.5e6)
    world.clock.run(until=0.005)
    assert world.row() == pytest.approx((0.002, 1e6, 0.0, 0.005))


def test_a_frame_tells_how_the_link_was_when_it_crossed() -> None:
    world = Network(EXACT)
    world.links.reserve([0], 0.5e6)  # the link's delay: 1 ms of fibre, 2 ms in the queue
    # Sent at 0, in the link from 0.010 to 0.013, at the controller at 0.023.
    world.clock.run(until=0.0229)
    assert world.row()[0] == 0.002
    world.clock.run(until=0.0231)
    assert world.row() == pytest.approx((0.003, 0.5e6, 0.0, 0.0131))
    # From then on 0.25 Mbit/s: the next frame sees the present delay, and the load between both.
    world.clock.run(until=0.510)
    world.links.release([0], 0.5e6)
    world.links.reserve([0], 0.25e6)
    world.clock.run(until=1.02)
    assert world.row() == pytest.approx((0.003, 0.5e6, 0.0, 1.01))
    world.clock.run(until=1.03)
    assert world.row() == pytest.approx((0.001 + 0.004 / 3, 0.625e6, 0.0, 0.02))
    assert world.row(1) == pytest.approx((0.002, 1e6, 0.0, 0.52))  # the port of half a period ago


def test_a_full_link_loses_as_the_counters_say() -> None:
    world = Network(EXACT)
    world.clock.run(until=2.010)
    world.links.reserve([0], 1e6)
    world.clock.run(until=6.0)
    assert world.row()[:3] == pytest.approx((0.051, 0.0, 0.01))


def test_delays_are_the_mean_of_the_last_few() -> None:
    world = Network(Collector(period_s=1.0, echo_period_s=1.0, noise_ms=0, smoothing=3))
    story = []
    for second in range(5):
        world.clock.run(until=second + 0.9)
        story.append(world.view.delay_s[0] * 1000)
        if second == 1:
            world.links.reserve([0], 0.75e6)  # 5 ms instead of 2
    assert story == pytest.approx([2, 2, 3, 4, 5])
    # Two frames took 2 ms and three 5 ms; each counts once.
    assert world.collector.measured()[0] == pytest.approx((5, 0.019))


def test_a_link_that_is_down_swallows_frames_and_its_view_grows_old() -> None:
    world = Network(EXACT)
    world.clock.run(until=1.5)
    world.links.fail_edge(0)
    world.clock.run(until=4.5)
    assert world.row() == pytest.approx((0.002, 1e6, 0.0, 4.5 - 1.01))
    assert world.collector.lost_frames == 6
    world.links.repair_edge(0)
    world.clock.run(until=5.5)
    assert world.row()[3] == pytest.approx(0.49)


def test_a_switch_that_is_down_is_not_spoken_to() -> None:
    world = Network(EXACT)
    world.links.fail_node(0)
    world.clock.run(until=9.9)
    # Ten frames left switch 1, and found no way; ten echoes came back from it.
    assert world.tally.messages["packet_out"] == world.collector.lost_frames == 10
    assert world.tally.messages["packet_in"] == 0
    assert world.tally.messages["echo_reply"] == 10


def test_frames_are_lost_with_the_data() -> None:
    links = Links(capacity_bps=1e6, queue_bursts=3, background_share=[0, 0])
    world = Network(Collector(period_s=0.01), links)
    world.links.reserve([0], 1e6)  # one burst in four finds the queue full
    world.clock.run(until=60.0)
    # Half of the frames go the other way.
    assert world.collector.lost_frames / world.collector.sent_frames == pytest.approx(
        1 / 8, rel=0.1
    )


def test_noise_cannot_make_a_delay_negative() -> None:
    graph = nx.Graph([(0, 1, {"length_km": 0.0})])
    world = Network(Collector(period_s=0.1, noise_ms=5.0, smoothing=1), Links(), graph)
    seen = []
    for second in range(200):
        world.clock.run(until=0.1 * second + 0.09)
        seen.append(world.view.delay_s[0])
    assert min(seen) == 0.0
    assert max(seen) > 0.001


def test_in_mode_truth_the_view_is_the_present() -> None:
    world = Network(Collector(mode="truth"))
    other = Network(Collector(mode="piggyback"))
    world.links.reserve([0], 0.5e6)
    assert world.row() == pytest.approx((0.003, 0.5e6, 0.0, 0.0))
    for network in (world, other):
        network.clock.run(until=60.0)
    world.links.release([0], 0.5e6)
    assert world.row() == (0.002, 1e6, 0.0, 0.0)
    assert world.view.oldest_s([0, 1]) == 0.0
    assert world.tally.messages == other.tally.messages
    assert world.tally.message_bytes == other.tally.message_bytes


def test_a_way_is_as_old_as_its_oldest_link() -> None:
    world = Network(EXACT)
    world.clock.run(until=1.2)
    assert world.view.oldest_s([0]) == pytest.approx(0.19)
    assert world.view.oldest_s([0, 1]) == pytest.approx(0.69)
    assert world.view.oldest_s([]) == 0.0


# ---- accuracy, and what it costs

DURATION_S = 600.0


class Means:
    """Time means of a view and of the truth."""

    def __init__(self, mode: str, seed: int = 0) -> None:
        config = Collector(mode=mode, period_s=1.0, echo_period_s=1.0)
        self.world = world = Network(config, BUSY, mesh(), seed)
        count = len(world.wiring.ends)
        samples, losses, views = [], [], []
        for tick in range(1, int(DURATION_S / 0.5)):
            world.clock.run(until=0.5 * tick)
            if tick > 20:
                samples.append(list(world.view.delay_s))
                views.append(list(world.view.available_bps))
                losses.append(list(world.view.loss))
        world.clock.run(until=DURATION_S)
        self.delay_s = np.mean(samples, axis=0)
        self.available_bps = np.mean(views, axis=0)
        # The share of the traffic that is lost: full links count by what they carry.
        used = 1e8 - np.array(views)
        self.loss = (np.array(losses) * used).sum(axis=0) / used.sum(axis=0)
        now = world.clock.now
        counters = [world.links.counters(link) for link in range(count)]
        self.true_delay_s = np.array([world.links.delay_integral(n) for n in range(count)]) / now
        self.true_available_bps = 1e8 - np.array([row.sent_bytes for row in counters]) * 8 / now
        self.true_loss = np.array([1 - row.received_bytes / row.sent_bytes for row in counters])


@pytest.fixture(scope="module")
def piggyback() -> Means:
    return Means("piggyback")


@pytest.fixture(scope="module")
def separate() -> Means:
    return Means("separate")


@pytest.mark.parametrize("mode", ["piggyback", "separate"])
def test_measured_delays_are_within_five_percent_of_the_true_means(
    mode: str, request: pytest.FixtureRequest
) -> None:
    means: Means = request.getfixturevalue(mode)
    assert (means.true_delay_s > 0.001).all()
    assert np.ptp(means.true_delay_s) > 0.002
    error = means.delay_s / means.true_delay_s - 1
    assert np.abs(error).max() < 0.05
    # And not to one side.
    assert abs(error.mean()) < 0.01


@pytest.mark.parametrize("mode", ["piggyback", "separate"])
def test_measured_bandwidth_and_loss_are_those_of_the_counters(
    mode: str, request: pytest.FixtureRequest
) -> None:
    means: Means = request.getfixturevalue(mode)
    assert means.available_bps == pytest.approx(means.true_available_bps, rel=0.03)
    assert means.loss == pytest.approx(means.true_loss, rel=0.1)
    assert means.true_loss.min() > 5e-4


def test_the_piggyback_saves_messages_and_bytes_at_the_same_accuracy(
    piggyback: Means, separate: Means
) -> None:
    errors = [
        float(np.abs(means.delay_s / means.true_delay_s - 1).mean())
        for means in (piggyback, separate)
    ]
    assert errors[0] == pytest.approx(errors[1], abs=0.005)
    few, many = piggyback.world.tally, separate.world.tally
    frames, echoes = 48 * 600, 12 * 600
    assert few.messages["packet_out"] == pytest.approx(frames, rel=0.01)
    assert few.total()[0] == pytest.approx(2 * frames + 2 * echoes, rel=0.01)
    # Twice the frames, and a request and a reply for each switch besides.
    assert many.total()[0] == pytest.approx(4 * frames + 4 * echoes, rel=0.01)
    assert (frame_bytes(0), frame_bytes(1), frame_bytes(4)) == (60, 60, 74)
    assert few.total()[1] == pytest.approx(frames * (40 + 42 + 2 * 74) + echoes * 16, rel=0.01)
    stats = 24 + 16 + 4 * 112
    assert many.total()[1] == pytest.approx(
        2 * frames * (40 + 42 + 2 * 60) + echoes * (16 + stats), rel=0.01
    )
    assert many.total()[1] > 2 * few.total()[1]


def test_the_measured_delay_follows_the_load_the_later_the_longer_the_period() -> None:
    """How far the view is from the truth at an instant, as the period grows."""
    errors = []
    for period in (0.2, 1.0, 4.0):
        config = Collector(period_s=period, echo_period_s=1.0, smoothing=1)
        world = Network(config, BUSY, mesh())
        off = []
        for tick in range(1, 200):
            world.clock.run(until=1.37 * tick)
            truth = np.array(world.links.delay_s)
            off.append(np.abs(np.array(world.view.delay_s) / truth - 1).mean())
        errors.append(float(np.mean(off)))
    assert errors[0] < errors[1] < errors[2]
    assert errors[0] < 0.1


# ---- common random numbers


def test_the_same_world_twice() -> None:
    def run(seed: int) -> Any:
        world = Network(Collector(period_s=1.0), BUSY, mesh(), seed)
        world.clock.run(until=30.0)
        return world.view.delay_s, world.view.available_bps, world.tally.total()

    assert run(0) == run(0)
    assert run(0) != run(1)


def test_noise_is_the_same_whatever_the_traffic_does() -> None:
    off: list[list[float]] = []
    for load in (0.0, 0.5e6):
        world = Network(Collector(period_s=1.0, smoothing=1, noise_ms=1.0), QUIET)
        if load:
            world.links.reserve([0], load)
        noise: list[float] = []
        for second in range(30):
            world.clock.run(until=second + 0.9)
            noise.append(world.view.delay_s[0] - world.links.delay_s[0])
            noise.append(world.view.delay_s[1] - world.links.delay_s[1])
        off.append(noise)
    kept = [pair for pair in zip(*off, strict=True) if min(pair) > -0.002]  # but where cut at 0
    assert len(kept) > 50
    assert [one for one, _ in kept] == pytest.approx([other for _, other in kept])


# ---- idle time and a deaf controller, by hand


def test_of_a_time_that_nobody_looks_at_messages_are_counted_and_losses_are_the_expected() -> None:
    links = Links(capacity_bps=1e6, burst_bytes=125, queue_bursts=3, background_share=[0, 0])
    world = Network(Collector(period_s=1.0, echo_period_s=4.0, noise_ms=0), links)
    world.links.reserve([0], 1e6)  # one in four is lost
    world.clock.run(until=10.05)
    before = dict(world.tally.messages)
    view = list(world.view.measured_s)
    world.links.rest(50.05)
    # 40 turns of two frames, of which 10 are lost; 10 turns of echoes to two switches.
    after = world.tally.messages
    assert after["packet_out"] - before["packet_out"] == 80
    assert after["packet_in"] - before["packet_in"] == 70
    assert after["echo_request"] - before["echo_request"] == 20
    assert after["echo_reply"] - before["echo_reply"] == 20
    world.clock.run(until=50.04)
    assert list(world.view.measured_s) == view and world.tally.messages == after
    # Then all goes on as if nothing had been left out: frames at 50.51 and 51.01 s.
    world.clock.run(until=50.6)
    assert world.view.measured_s[1] == pytest.approx(50.51)
    world.clock.run(until=51.1)
    assert world.tally.messages["packet_out"] - before["packet_out"] == 82


def test_of_switches_that_are_down_nothing_is_counted_while_nobody_looks() -> None:
    graph: nx.Graph[int] = nx.path_graph(3)
    for ends in graph.edges:
        graph.edges[ends]["length_km"] = 1.0
    world = Network(EXACT, graph=graph)
    world.clock.run(until=5.05)
    world.links.fail_node(2)
    before, lost = dict(world.tally.messages), world.collector.lost_frames
    world.links.rest(15.05)
    # Ten turns of three ports that are up; what goes to switch 2 is lost; two switches answer.
    assert world.tally.messages["packet_out"] - before["packet_out"] == 30
    assert world.collector.lost_frames - lost == 10
    assert world.tally.messages["echo_reply"] - before["echo_reply"] == 20


def test_a_deaf_controller_knows_what_it_knew_and_its_frames_are_lost() -> None:
    world = Network(EXACT)
    world.clock.run(until=2.9)
    known, measured = world.row(), world.collector.measured()
    counts, latency_s = dict(world.tally.messages), list(world.collector.latency_s)
    world.links.reserve([0], 0.5e6)
    world.collector.fail()
    world.clock.run(until=5.9)
    assert world.row()[:3] == known[:3] and world.row()[3] == pytest.approx(known[3] + 3.0)
    assert (world.collector.measured() == measured).all()
    assert world.collector.latency_s == latency_s
    # Six frames were sent, and none arrived; nobody answered.
    assert world.tally.messages["packet_out"] - counts["packet_out"] == 6
    for kind in ("packet_in", "echo_request", "echo_reply"):
        assert world.tally.messages[kind] == counts[kind]
    assert world.collector.lost_frames == 6 and world.collector.sent_frames == 12
    world.collector.repair()
    assert world.collector.lost_frames == 6
    world.clock.run(until=6.9)
    # The frame of 6.01 s and the last one that it knows of, that of 2.01 s, tell the mean of what
    # was sent between them: nothing until 2.9 s.
    spare_bps = 1e6 - 0.5e6 * (6.01 - 2.9) / 4.0
    assert world.row() == pytest.approx((0.003, spare_bps, 0.0, 0.89))
    assert world.collector.lost_frames == 6
    assert world.tally.messages["packet_in"] == counts["packet_in"] + 2


def test_a_table_of_frames_on_their_way_grows_with_them() -> None:
    """Forty ports and messages of 10 ms: more frames on their way at once than places at first."""
    graph: nx.Graph[int] = nx.cycle_graph(20)
    for ends in graph.edges:
        graph.edges[ends]["length_km"] = 2000.0  # 10 ms of fibre
    world = Network(Collector(period_s=0.02, echo_period_s=1.0, noise_ms=0), graph=graph)
    world.clock.run(until=5.0)
    assert world.collector.lost_frames == 0
    assert len(world.collector._flying) >= 32
    # Each port has sent 250 frames or one less; those of the last 21 ms are on their way.
    arrived = world.tally.messages["packet_in"]
    assert 40 * 248 <= arrived <= world.collector.sent_frames <= 40 * 250
    assert np.allclose(world.view.delay_s, 0.011)
