"""Hosts and VNF instances as a table, a list or a topology file states them."""

from pathlib import Path
from typing import Any

import gymnasium
import networkx as nx
import numpy as np
import pytest

import edgesim  # noqa: F401  # registers the environments
from edgesim.errors import InputError
from edgesim.scenarios.parts.hosts import Instances
from edgesim.twin.compute.hosts import Placement, VNFHosts

TYPES = ["nat", "fw", "tm"]


def town(**of_nodes: dict[str, Any]) -> "nx.Graph[int]":
    """Four nodes in a ring, with what is said of some of them."""
    graph: nx.Graph[int] = nx.cycle_graph(4)
    for node, name in enumerate(("Ulm", "Bonn", "Kiel", "Jena")):
        graph.nodes[node].update(name=name, **of_nodes.get(name, {}))
    graph.graph["name"] = "town.gml"
    return graph


def placed(graph: "nx.Graph[int]", **keys: Any) -> Placement:
    instances = Instances(types=TYPES, capacity_bps=1e9, processing_ms=0.5, **keys)
    instances.check("network.instances")
    return Placement(graph, instances, np.random.default_rng(0))


def story(placement: Placement) -> list[tuple[str, int, float, float]]:
    """Type, node, capacity and service of each instance."""
    return [
        (TYPES[vnf], node, capacity_bps, processing_ms)
        for vnf, node, capacity_bps, processing_ms in zip(
            placement.vnf,
            placement.node,
            placement.capacity_bps,
            placement.processing_ms,
            strict=True,
        )
        if vnf >= 0
    ]


def test_a_list_says_what_stands_where() -> None:
    placement = placed(
        town(),
        placement=[
            {"node": "Kiel", "vnf": "fw", "capacity_bps": 2e9},
            {"node": "Ulm", "vnf": "nat", "processing_ms": 2},
            {"node": 3, "vnf": "tm"},
        ],
    )
    assert placement.hosts == [0, 2, 3] and placement.width == 1
    assert story(placement) == [
        ("nat", 0, 1e9, 2.0),
        ("fw", 2, 2e9, 0.5),
        ("tm", 3, 1e9, 0.5),
    ]


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_table_says_the_same(separator: str, tmp_path: Path) -> None:
    path = tmp_path / "hosts.csv"
    rows = ["Node,VNF,capacity_bps,processing_ms", "Kiel,fw,2e9,", "Ulm,nat,,2", "Jena,tm,,"]
    path.write_text("\n".join(rows).replace(",", separator) + "\n", encoding="utf-8")
    assert story(placed(town(), placement=str(path))) == [
        ("nat", 0, 1e9, 2.0),
        ("fw", 2, 2e9, 0.5),
        ("tm", 3, 1e9, 0.5),
    ]


def test_a_topology_file_may_list_the_vnfs_of_a_node() -> None:
    placement = placed(
        town(
            Ulm={"vnfs": "nat, fw", "instance_capacity_bps": 5e8},
            Jena={"vnfs": ["tm", "fw"], "processing_ms": "0.1"},
        )
    )
    assert story(placement) == [
        ("nat", 0, 5e8, 0.5),
        ("fw", 0, 5e8, 0.5),
        ("fw", 3, 1e9, 0.1),
        ("tm", 3, 1e9, 0.1),
    ]


def test_a_topology_file_may_mark_hosts_for_the_draw() -> None:
    graph = town(
        Ulm={"host": 1, "instance_capacity_bps": 5e8}, Bonn={"host": "false"}, Jena={"host": "true"}
    )
    placement = placed(graph, per_type=2)
    assert placement.hosts == [0, 3]
    assert {(node, bps) for _, node, bps, _ in story(placement)} == {(0, 5e8), (3, 1e9)}
    assert placed(graph, per_type=1, hosts=1).hosts in ([0], [3])
    with pytest.raises(InputError, match=r"per_type = 3: .*there are 2"):
        placed(graph, per_type=3)


