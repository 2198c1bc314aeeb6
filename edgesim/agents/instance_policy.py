"""A masked policy that looks at all instances of a choice with the same eyes."""

from collections.abc import Sequence
from typing import Any

import torch
from sb3_contrib.common.maskable.policies import MaskableActorCriticPolicy
from stable_baselines3.common.type_aliases import Schedule
from torch import nn

__all__ = ["InstanceNetwork", "InstancePolicy"]


class InstancePolicy(MaskableActorCriticPolicy):
    """Actor and critic for choices between instances, with sb3-contrib's MaskablePPO.

    For observations that begin with what is told of the instances, feature by feature and in each
    feature instance by instance, as those of ``edgesim/SFC-v0``. The score of an instance is a
    linear function of its own features plus a network that all instances share, of these and of
    the whole observation; a further action, which rejects the request, has a network of its own.
    The scores are the logits.

    Args:
        args: as in MaskableActorCriticPolicy.
        lean: weights of the linear function at first, one a feature: where learning begins. A
            weight below 0 on what an instance costs beyond the best one is a policy near greedy.
        instances: instances of a choice; a policy for one action more also learns to reject.
        reject: logit of that action at first; the best instance's is about 0.
        hidden: width of the actor's two layers.
        critic: width of the critic's two layers.
        kwargs: as in MaskableActorCriticPolicy.

    Raises:
        ValueError: the action space does not have ``instances`` actions, or one more.
    """

    def __init__(
        self,
        *args: Any,
        lean: Sequence[float],
        instances: int = 5,
        reject: float = -2.0,
        hidden: int = 32,
        critic: int = 64,
        **kwargs: Any,
    ) -> None:
        self._lean, self._instances, self._reject = list(lean), instances, reject
        self._widths = (hidden, critic)
        super().__init__(*args, **kwargs)

    def _build(self, lr_schedule: Schedule) -> None:
        super()._build(lr_schedule)
        # The network's scores are the logits already. Its first values are set after the
        # orthogonal ones of sb3-contrib; then the optimizer is made of what is left.
        self.action_net = nn.Identity()
        self._network.start(self._lean, self._reject)
        arguments = {"lr": lr_schedule(1.0), **self.optimizer_kwargs}
        self.optimizer = self.optimizer_class(self.parameters(), **arguments)

    def _build_mlp_extractor(self) -> None:
        actions = int(self.action_space.n)  # type: ignore[attr-defined]  # of a Discrete space
        if actions - self._instances not in (0, 1):
            raise ValueError(
                f"policy_kwargs.instances is {self._instances}, but there are {actions} actions"
            )
        blocks = (self._instances, len(self._lean))
        rejects = actions > self._instances
        self._network = InstanceNetwork(self.features_dim, blocks, rejects, *self._widths)
        self._network.to(self.device)
        self.mlp_extractor = self._network  # type: ignore[assignment]  # it has the same methods


class InstanceNetwork(nn.Module):
    """The networks of an :class:`InstancePolicy`, in the place of an MlpExtractor.

    Args:
        entries: of an observation.
        blocks: instances, and features of each, with which the observation begins.
        rejects: whether there is a score for rejecting.
        hidden: width of the actor's layers.
        critic: width of the critic's layers.
    """

    def __init__(
        self, entries: int, blocks: tuple[int, int], rejects: bool, hidden: int, critic: int
    ) -> None:
        super().__init__()
        instances, features = self._blocks = blocks
        if instances * features > entries:
            raise ValueError(
                f"an observation of {entries} entries does not hold {features} features of"
                f" {instances} instances"
            )
        self.latent_dim_pi = instances + rejects
        self.latent_dim_vf = critic
        self.linear = nn.Linear(features, 1, bias=False)
        self.of_instance = nn.Linear(features, hidden, bias=False)
        self.of_all = nn.Linear(entries, hidden)
        self.score = nn.Sequential(nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU())
        self.scored = nn.Linear(hidden, 1)
        self.of_rejecting = nn.Sequential(
            nn.Linear(entries, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU()
        )
        self.rejecting = nn.Linear(hidden, 1)
        self._rejects = rejects
        self.critic = nn.Sequential(
            nn.Linear(entries, critic), nn.ReLU(), nn.Linear(critic, critic), nn.ReLU()
        )

    def start(self, lean: Sequence[float], reject: float) -> None:
        """Set the scores to the linear function, but for a hundredth of the networks' say."""
        with torch.no_grad():
            self.linear.weight.copy_(torch.as_tensor([list(lean)]))
            self.scored.weight.mul_(0.01)
            self.rejecting.weight.mul_(0.01)
            self.rejecting.bias.fill_(reject)

    def forward(self, observations: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Scores, shape (batch, actions), and what the critic makes of them, (batch, critic)."""
        return self.forward_actor(observations), self.forward_critic(observations)

    def forward_actor(self, observations: torch.Tensor) -> torch.Tensor:
        """Shape (batch, actions)."""
        instances, features = self._blocks
        told = observations[:, : instances * features]
        blocks = told.reshape(-1, features, instances).transpose(1, 2)
        hidden = self.of_instance(blocks) + self.of_all(observations).unsqueeze(1)
        scores: torch.Tensor = (self.linear(blocks) + self.scored(self.score(hidden))).squeeze(2)
        if not self._rejects:
            return scores
        return torch.cat((scores, self.rejecting(self.of_rejecting(observations))), dim=1)

    def forward_critic(self, observations: torch.Tensor) -> torch.Tensor:
        """Shape (batch, critic)."""
        valued: torch.Tensor = self.critic(observations)
        return valued
