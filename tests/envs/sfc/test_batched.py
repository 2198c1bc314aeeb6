"""The batched engine of service chains is the single environment, decision for decision."""

from typing import Any

import gymnasium
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import edgesim  # noqa: F401  # registers the environments
from edgesim.envs.sfc.batched import BatchedSFCEnv
from edgesim.errors import InputError
from edgesim.scenarios import resolve
from edgesim.twin.sfc.stage_arrivals import BLOCK

DRAWN: dict[str, Any] = {"bandwidth": None, "delay_ms": None}


def both(worlds: int = 2, **arguments: Any) -> tuple[Any, Any]:
    """Single environments side by side, and the engine."""
    simpy, batched = (
        gymnasium.make_vec("edgesim/SFC-v0", num_envs=worlds, engine=engine, **arguments)
        for engine in ("simpy", "batched")
    )
    assert isinstance(batched, BatchedSFCEnv) and not isinstance(simpy, BatchedSFCEnv)
    return simpy, batched


def same_infos(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert one.keys() == other.keys()
    for key, value in one.items():
        if isinstance(value, dict):
            same_infos(value, other[key])
        else:
            np.testing.assert_allclose(value, other[key], rtol=1e-6, atol=1e-6, err_msg=key)


def walk_together(simpy: Any, batched: Any, seed: int, episodes: int, sensible: float = 0.0) -> int:
    """Step both with the same random actions; how many requests were turned down.

    ``sensible`` is the share of the actions that keep to the masks: such episodes see the network
    filled.
    """
    rng = np.random.default_rng(seed)
    seen, infos = simpy.reset(seed=seed)
    copied, other_infos = batched.reset(seed=seed)
    same_infos(infos, other_infos)
    ended, failed = 0, 0
    while ended < episodes * simpy.num_envs:
        np.testing.assert_allclose(seen, copied, rtol=2e-6, atol=2e-6)
        masks = simpy.action_masks()
        np.testing.assert_array_equal(masks, batched.action_masks())
        actions = rng.integers(simpy.single_action_space.n, size=simpy.num_envs)
        for world in np.flatnonzero(rng.random(simpy.num_envs) < sensible):
            actions[world] = rng.choice(np.flatnonzero(masks[world]))
        seen, rewards, over, _, infos = simpy.step(actions)
        copied, other_rewards, other_over, _, other_infos = batched.step(actions)
        np.testing.assert_allclose(rewards, other_rewards, rtol=1e-6, atol=1e-6)
        np.testing.assert_array_equal(over, other_over)
        same_infos(infos, other_infos)
        failed += int((infos["rejection"] != 0).sum())
        ended += int(over.sum())
    return failed


@pytest.mark.parametrize("scenario", ["sfc_paper", "sfc_paper_3x", "sfc_paper_10x"])
@pytest.mark.parametrize("observation", ["ways", "authors"])
def test_whole_episodes_of_the_presets_are_equal(scenario, observation):
    simpy, batched = both(scenario=scenario, observation=observation)
    assert simpy.single_observation_space == batched.single_observation_space
    assert walk_together(simpy, batched, seed=1, episodes=2) > 0


GIVEN: dict[str, Any] = {  # not whole numbers, so that sums are rounded; one link is missing
    "bandwidth": [[[300.3, 150.1], [0.0, 220.7]], [[99.9, 180.2], [310.4, 400.6]]],
    "delay_ms": [[[10.1, 0.3], [12.7, 25.2]], [[0.0, 31.4], [17.6, 8.9]]],
}


@settings(max_examples=30, deadline=None)
@given(
    matrices=st.one_of(
        st.just(GIVEN),
        st.builds(
            lambda groups, instances, world_seed, wide: {
                **DRAWN,
                "groups": groups,
                "instances": instances,
                "world_seed": world_seed,
                "bandwidth_range": [50, wide],
                "delay_range_ms": [5, 35],
            },
            st.integers(2, 6),
            st.integers(1, 7),
            st.integers(0, 99),
            st.integers(50, 900),
        ),
    ),
    workload=st.fixed_dictionaries(
        {
            "requests": st.integers(1, 40),
            "release_probability": st.sampled_from([0.0, 0.02, 0.2, 0.5, 1.0]),
            "request_bandwidth": st.sampled_from([[16, 256], [1, 1], [100, 120]]),
            "admission_control": st.booleans(),
        }
    ),
    qoe=st.fixed_dictionaries(
        {
            "model": st.sampled_from(["authors", "iqx", "emodel"]),
            "pay_on": st.sampled_from(["admission", "release"]),
            "floor": st.sampled_from([None, 1.5]),
        }
    ),
    reward=st.sampled_from(["paid", "shaped", "relative", "priced"]),
    mask=st.sampled_from(["completes", "holds"]),
    observation=st.sampled_from(["ways", "authors"]),
    mode=st.sampled_from(["NextStep", "SameStep"]),
    sensible=st.sampled_from([0.0, 0.9]),
    seed=st.integers(0, 2**32),
)
def test_any_world_is_equal_under_any_actions(
    matrices, workload, qoe, reward, mask, observation, mode, sensible, seed
):
    arguments = {"reward": reward, "mask": mask, "observation": observation}
    overrides = {**matrices, **workload, "qoe": qoe}
    simpy, batched = both(
        scenario="sfc_paper", overrides=overrides, autoreset_mode=mode, **arguments
    )
    if mode == "SameStep":
        walk_same_step(simpy, batched, seed)
    else:
        walk_together(simpy, batched, seed, episodes=2, sensible=sensible)


def walk_same_step(simpy: Any, batched: Any, seed: int) -> None:
    """The first three ends of episodes, and what follows them at once."""
    rng = np.random.default_rng(seed)
    seen, _ = simpy.reset(seed=seed)
    copied, _ = batched.reset(seed=seed)
    ended = 0
    while ended < 3:
        np.testing.assert_allclose(seen, copied, rtol=2e-6, atol=2e-6)
        actions = rng.integers(simpy.single_action_space.n, size=simpy.num_envs)
        seen, rewards, over, _, infos = simpy.step(actions)
        copied, other_rewards, other_over, _, other_infos = batched.step(actions)
        np.testing.assert_allclose(rewards, other_rewards, rtol=1e-6, atol=1e-6)
        np.testing.assert_array_equal(over, other_over)
        for world in np.flatnonzero(over):
            np.testing.assert_allclose(
                infos["final_obs"][world], other_infos["final_obs"][world], rtol=2e-6, atol=2e-6
            )
        if over.any():
            same_infos(infos["final_info"], other_infos["final_info"])
        ended += int(over.sum())


def test_links_that_hold_exactly_and_bounds_that_are_met_exactly():
    # By hand: one way, that each request fills; each is released as the next one comes.
    overrides = {
        "bandwidth": [[[100.0]]],
        "delay_ms": [[[20.0]]],
        "request_bandwidth": [100, 100],
        "request_delay_ms": [20, 20],
        "release_probability": 1.0,
        "requests": 3,
    }
    for envs in both(worlds=1, scenario="sfc_paper", overrides=overrides, mask="completes"):
        entry = {name: at for at, name in enumerate(envs.single_observation_space.names)}
        seen, _ = envs.reset(seed=0)
        for step in range(6):
            told = {name: seen[0, entry[name]] for name in ("holds 0", "completes 0", "slack 0")}
            assert told == {"holds 0": 1.0, "completes 0": 1.0, "slack 0": 0.0}, step
            assert envs.action_masks()[0].all()
            seen, _, over, _, infos = envs.step([0])
            assert infos["rejection"][0] == 0
        assert over[0] and infos["metrics"]["accepted"][0] == 3


def test_episodes_longer_than_a_block_and_many_running_chains_are_equal():
    overrides = {
        "requests": BLOCK + 30,
        "release_probability": 0.004,
        "request_bandwidth": [1, 4],
        "request_delay_ms": [80, 90],
        "groups": 2,
        **DRAWN,
    }
    simpy, batched = both(scenario="sfc_paper", overrides=overrides)
    rooms = batched._state.held.shape[1]
    walk_together(simpy, batched, seed=4, episodes=2, sensible=1.0)
    assert batched._state.held.shape[1] >= 4 * rooms


@pytest.mark.parametrize("worlds", [1, 5])
def test_the_worlds_of_a_seed_are_single_environments_of_the_seeds_that_follow(worlds):
    batched = gymnasium.make_vec("edgesim/SFC-v0", num_envs=worlds, scenario="sfc_paper_3x")
    assert isinstance(batched, BatchedSFCEnv)
    seen, _ = batched.reset(seed=11)
    for world in range(worlds):
        env = gymnasium.make("edgesim/SFC-v0", scenario="sfc_paper_3x")
        alone, _ = env.reset(seed=11 + world)
        np.testing.assert_allclose(seen[world], alone, rtol=2e-6, atol=2e-6)


def test_what_has_no_batched_engine_is_stepped_by_the_twin(tmp_path):
    trace = tmp_path / "requests.csv"
    trace.write_text("bandwidth,max_delay_ms,released_before\n20,60,1\n30,80,\n")
    for scenario, overrides in (("sfc_paper", {"trace": str(trace)}), ("sfc", {})):
        env = gymnasium.make_vec(
            "edgesim/SFC-v0", num_envs=1, scenario=scenario, overrides=overrides
        )
        assert not isinstance(env, BatchedSFCEnv)
        with pytest.raises(InputError, match="batched"):
            BatchedSFCEnv(1, resolve(scenario, overrides))


@pytest.mark.parametrize("argument", ["reward", "mask", "observation"])
def test_unknown_arguments_are_refused(argument):
    unknown: dict[str, Any] = {argument: "no"}
    with pytest.raises(InputError, match=argument):
        BatchedSFCEnv(1, resolve("sfc_paper"), **unknown)
