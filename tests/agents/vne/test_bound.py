"""The bound: by hand on a network of three nodes, and above every policy."""

import numpy as np
import pytest

from edgesim.agents.finding import find_policy, offered
from edgesim.agents.measuring.rollout import rollout
from edgesim.agents.vne.bound import episode_bound, most_accepted
from edgesim.envs.making import make_envs
from edgesim.scenarios import resolve
from edgesim.twin.vne.request import VirtualLink, VirtualNetwork

INF = float("inf")
CPU, EDGES = np.array([10.0, 10.0, 10.0]), np.array([10e6, 10e6])
PORTS = np.array([10e6, 20e6, 10e6])
"""0 - 1 - 2, links of 10 Mbit/s."""


def pair(number: int, arrival_s: float, cpu: float, mbps: float) -> VirtualNetwork:
    link = VirtualLink(0, 1, mbps * 1e6, INF)
    return VirtualNetwork(number, arrival_s, 10.0, [cpu, cpu], [link])


def most(*requests: VirtualNetwork) -> int:
    return most_accepted(list(requests), CPU, EDGES, PORTS)


def test_resources_are_shared_by_those_alive_at_one_time() -> None:
    # 12 of 30 CPU units each: two at once, 2.5 in the relaxation.
    assert most(*(pair(n, 1.0, 6.0, 1.0) for n in range(4))) == 2
    # 8 Mbit/s of 20 each: likewise.
    assert most(*(pair(n, 1.0, 0.0, 8.0) for n in range(4))) == 2
    # One after the other all four; the first has left when the second comes.
    assert most(*(pair(n, 10.0 * n, 6.0, 8.0) for n in range(4))) == 4
    # 18 of 30 each: of the first three, and of the last three, 30 / 18 at most. That makes the
    # first and the last, which do not meet, and two thirds of one between.
    assert most(*(pair(n, at, 9.0, 1.0) for n, at in enumerate((0.0, 5.0, 6.0, 11.0)))) == 2


def test_a_node_needs_a_host_with_the_ports_for_its_links() -> None:
    star = [VirtualLink(0, 1, 8e6, INF), VirtualLink(0, 2, 8e6, INF)]
    wide = VirtualNetwork(0, 0.0, 10.0, [1.0] * 3, star)
    again = VirtualNetwork(1, 1.0, 10.0, [1.0] * 3, star)
    assert most(wide) == 1
    assert most(wide, again) == 1, "only node 1 has 16 Mbit/s, and has them once"
    triangle = [*star, VirtualLink(1, 2, 8e6, INF)]
    assert most(VirtualNetwork(0, 0.0, 10.0, [1.0] * 3, triangle)) == 0
    assert most(VirtualNetwork(0, 0.0, 10.0, [1.0] * 4, star)) == 0, "four nodes, three hosts"


@pytest.mark.parametrize(
    ("scenario", "keys"),
    [
        ("vne_geant", {"virtual.arrival_rate_hz": 0.1}),
        ("vne_geant", {"virtual.arrival_rate_hz": 0.1, "virtual.cpu": [20, 60]}),
        pytest.param("vne_brain", {"virtual.bandwidth_mbps": [20, 90]}, marks=pytest.mark.slow),
        pytest.param(
            "vne_latency",
            {"virtual.arrival_rate_hz": 1.0, "virtual.cpu": [30, 50]},
            marks=pytest.mark.slow,
        ),
    ],
)
def test_no_policy_is_above_the_bound(scenario: str, keys: dict[str, object]) -> None:
    short = resolve(scenario, {"virtual.count": 80, **keys})
    seeds = [1, 2]
    env = make_envs(short, 1)[0]
    bounds = []
    for seed in seeds:
        env.reset(seed=seed)
        bounds.append(episode_bound(env))
    assert max(bounds) < 1
    for name in offered(short):
        if name != "marginal_cost_all":
            rows = rollout(short, find_policy(short, name), seeds).rows
            assert all(row["rac"] <= bound for row, bound in zip(rows, bounds, strict=True)), name
