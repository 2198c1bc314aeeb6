"""A shared world, decided from outside by both families: PettingZoo's own tests, and its books."""

import warnings
from typing import Any

import gymnasium
import numpy as np
import pytest
from pettingzoo.test import api_test, seed_test

from edgesim.envs.shared import env as made
from edgesim.errors import InputError

SHORT = {"aigc.horizon_s": 15.0, "sfc.network.horizon_s": 15.0}


def test_it_passes_pettingzoos_tests() -> None:
    with warnings.catch_warnings():
        # They recommend names such as player_0 and observations of one shape.
        warnings.simplefilter("ignore", UserWarning)
        api_test(made(overrides=SHORT), num_cycles=150)
        seed_test(lambda: made(overrides=SHORT), num_cycles=40)


def test_both_are_paid_for_all_that_they_decided() -> None:
    world = made(overrides=SHORT)
    world.reset(seed=3)
    paid = {"aigc": 0.0, "sfc": 0.0}
    metrics: dict[str, Any] = {}
    turns: list[str] = []
    for agent in world.agent_iter():
        _, reward, over, _, info = world.last()
        paid[agent] += reward
        if over:
            metrics[agent] = info["metrics"]
            world.step(None)
            continue
        turns.append(agent)
        assert info["action_mask"].any()
        world.step(int(np.flatnonzero(info["action_mask"])[0]))
    assert set(turns) == {"aigc", "sfc"}
    assert all(workload.ledger.closes for workload in world.twin.workloads.values())
    for agent, sum_of_rewards in paid.items():
        assert metrics[agent]["return"] == pytest.approx(sum_of_rewards)
        assert metrics[agent]["decisions"] == turns.count(agent)


def test_one_family_alone_equals_both_with_the_policy_that_the_scenario_names() -> None:
    """``edgesim/AIGC-v0`` in a shared world, and the AEC environment driven by the same two."""
    overrides = {**SHORT, "deciders": {"aigc": "round_robin", "sfc": "round_robin"}}
    one: Any = gymnasium.make(
        "edgesim:edgesim/AIGC-v0", scenario="shared", overrides=overrides
    ).unwrapped
    one.reset(seed=5)
    total = 0.0
    while True:
        _, reward, over, _, info = one.step(int(np.argmax(one.action_masks())))
        total += reward
        if over:
            break
    twin = one.shared.twin(np.random.SeedSequence(0))  # another episode of the same world
    assert set(twin.workloads) == {"aigc", "sfc"}
    chains = one.twin.twin.workloads["sfc"]
    assert chains.ledger.closes and chains.ledger.arrived > 0
    assert info["metrics"]["return"] == pytest.approx(total)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scenario": "aigc"}, "must be a shared one"),
        ({"arguments": {"ring": {}}}, "accepted: aigc, sfc"),
        ({"overrides": {"aigc_chain": ["cache"]}}, "aigc_chain = 'cache'"),
        ({"overrides": {"deciders.ring": "random"}}, "deciders = 'ring'"),
        ({"overrides": {"sfc.network.arrival_rate_hz": -1}}, "arrival_rate_hz = -1"),
    ],
)
def test_what_is_no_shared_world_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        made(**arguments)


@pytest.mark.parametrize(
    ("policy", "message"), [("nobody", "policy = 'nobody'"), ("bandit", "has to learn first")]
)
def test_a_decider_that_cannot_be_used_is_refused(policy: str, message: str) -> None:
    overrides = {**SHORT, "deciders": {"aigc": policy}}
    env = gymnasium.make("edgesim:edgesim/SFC-v0", scenario="shared", overrides=overrides)
    with pytest.raises(InputError, match=message):
        env.reset(seed=0)


def test_a_deep_copy_goes_on_by_itself_and_a_pickle_is_refused() -> None:
    import copy
    import pickle

    world = made()
    world.reset(seed=0)
    for _ in range(5):
        world.step(0)
    seen = []
    for other in (copy.deepcopy(world), copy.copy(world)):
        story = []
        for _ in range(20):
            agent = other.agent_selection
            story.append((agent, other.observe(agent).tobytes(), other.rewards[agent]))
            other.step(0)
        seen.append(story)
    for agent, observation, reward in seen[0]:
        assert world.agent_selection == agent
        assert (world.observe(agent).tobytes(), world.rewards[agent]) == (observation, reward)
        world.step(0)
    assert seen[0] == seen[1]
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(world)
