"""Views of an observation from which a network learns faster."""

from collections.abc import Sequence

import gymnasium
import numpy as np
import torch
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from torch import nn

__all__ = ["ChoiceFeatures", "Spline"]

Space = gymnasium.Space[np.ndarray]


class Spline(nn.Module):
    """Entries of an observation, spread over a linear spline basis.

    What an unknown curve gives for an entry is then a linear function, which a network learns from
    far fewer decisions than from the one number. Entry x becomes ``centres`` numbers
    ``max(0, 1 - |x - c| / w)``, with centres c at distance w over its range in the observation
    space: at most two of them differ from 0, and their sum is 1.

    Args:
        observation_space: a ``Box`` of one dimension; the range of the entries is finite.
        entries: indices of the entries, negative ones from the end, shape (entries,).
        centres: functions an entry, at least 2.
    """

    def __init__(self, observation_space: Space, entries: Sequence[int], centres: int) -> None:
        super().__init__()
        assert isinstance(observation_space, gymnasium.spaces.Box)
        chosen = list(entries)
        low = torch.as_tensor(observation_space.low[chosen])
        width = (torch.as_tensor(observation_space.high[chosen]) - low) / (centres - 1)
        self._entries = chosen
        self._low: torch.Tensor
        self._width: torch.Tensor
        self._places: torch.Tensor
        self.register_buffer("_low", (low / width)[:, None])
        self.register_buffer("_width", width[:, None])
        self.register_buffer("_places", torch.arange(centres, dtype=torch.float32))

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """Shape (batch, entries * centres)."""
        places = observations[:, self._entries, None] / self._width - self._low
        hats = (1.0 - (places - self._places).abs()).clamp_(min=0.0)
        return hats.flatten(1)


class ChoiceFeatures(BaseFeaturesExtractor):
    """The observation, one entry of it spread, and a score of each choice.

    For observations that hold a block of numbers on each choice, and then some on the request. The
    scores come from one small network that all choices share: what is learnt of one's load, say, is
    known of all. What differs between choices that look alike (a provider's hidden curve over the
    steps of a request) is a table over the spread entry, and a bias each. A linear layer of the
    scores is a policy.

    Where a choice is made together with how much of the spread entry is spent on it (denoising
    steps in ``aigc_steps``), each share has scores of its own, from the same networks: the table
    is read at what is spent, and the blocks are told once more, times what is spared.

    Args:
        observation_space: see :class:`Spline`.
        block: entries of each choice.
        request: entries of the request, after the blocks of all choices.
        curve: which of the request's entries is spread.
        centres: points over which it is spread.
        hidden: width of the shared network's two layers; 0: no scores.
        shares: of the spread entry that may be spent. The scores of all choices at the first share
            come first, then those at the second, and so on: as ``edgesim/AIGC-v0`` counts actions.

    Attributes:
        scores: how many there are, at the end of the features.

    Raises:
        ValueError: the observation does not consist of such blocks and such a request.
    """

    def __init__(
        self,
        observation_space: Space,
        block: int,
        request: int,
        curve: int = 0,
        centres: int = 26,
        hidden: int = 32,
        shares: Sequence[float] = (1.0,),
    ) -> None:
        assert isinstance(observation_space, gymnasium.spaces.Box)
        size = observation_space.shape[0]
        choices, rest = divmod(size - request, block)
        if rest or choices < 1:
            raise ValueError(
                f"an observation of {size} entries does not consist of blocks of {block} and a"
                f" request of {request}"
            )
        super().__init__(
            observation_space,
            features_dim=size + centres + (choices * len(shares) if hidden else 0),
        )
        self._blocks = (choices, block)
        self._request = choices * block
        self._hidden = hidden
        self._curve = choices * block + curve
        self.scores = choices * len(shares) if hidden else 0
        self._shares = tuple(shares)
        self._spline = Spline(observation_space, [self._curve], centres)
        if not hidden:
            return
        self._table = nn.Linear(centres, choices, bias=False)
        self._of_block = nn.Linear(block + 1, hidden, bias=False)
        self._of_request = nn.Linear(request, hidden, bias=False)
        self._of_choice = nn.Parameter(torch.randn(choices, hidden) * 0.1)
        self._score = nn.Sequential(
            nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 1)
        )
        if self._shares != (1.0,):
            self._of_spared = nn.Linear(block + 1, hidden, bias=False)

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """Shape (batch, observation entries + centres + choices x shares)."""
        spread = self._spline(observations)
        if not self._hidden:
            return torch.cat((observations, spread), dim=1)
        blocks = observations[:, : self._request].reshape(-1, *self._blocks)
        of_request = self._of_request(observations[:, self._request :]).unsqueeze(1)
        scores = [
            self._scored(observations, spread, blocks, of_request, share) for share in self._shares
        ]
        return torch.cat((observations, spread, *scores), dim=1)

    def _scored(
        self,
        observations: torch.Tensor,
        spread: torch.Tensor,
        blocks: torch.Tensor,
        of_request: torch.Tensor,
        share: float,
    ) -> torch.Tensor:
        """Scores of the choices at a share of the spread entry, shape (batch, choices)."""
        if share != 1.0:
            spent = observations.clone()
            spent[:, self._curve] *= share
            spread = self._spline(spent)
        learnt = self._table(spread).unsqueeze(2)
        told = torch.cat((blocks, learnt), dim=2)
        hidden = self._of_block(told) + of_request + self._of_choice
        if share != 1.0:
            spared = (1.0 - share) * observations[:, self._curve, None, None]
            ones = torch.ones_like(blocks[..., :1])
            hidden = hidden + self._of_spared(spared * torch.cat((blocks, ones), dim=2))
        found: torch.Tensor = self._score(hidden).squeeze(2)
        return found
