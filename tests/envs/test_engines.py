"""Single environments and both engines of a vector, over all scenarios: equal to the bit."""

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from edgesim.envs.vector import engine_of
from edgesim.problems import PROBLEMS
from edgesim.scenarios import preset, presets, resolve

CASES = [(PROBLEMS[preset(name)["problem"]].env_id, name) for name in sorted(presets())]
CASES = [(env_id, name) for env_id, name in CASES if env_id]
WORLDS, STEPS = 3, 25


def vector(env_id: str, scenario: str, engine: str, mode: str = "SameStep") -> Any:
    return gymnasium.make_vec(
        env_id,
        num_envs=WORLDS,
        vectorization_mode="vector_entry_point",
        scenario=scenario,
        engine=engine,
        autoreset_mode=mode,
    )


@pytest.mark.parametrize(("env_id", "scenario"), CASES)
def test_worlds_are_equal_to_the_bit_on_every_engine(env_id: str, scenario: str) -> None:
    engines = sorted({engine_of(resolve(scenario), "auto"), "simpy"})
    vectors = [vector(env_id, scenario, engine) for engine in engines]
    singles: list[Any] = [gymnasium.make(env_id, scenario=scenario) for _ in range(WORLDS)]
    rows = np.stack([env.reset(seed=7 + world)[0] for world, env in enumerate(singles)])
    for envs in vectors:
        np.testing.assert_array_equal(envs.reset(seed=7)[0], rows)
    has_masks = hasattr(singles[0].unwrapped, "action_masks")
    dice = np.random.default_rng(0)
    for _ in range(STEPS):
        if has_masks:
            masks = np.stack([env.unwrapped.action_masks() for env in singles])
            for envs in vectors:
                np.testing.assert_array_equal(envs.unwrapped.action_masks(), masks)
            actions = np.array([dice.choice(np.flatnonzero(row)) for row in masks])
        else:
            actions = np.stack([env.action_space.sample() for env in singles])
        stepped = [env.step(action) for env, action in zip(singles, actions, strict=True)]
        if any(one[2] or one[3] for one in stepped):
            break
        for envs in vectors:
            seen, paid, ended, cut, _ = envs.step(actions)
            np.testing.assert_array_equal(seen, np.stack([one[0] for one in stepped]))
            np.testing.assert_array_equal(paid, [one[1] for one in stepped])
            assert not (ended.any() or cut.any())
    for env in (*singles, *vectors):
        env.close()


@pytest.mark.parametrize("mode", [it.value for it in AutoresetMode])
@pytest.mark.parametrize("engine", ["batched", "simpy"])
def test_a_vector_states_its_autoreset_mode_where_libraries_look(mode: str, engine: str) -> None:
    envs = vector("edgesim/AIGC-v0", "aigc_paper", engine, mode)
    assert envs.metadata["autoreset_mode"] is AutoresetMode(mode)  # Gymnasium's own wrappers
    assert envs.unwrapped.autoreset_mode is AutoresetMode(mode)  # TorchRL
    envs.close()
