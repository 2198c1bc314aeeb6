"""The world as a set of providers: what is shown of each, whatever their order and number."""

from typing import Any

import gymnasium
import numpy as np
import pytest
import torch

from edgesim.agents.networks.set_policy import SetNetwork
from edgesim.envs.aigc.set_observation import SetObserver
from edgesim.errors import InputError

FEATURES = len(SetObserver.features)


def make(**arguments: Any) -> Any:
    keys = {"provider_count": 6, "horizon_s": 60, "arrival_rate_hz": 1.5}
    return gymnasium.make(
        "edgesim/AIGC-v0", scenario="aigc", overrides=keys, observation="set", **arguments
    ).unwrapped


def test_figures_are_those_of_the_world() -> None:
    env = make()
    observation, _ = env.reset(seed=0)
    for k in range(40):
        observation, *_ = env.step(k % 6)
    page = dict(
        zip(SetObserver.features, observation[: 6 * FEATURES].reshape(FEATURES, 6), strict=True)
    )
    twin = env.twin
    latency_s = twin.expected_latency_s()
    assert page["expected_latency"] * 10 == pytest.approx(latency_s, rel=1e-4)
    patience_s = twin.last.deadline_s + 6.0
    left = np.clip((patience_s - latency_s) / 6.0, 0, 1)
    assert page["timely"] == pytest.approx(left, abs=1e-4)
    seen = twin.experience
    assert seen.results.sum() > 10
    assert page["doubt"] == pytest.approx(1 / np.sqrt(1 + seen.results), rel=1e-5)
    quality = (seen.quality * seen.results + 0.6) / (seen.results + 1)
    assert page["quality"] == pytest.approx(quality, rel=1e-5)
    assert page["worth"] == pytest.approx(page["quality"] * page["later"], rel=1e-4, abs=1e-6)
    assert page["assigned"] * 10 == pytest.approx(twin.assigned, abs=1e-5)
    assert page["step_time"] / 10 == pytest.approx(
        [machine.seconds_per_step for machine in env.world.service]
    )
    request = observation[6 * FEATURES :]
    assert request[0] * 250 == pytest.approx(twin.last.steps)
    assert request[1] * 10 == pytest.approx(twin.last.deadline_s, rel=1e-5)


def test_scores_follow_the_choices_wherever_they_stand() -> None:
    torch.manual_seed(0)
    network = SetNetwork(FEATURES, 8, choices=6, hidden=16, critic=16, heads=2, linear=0.5)
    env = make()
    env.reset(seed=0)
    for k in range(10):
        observation, *_ = env.step(k % 6)
    order = np.array([3, 0, 5, 1, 4, 2])
    page = observation[: 6 * FEATURES].reshape(FEATURES, 6)
    turned = np.concatenate([page[:, order].ravel(), observation[6 * FEATURES :]])
    filled = np.zeros((FEATURES, 9), dtype=np.float32)
    filled[:, :6] = page
    wider = np.concatenate([filled.ravel(), observation[6 * FEATURES :]])
    with torch.no_grad():
        scores, value = (it[0].numpy() for it in network(torch.as_tensor(observation[None])))
        moved, same = (it[0].numpy() for it in network(torch.as_tensor(turned[None])))
        more, still = (it[0].numpy() for it in network(torch.as_tensor(wider[None])))
    assert moved == pytest.approx(scores[order], abs=1e-5)
    assert more[:6] == pytest.approx(scores, abs=1e-5)
    assert same == pytest.approx(value, abs=1e-5) and still == pytest.approx(value, abs=1e-5)


def test_without_a_network_results_are_timely() -> None:
    env = gymnasium.make("edgesim/AIGC-v0", scenario="aigc_paper", observation="set").unwrapped
    observation, _ = env.reset(seed=0)
    page = dict(
        zip(SetObserver.features, observation[: 20 * FEATURES].reshape(FEATURES, 20), strict=True)
    )
    assert (page["timely"] == 1).all() and (page["later"] == 1).all()
    assert env.observation_space.contains(observation)


def test_where_steps_are_chosen_too_there_is_no_set() -> None:
    with pytest.raises(InputError, match="observation = 'set'"):
        gymnasium.make("edgesim/AIGC-v0", scenario="aigc_steps", observation="set")
