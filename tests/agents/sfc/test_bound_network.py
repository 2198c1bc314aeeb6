"""The bound over a network: above whatever decides, and what the resources hold where they bind."""

from typing import Any

import numpy as np
import pytest

from edgesim.agents.finding import find_policy, offered
from edgesim.agents.measuring.rollout import rollout
from edgesim.agents.runs.seeds import held_out_seeds
from edgesim.agents.sfc.bound import episode_bound, unlimited_bound
from edgesim.envs.sfc.env import SFCEnv
from edgesim.scenarios import resolve

POLICIES = ("overload_avoidance", "greedy", "load_aware_admission")
SHORT = {"network.horizon_s": 40.0}
HEAVY = {**SHORT, "network.instances.capacity_bps": 1.5e8}
NARROW = {**SHORT, "network.links.capacity_bps": 1e8, "network.arrival_rate_hz": 3.0}
FRAGILE = {"network.failures.link_mtbf_s": 300.0, "network.failures.node_mtbf_s": 600.0}
WORLDS: dict[str, dict[str, Any]] = {
    "as shipped": SHORT,
    "few processors": HEAVY,
    "narrow links": NARROW,
    "failures": {**HEAVY, **FRAGILE},
    "a drop that pays": {**HEAVY, **FRAGILE, "qoe.dropped": 3.0},
    "paid on admission": {**HEAVY, **FRAGILE, "qoe.pay_on": "admission", "qoe.dropped": -1.0},
    "no admission control": {**HEAVY, "admission_control": False, "qoe.rejected": -2.0},
    "a collector that flatters": {
        **SHORT,
        "network.collector.noise_ms": 5.0,
        "network.collector.period_s": 0.5,
        "network.collector.smoothing": 1,
    },
    "the truth is known": {**HEAVY, "network.collector.mode": "truth", "qoe.model": "emodel"},
}


@pytest.mark.parametrize("world", WORLDS)
def test_no_policy_beats_the_bound(world):
    checked = resolve("sfc", WORLDS[world])
    seeds = held_out_seeds(0, 2)
    names = [name for name in offered(checked) if name in POLICIES]
    played = [rollout(checked, find_policy(checked, name), seeds).rows for name in names]
    env = SFCEnv("sfc", WORLDS[world])
    for place, seed in enumerate(seeds):
        env.reset(seed=seed)
        bound = episode_bound(env)
        assert bound <= unlimited_bound(env.twin) + 1e-6
        for rows in played:
            assert rows[place]["return"] <= bound + 1e-6


@pytest.mark.parametrize("world", ["few processors", "narrow links"])
def test_under_heavy_load_the_bound_is_below_the_empty_network(world):
    env = SFCEnv("sfc", {**WORLDS[world], "network.arrival_rate_hz": 8.0})
    env.reset(seed=0)
    assert episode_bound(env) < 0.99 * unlimited_bound(env.twin)


def test_a_flattered_request_beyond_its_bound_counts_as_one_that_can_be_served():
    hopeless = {
        **SHORT,
        "network.slices": [
            {
                "name": "late",
                "share": 1.0,
                "chain": ["nat"],
                "bandwidth_bps": [1e6, 1e6],
                "max_delay_s": [1e-4, 1e-4],
                "holding_s": 10.0,
            }
        ],
    }
    env = SFCEnv("sfc", hopeless)
    env.reset(seed=0)
    assert episode_bound(env) > 0
    env = SFCEnv("sfc", {**hopeless, "network.collector.mode": "truth"})
    env.reset(seed=0)
    assert episode_bound(env) == 0


@pytest.mark.parametrize(
    ("scarce", "room"),
    [
        ({"network.instances.capacity_bps": 1.1e8, "network.instances.per_type": 1}, 2),
        ({"network.instances.capacity_bps": 5.5e7, "network.instances.per_type": 2}, 2),
    ],
)
def test_of_chains_that_never_end_only_as_many_pay_as_the_instances_hold(scarce, room):
    eternal = {
        "name": "eternal",
        "share": 1.0,
        "chain": ["nat", "fw"],
        "bandwidth_bps": [5e7, 5e7],
        "max_delay_s": [1.0, 1.0],
        "holding_s": 1e9,
    }
    overrides = {**SHORT, **scarce, "network.slices": [eternal]}
    env = SFCEnv("sfc", overrides)
    env.reset(seed=3)
    twin: Any = env.twin
    best = sorted(twin.qoe(request, twin.world.best_qos(request)) for request in twin.requests())
    assert len(best) > 20
    # The programme shares 2.2 chains' worth out where whole chains can use 2.
    part = 2.2 - room
    expected = sum(best[-room:]) + part * best[-room - 1]
    assert episode_bound(env) == pytest.approx(expected)


def test_a_node_takes_in_no_more_than_its_links_carry():
    line = {
        "name": "all",
        "share": 1.0,
        "chain": ["nat"],
        "bandwidth_bps": [4e7, 4e7],
        "max_delay_s": [1.0, 1.0],
        "holding_s": 1e9,
    }
    overrides = {
        **SHORT,
        "network.links.capacity_bps": 1e8,
        "network.instances.per_type": 1,
        "network.instances.capacity_bps": 1e12,
        "network.slices": [line],
    }
    env = SFCEnv("sfc", overrides)
    env.reset(seed=0)
    twin: Any = env.twin
    wiring, placement = twin.world.wiring, twin.world.placement
    host = placement.node[placement.of_type[0][0]]
    requests = list(twin.requests())
    from_outside = [request for request in requests if request.source != host]
    most = len(wiring.arriving[host]) * 1e8 / 4e7 + len(requests) - len(from_outside)
    assert most < len(requests)
    best = np.sort([twin.qoe(request, twin.world.best_qos(request)) for request in requests])
    assert episode_bound(env) <= best[-int(np.ceil(most)) :].sum() + 1e-6
