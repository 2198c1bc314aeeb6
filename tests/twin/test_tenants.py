"""Service chains and AIGC users on the links of a federation: they take room, all books close."""

from typing import Any

import numpy as np
import pytest

from edgesim.envs.federated.env import FLEnv
from edgesim.errors import InputError
from edgesim.scenarios import resolve
from edgesim.twin.federated.program import Send
from edgesim.twin.federated.workload import FederatedWorkload

SHORT = {"budget_s": 3.0, "factories": 2, "devices": 4, "chosen": 2, "selected": 3}


def played(
    keys: dict[str, Any], seed: int = 1, preset: str = "factories_chains", length_s: float = 3.0
) -> FLEnv:
    env = FLEnv(preset, {**SHORT, "budget_s": length_s, **keys})
    env.reset(seed=seed)
    rng, done = np.random.default_rng(0), False
    while not done:
        action = rng.choice(np.flatnonzero(env.action_masks()))
        done = env.step(int(action))[2]
    return env


def test_chains_of_a_preset_take_room_from_the_rounds() -> None:
    wide, none = played({}), played({"chains.like": None, "chains.arrival_rate_hz": 0.0})
    chains = wide.twin.chains
    assert chains is not None and none.twin.chains is None
    assert chains.ledger.closes and wide.twin.ledger.closes
    assert chains.ledger.accepted > 0
    assert list(chains.violations()) == []
    # Instances stand at the cloud and the edge servers, ends are servers.
    placed = wide.world.network.tenants["sfc"].world
    assert placed is not None and set(placed.placement.hosts) <= {0, 2, 3}
    assert all(chain.request.source < 4 for chain, _ in chains.running.values())
    slow, fast = (env.twin.ledger.rounds[-1].time_s / env.twin.ledger.over for env in (wide, none))
    assert slow > fast


def test_a_transfer_takes_as_long_as_what_chains_leave() -> None:
    """Half of a link of a factory is reserved: what crosses it is sent at half its rate."""
    scenario = resolve("factories_chains", SHORT)
    times = []
    for share in (0.0, 0.5):
        federated = FederatedWorkload.alone(scenario, np.random.SeedSequence(0), rounds=1)
        world, links = federated.world, federated.network.links
        edge = world.edge(0)
        path = world.routes.paths[edge][0]
        way = [link for link in path if link in world.wan_links]
        taken = share * links.capacity_bps[way[0]]
        if taken:
            federated.network.reserve(tuple(way), taken)
        assert federated.next_decision() is not None
        federated.decide(Send(edge, 0, 1e6))
        assert federated.next_decision() is None
        (over,) = federated.ledger.rounds
        times.append(over.time_s)
    assert times[1] - times[0] == pytest.approx(8e6 / scenario.network.wan_bps, rel=0.1)


def test_images_of_users_keep_models_waiting() -> None:
    """Providers stand at the edge servers; what is sent to and from them is not the rounds'."""
    none = {"users.like": None, "users.arrival_rate_hz": 0.0}
    many, alone = (played(keys, 1, "factories_aigc", 12.0) for keys in ({}, none))
    users, federated = many.twin.users, many.twin
    assert users is not None and alone.twin.users is None
    assert users.ledger.closes and federated.ledger.closes
    assert users.ledger.finished > 0
    assert list(users.violations()) == []
    slow, fast = (env.twin.ledger.rounds[-1].time_s / env.twin.ledger.over for env in (many, alone))
    assert slow > 1.2 * fast
    # Of every round as many bytes cross the links with the images as without.
    for one in federated.ledger.rounds:
        other = alone.twin.ledger.rounds[0]
        assert one.edge_bytes == pytest.approx(other.edge_bytes)
        assert one.wan_bytes == pytest.approx(other.wan_bytes)
    crossed = federated.network.messages.sent_bytes
    assert sum(crossed) > sum(alone.twin.network.messages.sent_bytes)


