"""A policy that scores the instances of a choice by one network."""

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces
from sb3_contrib import MaskablePPO

from edgesim.agents.instance_policy import InstanceNetwork, InstancePolicy
from edgesim.agents.learner import make_model, training_envs
from edgesim.agents.presets import for_scenario, preset
from edgesim.errors import InputError
from edgesim.scenarios import preset as scenario_values
from edgesim.scenarios import resolve

ENTRIES, INSTANCES, FEATURES = 11, 3, 2
SPACE = spaces.Box(-1.0, 1.0, (ENTRIES,), np.float32)


def policy(actions: int, **arguments: Any) -> InstancePolicy:
    torch.manual_seed(0)
    return InstancePolicy(
        SPACE, spaces.Discrete(actions), lambda _: 1e-3, instances=INSTANCES, **arguments
    )


def test_learning_begins_at_the_linear_function_of_each_instances_features() -> None:
    given = torch.rand(50, ENTRIES)
    scores = policy(4, lean=[0.0, -300.0], reject=-1.0).mlp_extractor.forward_actor(given)
    # The second feature's entries are 3, 4 and 5, one an instance.
    assert scores.shape == (50, INSTANCES + 1)
    assert torch.allclose(scores[:, :INSTANCES], -300 * given[:, 3:6], atol=0.2)
    assert torch.allclose(scores[:, INSTANCES], torch.tensor(-1.0), atol=0.2)


def test_instances_that_change_places_change_scores() -> None:
    network = InstanceNetwork(ENTRIES, (INSTANCES, FEATURES), False, hidden=8, critic=8)
    # What the network hears of the whole observation does not depend on the order here.
    with torch.no_grad():
        network.of_all.weight[:, : INSTANCES * FEATURES] = 0
    given = torch.rand(20, ENTRIES)
    turned = given.clone()
    turned[:, :6] = given[:, [1, 2, 0, 4, 5, 3]]
    moved, scores = network.forward_actor(turned), network.forward_actor(given)
    torch.testing.assert_close(moved, scores[:, [1, 2, 0]])
    assert scores.std() > 0


def test_all_that_is_left_is_learnt_and_nothing_else() -> None:
    made = policy(3, lean=[1.0, 1.0])
    learnt = {id(p) for group in made.optimizer.param_groups for p in group["params"]}
    assert learnt == {id(p) for p in made.parameters()}
    names = [name for name, _ in made.named_parameters()]
    assert any("linear" in name for name in names) and not any("action_net" in n for n in names)


def test_actions_that_do_not_match_the_instances_are_refused() -> None:
    for actions in (2, 5):
        with pytest.raises(ValueError, match=f"instances is 3, but there are {actions} actions"):
            policy(actions, lean=[1.0])
    with pytest.raises(ValueError, match="11 entries does not hold 4 features of 3 instances"):
        policy(3, lean=[0.0] * 4)


@pytest.mark.parametrize("scenario", ["sfc_paper", "sfc"])
def test_the_preset_begins_near_greedy_survives_saving_and_scales_rewards(
    scenario: str, tmp_path
) -> None:
    agent = for_scenario(preset("maskable_ppo"), scenario, scenario_values(scenario)["problem"])
    agent.n_envs = 2
    agent.hyperparameters |= {"n_steps": 8, "batch_size": 16}
    envs = training_envs(resolve(scenario), agent, seed=0, part=0)
    model = make_model(agent, envs, seed=0, device="cpu")
    assert isinstance(model.policy, InstancePolicy)
    model.learn(16)
    model.save(tmp_path / "model.zip")
    again = MaskablePPO.load(tmp_path / "model.zip")
    seen: Any = envs.reset()
    masks = np.stack(envs.env_method("action_masks"))
    chosen = model.predict(seen, action_masks=masks, deterministic=True)[0]
    assert (again.predict(seen, action_masks=masks, deterministic=True)[0] == chosen).all()
    paid = 0.0
    while paid == 0:
        _, rewards, _, infos = envs.step(np.zeros(2, dtype=int))
        parts = [
            sum(info[key] for key in ("qoe", "rejection", "drop", "shaping")) for info in infos
        ]
        assert rewards == pytest.approx(agent.reward_scale * np.array(parts), rel=1e-5)
        paid = parts[0]


def test_a_policy_by_import_string_that_is_not_there() -> None:
    agent = preset("maskable_ppo")
    agent.policy = "edgesim.agents.instance_policy:InstancPolicy"
    agent.n_envs = 1
    envs = training_envs(resolve("sfc_paper"), agent, seed=0, part=0)
    with pytest.raises(InputError, match="InstancePolicy"):
        make_model(agent, envs, seed=0, device="cpu")
