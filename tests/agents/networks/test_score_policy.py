"""The policy whose logits are the scores of its features."""

from typing import Any

import numpy as np
import pytest
import torch

from edgesim.agents.learning.learner import make_model, prepare_torch, training_envs
from edgesim.agents.networks.score_policy import ScorePolicy
from edgesim.config.agents import for_scenario, preset
from edgesim.errors import InputError
from edgesim.scenarios import resolve

SHARES = [1.0, 0.8, 0.6, 0.4]


def model(**kwargs: Any) -> Any:
    """The default agent of ``aigc_steps``, in two environments."""
    agent = for_scenario(preset("maskable_ppo"), "aigc_steps", "aigc")
    agent.n_envs = 2
    agent.hyperparameters["policy_kwargs"]["features_extractor_kwargs"] |= kwargs
    prepare_torch(0, 1)
    envs = training_envs(resolve("aigc_steps", {}), agent, 0, 0)
    return make_model(agent, envs, 0, "cpu")


def test_the_last_features_are_the_logits() -> None:
    learner = model()
    assert isinstance(learner.policy, ScorePolicy)
    policy: Any = learner.policy
    seen = torch.rand(3, *policy.observation_space.shape)
    logits = policy.get_distribution(seen).distribution.logits
    scores = policy.extract_features(seen)[:, -80:]
    torch.testing.assert_close(logits, scores - scores.logsumexp(dim=1, keepdim=True))


def test_the_shares_are_those_of_the_scenario() -> None:
    agent = for_scenario(preset("maskable_ppo"), "aigc_steps", "aigc")
    given = agent.hyperparameters["policy_kwargs"]["features_extractor_kwargs"]
    assert given["shares"] == resolve("aigc_steps", {}).step_shares == SHARES


def test_other_numbers_of_scores_and_actions_are_told() -> None:
    with pytest.raises(InputError, match="20 scores for 80 actions"):
        model(shares=[1.0])


def test_a_masked_action_is_not_chosen() -> None:
    learner = model()
    seen = np.random.default_rng(0).random((50, *learner.observation_space.shape), np.float32)
    masks = np.zeros((50, 80), dtype=bool)
    masks[:, [3, 47]] = True
    actions, _ = learner.predict(seen, action_masks=masks, deterministic=False)
    assert set(actions.tolist()) <= {3, 47}
