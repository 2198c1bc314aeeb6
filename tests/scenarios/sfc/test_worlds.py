"""Random worlds of service chains: valid, within their ranges, and as loaded as they say."""

from dataclasses import asdict
from math import e

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgesim.errors import InputError
from edgesim.scenarios import resolve
from edgesim.scenarios.sfc.schema import SFCScenario, Slice
from edgesim.scenarios.sfc.worlds import draw
from edgesim.scenarios.worlds import random_worlds
from edgesim.twin.sfc.world import build_world

SEEDS = st.integers(0, 2**32 - 1)
OVER_A_NETWORK, OF_STAGES = resolve("sfc"), resolve("sfc_paper")


def world(scenario: SFCScenario, seed: int) -> SFCScenario:
    made = resolve(asdict(scenario), draw(np.random.default_rng(seed), scenario))
    assert isinstance(made, SFCScenario)
    return made


@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_networks_are_valid_and_hold_what_they_say(seed: int) -> None:
    network, own = world(OVER_A_NETWORK, seed).network, OVER_A_NETWORK.network
    assert network is not None and own is not None
    topology, instances = network.topology, network.instances
    assert topology.source in (("gabriel", "waxman") if topology.nodes >= 40 else ("gabriel",))
    assert 14 <= topology.nodes <= 100
    # The preset has 50 nodes on 600 km by 600 km, which is 7200 square kilometres a node.
    assert topology.side_km**2 / topology.nodes == pytest.approx(7200, rel=1e-3)
    assert instances.per_type is not None
    assert instances.capacity_bps is not None
    assert 3 <= instances.per_type <= 8
    assert instances.hosts_of(topology.nodes) == instances.hosts
    assert instances.per_type * instances.capacity_bps == pytest.approx(7.5e9, rel=1e-3)
    assert [part.chain for part in network.slices] == [part.chain for part in own.slices]
    held = [
        it.arrival_rate_hz * sum(s.share * s.holding_s * s.mean_bandwidth_bps for s in it.slices)
        for it in (network, own)
    ]
    assert 0.599 < held[0] / held[1] < 1.401


@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_stage_links_keep_delay_bandwidth_and_load(seed: int) -> None:
    made = world(OF_STAGES, seed)
    assert made.groups is not None and made.instances is not None
    assert made.bandwidth_range is not None and made.delay_range_ms is not None
    assert made.release_probability is not None
    assert 3 <= made.groups <= 7 and 3 <= made.instances <= 8
    # The preset has 4 stages of 10 to 20 ms and 25 links of 768 to 1280 between two groups.
    low_ms, high_ms = ((made.groups - 1) * end for end in made.delay_range_ms)
    assert low_ms == pytest.approx(40, abs=3) and high_ms == pytest.approx(80, abs=3)
    low, high = (made.instances**2 * end for end in made.bandwidth_range)
    assert low == pytest.approx(19_200, rel=0.002) and high == pytest.approx(32_000, rel=0.002)
    assert made.bandwidth_range[0] >= 256  # the most that a request asks for
    assert 0.599 < 0.2 / made.release_probability < 1.401


def test_links_stay_wide_enough_for_a_request() -> None:
    few = resolve("sfc_paper", {"bandwidth": None, "delay_ms": None, "instances": 2})
    for seed in range(20):
        made = world(few, seed)
        assert made.bandwidth_range is not None
        assert made.bandwidth_range[0] >= 256


def test_scenarios_at_an_end_of_a_range_stay_valid() -> None:
    ends = {
        "bandwidth": None,
        "delay_ms": None,
        "bandwidth_range": [1.0, 1.0],
        "delay_range_ms": [1.0, 1.0],
        "release_probability": 1.0,
    }
    for seed in range(20):
        build_world(world(resolve("sfc_paper", ends), seed))


def test_the_twin_finds_the_load_that_was_drawn() -> None:
    """By what chains would hold over what the instances process, as the twin works it out."""
    own = build_world(OVER_A_NETWORK)
    for seed in range(3):
        keys = draw(np.random.default_rng(seed), OVER_A_NETWORK)
        made = build_world(resolve(asdict(OVER_A_NETWORK), keys))
        load = np.random.default_rng(seed)
        load.integers(2**31)
        assert made.offered_load / own.offered_load == pytest.approx(
            load.uniform(0.6, 1.4), rel=1e-3
        )


def test_the_mean_of_a_log_uniform_bandwidth() -> None:
    """Its density is 1 / (b ln(high / low)), so that from 1 to e the mean is e - 1."""
    assert Slice(bandwidth_bps=[1e6, e * 1e6]).mean_bandwidth_bps == pytest.approx(1e6 * (e - 1))
    assert Slice(bandwidth_bps=[5e6, 5e6]).mean_bandwidth_bps == 5e6


def test_worlds_follow_from_their_seeds() -> None:
    for scenario in (OVER_A_NETWORK, OF_STAGES):
        worlds = random_worlds(scenario, [1, 2])
        assert worlds == random_worlds(scenario, [1, 2])
        assert worlds[0] != worlds[1]


def test_a_trace_and_a_shared_network_are_refused() -> None:
    traced = resolve("sfc", {"trace": "requests.csv"})
    with pytest.raises(InputError, match=r"trace = 'requests.csv': must be null"):
        random_worlds(traced, [0])
    with pytest.raises(InputError, match="worlds = 1: are drawn of one problem's scenarios"):
        random_worlds(resolve("shared"), [0])
