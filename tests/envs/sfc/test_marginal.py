"""What a chain is expected to get and to take from others, beside the same worked out slowly."""

from math import exp, log1p
from typing import Any

import numpy as np
import pytest

from edgesim.envs.sfc.env import SFCEnv
from edgesim.envs.sfc.marginal import Marginal
from edgesim.twin.core.queueing import finite_queue
from edgesim.twin.sfc.chain import QoS
from edgesim.twin.sfc.qoe import qoe_model
from edgesim.twin.sfc.slice_world import SliceWorld


def busy(requests: int, **arguments: Any) -> SFCEnv:
    env = SFCEnv("sfc", observation="chains", **arguments)
    env.reset(seed=3)
    for number in range(requests):
        env.step(int(np.flatnonzero(env.action_masks())[number % 2]))
    return env


def expected(env: SFCEnv, chain: Any, added: Any = None) -> float:
    """Expected QoE of a running chain, by loops; ``added``: a chain that is thought away."""
    world, fabric = env.world, env.twin.fabric
    assert isinstance(world, SliceWorld)
    network = world.scenario.network
    assert network is not None
    low, high = network.links.background_share
    shares = np.linspace(low, high, 1001)
    links: Any = fabric.links  # type: ignore[attr-defined]
    hosts: Any = fabric.hosts  # type: ignore[attr-defined]
    gone = [] if added is None else [link for path in added.held.flow.paths for link in path]
    away = [] if added is None else added.held.instances
    freed = 0.0 if added is None else added.request.bandwidth
    delay_ms = lost = 0.0
    for path in chain.held.flow.paths:
        for link in path:
            held = links.reserved_bps[link] - freed * gone.count(link)
            load = held / world.wiring.capacity_bps[link]
            queue = [finite_queue(min(load + share, 1.0), 100) for share in shares]
            burst_ms = 1000 * world.wiring.burst_s[link]
            delay_ms += 1000 * world.wiring.propagation_s[link]
            delay_ms += burst_ms * float(np.mean([stay for stay, _ in queue]))
            lost -= log1p(-float(np.mean([blocked for _, blocked in queue])))
    for instance in chain.held.instances:
        held = hosts.reserved_bps[instance] - freed * away.count(instance)
        delay_ms += 0.5 * finite_queue(held / 1.5e9, 100)[0]
    model = qoe_model(world.scenario.qoe)
    request = chain.request
    return model(request, QoS(delay_ms, request.bandwidth, 1.0 - exp(-lost)))


def test_the_worth_of_a_chain_is_its_qoe_less_what_others_lose_while_both_run() -> None:
    env = busy(120)
    env.step(int(np.flatnonzero(env.action_masks())[0]))
    assert isinstance(env.world, SliceWorld)
    twin = env.twin
    # The last one that was admitted and still runs, as if it had come just now.
    last = max(twin.running)
    chain, _ = twin.running[last]
    life_s = [part.holding_s for part in env.scenario.network.slices]  # type: ignore[union-attr]
    worth = expected(env, chain)
    for other, _ in twin.running.values():
        if other is not chain:
            mine, theirs = life_s[chain.request.kind], life_s[other.request.kind]
            loses = expected(env, other, added=chain) - expected(env, other)
            worth -= loses * mine / (mine + theirs)
    assert Marginal(env.world).worth(twin, chain) == pytest.approx(worth, abs=0.01)
    assert worth < expected(env, chain) - 0.05  # there are others, and they lose


def test_tariffs_foretell_the_worth_of_every_candidate() -> None:
    foretold, found = [], []
    for place in range(12):
        env = busy(90 + place)
        observer: Any = env.observer
        seen = observer.observe(env.twin, env.outlook)
        at = {name: spot for spot, name in enumerate(observer.names)}
        choice = int(np.flatnonzero(env.action_masks())[place % 2])
        if choice == env.action_space.n - 1:  # type: ignore[attr-defined]
            continue
        number = env.chain.request.number
        observer.take(env.twin, env.outlook, choice)
        chain, _ = env.twin.running[number]
        assert isinstance(env.world, SliceWorld)
        found.append(Marginal(env.world).worth(env.twin, chain))
        foretold.append(
            5 * (seen[at[f"expected qoe {choice}"]] - seen[at[f"others lose {choice}"]])
        )
    assert len(found) > 6
    np.testing.assert_allclose(foretold, found, atol=0.15, rtol=0.1)


def test_a_marginal_reward_is_paid_at_once_less_what_the_network_to_itself_would_pay() -> None:
    env = busy(60, reward="marginal")
    request = env.chain.request
    assert isinstance(env.world, SliceWorld)
    best = env.world.best_qos(request)
    assert best is not None
    alone = qoe_model(env.scenario.qoe)(request, best)
    rejected = env.fork()
    _, reward, _, _, info = rejected.step(env.action_space.n - 1)  # type: ignore[attr-defined]
    assert reward == pytest.approx(-alone)
    choice = int(np.flatnonzero(env.action_masks())[0])
    fork: Any = env.fork()
    observer: Any = fork.observer
    observer.take(fork.twin, fork.outlook, choice)
    chain, _ = fork.twin.running[request.number]
    worth = Marginal(env.world).worth(fork.twin, chain)
    _, reward, _, _, info = env.step(choice)
    assert reward == pytest.approx(worth - alone)
    assert reward == pytest.approx(sum(info[part] for part in env.parts))


def test_other_models_of_quality_have_slopes_too() -> None:
    env = busy(80)
    twin, request = env.twin, env.chain.request
    assert isinstance(env.world, SliceWorld)
    exact = Marginal(env.world).tariffs(twin, request)[:, 2]
    slow = Marginal(env.world)
    slow._qoe = type(slow._qoe)(**{**slow._qoe.__dict__, "floor": -100.0})  # by differences
    np.testing.assert_allclose(slow.tariffs(twin, request)[:, 2], exact, rtol=1e-3, atol=1e-9)
    assert exact.max() > 0.0
