"""A masked policy over a set of choices: one set of weights for any number of them."""

from typing import Any

import torch
from sb3_contrib.common.maskable.policies import MaskableActorCriticPolicy
from stable_baselines3.common.type_aliases import Schedule
from torch import nn

from edgesim.agents.networks.choices import choices_of

__all__ = ["SetNetwork", "SetPolicy"]


class SetPolicy(MaskableActorCriticPolicy):
    """Actor and critic for choices of which there may be any number, with MaskablePPO.

    For observations that say what their entries are (:class:`edgesim.envs.choice_box.ChoiceBox`)
    and whose first feature is 1 for each choice that is there (an observation may be filled up with
    choices that are not). Each choice is looked at by the same network; what all of them are like
    together, as mean and maximum (M. Zaheer et al., "Deep sets", 2017) or by attention, goes into a
    second one, which gives its score. The scores are the logits. No weight knows how many choices
    there are, or which is which.

    Args:
        args: as in MaskableActorCriticPolicy.
        hidden: width of the layers.
        critic: width of the critic's layers.
        heads: of an attention of the choices among themselves; 0: mean and maximum alone.
        linear: above 0, a score is also a linear function of the choice's own features, which
            begins at 0: where figures add up to what a choice is worth, that is learned first. Its
            weights are so many times the parameters: Adam moves a parameter by about the learning
            rate a step, whatever its size, and sure choices need weights of some tens.
        kwargs: as in MaskableActorCriticPolicy.

    Attributes:
        any_size: that observations and masks of other lengths are taken as well.

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
        linear: float = 0.0,
        **kwargs: Any,
    ) -> None:
        self._widths, self._linear = (hidden, critic, heads), linear
        super().__init__(*args, **kwargs)

    def _build(self, lr_schedule: Schedule) -> None:
        super()._build(lr_schedule)
        self.action_net = nn.Identity()
        self.mlp_extractor.start()
        arguments = {"lr": lr_schedule(1.0), **self.optimizer_kwargs}
        self.optimizer = self.optimizer_class(self.parameters(), **arguments)

    def _build_mlp_extractor(self) -> None:
        space = choices_of(self)
        requests = len(space.names) - len(space.features) * space.choices
        self.mlp_extractor: Any = SetNetwork(
            len(space.features), requests, space.choices, *self._widths, self._linear
        )


class SetNetwork(nn.Module):
    """The networks of a :class:`SetPolicy`, in the place of an MlpExtractor.

    Args:
        features_count: figures that are shown of each choice.
        requests: entries of the request, after those of the choices.
        choices: how many there are in training.
        hidden: width of the layers.
        critic: width of the critic's layers.
        heads: of the attention, 0 for none.
        linear: scale of a linear function beside the networks, 0 for none.
    """

    def __init__(
        self,
        features_count: int,
        requests: int,
        choices: int,
        hidden: int,
        critic: int,
        heads: int,
        linear: float,
    ) -> None:
        super().__init__()
        self._features, self._requests = features_count, requests
        self.latent_dim_pi, self.latent_dim_vf = choices, critic
        self.first = nn.Sequential(
            nn.Linear(features_count + requests, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
        )
        self.attention = nn.MultiheadAttention(hidden, heads, batch_first=True) if heads else None
        self.linear = nn.Linear(features_count, 1, bias=False) if linear else None
        self._scale = linear
        self.second = nn.Sequential(nn.Linear(3 * hidden, hidden), nn.ReLU(), nn.Linear(hidden, 1))
        self.critic = nn.Sequential(
            nn.Linear(2 * hidden + requests, critic),
            nn.ReLU(),
            nn.Linear(critic, critic),
            nn.ReLU(),
        )

    def start(self) -> None:
        """Begin the linear function at 0, and the network beside it at a hundredth."""
        if self.linear is not None:
            nn.init.zeros_(self.linear.weight)
            with torch.no_grad():
                self.second[-1].weight.mul_(0.01)  # type: ignore[operator]

    def _looked_at(
        self, observations: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Each choice, shape (batch, choices, hidden); all together; the request."""
        request = observations[:, observations.shape[1] - self._requests :]
        shown = self._shown(observations)
        there = shown[..., :1]
        asked = request.unsqueeze(1).expand(-1, shown.shape[1], -1)
        each = self.first(torch.cat((shown, asked), dim=2))
        if self.attention is not None:
            missing = there.squeeze(2) < 0.5
            each = each + self.attention(each, each, each, missing, need_weights=False)[0]
        mean = (each * there).sum(dim=1) / there.sum(dim=1).clamp(min=1.0)
        most = each.masked_fill(there < 0.5, -torch.inf).amax(dim=1)
        return each, torch.cat((mean, most), dim=1), request

    def forward(self, observations: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Scores, shape (batch, choices), and what the critic makes of them, (batch, critic)."""
        each, together, request = self._looked_at(observations)
        scores = self._scores(observations, each, together)
        return scores, self.critic(torch.cat((together, request), dim=1))

    def forward_actor(self, observations: torch.Tensor) -> torch.Tensor:
        """Shape (batch, choices)."""
        each, together, _ = self._looked_at(observations)
        return self._scores(observations, each, together)

    def forward_critic(self, observations: torch.Tensor) -> torch.Tensor:
        """Shape (batch, critic)."""
        _, together, request = self._looked_at(observations)
        valued: torch.Tensor = self.critic(torch.cat((together, request), dim=1))
        return valued

    def _scores(
        self, observations: torch.Tensor, each: torch.Tensor, together: torch.Tensor
    ) -> torch.Tensor:
        around = together.unsqueeze(1).expand(-1, each.shape[1], -1)
        scores: torch.Tensor = self.second(torch.cat((each, around), dim=2)).squeeze(2)
        if self.linear is not None:
            scores = scores + self._scale * self.linear(self._shown(observations)).squeeze(2)
        return scores

    def _shown(self, observations: torch.Tensor) -> torch.Tensor:
        """What is shown of each choice, shape (batch, choices, features)."""
        page = observations[:, : observations.shape[1] - self._requests]
        return page.reshape(len(page), self._features, -1).transpose(1, 2)
