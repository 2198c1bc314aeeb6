"""What Gymnasium's users expect of every registered environment, over all scenarios."""

import json
import multiprocessing
import pickle
import subprocess
import sys
import warnings
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import edgesim
from edgesim.envs.recovery import FAULT_METRICS
from edgesim.importing import load
from edgesim.problems import PROBLEMS
from edgesim.scenarios import preset, presets

WITH_ENVIRONMENTS = [problem for problem in PROBLEMS.values() if problem.env]
FAST = {problem.default_scenario for problem in WITH_ENVIRONMENTS}
FAST |= {"aigc_paper", "aigc_steps", "sfc_paper", "sfc_faults"}
CASES = [
    # Presets that differ by numbers alone have their turn in the slow tests.
    pytest.param(problem.env_id, name, marks=() if name in FAST else pytest.mark.slow)
    for name in sorted(presets())
    if (problem := PROBLEMS[preset(name)["problem"]]) in WITH_ENVIRONMENTS
]
REWARDS = ("paid", "shaped")


def make(env_id, scenario, **arguments):
    return gymnasium.make(env_id, scenario=scenario, **arguments)


def same(one, other):
    """Deep equality of what step and reset return, dtypes included."""
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        return all(same(one[key], other[key]) for key in one)
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    return one == other


@pytest.mark.parametrize("problem", WITH_ENVIRONMENTS, ids=lambda problem: problem.name)
def test_an_environment_made_without_a_scenario_has_its_problems_default(problem):
    env: Any = gymnasium.make(problem.env_id).unwrapped
    assert env.scenario.name == problem.default_scenario


def episode(env, seed, steps=None):
    """Everything an episode under seeded random actions returns."""
    env.action_space.seed(seed)
    story = [env.reset(seed=seed)]
    while steps is None or len(story) <= steps:
        story.append(env.step(env.action_space.sample()))
        if story[-1][2] or story[-1][3]:
            break
    return story


@pytest.mark.parametrize(("env_id", "scenario"), CASES)
@pytest.mark.parametrize("reward", REWARDS)
def test_passes_gymnasiums_checker_without_a_warning(env_id, scenario, reward):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(make(env_id, scenario, reward=reward).unwrapped)


@pytest.mark.parametrize(("env_id", "scenario"), CASES)
def test_equal_seeds_give_equal_episodes(env_id, scenario):
    one, other = (episode(make(env_id, scenario), seed=5) for _ in range(2))
    assert len(one) == len(other)
    assert all(same(a, b) for a, b in zip(one[0], other[0], strict=True))
    for left, right in zip(one[1:], other[1:], strict=True):
        assert all(same(a, b) for a, b in zip(left, right, strict=True))
    different = episode(make(env_id, scenario), seed=6)
    assert not np.array_equal(one[1][0], different[1][0])


@pytest.mark.parametrize(("env_id", "scenario"), CASES)
def test_a_second_episode_differs_and_is_reproducible(env_id, scenario):
    stories = []
    for _ in range(2):
        env = make(env_id, scenario)
        env.reset(seed=1)
        stories.append(env.reset()[0])
        assert not np.array_equal(stories[-1], make(env_id, scenario).reset(seed=1)[0])
    assert np.array_equal(stories[0], stories[1])


@pytest.mark.parametrize(("env_id", "scenario"), CASES)
def test_observations_stay_in_their_space_and_infos_keep_their_keys(env_id, scenario):
    env = make(env_id, scenario)
    story = episode(env, seed=2)
    keys = set(story[0][1])
    for observation, reward, terminated, _, info in story[1:]:
        assert env.observation_space.contains(observation)
        assert isinstance(reward, float)
        assert set(info) == keys | ({"metrics"} if terminated else set())
        assert reward == pytest.approx(sum(info[key] for key in keys), abs=1e-9)
    metrics = story[-1][4]["metrics"]
    told = load(PROBLEMS[preset(scenario)["problem"]].metrics).keys()
    faults = getattr(env.unwrapped.scenario, "faults", None)
    assert metrics.keys() == (told | FAULT_METRICS.keys() if faults else told)
    assert all(isinstance(value, float) for value in metrics.values())
    assert metrics["return"] == pytest.approx(sum(step[1] for step in story[1:]), abs=1e-6)


