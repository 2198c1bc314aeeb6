"""Chains under attack: what is found, what passes, what inspection takes, what all that pays."""

from typing import Any

import gymnasium
import numpy as np
import pytest

import edgesim  # noqa: F401  # registers the environments
from edgesim.agents.sfc.attack_bound import attack_bound
from edgesim.agents.sfc.attack_policies import BySlice, Fixed, LoadAware, RoundRobin, Strictest
from edgesim.errors import InputError
from edgesim.scenarios import resolve
from edgesim.twin.sfc.attack_world import AttackWorld
from edgesim.twin.sfc.bursts import Bursts, mean_shares

SMALL = {"network.horizon_s": 40.0, "network.failures.link_mtbf_s": None}


def made(reward: str = "paid", **overrides: Any) -> Any:
    return gymnasium.make(
        "edgesim/SFCAttack-v0",
        scenario="sfc_attack",
        overrides={**SMALL, **overrides},
        reward=reward,
        disable_env_checker=True,
    )


def played(env: Any, choose: Any, seed: int = 0) -> tuple[float, dict[str, float], list[Any]]:
    """The return, the metrics and all infos of an episode."""
    observation, _ = env.reset(seed=seed)
    policy, total, infos, over = choose([env]), 0.0, [], False
    while not over:
        action = policy.choose(observation[None])[0]
        observation, reward, over, _, info = env.step(action)
        total += reward
        infos.append(info)
    return total, infos[-1]["metrics"], infos


def fixed(point: str) -> Any:
    return lambda envs: Fixed(envs, 0, point)


def test_bursts_count_where_they_overlap_an_interval() -> None:
    scenario: Any = resolve("sfc_attack")
    bursts = Bursts(scenario, np.random.default_rng(0), 0.0, 300.0)
    bursts.start_s, bursts.end_s = np.array([10.0, 15.0, 0.0]), np.array([20.0, 40.0, 99.0])
    bursts.share, bursts.slice = np.array([0.5, 0.2, 0.1]), np.array([1, 1, 2])
    bursts.kind = np.array([0, 3, 0])
    # slice 1 from 12 to 18 s: the first burst for 6 s, the second for 3 s
    attacked = bursts.attacked_s([1, 0, 2], [12.0, 0.0, 98.0], [18.0, 99.0, 100.0])
    assert attacked[0] == pytest.approx([3.0, 0, 0, 0.6, 0, 0])
    assert attacked[1].sum() == 0
    assert attacked[2] == pytest.approx([0.1, 0, 0, 0, 0, 0])


def test_the_share_of_attacks_over_long_times_is_what_bursts_make() -> None:
    scenario: Any = resolve("sfc_attack")
    length = 100_000.0
    bursts = Bursts(scenario, np.random.default_rng(1), 0.0, length)
    seen = bursts.attacked_s(range(3), [0.0] * 3, [length] * 3) / length
    np.testing.assert_allclose(seen.sum(axis=1), mean_shares(scenario).sum(axis=1), rtol=0.15)


def test_without_inspection_every_attack_passes_and_is_paid_for() -> None:
    env = made()
    total, metrics, infos = played(env, fixed("off"))
    twin = env.unwrapped.twin
    found = twin.found.sum(axis=0)
    assert metrics["detected_share"] == 0 and found[:, 1:].sum() == 0
    assert twin.damage == pytest.approx(found[1:, 0] @ twin.world.damage)
    assert sum(info["damage"] for info in infos) == pytest.approx(-twin.damage)
    assert total == pytest.approx(metrics["return"])
    assert twin.ledger.closes


def test_the_twin_detects_within_the_interval_of_the_confusion_matrix() -> None:
    env = made()
    played(env, fixed("network"))
    twin = env.unwrapped.twin
    point = twin.world.operating_points[2]
    found = twin.found[2]
    for true, shares in enumerate(point.shares):
        count = found[true].sum()
        expected, spread = count * shares, 4 * np.sqrt(count * shares * (1 - shares)) + 1
        assert (np.abs(found[true] - expected) <= spread).all()
    assert twin.found.sum() == found.sum()


def test_what_inspection_takes_of_an_instance_follows_its_time_a_flow() -> None:
    world = AttackWorld(resolve("sfc_attack"))
    point = next(it for it in world.operating_points if it.name == "boosting")
    # 1.5 Gbit/s of 240,000 bits a flow are 6,250 flows/s, of which each takes flow_s of 16 cores
    assert world.taken(point) == pytest.approx(1 + 6250 * point.flow_s / 16)
    assert world.taken(world.operating_points[0]) == 1


