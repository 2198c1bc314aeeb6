"""Single events on worlds of training over a WAN, as the figures take them."""

import pytest

from edgesim.reproduction.training import trials

STILL = {"backbone.background_share": [0.3, 0.3], "institutions.download": 100.0}


def test_a_pull_is_no_sooner_than_the_fluid_at_rates_that_stay() -> None:
    took, planned, fluid = trials.pull(4, 0, ("pull_all", "keep"), STILL)
    assert took >= fluid * (1 - 1e-6)
    assert planned == pytest.approx(took, rel=0.5)


def test_every_mechanism_brings_somebody_in() -> None:
    delays = {name: trials.join(4, 1, name, {}) for name in trials.MECHANISMS}
    assert all(0.0 < delay < 1000.0 for delay in delays.values())
    assert delays["greedy"] < delays["restart"]


def test_events_are_handled_within_the_longest_round_trip() -> None:
    told = trials.events(6, 0, {})
    assert [event for event, *_ in told] == ["leave", "disconnect", "connect", "crash"]
    for _, seconds, trip_s in told:
        assert 0.0 < seconds <= trip_s + 0.02
