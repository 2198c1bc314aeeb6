"""A masked policy that looks at all instances of a choice with the same eyes."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
import torch
from sb3_contrib.common.maskable.policies import MaskableActorCriticPolicy
from stable_baselines3.common.type_aliases import Schedule
from torch import nn

from edgesim.agents.networks.extractors import Spline
from edgesim.envs.choice_box import ChoiceBox
from edgesim.errors import InputError, did_you_mean

__all__ = ["InstanceNetwork", "InstancePolicy"]

_KEY = "agent.hyperparameters.policy_kwargs"
_KNOTS = 41  # points of a weight's curve
_SCALE = 30.0
"""A weight of the linear functions is a parameter times this. What matters of a cost is some
hundredths, so weights are some hundreds; Adam moves a parameter by about the learning rate a step,
whatever its size, and moved weights of 200 by 1 in a whole training before they were scaled."""

Curve = float | Sequence[Sequence[float]]
"""A weight: one number, or points (entry, weight) with straight lines between them."""


class InstancePolicy(MaskableActorCriticPolicy):
    """Actor and critic for choices between instances, with sb3-contrib's MaskablePPO.

    For observations that tell what their entries are (:class:`edgesim.envs.choice_box.ChoiceBox`),
    as those of ``edgesim/SFC-v0``. The score of an instance is a linear function of its own
    features, whose weights may follow one entry of the observation, plus a network that all
    instances share, of these features and of the whole observation. A further action, which rejects
    the request, has a linear function of the whole observation and a network of its own. The scores
    are the logits.

    Args:
        args: as in MaskableActorCriticPolicy.
        lean: pairs of a feature and its weight in the linear function at first, 0 for the others:
            where learning begins. A weight below 0 on what an instance costs beyond the best one is
            a policy near greedy. A weight is a number, or points (value of the entry ``over``,
            weight).
        over: name of the entry that the weights follow; none by default.
        reject: logit of rejecting at first; the best instance's is about 0.
        reject_lean: pairs of an entry and its weight in that linear function at first.
        hidden: width of the actor's two layers.
        critic: width of the critic's two layers.
        kwargs: as in MaskableActorCriticPolicy.

    Raises:
        InputError: the observations do not tell what their entries are, the actions are not the
            instances, or one more, or a feature or entry is not there.
    """

    def __init__(
        self,
        *args: Any,
        lean: Sequence[tuple[str, Curve]],
        over: str | None = None,
        reject: float = -2.0,
        reject_lean: Sequence[tuple[str, float]] = (),
        hidden: int = 32,
        critic: int = 64,
        **kwargs: Any,
    ) -> None:
        self._lean, self._over = _pairs("lean", lean), over
        self._reject, self._reject_lean = reject, _pairs("reject_lean", reject_lean)
        self._widths = (hidden, critic)
        super().__init__(*args, **kwargs)

    def _build(self, lr_schedule: Schedule) -> None:
        super()._build(lr_schedule)
        # The network's scores are the logits already. Its first values are set after the
        # orthogonal ones of sb3-contrib; then the optimizer is made of what is left.
        self.action_net = nn.Identity()
        self._network.start(self._lean, self._reject, self._reject_lean)
        arguments = {"lr": lr_schedule(1.0), **self.optimizer_kwargs}
        self.optimizer = self.optimizer_class(self.parameters(), **arguments)

    def _build_mlp_extractor(self) -> None:
        space = self.observation_space
        if not isinstance(space, ChoiceBox):
            raise InputError(
                "agent.policy",
                type(self).__name__,
                "needs observations that name their entries for each instance; those of shape"
                f" {space.shape} do not",
            )
        actions = int(self.action_space.n)  # type: ignore[attr-defined]  # of a Discrete space
        if actions - space.choices not in (0, 1):
            raise InputError(
                "agent.policy",
                type(self).__name__,
                f"cannot choose by {actions} actions between {space.choices} instances",
            )
        rejects = actions > space.choices
        for key, given, known in (
            ("lean", self._lean, space.features),
            ("reject_lean", self._reject_lean if rejects else (), space.names),
            ("over", () if self._over is None else (self._over,), space.names),
        ):
            for name in given:
                if name not in known:
                    near = get_close_matches(name, known, n=12, cutoff=0.0)  # of some hundred
                    raise InputError(f"{_KEY}.{key}", name, did_you_mean(name, near))
        for name, curve in self._lean.items():
            if isinstance(curve, int | float):
                continue
            if self._over is None:
                raise InputError(f"{_KEY}.lean", name, "points need `over`, the name of an entry")
            if not all(isinstance(point, Sequence) and len(point) == 2 for point in curve):
                raise InputError(f"{_KEY}.lean", name, "a number, or points [entry, weight]")
        self._network = InstanceNetwork(space, rejects, self._over, *self._widths)
        self._network.to(self.device)
        self.mlp_extractor = self._network  # type: ignore[assignment]  # it has the same methods


def _pairs(key: str, given: Any) -> dict[str, Any]:
    """Names and their weights, from a list of pairs: a list replaces that of another section."""
    try:
        return {str(name): weight for name, weight in given}
    except (TypeError, ValueError):
        raise InputError(f"{_KEY}.{key}", given, "must be a list of pairs [name, weight]") from None


class InstanceNetwork(nn.Module):
    """The networks of an :class:`InstancePolicy`, in the place of an MlpExtractor.

    Args:
        space: of the observations.
        rejects: whether there is a score for rejecting.
        over: name of the entry that the linear function's weights follow.
        hidden: width of the actor's layers.
        critic: width of the critic's layers.
    """

    def __init__(
        self, space: ChoiceBox, rejects: bool, over: str | None, hidden: int, critic: int
    ) -> None:
        super().__init__()
        entries, features = len(space.names), len(space.features)
        self._space, self._rejects = space, rejects
        self.latent_dim_pi = space.choices + rejects
        self.latent_dim_vf = critic
        self.spline = None if over is None else Spline(space, [space.names.index(over)], _KNOTS)
        self.weights = nn.Parameter(torch.zeros(1 if over is None else _KNOTS, features))
        self.of_instance = nn.Linear(features, hidden, bias=False)
        self.of_all = nn.Linear(entries, hidden)
        self.score = nn.Sequential(nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU())
        self.scored = nn.Linear(hidden, 1)
        if rejects:
            self.declining = nn.Linear(entries, 1)
            self.of_rejecting = nn.Sequential(
                nn.Linear(entries, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU()
            )
            self.rejecting = nn.Linear(hidden, 1, bias=False)
        self.critic = nn.Sequential(
            nn.Linear(entries, critic), nn.ReLU(), nn.Linear(critic, critic), nn.ReLU()
        )

    def start(self, lean: dict[str, Curve], reject: float, reject_lean: dict[str, float]) -> None:
        """Set the first scores: the linear functions, and a hundredth of what the networks give."""
        space = self._space
        knots = np.linspace(-1.0, 1.0, len(self.weights)) if self.spline else np.zeros(1)
        with torch.no_grad():
            for name, curve in lean.items():
                points = [(0.0, curve)] if isinstance(curve, int | float) else curve
                at, weight = np.array(sorted((x, y) for x, y in points), dtype=float).T
                line = np.interp(knots, at, weight)
                self.weights[:, space.features.index(name)] = torch.as_tensor(line / _SCALE)
            self.scored.weight.mul_(0.01)
            if not self._rejects:
                return
            self.rejecting.weight.mul_(0.01)
            self.declining.weight.zero_()
            self.declining.bias.fill_(reject / _SCALE)
            for name, weight in reject_lean.items():
                self.declining.weight[0, space.names.index(name)] = weight / _SCALE

    def forward(self, observations: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Scores, shape (batch, actions), and what the critic makes of them, (batch, critic)."""
        return self.forward_actor(observations), self.forward_critic(observations)

    def forward_actor(self, observations: torch.Tensor) -> torch.Tensor:
        """Shape (batch, actions)."""
        features, choices = len(self._space.features), self._space.choices
        told = observations[:, : features * choices].reshape(-1, features, choices)
        weights = self.weights if self.spline is None else self.spline(observations) @ self.weights
        linear = _SCALE * (told * weights.unsqueeze(2)).sum(dim=1)
        hidden = self.of_instance(told.transpose(1, 2)) + self.of_all(observations).unsqueeze(1)
        scores: torch.Tensor = linear + self.scored(self.score(hidden)).squeeze(2)
        if not self._rejects:
            return scores
        rejecting = self.rejecting(self.of_rejecting(observations))
        rejecting = rejecting + _SCALE * self.declining(observations)
        return torch.cat((scores, rejecting), dim=1)

    def forward_critic(self, observations: torch.Tensor) -> torch.Tensor:
        """Shape (batch, critic)."""
        valued: torch.Tensor = self.critic(observations)
        return valued
