"""Trained models that decide: the same actions as their ``predict``, without its detours.

Most of the time of stable-baselines3's ``predict`` for a few observations goes into a distribution
that the likeliest action does not need: the largest logit is enough.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from gymnasium import spaces
from sb3_contrib import QRDQN, MaskablePPO
from sb3_contrib.common.maskable.policies import MaskableActorCriticPolicy
from stable_baselines3 import DQN
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.policies import ActorCriticPolicy, BasePolicy

from edgesim.agents.networks.linear_set_policy import LinearSetPolicy
from edgesim.agents.policies import Policy

__all__ = ["decider"]

# Whose `predict`, asked for the likeliest action, is "the observation as a tensor, then _predict".
_ALGORITHMS = (BaseAlgorithm, DQN, QRDQN, MaskablePPO)
_POLICIES = (BasePolicy, MaskableActorCriticPolicy)
_ACTORS = (ActorCriticPolicy, MaskableActorCriticPolicy)


def decider(model: Any) -> Policy:
    """A model as a policy for evaluation.

    Models whose classes decide in a way of their own go on to do so, and so does any model that is
    asked to draw its actions.

    Args:
        model: a trained model; the policy that is returned goes on with it as it learns.
    """
    if not _is_plain(model):
        unchanged: Policy = model
        return unchanged
    masked = isinstance(model.policy, MaskableActorCriticPolicy)
    return (_Masked if masked else _Unmasked)(model)


def _is_plain(model: Any) -> bool:
    """Whether a model takes arrays of numbers as they are, and picks one of some actions."""
    policy: Any = getattr(model, "policy", None)
    return (
        _inherits(model, "predict", _ALGORITHMS)
        and _inherits(policy, "predict", _POLICIES)
        and isinstance(policy.action_space, spaces.Discrete)
        and isinstance(policy.observation_space, spaces.Box)
        and policy.observation_space.dtype == np.float32
    )


def _inherits(thing: Any, method: str, kinds: tuple[type[Any], ...]) -> bool:
    """Whether a method of a thing is that of one of some classes, as they define it."""
    own = getattr(type(thing), method, None)
    return any(isinstance(thing, kind) and own is getattr(kind, method) for kind in kinds)


class _Decider:
    """The likeliest action."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self._has_logits = all(
            _inherits(model.policy, method, _ACTORS)
            for method in ("_predict", "get_distribution", "_get_action_dist_from_latent")
        )
        model.policy.set_training_mode(False)

    def worth(self, observation: npt.NDArray[Any]) -> npt.NDArray[np.float64] | None:
        """By what the model ranks the choices, larger is better; None where it does not tell.

        Scores of a policy, values of a Q-network; masks are left out.

        Args:
            observation: shape (n, entries).

        Returns:
            shape (n, choices).
        """
        policy = self.model.policy
        with torch.inference_mode():
            seen = torch.as_tensor(observation, dtype=torch.float32, device=self.model.device)
            if self._has_logits:
                scores = self._logits(seen, None)
            elif isinstance(policy, LinearSetPolicy):
                scores = policy.worth(seen)
            elif isinstance(self.model, DQN):
                scores = self.model.q_net(seen)
            else:
                return None
        ranked: npt.NDArray[np.float64] = scores.cpu().numpy().astype(float)
        return ranked

    def _likeliest(
        self, observation: npt.NDArray[Any], masks: npt.NDArray[np.bool_] | None
    ) -> npt.NDArray[Any]:
        policy = self.model.policy
        shape = policy.observation_space.shape
        if getattr(policy, "any_size", False):
            shape = np.shape(observation)[-1:]
        with torch.inference_mode():
            seen = torch.as_tensor(observation, dtype=torch.float32, device=self.model.device)
            seen = seen.reshape(-1, *shape)
            if self._has_logits:
                chosen = self._logits(seen, masks).argmax(dim=1)
            else:
                masked = {} if masks is None else {"action_masks": masks}
                chosen = policy._predict(seen, deterministic=True, **masked)
            actions: npt.NDArray[Any] = chosen.cpu().numpy()
        return actions if np.ndim(observation) > len(shape) else actions[0]

    def _logits(self, seen: torch.Tensor, masks: npt.NDArray[np.bool_] | None) -> torch.Tensor:
        """What ``get_distribution`` makes its distribution of, shape (batch, actions)."""
        policy = self.model.policy
        features = policy.mlp_extractor.forward_actor(policy.pi_features_extractor(seen))
        logits: torch.Tensor = policy.action_net(features)
        if masks is None:
            return logits
        allowed = torch.as_tensor(masks, dtype=torch.bool, device=logits.device)
        return logits.masked_fill(~allowed.reshape(logits.shape), -torch.inf)


class _Unmasked(_Decider):
    """Any action."""

    def predict(
        self,
        observation: npt.NDArray[Any],
        state: Any = None,
        episode_start: Any = None,
        deterministic: bool = False,
    ) -> tuple[npt.NDArray[Any], Any]:
        """As stable-baselines3's ``predict``."""
        if deterministic:
            return self._likeliest(observation, None), state
        drawn: tuple[npt.NDArray[Any], Any]
        drawn = self.model.predict(observation, state, episode_start)
        return drawn


class _Masked(_Decider):
    """Any action that the mask allows."""

    def predict(
        self,
        observation: npt.NDArray[Any],
        state: Any = None,
        episode_start: Any = None,
        deterministic: bool = False,
        action_masks: npt.NDArray[np.bool_] | None = None,
    ) -> tuple[npt.NDArray[Any], Any]:
        """As sb3-contrib's ``predict``."""
        if deterministic:
            return self._likeliest(observation, action_masks), state
        drawn: tuple[npt.NDArray[Any], Any]
        drawn = self.model.predict(observation, state, episode_start, action_masks=action_masks)
        return drawn
