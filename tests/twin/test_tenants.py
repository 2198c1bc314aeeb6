"""Service chains on the links of a federation: they take room, and both books close."""

from typing import Any

import numpy as np
import pytest

from edgesim.envs.federated.env import FLEnv
from edgesim.errors import InputError
from edgesim.scenarios import resolve
from edgesim.twin.federated.program import Send
from edgesim.twin.federated.workload import FederatedWorkload

SHORT = {"budget_s": 3.0, "factories": 2, "devices": 4, "chosen": 2, "selected": 3}


def played(keys: dict[str, Any], seed: int = 1) -> FLEnv:
    env = FLEnv("factories_chains", {**SHORT, **keys})
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
    placed = wide.world.network.tenants.world
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


def test_the_same_seed_is_the_same_episode_and_a_fork_goes_on_alike() -> None:
    env = FLEnv("factories_chains", SHORT)
    env.reset(seed=2)
    for device in (0, 1, 2, 4, 5):
        env.step(device)
    fork = env.fork()
    ends = []
    for one in (env, fork):
        one.step(6)
        chains = one.twin.chains
        assert chains is not None
        ends.append((one.twin.ledger.rounds[-1].time_s, chains.ledger))
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