def test_an_image_goes_from_its_users_factory_to_the_providers() -> None:
    """An image of 1 MB over two links of 10 Mbit/s: 1.6 s, and 2 · 10 ms beside them."""
    scenario = resolve("factories_aigc", SHORT)
    federated = FederatedWorkload.alone(scenario, np.random.SeedSequence(0))
    users, world = federated.users, federated.world
    there = users.delivery.metro_s(0, 1e6)
    rate, delay_s = scenario.network.wan_bps, scenario.network.wan_delay_s
    assert there == pytest.approx([0.0, 2 * 8e6 / rate + 2 * delay_s])
    arrived: list[float] = []
    users.delivery.carry(
        1e6,
        world.edge(0),
        world.edge(1),
        lambda _: arrived.append(federated.clock.now),
    )
    while not arrived:
        federated.clock.step()
    assert arrived == pytest.approx([there[1]])


def test_users_go_where_their_image_is_soonest_of_those_with_room() -> None:
    scenario = resolve("factories_aigc", SHORT)
    federated = FederatedWorkload.alone(scenario, np.random.SeedSequence(0))
    users, tenant = federated.users, federated.world.tenants["aigc"]
    twin: Any = federated.twin
    chosen: list[tuple[int, int]] = []
    for _ in range(2):
        while twin.next_decision().workload != "aigc":
            federated.decide(Send(0, federated.world.node(0), 1.0))
        seconds = users.expected_latency_s()
        soonest = int(seconds.argmin())
        if chosen:  # the second finds no room where it would be soonest
            users.available[soonest] = 0.0
        task = users.request
        tenant.decide(users)
        chosen.append((task.provider, soonest))
    (first, soonest), (second, full) = chosen
    assert first == soonest
    assert second != full


def test_chains_and_users_live_together() -> None:
    both = played({"chains.like": "sfc", "chains.arrival_rate_hz": 4.0}, 1, "factories_aigc")
    assert both.twin.chains.ledger.accepted > 0 and both.twin.users.ledger.arrived > 0
    assert both.twin.chains.ledger.closes and both.twin.users.ledger.closes


def test_events_of_the_federation_happen_among_users() -> None:
    """A link that fails holds the images up that would cross it, until it is mended."""
    events = [{"at_s": 1.0, "event": "fails", "link": "gateway – edge 0", "until_s": 2.0}]
    env = played({"events": events, "patience_s": 0.5}, 1, "factories_aigc", 12.0)
    assert env.world.network.network.plan
    assert env.twin.users.ledger.closes and env.twin.ledger.closes
    assert env.twin.network.links.version == 2


@pytest.mark.parametrize("preset", ["factories_chains", "factories_aigc"])
def test_the_same_seed_is_the_same_episode_and_a_fork_goes_on_alike(preset: str) -> None:
    env = FLEnv(preset, SHORT)
    env.reset(seed=2)
    for device in (0, 1, 2, 4, 5):
        env.step(device)
    fork = env.fork()
    ends = []
    for one in (env, fork):
        one.step(6)
        tenant = one.twin.chains or one.twin.users
        assert tenant is not None
        ends.append((one.twin.ledger.rounds[-1].time_s, tenant.ledger))
    assert ends[0] == ends[1]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"chains.like": "aigc"}, "chains.like = 'aigc': must be a preset of service chains"),
        ({"chains.like": "sfc_paper"}, "chains.like = 'sfc_paper'"),
        ({"chains.like": "sfcc"}, "did you mean 'sfc'"),
        ({"chains.arrival_rate_hz": 0.0}, "chains.arrival_rate_hz = 0.0: must be above 0"),
        ({"chains.bandwidth_share": 0.0}, "chains.bandwidth_share = 0.0"),
    ],
)
def test_chains_that_make_no_sense_are_refused(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        FLEnv("factories_chains", {**SHORT, **keys})


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"users.like": "sfc"},
            "users.like = 'sfc': must be a preset of AIGC users over a network",
        ),
        ({"users.like": "aigc_paper"}, "users.like = 'aigc_paper': must be a preset of AIGC users"),
        ({"users.like": "aigcc"}, "did you mean 'aigc'"),
        ({"users.arrival_rate_hz": 0.0}, "users.arrival_rate_hz = 0.0: must be above 0"),
        ({"users.like": None}, "users.arrival_rate_hz = 1.0: must be 0 where users.like is null"),
        ({"users.arrival_rate_hz": -1.0}, "users.arrival_rate_hz = -1.0"),
    ],
)
def test_users_that_make_no_sense_are_refused(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        FLEnv("factories_aigc", {**SHORT, **keys})
