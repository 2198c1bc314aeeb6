"""The environment of virtual networks: what is seen, what makes sense, what is paid."""

from typing import Any

import gymnasium
import numpy as np
import pytest

import edgesim  # noqa: F401  # registers the environments
from edgesim.envs.vne.orders import ORDERS, outwards
from edgesim.errors import InputError
from edgesim.twin.vne.request import VirtualLink, VirtualNetwork

INF = float("inf")


def make(scenario: str = "vne_geant", **arguments: Any) -> Any:
    overrides = {"virtual.count": 30, "virtual.arrival_rate_hz": 0.05}
    overrides |= arguments.pop("overrides", {})
    return gymnasium.make(
        "edgesim/VNE-v0", scenario=scenario, overrides=overrides, **arguments
    ).unwrapped


def star() -> VirtualNetwork:
    """Node 2 in the middle; 2-0 asks for 1 Mbit/s, 2-1 for 3, 2-3 for 2, and 0-3 for 9."""
    links = [(0, 2, 1e6), (0, 3, 9e6), (1, 2, 3e6), (2, 3, 2e6)]
    every = [VirtualLink(one, other, bps, INF) for one, other, bps in links]
    return VirtualNetwork(0, 0.0, 1.0, [1.0, 1.0, 9.0, 1.0], every)


def test_the_orders_are_what_they_say() -> None:
    # Demands, CPU times Mbit/s: 10, 3, 54, 11. From 2: 1 by 3 Mbit/s, 3 by 2, then 0 by 1 + 9.
    request = star()
    assert ORDERS["demand"](request) == [2, 3, 0, 1]
    assert outwards(request) == [2, 1, 3, 0]
    assert ORDERS["given"](request) == [0, 1, 2, 3]
    for order in ORDERS.values():
        assert sorted(order(request)) == [0, 1, 2, 3]


def test_an_order_reaches_only_neighbours_of_those_before() -> None:
    env = make(order="outwards")
    env.reset(seed=3)
    over = False
    while not over:
        request, node = env.embedding.request, env.next_node
        placed = [n for n, host in enumerate(env.embedding.hosts) if host >= 0]
        joined = {other for other, _ in request.beside[node]}
        assert not placed or joined & set(placed)
        *_, over, _, _ = env.step(np.flatnonzero(env.action_masks())[0])


def test_accepted_networks_pay_one_each_and_shaping_gives_all_back() -> None:
    for reward in ("paid", "shaped"):
        env = make(reward=reward)
        env.reset(seed=1)
        rewards, paid, over, info = [], 0.0, False, {}
        while not over:
            nodes, placed = env.embedding.request.nodes, env.embedding.placed
            _, gain, over, _, info = env.step(np.flatnonzero(env.action_masks())[0])
            rewards.append(gain)
            paid += info["accepted"]
            if reward == "shaped" and env.twin.request is not None and env.embedding.placed:
                assert gain == pytest.approx(1 / nodes) and env.embedding.placed == placed + 1
        metrics = info["metrics"]
        assert sum(rewards) == pytest.approx(paid) == metrics["return"] == metrics["accepted"]
        assert metrics["rac"] == metrics["accepted"] / 30 and metrics["arrived"] == 30
        assert metrics["decisions"] == len(rewards)


def test_figures_of_the_accepted_are_as_the_benchmark_defines_them() -> None:
    env = make()
    env.reset(seed=2)
    accepted, over, info = [], False, {}
    while not over:
        embedding = env.embedding
        _, _, over, _, info = env.step(np.flatnonzero(env.action_masks())[0])
        if info["accepted"]:
            accepted.append(embedding)
    revenue = cost = 0.0
    for each in accepted:
        request = each.request
        links = zip(request.links, each.paths, strict=True)
        taken = sum(link.bandwidth_bps / 1e6 * len(path) for link, path in links)
        asked = sum(link.bandwidth_bps / 1e6 for link in request.links)
        revenue += (sum(request.cpu) + asked) * request.lifetime_s
        cost += (sum(request.cpu) + taken) * request.lifetime_s
    assert 0 < len(accepted) < 30
    metrics = info["metrics"]
    assert metrics["lrc"] == pytest.approx(revenue / cost)
    assert metrics["lar"] == pytest.approx(revenue / env.twin.last.arrival_s)


