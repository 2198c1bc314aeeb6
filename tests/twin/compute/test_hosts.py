"""NFV nodes: where instances stand, and how a busy one slows down."""

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgesim.errors import InputError
from edgesim.scenarios.parts.hosts import Instances
from edgesim.twin.compute.hosts import Placement, VNFHosts

TWO = Instances(
    types=["fw", "nat"],
    per_type=2,
    hosts=2,
    capacity_bps=100.0,
    processing_ms=1.0,
    queue_packets=99,
)


def hosts(config: Instances = TWO) -> VNFHosts:
    return VNFHosts(Placement(4, config, np.random.default_rng(0)), config)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 8), st.integers(1, 10), st.integers(0, 10), st.integers(0, 100))
def test_instances_of_a_type_stand_on_different_hosts_and_all_hosts_alike(
    types: int, per_type: int, more: int, seed: int
) -> None:
    config = Instances(
        types=[f"v{number}" for number in range(types)], per_type=per_type, hosts=per_type + more
    )
    placement = Placement(30, config, np.random.default_rng(seed))
    assert len(set(placement.hosts)) == config.hosts
    assert set(placement.hosts) <= set(range(30))
    assert placement.of_type == [
        [vnf * per_type + place for place in range(per_type)] for vnf in range(types)
    ]
    for vnf, instances in enumerate(placement.of_type):
        assert len({placement.node[instance] for instance in instances}) == per_type
        assert all(placement.vnf[instance] == vnf for instance in instances)
    held = [placement.node.count(host) for host in placement.hosts]
    assert sum(held) == types * per_type
    assert max(held) - min(held) <= 1


def test_the_seed_draws_the_hosts() -> None:
    draws = [Placement(30, Instances(), np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert draws[0].node == draws[1].node
    assert draws[0].node != draws[2].node


def test_more_hosts_than_nodes_are_refused() -> None:
    with pytest.raises(InputError, match=r"network\.instances\.hosts = 15.*only 14 nodes"):
        Placement(14, Instances(hosts=15), np.random.default_rng(0))
    assert Placement(15, Instances(hosts=15), np.random.default_rng(0)).hosts == list(range(15))


def test_hosts_that_are_not_stated_are_fifteen_or_all_nodes_of_a_smaller_network() -> None:
    placed = [Placement(nodes, Instances(), np.random.default_rng(0)) for nodes in (5, 11, 15, 50)]
    assert [len(placement.hosts) for placement in placed] == [5, 11, 15, 15]
    with pytest.raises(InputError, match=r"network\.instances\.per_type = 5.*only 4 nodes"):
        Placement(4, Instances(per_type=5), np.random.default_rng(0))


def test_where_there_are_fewer_hosts_each_vnf_has_an_instance_on_each_and_that_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    placement = Placement(3, Instances(types=["a", "b"]), np.random.default_rng(0))
    assert placement.width == 3
    assert [sorted(placement.node[place] for place in of) for of in placement.of_type] == [
        [0, 1, 2]
    ] * 2
    assert "instances of each VNF: 3, since hosts are so few" in caplog.text


def test_an_instance_slows_down_as_it_fills() -> None:
    world = hosts()
    story = []
    for _ in range(4):
        story.append(world.delay_s[1] * 1000)
        world.reserve(1, 25.0)
    story.append(world.delay_s[1] * 1000)
    # 1 ms / (1 - rho); full, half of the queue's 99 places and one's own.
    assert story == pytest.approx([1, 4 / 3, 2, 4, 50])
    assert world.delay_s[0] == 0.001
    with pytest.raises(ValueError, match="no room"):
        world.reserve(1, 1e-3)
    for _ in range(4):
        world.release(1, 25.0)
    assert (world.reserved_bps[1], world.delay_s[1]) == (0.0, 0.001)


def test_impossible_reservations_are_refused() -> None:
    world = hosts()
    for bandwidth in (0.0, -1.0, nan, inf):
        with pytest.raises(ValueError, match="bandwidth_bps"):
            world.reserve(0, bandwidth)
    with pytest.raises(ValueError, match="nothing is reserved"):
        world.release(0, 1.0)


def test_instances_fail_with_their_node() -> None:
    world = hosts()
    node = world.placement.node[0]
    for instance in range(4):
        world.reserve(instance, 50.0)
    world.fail_node(node)
    assert world.up == [at != node for at in world.placement.node]
    assert not world.fits(0, 1.0)
    world.release(0, 50.0)
    world.repair_node(node)
    assert world.up == [True] * 4
    assert world.fits(0, 100.0)
    # The other instance there still has its chain.
    other = next(i for i in range(1, 4) if world.placement.node[i] == node)
    assert world.delay_s[other] == pytest.approx(0.002)
    world.fail_node(99)  # hosts nothing: nothing happens


def test_a_node_at_half_speed_serves_half_as_much_until_it_is_whole_again() -> None:
    world = hosts()
    node = world.placement.node[0]
    held = [at for at in range(4) if world.placement.node[at] == node]
    for instance in range(4):
        world.reserve(instance, 25.0)
    world.scale_node(node, 0.5)
    # 25 of 50 are held there: 1 ms / (1 - 1/2); elsewhere 25 of 100.
    slowed = [world.delay_s[at] * 1000 for at in range(4)]
    assert slowed == pytest.approx([2.0 if at in held else 4 / 3 for at in range(4)])
    assert [world.fits(at, 26.0) for at in range(4)] == [at not in held for at in range(4)]
    world.scale_node(node, 2.0)
    assert list(world.capacity_bps) == [100.0] * 4
    assert all(world.fits(at, 75.0) for at in range(4))