def test_a_place_that_a_type_lacks_takes_nothing() -> None:
    instances = Instances(types=TYPES, capacity_bps=1e9)
    instances.placement = [
        {"node": "Ulm", "vnf": "nat"},
        {"node": "Bonn", "vnf": "nat"},
        {"node": "Kiel", "vnf": "fw"},
    ]
    placement = Placement(town(), instances, np.random.default_rng(0))
    assert [placement.padded(vnf) for vnf in (0, 1)] == [[0, 1], [2, 3]]
    hosts = VNFHosts(placement, instances)
    assert hosts.fits(2, 1e9) and not hosts.fits(3, 1.0)
    hosts.fail_node(0)
    hosts.repair_node(0)
    assert not hosts.fits(3, 1.0)
    assert list(hosts.capacity_bps) == [1e9, 1e9, 1e9, 0.0]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"node": "Köln", "vnf": "fw"}, r"\[0\], node = 'Köln': .*accepted: Bonn"),
        ({"node": "Ulm", "vnf": "fww"}, r"\[0\], vnf = 'fww': did you mean 'fw'"),
        ({"node": "Ulm"}, r"\[0\], vnf = None: must be stated"),
        ({"node": "Ulm", "vnf": "fw", "capacity": 3}, r"key = 'capacity': did you mean 'capacity_"),
        ({"node": "Ulm", "vnf": "fw", "capacity_bps": 0}, "capacity_bps = 0: .*above 0"),
        ({"node": "Ulm", "vnf": "fw", "processing_ms": -1}, "processing_ms = -1: .*at least 0"),
        ({"node": "Ulm", "vnf": "fw", "capacity_bps": "much"}, "capacity_bps = 'much'"),
        ("Ulm", r"\[0\] = 'Ulm': must be a mapping"),
    ],
)
def test_rows_that_cannot_be_used_are_refused(row: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        placed(town(), placement=[row])


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"host": "perhaps"}, "host of node 'Ulm' = 'perhaps': must be 1 or 0"),
        ({"host": 0}, "marks no node as a host"),
        ({"vnfs": "nat fww"}, "vnfs of node 'Ulm' = 'fww'"),
        ({"vnfs": "nat", "instance_capacity_bps": -1}, "instance_capacity_bps of node 'Ulm' = -1"),
    ],
)
def test_attributes_that_cannot_be_used_are_refused(said: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        placed(town(Ulm=said))


@pytest.mark.parametrize("key", ["per_type", "hosts"])
def test_a_stated_placement_sets_the_counts(key: str) -> None:
    with pytest.raises(InputError, match=rf"{key} = 2: must be null where the placement is stated"):
        placed(town(), placement=[{"node": "Ulm", "vnf": "fw"}], **{key: 2})


PLACE = [
    *({"node": f"n{node}", "vnf": "nat"} for node in (0, 1, 2)),
    {"node": "n1", "vnf": "fw", "capacity_bps": 2e8},
    {"node": "n2", "vnf": "fw", "processing_ms": 3.0},
    {"node": "n0", "vnf": "idps"},
]
SLICE = {
    "name": "one",
    "share": 1.0,
    "chain": ["nat", "fw", "idps"],
    "bandwidth_bps": [1e6, 1e8],
    "max_delay_s": [0.05, 0.2],
    "holding_s": 5.0,
}


def test_a_whole_network_of_ones_own_is_played(tmp_path: Path) -> None:
    nodes = "".join(f'node [ id {n} label "n{n}" ] ' for n in range(3))
    cables = "".join(
        f"edge [ source {a} target {b} delay_ms 1 capacity_mbps {c} ] "
        for a, b, c in ((0, 1, 100), (1, 2, 1000), (2, 0, 50))
    )
    path = tmp_path / "own.gml"
    path.write_text(f"graph [ {nodes}{cables}]", encoding="utf-8")
    env: Any = gymnasium.make(
        "edgesim/SFC-v0",
        scenario="sfc",
        overrides={
            "network.topology.source": str(path),
            "network.instances.placement": PLACE,
            "network.slices": [SLICE],
            "network.horizon_s": 30.0,
        },
        disable_env_checker=True,
    )
    seen, _ = env.reset(seed=0)
    world = env.unwrapped.world
    assert world.instances == 3 and env.action_space.n == 4  # and one action that rejects
    # Of the VNF that has least: one instance of 1.5 Gbit/s, the scenario's own.
    assert world.offered_load == pytest.approx(world.arrivals.mean_held / 1.5e9)
    rng, over, taken = np.random.default_rng(0), False, set()
    while not over:
        assert env.observation_space.contains(seen)
        allowed = np.flatnonzero(env.unwrapped.action_masks())
        stage = env.unwrapped.twin.chain.choices if env.unwrapped.twin.chain else []
        if len(stage) == 2:  # of idps there is one instance
            assert set(allowed) <= {0, 3}
        action = int(rng.choice(allowed))
        taken.add(action)
        seen, _, over, _, info = env.step(action)
    assert info["metrics"]["accepted"] > 0
    assert taken == {0, 1, 2, 3}