@pytest.mark.parametrize("routing", ["k_shortest", "shortest"])
def test_masked_hosts_hold_where_one_link_has_to_be_led(routing: str) -> None:
    """The mask tells of each link by itself: with one link, what it allows must hold."""
    overrides = {"virtual.nodes": [2, 2], "virtual.count": 60, "virtual.bandwidth_mbps": [20, 50]}
    env = make(routing=routing, overrides=overrides)
    env.reset(seed=5)
    rng = np.random.default_rng(0)
    over, refused = False, 0
    while not over:
        mask = env.action_masks()
        placed, reaches = env.embedding.placed, env.outlook.reaches
        assert mask[-1] and np.array_equal(mask[:-1], env.outlook.fits & reaches)
        unreached = np.flatnonzero(env.outlook.fits & ~reaches)
        if len(unreached):
            fork = env.fork()
            *_, info = fork.step(int(unreached[0]))
            assert not info["accepted"], "what is masked does not hold"
            refused += 1
        hosts = np.flatnonzero(mask[:-1])
        action = rng.choice(hosts) if len(hosts) else env.world.nodes
        *_, over, _, info = env.step(action)
        assert info["accepted"] == float(placed == 1 and len(hosts) > 0)
    assert refused > 3


def test_the_observation_tells_of_hosts_and_request() -> None:
    env = make("vne_wx100")
    seen, _ = env.reset(seed=0)
    told = dict(zip(env.observer.names, seen.tolist(), strict=True))
    substrate, request, node = env.twin.substrate, env.embedding.request, env.next_node
    assert told["cpu 7"] == pytest.approx(substrate.cpu[7] / 100)
    wiring = substrate.network.links.wiring
    rooms = [wiring.capacity_bps[link] / 1e6 for link in wiring.leaving[7]]
    assert told["room 7"] == pytest.approx(sum(rooms) / (100 * env.world.degree.max()))
    assert told["widest 7"] == pytest.approx(max(rooms) / 100)
    assert told["request cpu"] == pytest.approx(request.cpu[node] / 20)
    assert told["request cpu used"] == told["request placed"] == told["cost 7"] == 0
    seen, *_ = env.step(7)
    told = dict(zip(env.observer.names, seen.tolist(), strict=True))
    assert told["fits 7"] == 0 and told["far 7"] == 0
    hops = env.world.hops[7]
    assert told["far 8"] == pytest.approx(hops[8] / hops.max(), abs=0.3)
    assert told["cost 8"] == pytest.approx(hops[8] / env.world.hops.max()), "nothing is held yet"
    assert told["request joined"] > 0


def test_what_nodes_and_links_hold_is_drawn_by_episode_or_by_world() -> None:
    def held(env: Any, seed: int) -> list[float]:
        env.reset(seed=seed)
        substrate = env.twin.substrate
        return [*substrate.cpu, *substrate.capacity_bps]

    one = make()
    assert held(one, 0) == held(one, 0) != held(one, 1)
    fixed = make(overrides={"physical.drawn": "world"})
    assert held(fixed, 0) == held(fixed, 1)
    other = make(overrides={"physical.drawn": "world", "world_seed": 1})
    assert held(other, 0) != held(fixed, 0)


@pytest.mark.parametrize("key", ["reward", "mask", "order", "routing"])
def test_an_unknown_argument_is_refused(key: str) -> None:
    with pytest.raises(InputError, match=f"{key} = 'none of them'"):
        make(**{key: "none of them"})
