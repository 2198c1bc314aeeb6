"""A policy that scores the instances of a choice by one network."""

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces
from sb3_contrib import MaskablePPO

from edgesim.agents.learning.learner import make_model, training_envs
from edgesim.agents.networks.instance_policy import InstanceNetwork, InstancePolicy
from edgesim.config.agents import for_scenario, preset
from edgesim.envs.choice_box import ChoiceBox
from edgesim.errors import InputError
from edgesim.scenarios import preset as scenario_values
from edgesim.scenarios import resolve

INSTANCES, FEATURES = 3, ("near", "dear")
NAMES = [f"{feature} {j}" for feature in FEATURES for j in range(INSTANCES)]
NAMES += ["slack", "size", *(f"other {k}" for k in range(3))]
ENTRIES = len(NAMES)
ONES = np.ones(ENTRIES, np.float32)
SPACE = ChoiceBox(-ONES, ONES, NAMES, FEATURES, INSTANCES)


def policy(actions: int, **arguments: Any) -> InstancePolicy:
    torch.manual_seed(0)
    return InstancePolicy(SPACE, spaces.Discrete(actions), lambda _: 1e-3, **arguments)


def test_learning_begins_at_the_linear_function_of_each_instances_features() -> None:
    given = torch.rand(50, ENTRIES)
    made = policy(4, lean=[("dear", -300)], reject=-1.0, reject_lean=[("size", 50)])
    scores = made.mlp_extractor.forward_actor(given)
    assert scores.shape == (50, INSTANCES + 1)
    # What is dear stands in the entries 3, 4 and 5, one an instance; the size is the eighth.
    assert torch.allclose(scores[:, :INSTANCES], -300 * given[:, 3:6], atol=0.2)
    assert torch.allclose(scores[:, INSTANCES], -1 + 50 * given[:, 7], atol=0.2)


def test_a_weight_may_follow_an_entry() -> None:
    given = torch.rand(50, ENTRIES) * 2 - 1
    made = policy(3, lean=[("near", [[0.5, -100], [0.0, 0.0]]), ("dear", -20)], over="slack")
    scores = made.mlp_extractor.forward_actor(given)
    of_near = -200 * given[:, 6:7].clamp(0.0, 0.5)  # lines between the points, level beyond them
    expected = of_near * given[:, :3] - 20 * given[:, 3:6]
    assert torch.allclose(scores, expected, atol=0.5)


def test_instances_that_change_places_change_scores() -> None:
    network = InstanceNetwork(SPACE, False, None, hidden=8, critic=8)
    # What the network hears of the whole observation does not depend on the order here.
    with torch.no_grad():
        network.of_all.weight[:, : INSTANCES * len(FEATURES)] = 0
    given = torch.rand(20, ENTRIES)
    turned = given.clone()
    turned[:, :6] = given[:, [1, 2, 0, 4, 5, 3]]
    moved, scores = network.forward_actor(turned), network.forward_actor(given)
    torch.testing.assert_close(moved, scores[:, [1, 2, 0]])
    assert scores.std() > 0


def test_all_that_is_left_is_learnt_and_nothing_else() -> None:
    made = policy(3, lean=())
    learnt = {id(p) for group in made.optimizer.param_groups for p in group["params"]}
    assert learnt == {id(p) for p in made.parameters()}
    names = [name for name, _ in made.named_parameters()]
    assert any("weights" in name for name in names) and not any("action_net" in n for n in names)


@pytest.mark.parametrize("actions", [2, 5])
def test_actions_that_do_not_match_the_instances_are_refused(actions: int) -> None:
    with pytest.raises(InputError, match=f"cannot choose by {actions} actions between 3 instance"):
        policy(actions, lean=())


def test_observations_that_do_not_tell_their_entries_are_refused() -> None:
    flat = spaces.Box(-ONES, ONES)
    with pytest.raises(InputError, match="InstancePolicy': needs observations that name"):
        InstancePolicy(flat, spaces.Discrete(3), lambda _: 1e-3, lean=())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"lean": [["deer", 1.0]]}, "policy_kwargs.lean = 'deer': did you mean 'dear'"),
        ({"lean": {"dear": 1.0, "near": 2.0}}, "policy_kwargs.lean = .*: .* pairs .name, weight"),
        ({"lean": (), "over": "slak"}, "policy_kwargs.over = 'slak': did you mean 'slack'"),
        ({"lean": (), "reject_lean": [["sise", 1]]}, "reject_lean = 'sise': did you mean 'size'"),
        ({"lean": [["dear", [[1.0]]]], "over": "slack"}, "lean = 'dear': a number, or points"),
        ({"lean": [["dear", [[0.0, 1.0]]]]}, "lean = 'dear': points need `over`"),
    ],
)
def test_what_is_misspelt_is_named(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        policy(4, **given)


AGENT = {"sfc_paper": "maskable_ppo", "sfc": "heuristic_start"}
"""The agent of each scenario that has such a policy."""


@pytest.mark.parametrize(("scenario", "instances"), [("sfc_paper", 6), ("sfc", 4)])
@pytest.mark.parametrize("admission_control", [False, True])
def test_the_preset_finds_another_number_of_instances_by_itself(
    scenario: str, instances: int, admission_control: bool
) -> None:
    if scenario == "sfc":
        keys: dict[str, Any] = {"network": {"instances": {"per_type": instances}}}
    else:
        keys = {"instances": instances, "bandwidth": None, "delay_ms": None}
    agent = for_scenario(preset(AGENT[scenario]), scenario, "sfc")
    agent.n_envs = 1
    world = resolve(scenario, {**keys, "admission_control": admission_control})
    envs = training_envs(world, agent, seed=0, part=0, engine="simpy")
    model = make_model(agent, envs, seed=0, device="cpu")
    seen: Any = torch.as_tensor(envs.reset())
    scores = model.policy.mlp_extractor.forward_actor(seen)
    assert scores.shape == (1, instances + admission_control)
    # The instance of least delay and least price is the best one at first.
    dearer = {name: seen[0, k] for k, name in enumerate(envs.get_attr("observer")[0].names)}
    best = int(scores[0, :instances].argmax())
    lean = agent.hyperparameters["policy_kwargs"]["lean"]
    assert all(dearer[f"{name} {best}"] < 0.2 for name, _ in lean)


def test_the_authors_tensor_is_refused_in_one_line() -> None:
    agent = for_scenario(preset("maskable_ppo"), "sfc_paper", "sfc")
    agent.n_envs, agent.environment = 1, {"observation": "authors"}
    envs = training_envs(resolve("sfc_paper"), agent, seed=0, part=0)
    with pytest.raises(InputError, match=r"'InstancePolicy': needs obs.*5, 5, 16. do not"):
        make_model(agent, envs, seed=0, device="cpu")


@pytest.mark.parametrize("scenario", ["sfc_paper", "sfc"])
def test_the_preset_begins_near_greedy_survives_saving_and_scales_rewards(
    scenario: str, tmp_path
) -> None:
    agent = for_scenario(preset(AGENT[scenario]), scenario, scenario_values(scenario)["problem"])
    agent.n_envs = 2
    agent.hyperparameters |= {"n_steps": 8, "batch_size": 16}
    envs = training_envs(resolve(scenario), agent, seed=0, part=0, engine="simpy")
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
    agent.policy = "edgesim.agents.networks.instance_policy:InstancPolicy"
    agent.n_envs = 1
    envs = training_envs(resolve("sfc_paper"), agent, seed=0, part=0)
    with pytest.raises(InputError, match="InstancePolicy"):
        make_model(agent, envs, seed=0, device="cpu")
