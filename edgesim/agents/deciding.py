"""Trained models that decide: the same actions as their ``predict``, without its detours."""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from gymnasium import spaces
from sb3_contrib.common.maskable.policies import MaskableActorCriticPolicy
from sb3_contrib.qrdqn.policies import QRDQNPolicy
from stable_baselines3.common.policies import ActorCriticPolicy, BasePolicy
from stable_baselines3.dqn.policies import DQNPolicy

from edgesim.agents.policies import Policy

__all__ = ["decider"]

Scores = Callable[[torch.Tensor], torch.Tensor]


def decider(model: Any) -> Policy:
    """A model as a policy for evaluation.

    Most of the time of stable-baselines3's ``predict`` for one observation goes into distributions
    that a deterministic choice does not need; here it is the best of the network's scores. Models
    of other kinds, and choices that are to be drawn, go to the model's own ``predict``.

    Args:
        model: a trained model; a policy that it returns goes on with it as it learns.
    """
    scores = _scores(model)
    if scores is None:
        policy: Policy = model
        return policy
    masked = isinstance(model.policy, MaskableActorCriticPolicy)
    return (_Masked if masked else _Unmasked)(model, scores)


class _Decider:
    """The action with the largest score."""

    def __init__(self, model: Any, scores: Scores) -> None:
        self.model = model
        self._scores = scores

    def _best(
        self, observation: npt.NDArray[Any], masks: npt.NDArray[np.bool_] | None
    ) -> npt.NDArray[Any]:
        with torch.inference_mode():
            device = self.model.device
            seen = torch.as_tensor(observation, dtype=torch.float32, device=device)
            scores = self._scores(seen.reshape(-1, seen.shape[-1]))
            if masks is not None:
                allowed = torch.as_tensor(masks, dtype=torch.bool, device=device)
                scores = scores.masked_fill(~allowed.reshape(scores.shape), -torch.inf)
            best: npt.NDArray[Any] = scores.argmax(dim=1).cpu().numpy()
        return best if seen.dim() > 1 else best[0]


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
            return self._best(observation, None), state
        actions: tuple[npt.NDArray[Any], Any] = self.model.predict(
            observation, state, episode_start, False
        )
        return actions


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
            return self._best(observation, action_masks), state
        actions: tuple[npt.NDArray[Any], Any] = self.model.predict(
            observation, state, episode_start, False, action_masks
        )
        return actions


def _scores(model: Any) -> Scores | None:
    """The function of a batch of observations whose largest value is the model's choice."""
    policy = getattr(model, "policy", None)
    if not isinstance(policy, BasePolicy) or not isinstance(policy.action_space, spaces.Discrete):
        return None
    seen = policy.observation_space
    if not isinstance(seen, spaces.Box) or seen.dtype != np.float32:
        return None  # numbers that would have to be brought into another form first
    policy.set_training_mode(False)
    if _is(policy, DQNPolicy):
        return cast(Scores, policy.q_net)
    if _is(policy, QRDQNPolicy):
        quantiles = cast(Scores, policy.quantile_net)
        return lambda seen: quantiles(seen).mean(dim=1)
    if _is(policy, ActorCriticPolicy) or _is(policy, MaskableActorCriticPolicy):
        actor: Any = policy
        return lambda seen: cast(
            torch.Tensor,
            actor.action_net(actor.mlp_extractor.forward_actor(actor.pi_features_extractor(seen))),
        )
    return None


def _is(policy: BasePolicy, kind: type[BasePolicy]) -> bool:
    """Whether a policy decides as ``kind`` does: it may build its network in another way."""
    same = ("_predict", "forward")
    return isinstance(policy, kind) and all(
        getattr(type(policy), name) is getattr(kind, name) for name in same
    )