def test_an_inspected_chain_holds_more_of_its_instance_and_gives_it_back() -> None:
    env = made()
    env.reset(seed=0)
    twin = env.unwrapped.twin
    hosts, request = twin.fabric.hosts, twin.request
    options = env.unwrapped.options
    choice = int(np.flatnonzero(options.there & (options.point == 4))[0])
    stage = twin.world.chains[request.kind].index(twin.world.inspects)
    place = twin.fabric.instance(stage, options.choices[choice, stage], request)
    env.step(choice)
    chain, _ = next(iter(twin.running.values()))
    taken = twin.world.taken(twin.world.operating_points[4])
    assert hosts.reserved_bps[place] == pytest.approx(request.bandwidth * taken)
    wait_ms = twin.world.operating_points[4].wait_ms(twin.world.flows_hz(request))
    assert wait_ms > 1 and twin.fabric.qos(chain).delay_ms > wait_ms
    twin.fabric.release(chain)
    assert hosts.reserved_bps[place] == 0


def test_a_batch_waits_for_its_flows() -> None:
    world = AttackWorld(resolve("sfc_attack"))
    point = next(it for it in world.operating_points if it.batch == 16)
    # at 100 flows/s, 15 others take 150 ms, of which a flow waits for half on average
    assert point.wait_ms(100.0) == pytest.approx(75 + 1000 * point.batch_s)


@pytest.mark.parametrize("reward", ["shaped", "foreseen"])
def test_shaped_rewards_sum_to_the_return_and_foreseen_ones_to_what_was_expected(reward) -> None:
    paid, metrics, _ = played(made(), RoundRobinAt)
    other, same, infos = played(made(reward), RoundRobinAt)
    assert same == metrics
    if reward == "shaped":
        assert other == pytest.approx(paid)
    else:
        assert other != pytest.approx(paid) and all(
            sum(info[part] for part in env_parts()) == pytest.approx(sum_of(info)) for info in infos
        )


def RoundRobinAt(envs: Any) -> RoundRobin:  # noqa: N802  # stands for the class
    return RoundRobin(envs, 0)


def env_parts() -> tuple[str, ...]:
    from edgesim.envs.sfc.attack_reward import PARTS

    return PARTS


def sum_of(info: dict[str, float]) -> float:
    return sum(value for name, value in info.items() if name != "metrics")


def test_rules_keep_below_the_bound_and_load_awareness_pays() -> None:
    env = made()
    env.reset(seed=3)
    bound = attack_bound(env)
    returns = {
        name: played(env, build, 3)[0]
        for name, build in {
            "load_aware": lambda envs: LoadAware(envs, 0),
            "by_slice": lambda envs: BySlice(envs, 0),
            "strictest": lambda envs: Strictest(envs, 0),
            "off": fixed("off"),
        }.items()
    }
    assert all(value < bound for value in returns.values())
    assert returns["load_aware"] > returns["off"]


def test_a_fork_goes_on_alike_and_another_future_differs() -> None:
    env = made()
    env.reset(seed=0)
    for _ in range(10):
        env.step(0)
    bare = env.unwrapped
    alike, other = bare.fork(), bare.fork(seed=5)
    results = []
    for one in (bare, alike, other):
        over = False
        while not over:
            _, _, over, _, info = one.step(int(np.flatnonzero(one.action_masks())[0]))
        results.append(info["metrics"])
    assert results[0] == results[1] != results[2]


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("attacks.vnf", "firewall", "attacks.vnf"),
        ("attacks.kinds", [], "at least one kind"),
        ("attacks.kinds.dos.share", [1.0], "share a slice"),
        ("attacks.burst_share", [0.5, 1.5], "burst_share"),
        ("points", [], "points"),
        ("points.network.threshold", 1.5, "threshold"),
        ("points.network.batch", 0, "batch"),
        ("qoe.pay_on", "admission", "pay_on"),
        ("network.slices.urllc.chain", ["nat", "fw"], "idps"),
    ],
)
def test_worlds_that_cannot_be_are_refused(key, value, says) -> None:
    with pytest.raises(InputError, match=says):
        resolve("sfc_attack", {key: value})


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        ({"points.network.profile": "photo_inpaint"}, "must be a detector"),
        ({"points.network.profile": "nothing.json"}, "nothing.json"),
        (
            {"attacks.kinds": [{"name": "ransom", "damage": 1.0, "share": [1.0, 1.0, 1.0]}]},
            "ransom",
        ),
    ],
)
def test_profiles_that_do_not_fit_are_refused(overrides, says) -> None:
    with pytest.raises(InputError, match=says):
        made(**overrides)
