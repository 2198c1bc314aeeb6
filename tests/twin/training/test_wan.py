"""Training over a WAN: steps, pulls and churn, worked by hand on small networks."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgesim.errors import InputError
from edgesim.scenarios import resolve
from edgesim.twin.training.wan.outcomes import Handled, Joined
from edgesim.twin.training.wan.plans import Sources, shares_of
from edgesim.twin.training.wan.ring import (
    hops_of,
    inserted,
    layers,
    rounds_of,
    share_of,
)
from edgesim.twin.training.wan.workload import WANTraining

QUIET = {
    "backbone.background_share": [0.0, 0.0],
    "backbone.propagation_ms_per_km": 0.0,
    "churn.joins_per_hour": 0.0,
    "churn.leaves_per_hour": 0.0,
    "churn.crashes_per_hour": 0.0,
    "churn.links_per_hour": 0.0,
    "institutions.access_spread": 0.0,
    "institutions.access_ms": [0.0, 0.0],
    "institutions.speed": [1.0, 1.0],
}

STAR = """graph [
  node [ id 0 label "hub" x 0 y 0 ]
  node [ id 1 label "a" x 0 y 1 ]
  node [ id 2 label "b" x 1 y 0 ]
  node [ id 3 label "c" x 1 y 1 ]
  edge [ source 0 target 1 length_km 1 ]
  edge [ source 0 target 2 length_km 1 ]
  edge [ source 0 target 3 length_km 1 ]
  edge [ source 1 target 2 length_km 9 ]
]"""


@pytest.fixture
def star(tmp_path: Path) -> str:
    """A hub with three others, two of which are joined by a longer link."""
    path = tmp_path / "star.gml"
    path.write_text(STAR)
    return str(path)


def begun(star: str, **keys: Any) -> WANTraining:
    """1000 bytes of gradient, 8000 of state, access links of 8 kbit/s out and 40 kbit/s in.

    Bursts of 15,000 bytes would take long at such rates: what counts them is left out by hand.
    """
    own = {
        "backbone.topology.source": star,
        "backbone.capacity_bps": 1e15,
        "institutions.count": 4,
        "institutions.present": 2,
        "institutions.access_mbps": 8000.0,
        "training.parameters": 4e9,
        "training.state_bytes_per_parameter": 2.0,
        "training.samples": 10,
        "training.samples_per_s": 2.0,
        "training.shards": 8,
        "churn.processing_s": 0.0,
        "horizon_s": 100.0,
    }
    return WANTraining.alone(
        resolve("wan_training", {**QUIET, **own, **keys}), np.random.SeedSequence(0)
    )


def at(wan: WANTraining, time_s: float) -> WANTraining:
    """Run to a time at which nothing else happens."""
    wan.clock.at(time_s, lambda _: wan.clock.pause())
    assert wan.next_decision() is None
    assert wan.clock.now == time_s
    return wan


def test_a_ring_asks_every_link_once_for_each_hop_that_crosses_it() -> None:
    ways = {(0, 1): (1, 2), (1, 2): (2, 3), (2, 0): (2, 4)}
    hops = hops_of("ring", [0, 1, 2], lambda one, other: ways[one, other])
    assert hops == [(1, 2), (2, 3), (2, 4)]
    assert layers(hops) == [(1, 2, 3, 4), (2,), (2,)]
    assert hops_of("ring", [0, 1], lambda one, other: None) is None
    assert hops_of("ring", [0], lambda one, other: None) == []


def test_a_newcomer_goes_where_the_way_around_grows_the_least() -> None:
    assert inserted([0, 10, 20], 12, lambda one, other: abs(one - other)) == [0, 10, 12, 20]
    assert inserted([0], 3, lambda one, other: 1.0) == [0, 3]


def test_rates_together_are_max_min_fair_at_the_access_link() -> None:
    """1, 4 and 8 into 9: 1 is less than a third, and the others share the 8 that are left."""
    sources = Sources([0, 1, 2], np.array([8.0, 4.0, 1.0]), np.zeros(3), 9.0)
    assert sources.together_bytes_s(3).tolist() == [4.0, 4.0, 1.0]
    assert sources.together_bytes_s(1).tolist() == [8.0]
    assert sources.pull_s(18.0, 3) == 2.0
    alone = shares_of("pull_all", sources, 26.0, 13, 0.0)
    assert alone.share_bytes == (16.0, 8.0, 2.0)
    together = shares_of("shared_all", sources, 18.0, 9, 0.0)
    assert together.share_bytes == (8.0, 8.0, 2.0)
    assert shares_of("equal_all", sources, 12.0, 4, 0.0).share_bytes == (6.0, 3.0, 3.0)


def test_a_step_is_computing_and_a_ring(star: str) -> None:
    """Ten samples at two a second: 5 s. Two nodes send 2 · 1/2 · 1e9 bytes at 8 Gbit/s: 1 s.

    The bursts that stand before a control message are 15,000 bytes: nothing at these rates.
    """
    wan = at(begun(star), 60.5)
    wan.steps.wake()
    assert wan.steps.last_s == pytest.approx(6.0, rel=1e-3)
    assert wan.steps.count == 10
    assert wan.steps.samples_done == 200
    assert wan.steps.idle_s == pytest.approx(0.0, abs=1e-9)


def test_a_tree_carries_the_whole_gradient_on_every_hop(star: str) -> None:
    """Four nodes: the root sends it to two children, one of which sends it on.

    Its link out carries it twice at 8 Gbit/s: 2 s beside the 5 s of computing; a ring's 2 · 3/4 of
    it take 1.5 s.
    """
    ways = {one * 4 + other: (one, 10 + other) for one in range(4) for other in range(4)}
    hops = hops_of("tree", [0, 1, 2, 3], lambda one, other: ways[one * 4 + other])
    assert hops == [(1, 10), (0, 11), (2, 10), (0, 12), (3, 11), (1, 13)]
    assert (share_of("tree", 4), rounds_of("tree", 4), rounds_of("ring", 4)) == (1.0, 4, 6)
    four = {"institutions.present": 4}
    for reduction, reduced_s in (("tree", 2.0), ("ring", 1.5)):
        wan = at(begun(star, **four, **{"training.reduction": reduction}), 60.5)
        wan.steps.wake()
        assert wan.steps.last_s == pytest.approx(5.0 + reduced_s, rel=1e-3)


def test_the_slowest_is_waited_for(star: str) -> None:
    wan = begun(star, **{"institutions.speed": [0.5, 1.5]})
    each = sorted(wan.world.compute_s(node) for node in wan.present)
    at(wan, 90.0)
    wan.steps.settle()
    assert wan.steps.last_s == pytest.approx(each[1] + 1.0, rel=1e-3)
    assert wan.steps.idle_s == pytest.approx(wan.steps.count * (each[1] - each[0]), rel=0.2)


def test_steps_that_are_skipped_are_those_that_would_be_done(star: str) -> None:
    """The one is looked at often, so that every step is on the clock; the other at the end."""
    often, seldom = begun(star), begun(star)
    for time_s in np.arange(0.7, 99.0, 0.7):
        at(often, float(time_s)).steps.wake()
    at(often, 99.0)
    at(seldom, 99.0)
    for wan in (often, seldom):
        wan.steps.settle()
    assert often.steps.count == seldom.steps.count == 16
    assert often.steps.idle_s == pytest.approx(seldom.steps.idle_s)


def joined(wan: WANTraining, **choices: str) -> list[Joined]:
    """Run to the end with given options; who joined."""
    while (request := wan.next_decision()) is not None:
        choice = choices.get(request.kind, request.options[0])
        wan.decide(choice if choice in request.options else request.options[0])
        assert wan.ledger.closes
    return [outcome for outcome in wan.outcomes if isinstance(outcome, Joined)]


def test_one_source_sends_at_its_own_rate_and_two_at_twice_that(star: str) -> None:
    """8e9 bytes of state; a source has 1e9 a second but while it sends gradients, a sixth of the
    time, in which it has half.
    """
    single = begun(star)
    at(single, 0.5).joins(2)
    (alone,) = joined(single, join="pull_1")
    double = begun(star)
    at(double, 0.5).joins(2)
    (both,) = joined(double, join="pull_all")
    assert (alone.sources, both.sources) == (1, 2)
    assert 8.0 < alone.pull_s < 10.5
    assert 4.0 < both.pull_s < 5.5
    assert both.planned_s == pytest.approx(4.0, rel=1e-3)
    assert both.delay_s < alone.delay_s
    assert sorted(single.present) == [0, 1, 2]


def test_a_pause_keeps_the_state_from_ageing(star: str) -> None:
    """Nobody trains while the state is pulled: it takes what was planned, and nothing is missed."""
    wan = begun(star)
    at(wan, 0.5).joins(2)
    (one,) = joined(wan, join="pause_all")
    assert one.pull_s == pytest.approx(4.0, rel=1e-3)
    assert one.time_s == pytest.approx(6.0 + 4.0 + 8e9 / 2e9, rel=1e-2)  # step, pull, load
    assert wan.steps.idle_s > 2 * 7.9


def test_joining_at_once_throws_the_step_away(star: str) -> None:
    wan = begun(star)
    at(wan, 0.5).joins(2)
    (one,) = joined(wan, join="pull_all", admit="now", catch_up="catch_up")
    late = begun(star)
    at(late, 0.5).joins(2)
    (other,) = joined(late, join="pull_all", admit="boundary", catch_up="catch_up")
    assert one.time_s < other.time_s
    assert wan.steps.lost_s > 0.0
    assert late.steps.lost_s == 0.0


def test_a_restart_takes_everybodys_time(star: str) -> None:
    """Written and read (8 s each, less at the centre itself), and 30 s of starting again."""
    wan = begun(star)
    at(wan, 0.5).joins(2)
    (one,) = joined(wan, join="restart")
    assert 30.0 < one.delay_s < 47.0
    assert wan.steps.idle_s > 2 * 30.0


def test_a_source_that_leaves_hands_its_shards_back(star: str) -> None:
    wan = begun(star, **{"institutions.present": 3, "churn.least": 1})
    at(wan, 0.5).joins(3)
    request = wan.next_decision()
    assert request is not None and request.kind == "join"
    wan.decide("pull_all")
    at(wan, 2.0)
    (newcomer,) = wan.newcomers.values()
    assert newcomer.pull is not None and len(newcomer.pull.sources) == 3
    lacking = newcomer.pull.lacking_bytes()
    gone = newcomer.pull.sources[0]
    wan.events.leave(gone)
    request = wan.next_decision()
    assert request is not None and request.kind == "replan"
    assert "keep" not in request.options
    assert newcomer.pull.lacking_bytes() + newcomer.lost_bytes >= lacking - 1.0
    wan.decide("pull_all")
    assert gone not in newcomer.pull.sources
    assert [one.institution for one in joined(wan)] == [3]
    assert wan.ledger.left == 1


def test_what_two_sources_send_is_not_lacking_when_one_of_them_leaves(star: str) -> None:
    wan = begun(star, **{"institutions.present": 3, "churn.least": 1})
    at(wan, 0.5).joins(3)
    assert wan.next_decision() is not None
    wan.decide("twice_all")
    at(wan, 2.0)
    (newcomer,) = wan.newcomers.values()
    pull = newcomer.pull
    assert pull is not None and sorted(pull.sources) == [0, 0, 1, 1, 2, 2]
    assert sum(pull.lacking_by_source().values()) == pytest.approx(2 * pull.lacking_bytes())
    lacking = pull.lacking_bytes()
    wan.events.leave(pull.sources[0])
    request = wan.next_decision()
    assert request is None or request.kind != "replan" or "keep" in request.options
    assert newcomer.lost_bytes == 0.0
    assert pull.lacking_bytes() <= lacking + 1.0
    assert [one.institution for one in joined(wan, replan="keep")] == [3]


def test_redundancy_costs_what_it_sends_twice(star: str) -> None:
    """Two sources of 1e9 bytes a second each send all of 8e9: at least 8 s, where shares take 4."""
    wan = begun(star)
    at(wan, 0.5).joins(2)
    (one,) = joined(wan, join="twice_all", replan="keep")
    assert 7.9 < one.pull_s < 10.5


def test_a_crash_is_found_out_by_missed_heartbeats(star: str) -> None:
    wan = begun(star, **{"institutions.present": 3, "churn.least": 1})
    at(wan, 1.0).events.crash(1, phase=0.25)
    joined(wan)
    (handled,) = [one for one in wan.outcomes if isinstance(one, Handled)]
    assert handled.event == "crash"
    assert handled.detection_s == 2.75  # three heartbeats less a quarter
    assert sorted(wan.present) == [0, 2]
    assert wan.ledger.closes


def test_links_are_handled_in_a_round_trip(star: str) -> None:
    """A cut of the link from the hub to a, with 1 ms/km: those whose way led over it take 9 km."""
    keys = {"institutions.present": 4, "backbone.propagation_ms_per_km": 1.0}
    wan = begun(star, **keys)
    edge = wan.world.edges[0]
    at(wan, 1.0).events.disconnect(edge)
    at(wan, 50.0).events.connect(edge)
    joined(wan)
    cut, mended = [one for one in wan.outcomes if isinstance(one, Handled)]
    assert (cut.event, mended.event) == ("disconnect", "connect")
    # a to hub, and what is behind it: by b, 9 + 1 (+ 1) km there and back
    assert cut.seconds == pytest.approx(0.022, abs=2.1e-3)
    assert mended.seconds == pytest.approx(0.004, abs=2.1e-3)
    assert wan.steps.count > 0


def test_what_cannot_be_chosen_is_refused(star: str) -> None:
    wan = begun(star)
    with pytest.raises(RuntimeError, match="no request"):
        wan.decide("keep")
    with pytest.raises(InputError, match="institution = 0: trains already"):
        wan.joins(0)
    with pytest.raises(InputError, match="institution = 9"):
        wan.joins(9)
    at(wan, 0.5).joins(2)
    assert wan.next_decision() is not None
    with pytest.raises(InputError, match="option = 'tour'"):
        wan.decide("tour")


def test_the_same_seed_is_the_same_episode_and_what_is_drawn_is_not_decided() -> None:
    scenario = resolve("wan_training", {"horizon_s": 900.0})

    def played(choices: dict[str, str]) -> WANTraining:
        wan = WANTraining.alone(scenario, np.random.SeedSequence(3), record=True)
        joined(wan, **choices)
        return wan

    one, again = played({}), played({})
    assert one.log is not None and again.log is not None
    assert one.log.rows == again.log.rows
    other = played({"join": "centre"})
    assert [one.time_s for one in other.coming] == [one.time_s for one in again.coming]
    assert other.ledger.asked == again.ledger.asked


def test_the_monitor_knows_what_links_that_fail_and_come_back_do(star: str) -> None:
    """From a to b over their own link, and over the hub while that is down."""
    wan = begun(star, **{"institutions.present": 4})
    links, monitor = wan.twin.network.links, wan.monitor
    one, other = wan.world.switches.index(1), wan.world.switches.index(2)
    number = links.wiring.number
    edge = number[1, 2] >> 1
    near, far = [number[1, 2]], [number[1, 0], number[0, 2]]

    def crossed() -> list[int]:
        return list(monitor.path(one, other) or ())[1:-1]

    hub = monitor.path(wan.world.switches.index(0), other)
    assert crossed() == near
    wan.twin.network.fail_edge(edge)
    assert crossed() == far
    assert monitor.path(wan.world.switches.index(0), other) is hub  # it does not cross that link
    wan.twin.network.fail_node(wan.world.first + other)
    assert monitor.path(one, other) is None
    wan.twin.network.repair_node(wan.world.first + other)
    assert crossed() == far
    wan.twin.network.repair_edge(edge)
    assert crossed() == near


def test_sources_are_measured_anew_when_links_have_other_room(star: str) -> None:
    wan = begun(star)
    newcomer = 2
    before = wan.monitor.sources(newcomer, wan.present).alone_bytes_s.copy()
    assert wan.monitor.sources(newcomer, wan.present).alone_bytes_s == pytest.approx(before)
    access = wan.world.network.wiring.number[
        wan.world.switches[wan.present[0]], wan.world.first + wan.present[0]
    ]
    wan.twin.network.links.scale(access >> 1, 0.5)
    after = dict(
        zip(
            wan.monitor.sources(newcomer, wan.present).nodes,
            wan.monitor.sources(newcomer, wan.present).alone_bytes_s,
            strict=True,
        )
    )
    assert after[wan.present[0]] == pytest.approx(before[0] / 2)
    assert after[wan.present[1]] == pytest.approx(before[1])
