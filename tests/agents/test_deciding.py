"""Models that decide, of every agent in every scenario."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecEnv

from edgesim.agents.deciding import decider
from edgesim.agents.learning.learner import SteppedEnvs, make_model
from edgesim.agents.measuring.rollout import takes_masks
from edgesim.config import agents as presets
from edgesim.config.config import AgentConfig
from edgesim.envs.making import make_envs
from edgesim.problems import PROBLEMS
from edgesim.scenarios import preset, resolve
from edgesim.scenarios import presets as scenarios

ONLY = {
    "generalist": ("aigc", "sfc"),
    "set_dqn": ("aigc", "sfc"),
    "least_squares": ("aigc", "sfc"),
    "evolution": ("aigc", "sfc", "federated", "llm_training", "wan_training", "ring"),
}
"""Agents that fit some problems alone, those that show sets."""


def fits(agent: str, scenario: str) -> bool:
    """Whether an agent can learn in a scenario, the steps of which are a choice of their own."""
    if agent == "heuristic_start":
        return scenario == "sfc"
    if agent in ONLY and scenario in ("aigc_steps", "aigc_text"):
        return False
    problem = preset(scenario)["problem"]
    return problem in ONLY.get(agent, (problem,))


@pytest.mark.parametrize(
    "scenario", [name for name in scenarios() if PROBLEMS[preset(name)["problem"]].env]
)
def test_every_agent_fits_every_scenario_and_decides_as_its_model(scenario: str) -> None:
    by_sight: dict[str, list[str]] = {}
    for name in presets.presets():
        if fits(name, scenario):
            agent = presets.for_scenario(
                presets.preset(name), scenario, preset(scenario)["problem"]
            )
            by_sight.setdefault(agent.environment.get("observation", ""), []).append(name)
    for observation, names in by_sight.items():
        decides_as_its_model(scenario, names, {"observation": observation} if observation else {})


def decides_as_its_model(scenario: str, names: list[str], arguments: dict[str, Any]) -> None:
    envs = SteppedEnvs(make_envs(resolve(scenario), 2, arguments), seeds=[0, 4])
    observation = envs.reset()
    assert isinstance(observation, np.ndarray)
    for name in names:
        agent = presets.for_scenario(presets.preset(name), scenario, preset(scenario)["problem"])
        model = make_model(_small(agent, envs), envs, seed=0, device="cpu")
        policy: Any = decider(model)
        masks = np.stack(envs.env_method("action_masks"))
        given = {"action_masks": masks} if takes_masks(policy) else {}
        chosen, _ = policy.predict(observation, deterministic=True, **given)
        theirs, _ = model.predict(observation, deterministic=True, **given)
        np.testing.assert_array_equal(chosen, theirs)
        one = {key: value[0] for key, value in given.items()}
        chosen, _ = policy.predict(observation[0], deterministic=True, **one)
        assert chosen == theirs[0]
        drawn, _ = policy.predict(observation, deterministic=False, **given)
        assert drawn.shape == (2,)
    envs.close()


def _small(agent: AgentConfig, envs: VecEnv) -> AgentConfig:
    """The agent with rollouts that hold just one batch, or with a small memory."""
    given = agent.hyperparameters
    less = {}
    if "n_steps" in given and "batch_size" in given:
        less = {"n_steps": given["batch_size"] // envs.num_envs}
    elif "buffer_size" in given:
        less = {"buffer_size": 100}
    return replace(agent, hyperparameters={**given, **less})


def test_a_mask_is_obeyed_and_one_of_a_single_choice_leaves_no_other() -> None:
    envs = SteppedEnvs(make_envs(resolve("aigc_paper"), 1), seeds=[0])
    observation = envs.reset()
    assert isinstance(observation, np.ndarray)
    agent = presets.for_scenario(presets.preset("maskable_ppo"), "aigc_paper", "aigc")
    policy: Any = decider(make_model(_small(agent, envs), envs, seed=0, device="cpu"))
    seen = np.repeat(observation, 20, axis=0)
    chosen, _ = policy.predict(seen, deterministic=True, action_masks=np.eye(20, dtype=bool))
    assert chosen.tolist() == list(range(20))


def test_what_is_not_known_decides_by_its_own_predict() -> None:
    class Somebodys:
        def predict(self, observation: object, **others: object) -> tuple[str, None]:
            return "theirs", None

    model: Any = Somebodys()
    assert decider(model) is model


def test_a_class_that_decides_in_its_own_way_is_left_to_it() -> None:
    class Last(PPO):
        def predict(self, observation: Any, *others: Any, **more: Any) -> Any:
            return np.full(len(observation), 19), None

    envs = SteppedEnvs(make_envs(resolve("aigc_paper"), 1), seeds=[0])
    model = Last("MlpPolicy", envs, n_steps=64, device="cpu")
    policy: Any = decider(model)
    chosen, _ = policy.predict(np.zeros((2, 42), np.float32), deterministic=True)
    assert chosen.tolist() == [19, 19]


def test_observations_may_have_any_shape() -> None:
    """The authors' tensor of shape (5, 5, 16) is one observation, not 25."""
    scenario = resolve("sfc_paper")
    envs = SteppedEnvs(make_envs(scenario, 2, {"observation": "authors"}), seeds=[0, 4])
    observation = envs.reset()
    assert isinstance(observation, np.ndarray)
    for name in ("ppo", "dqn", "qrdqn"):
        agent = presets.for_scenario(presets.preset(name), "sfc_paper", "sfc")
        model = make_model(_small(agent, envs), envs, seed=0, device="cpu")
        policy: Any = decider(model)
        chosen, _ = policy.predict(observation, deterministic=True)
        theirs, _ = model.predict(observation, deterministic=True)
        np.testing.assert_array_equal(chosen, theirs)
        one, _ = policy.predict(observation[1], deterministic=True)
        assert one == theirs[1]
