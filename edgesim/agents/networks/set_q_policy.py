"""The worth of each of a set of choices, for DQN: one set of weights for any number of them."""

from typing import Any

import torch
from stable_baselines3.dqn.policies import DQNPolicy, QNetwork
from torch import nn

from edgesim.agents.networks.choices import choices_of
from edgesim.agents.networks.set_policy import SetNetwork
from edgesim.envs.choice_box import ChoiceBox

__all__ = ["SetQNetwork", "SetQPolicy"]

_NEVER = -1e6
"""Worth of a choice that is not there: less than any that is, and finite, as losses must be."""


class SetQPolicy(DQNPolicy):
    """Q-network over a set of choices, for stable-baselines3's DQN.

    Observations are as of :class:`edgesim.agents.networks.set_policy.SetPolicy`. DQN knows no
    masks; what is not there by the first feature is never the best choice, in the target neither.

    Args:
        args: as in DQNPolicy.
        hidden: width of the layers.
        critic: width of the layers of what all choices have in common.
        heads: as of SetPolicy.
        linear: as of SetPolicy.
        kwargs: as in DQNPolicy.

    Attributes:
        any_size: that observations of other lengths are taken as well.

    Raises:
        InputError: the observations do not say what their entries are, or the actions are not the
            choices.
    """

    any_size = True

    def __init__(
        self,
        *args: Any,
        hidden: int = 64,
        critic: int = 64,
        heads: int = 0,
        linear: float = 1.0,
        **kwargs: Any,
    ) -> None:
        self._widths, self._linear = (hidden, critic, heads), linear
        super().__init__(*args, **kwargs)

    def make_q_net(self) -> QNetwork:
        """See DQNPolicy: the network, and the target in which it is looked at."""
        space = choices_of(self)
        made: QNetwork = super().make_q_net()
        made.q_net = SetQNetwork(space, *self._widths, self._linear).to(self.device)  # type: ignore[assignment]  # called likewise
        return made


class SetQNetwork(nn.Module):
    """What all choices have in common, and by how much each is better than their mean.

    Z. Wang et al., "Dueling network architectures for deep reinforcement learning", ICML 2016: how
    good things are for the request need not be learned anew for each choice.

    Args:
        space: of the observations.
        hidden: width of the layers.
        critic: width of the layers of what all have in common.
        heads: of the attention, 0 for none.
        linear: scale of the linear function, 0 for none.
    """

    def __init__(
        self, space: ChoiceBox, hidden: int, critic: int, heads: int, linear: float
    ) -> None:
        super().__init__()
        features = len(space.features)
        self._features = features
        self._requests = len(space.names) - features * space.choices
        self.sets = SetNetwork(
            features, self._requests, space.choices, hidden, critic, heads, linear
        )
        self.sets.start()
        self.common = nn.Linear(critic, 1)

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """Worth of each choice, shape (batch, choices)."""
        scores, valued = self.sets(observations)
        choices = scores.shape[1]
        there = observations[:, :choices]  # the first feature
        mean = (scores * there).sum(dim=1, keepdim=True) / there.sum(dim=1, keepdim=True)
        worth: torch.Tensor = self.common(valued) + scores - mean
        return worth.masked_fill(there < 0.5, _NEVER)
