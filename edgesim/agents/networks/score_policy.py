"""A masked policy whose logits are the scores that its features end with."""

import torch
from sb3_contrib.common.maskable.policies import MaskableActorCriticPolicy
from stable_baselines3.common.type_aliases import Schedule
from torch import nn

from edgesim.errors import InputError

__all__ = ["ScorePolicy"]


class ScorePolicy(MaskableActorCriticPolicy):
    """Actor and critic over :class:`edgesim.agents.networks.extractors.ChoiceFeatures`.

    The last features, as many as there are actions, are the logits: a linear layer would have to
    learn first which score is which action's, and for 80 of them that takes long. The actor has no
    layers of its own (``net_arch: {pi: []}``).

    Raises:
        InputError: the features do not end with a score of each action.
    """

    def _build(self, lr_schedule: Schedule) -> None:
        super()._build(lr_schedule)
        actions = int(self.action_space.n)  # type: ignore[attr-defined]  # of a Discrete space
        scores = getattr(self.features_extractor, "scores", 0)
        if scores != actions or self.mlp_extractor.latent_dim_pi != self.features_dim:
            raise InputError(
                "agent.policy",
                type(self).__name__,
                f"there are {scores} scores for {actions} actions, or layers between them:"
                " features_extractor_kwargs.shares and step_shares must agree, net_arch.pi be []",
            )
        self.action_net = _Last(actions)
        arguments = {"lr": lr_schedule(1.0), **self.optimizer_kwargs}
        self.optimizer = self.optimizer_class(self.parameters(), **arguments)


class _Last(nn.Module):
    """The last entries of each row."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Shape (batch, count)."""
        return features[:, -self._count :]
