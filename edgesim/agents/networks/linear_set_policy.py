"""The worth of each of a set of choices as a linear function of what is shown of it."""

from collections.abc import Mapping, Sequence
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
        terms: products that count as further features of a choice, each a list of names of a
            choice's features and of the request's entries (``request steps``), one as often as
            wanted.
        tiles: by the name of a choice's feature ``[from, to, count]``: so many hats side by side,
            each 1 at its place in the range and 0 from its neighbours' on, that together say where
            in it the feature is. ``<name> tiles`` in a term makes a term of each: what a figure
            means need then not rise or fall with it.
        without: names of features that it does not look at.
        kwargs: as in BasePolicy.

    Attributes:
        any_size: that observations of other lengths are taken as well.
        leans: whether the first weights mean something.
        better: weights of a choice's features, shape (features - 1,), terms included.
        common: weights of what all have in common.

    Raises:
        InputError: the observations do not say what their entries are, or the actions are not the
            choices, or a name is of nothing that is shown.
    """

    any_size = True

    def __init__(
        self,
        *args: Any,
        lean: Sequence[tuple[str, float]] = (),
        terms: Sequence[Sequence[str]] = (),
        tiles: Mapping[str, Sequence[float]] | None = None,
        without: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        space = choices_of(self)
        self._shown = len(space.features)
        self._asked = len(space.names) - self._shown * space.choices
        names = [*space.features, *space.names[self._shown * space.choices :]]
        self._unseen = [_place(name, space.features, "without") for name in without]
        self._tiles = [(_place(name, names), *bounds) for name, bounds in (tiles or {}).items()]
        for name, (_, _, count) in (tiles or {}).items():
            names += [f"{name} tile {k}" for k in range(int(count))]
        each = [one for term in terms for one in _apart(term, tiles or {})]
        self._terms = [[_place(name, names) for name in term] for term in each]
        self._first, self._second = np.triu_indices(self._asked)
        own = self._shown - 1 + len(self._terms)
        common = 1 + self._asked + len(self._first) + own
        self.leans = bool(lean)
        first = torch.zeros(own) if lean else 0.01 * torch.randn(own)
        for name, weight in lean:
            first[_place(name, space.features[1:], "lean")] = float(weight)
        self.better = nn.Parameter(first, requires_grad=False)
        self.common = nn.Parameter(torch.zeros(common), requires_grad=False)

    def features(
        self, observations: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """What worth is linear in.

        Args:
            observations: shape (batch, entries).

        Returns:
            of each choice, shape (batch, choices, features - 1 + terms); in common, shape (batch,
            weights in common); whether each choice is there, shape (batch, choices).
        """
        count = observations.shape[1] - self._asked
        page, asked = observations[:, :count], observations[:, count:]
        shown = page.reshape(len(page), self._shown, -1).transpose(1, 2)
        there = shown[..., 0] > 0.5
        if self._unseen:
            shown = shown.clone()
            shown[..., self._unseen] = 0.0
        own = self._extended(shown, asked)
        present = there.sum(dim=1, keepdim=True).clamp(min=1)
        mean = (own * there.unsqueeze(2)).sum(dim=1) / present
        products = asked[:, self._first] * asked[:, self._second]
        common = torch.cat((torch.ones_like(asked[:, :1]), asked, products, mean), dim=1)
        return own - mean.unsqueeze(1), common, there

    def _extended(self, shown: torch.Tensor, asked: torch.Tensor) -> torch.Tensor:
        """A choice's features but the first, and the terms, shape (batch, choices, ...)."""
        if not self._terms:
            return shown[..., 1:]
        figures = [shown, asked.unsqueeze(1).expand(-1, shown.shape[1], -1)]
        for place, low, high, count in self._tiles:
            at = (shown[..., [place]] - low) / (high - low) * (count - 1)
            away = at.clamp(0, count - 1) - torch.arange(int(count), device=at.device)
            figures.append((1.0 - away.abs()).clamp(min=0.0))
        of = torch.cat(figures, dim=2)
        products = [of[..., term].prod(dim=2) for term in self._terms]
        return torch.cat((shown[..., 1:], torch.stack(products, dim=2)), dim=2)

    def worth(self, observations: torch.Tensor) -> torch.Tensor:
        """By how much each choice is better than their mean, shape (batch, choices)."""
        of_each, _, there = self.features(observations)
        return (of_each @ self.better).masked_fill(~there, -torch.inf)

    def _predict(self, observation: Any, deterministic: bool = False) -> torch.Tensor:
        return self.worth(observation).argmax(dim=1)


def _apart(term: Sequence[str], tiles: Mapping[str, Sequence[float]]) -> list[list[str]]:
    """A term, or one for each tile of the feature whose tiles it names."""
    for name, (_, _, count) in tiles.items():
        if f"{name} tiles" in term:
            others = [other for other in term if other != f"{name} tiles"]
            return [[*others, f"{name} tile {k}"] for k in range(int(count))]
    return [list(term)]


def _place(name: str, names: Sequence[str], key: str = "terms") -> int:
    """Where something that is shown stands.

    Raises:
        InputError: it is not shown.
    """
    if name not in names:
        thing = f"agent.hyperparameters.policy_kwargs.{key}"
        raise InputError(thing, name, did_you_mean(name, names))
    return names.index(name)
