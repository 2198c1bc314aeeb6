"""Heuristics of virtual networks: what they choose, by hand where that can be told."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgesim.agents.finding import find_policy
from edgesim.agents.measuring.rollout import rollout
from edgesim.agents.vne.marginal import MarginalCost
from edgesim.agents.vne.policies import NEA, NRM, PL, FirstFit, Nearest
from edgesim.envs.making import make_envs
from edgesim.scenarios import resolve

PATH = """graph [
  node [ id 0 x 0 y 0 ]
  node [ id 1 x 1 y 0 ]
  node [ id 2 x 2 y 0 ]
  node [ id 3 x 3 y 0 ]
  node [ id 4 x 4 y 0 ]
  edge [ source 0 target 1 ]
  edge [ source 1 target 2 ]
  edge [ source 2 target 3 ]
  edge [ source 3 target 4 ]
]
"""


def on_path(tmp_path: Path, policy: Any, **keys: Any) -> tuple[Any, Any]:
    """Five nodes in a row, CPU 50 and 100 Mbit/s each; VNs of two nodes that ask for 10 and 10."""
    file = tmp_path / "path.gml"
    file.write_text(PATH)
    overrides = {
        "physical.topology.source": str(file),
        "physical.cpu": [50, 50],
        "physical.bandwidth_mbps": [100, 100],
        "virtual.nodes": [2, 2],
        "virtual.cpu": [10, 10],
        "virtual.bandwidth_mbps": [10, 10],
        "virtual.lifetime_s": 1e9,
        "virtual.count": 9,
        **keys,
    }
    env: Any = make_envs(resolve("vne_geant", overrides), 1)[0].unwrapped
    env.reset(seed=0)
    return env, policy([env], 0)


def hosts(env: Any, policy: Any) -> list[int]:
    """The hosts of the VN at hand under a policy."""
    embedding = env.embedding
    while env.twin.request is embedding.request:
        actions, _ = policy.predict(np.zeros((1, 1)))
        env.step(actions[0])
    return list(embedding.hosts)


def test_the_first_host_or_the_nearest(tmp_path: Path) -> None:
    assert sorted(hosts(*on_path(tmp_path, FirstFit))) == [0, 1]
    # The most CPU times bandwidth: the inner nodes alike, of which the first; then beside it 2.
    assert hosts(*on_path(tmp_path, Nearest)) == [1, 2]


def test_nrm_takes_the_first_of_equals_and_then_what_has_most_left(tmp_path: Path) -> None:
    env, policy = on_path(tmp_path, NRM)
    assert hosts(env, policy) == [1, 2]
    # Left: 1 has 40 x 190, 2 as much, 3 has 50 x 200.
    assert hosts(env, policy) == [3, 1]


def test_pl_stays_near_and_nea_counts_degree(tmp_path: Path) -> None:
    """From host 1: PL sees 2 with 10000 / 1, 3 with 10000 / 2, 0 with 5000 / 1.

    NEA sees 0 with 1/2 x 102, 2 with 2/2 x 102, 3 with 2/3 x 102.
    """
    for policy in (PL, NEA):
        assert hosts(*on_path(tmp_path, policy)) == [1, 2]


def test_marginal_cost_takes_the_cheapest_of_its_roots(tmp_path: Path) -> None:
    """With room for 10 Mbit/s nowhere but at the far end, that is where the VN goes."""
    env, _ = on_path(tmp_path, MarginalCost)
    links = env.twin.substrate.network.links
    ends = links.wiring.ends
    for link in range(0, len(ends), 2):
        if sorted(ends[link]) != [3, 4]:
            links.reserve((link, link ^ 1), 95e6)
    for roots, found in ((5, [3, 4]), (1, [3, 4])):
        fork = env.fork()
        assert hosts(fork, MarginalCost([fork], 0, roots)) == found
    links.reserve([k for k in range(len(ends)) if sorted(ends[k]) == [3, 4]], 95e6)
    assert hosts(env, MarginalCost([env], 0)) == [-1, -1], "no link has room for it"
    assert env.twin.ledger.rejected == 1


@pytest.mark.parametrize("scenario", ["vne_geant", "vne_latency"])
def test_what_marginal_cost_plans_holds(scenario: str) -> None:
    """In environments as it wants them it rejects, and never fails."""
    keys = {
        "virtual.count": 60,
        "virtual.arrival_rate_hz": 0.2,
        "virtual.bandwidth_mbps": [20, 90],
        "virtual.max_latency_ms": [40, 99],
    }
    crowded = resolve(scenario, keys)
    build = find_policy(crowded, "marginal_cost")
    assert build.env_kwargs == {"order": "outwards", "routing": "shortest"}
    (row,) = rollout(crowded, build, [3]).rows
    assert 0 < row["declined"] == row["arrived"] - row["accepted"]


def test_known_rules_keep_their_order_under_load() -> None:
    short = resolve("vne_geant", {"virtual.count": 150, "virtual.arrival_rate_hz": 0.03})
    names = ("nrm", "pl", "nearest", "marginal_cost", "marginal_cost_all")
    reached = [
        np.mean([row["rac"] for row in rollout(short, find_policy(short, name), [0, 1]).rows])
        for name in names
    ]
    assert reached == sorted(reached)
