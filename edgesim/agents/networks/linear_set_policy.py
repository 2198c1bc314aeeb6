"""The worth of each of a set of choices as a linear function of what is shown of it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.policies import BasePolicy
from torch import nn

from edgesim.agents.networks.choices import choices_of
from edgesim.errors import InputError, did_you_mean

__all__ = ["LinearSetPolicy"]


class LinearSetPolicy(BasePolicy):
    """Takes the choice of largest worth; one set of weights for any number of choices.

    Worth is what all choices of a request have in common plus by how much each is better than their
    mean, both linear: the first in the request's entries, their products and the choices' mean
    features, the second in a choice's own features less that mean. For observations of a set of
    choices (:class:`edgesim.envs.choice_box.ChoiceBox`) the first feature of which is 1 for each
    choice that is there.

    Args:
        args: as in BasePolicy.
        lean: pairs of a feature and its weight at first, 0 for the others; none: weights are drawn
            at random, small and of no meaning.
        kwargs: as in BasePolicy.

    Attributes:
        any_size: that observations of other lengths are taken as well.
        leans: whether the first weights mean something.
        better: weights of a choice's features, shape (features - 1,).
        common: weights of what all have in common.

    Raises:
        InputError: the observations do not say what their entries are, the actions are not the
            choices, or a feature is none.
    """

    any_size = True

    def __init__(self, *args: Any, lean: Sequence[tuple[str, float]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        space = choices_of(self)
        self._shown = len(space.features)
        self._asked = len(space.names) - self._shown * space.choices
        self._first, self._second = np.triu_indices(self._asked)
        common = 1 + self._asked + len(self._first) + self._shown - 1
        self.leans = bool(lean)
        first = torch.zeros(self._shown - 1) if lean else 0.01 * torch.randn(self._shown - 1)
        for name, weight in lean:
            if name not in space.features[1:]:
                accepted = did_you_mean(name, space.features[1:])
                raise InputError("agent.hyperparameters.policy_kwargs.lean", name, accepted)
            first[space.features.index(name) - 1] = float(weight)
        self.better = nn.Parameter(first, requires_grad=False)
        self.common = nn.Parameter(torch.zeros(common), requires_grad=False)

    def features(
        self, observations: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """What worth is linear in.

        Args:
            observations: shape (batch, entries).

        Returns:
            of each choice, shape (batch, choices, features - 1); in common, shape (batch, weights
            in common); whether each choice is there, shape (batch, choices).
        """
        count = observations.shape[1] - self._asked
        page, asked = observations[:, :count], observations[:, count:]
        shown = page.reshape(len(page), self._shown, -1).transpose(1, 2)
        there = shown[..., 0] > 0.5
        present = there.sum(dim=1, keepdim=True).clamp(min=1)
        mean = (shown[..., 1:] * there.unsqueeze(2)).sum(dim=1) / present
        products = asked[:, self._first] * asked[:, self._second]
        common = torch.cat((torch.ones_like(asked[:, :1]), asked, products, mean), dim=1)
        return shown[..., 1:] - mean.unsqueeze(1), common, there

    def worth(self, observations: torch.Tensor) -> torch.Tensor:
        """By how much each choice is better than their mean, shape (batch, choices)."""
        of_each, _, there = self.features(observations)
        return (of_each @ self.better).masked_fill(~there, -torch.inf)

    def _predict(self, observation: Any, deterministic: bool = False) -> torch.Tensor:
        return self.worth(observation).argmax(dim=1)