@pytest.mark.parametrize(("env_id", "scenario"), CASES)
def test_shaping_moves_rewards_and_leaves_the_return(env_id, scenario):
    paid, shaped = (episode(make(env_id, scenario, reward=reward), seed=3) for reward in REWARDS)
    returns = [sum(step[1] for step in story[1:]) for story in (paid, shaped)]
    assert returns[0] == pytest.approx(returns[1], abs=1e-6)
    assert shaped[-1][4]["metrics"] == paid[-1][4]["metrics"]
    assert not any(step[4]["shaping"] for step in paid[1:])
    moved = [step[1] for step in paid[1:]] != [step[1] for step in shaped[1:]]
    assert moved == any(step[4]["shaping"] for step in shaped[1:])


@pytest.mark.parametrize(("env_id", "scenario"), CASES)
def test_the_spec_survives_json_and_pickle(env_id, scenario):
    env = make(env_id, scenario, overrides={"world_seed": 3}, reward="shaped")
    again = gymnasium.make(gymnasium.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    copied = pickle.loads(pickle.dumps(env))
    json.dumps(env.spec.kwargs)
    for other in (again, copied):
        assert same(env.reset(seed=9)[0], other.reset(seed=9)[0])


def _first_observation(scenario, env_id):
    # The id alone must be enough in a fresh process: "module:id" imports the module.
    return gymnasium.make(f"edgesim:{env_id}", scenario=scenario).reset(seed=4)[0]


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_workers_can_make_it(method):
    env_id, scenario = CASES[0].values
    code = (
        "import multiprocessing, gymnasium\n"
        f"def reset(_): return gymnasium.make('edgesim:{env_id}', scenario={scenario!r})"
        ".reset(seed=4)[0].tolist()\n"
        "if __name__ == '__main__':\n"
        f"    with multiprocessing.get_context({method!r}).Pool(1) as pool:\n"
        "        print(pool.map(reset, [0])[0])\n"
    )
    assert method in multiprocessing.get_all_start_methods()
    path = _script(code)
    seen = subprocess.run([sys.executable, path], capture_output=True, text=True, check=True)
    here = _first_observation(scenario, env_id)
    assert json.loads(seen.stdout) == here.tolist()


def _script(code):
    from pathlib import Path
    from tempfile import mkdtemp

    path = Path(mkdtemp()) / "worker.py"
    path.write_text(code)
    return str(path)


@pytest.mark.parametrize(("env_id", "scenario"), CASES)
@pytest.mark.parametrize("mode", ["sync", "async"])
def test_vector_environments_equal_the_single_one(env_id, scenario, mode):
    vector = gymnasium.make_vec(
        env_id, num_envs=3, vectorization_mode=mode, scenario=scenario, overrides={"world_seed": 1}
    )
    singles = [make(env_id, scenario, overrides={"world_seed": 1}) for _ in range(3)]
    seen, _ = vector.reset(seed=7)
    for number, single in enumerate(singles):
        assert np.array_equal(seen[number], single.reset(seed=7 + number)[0])
    rng = np.random.default_rng(0)
    for _ in range(20):
        actions = rng.integers(singles[0].unwrapped.action_masks().size, size=3)
        seen, rewards, *_ = vector.step(actions)
        for number, single in enumerate(singles):
            observation, reward, *_ = single.step(actions[number])
            assert np.array_equal(seen[number], observation)
            assert rewards[number] == reward
    vector.close()


@pytest.mark.parametrize(("env_id", "scenario"), CASES)
def test_masks_name_legal_actions_and_are_never_empty(env_id, scenario):
    for kind in load(PROBLEMS[preset(scenario)["problem"]].env).masks:
        env = make(env_id, scenario, mask=kind).unwrapped
        env.reset(seed=0)
        rng = np.random.default_rng(0)
        over = False
        while not over:
            mask = env.action_masks()
            assert mask.shape == (env.action_space.n,) and mask.dtype == np.bool_ and mask.any()
            *_, over, _, _ = env.step(rng.choice(np.flatnonzero(mask)))


@pytest.mark.parametrize(("env_id", "scenario"), CASES)
def test_renders_a_picture(env_id, scenario):
    env = make(env_id, scenario, render_mode="rgb_array")
    env.reset(seed=0)
    for _ in range(5):
        env.step(env.action_space.sample())
    frame = env.render()
    assert frame.dtype == np.uint8 and frame.ndim == 3 and frame.shape[2] == 3
    assert len(np.unique(frame.reshape(-1, 3), axis=0)) > 10
    env.close()


def test_registering_again_changes_nothing():
    before = dict(gymnasium.registry)
    edgesim.register()
    gymnasium.register_envs(edgesim)
    assert dict(gymnasium.registry) == before


@pytest.mark.parametrize(("env_id", "scenario"), CASES)
def test_stepping_before_a_reset_or_after_the_end_is_a_mistake(env_id, scenario):
    env = make(env_id, scenario).unwrapped
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(0)
    episode(env, seed=0)
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(0)
