"""Views of an observation from which a network learns faster."""

from collections.abc import Sequence

import gymnasium
import numpy as np
import torch
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor

__all__ = ["SplineFeatures"]


class SplineFeatures(BaseFeaturesExtractor):
    """The observation, with some of its entries also spread over a linear spline basis.

    What a provider's unknown curve gives for the steps of a request is then a linear function of
    the features, which a policy learns in far fewer decisions than from the one number. Entry x
    becomes ``centres`` numbers ``max(0, 1 - |x - c| / w)``, with centres c at distance w over its
    range in the observation space: at most two of them differ from 0, and their sum is 1.

    Args:
        observation_space: a ``Box`` of one dimension with finite bounds.
        entries: indices of the entries, negative ones from the end, shape (entries,).
        centres: functions an entry.
    """

    def __init__(
        self, observation_space: gymnasium.Space[np.ndarray], entries: Sequence[int], centres: int
    ) -> None:
        assert isinstance(observation_space, gymnasium.spaces.Box)
        count = observation_space.shape[0] + len(entries) * centres
        super().__init__(observation_space, features_dim=count)
        chosen = list(entries)
        low = torch.as_tensor(observation_space.low[chosen])
        width = (torch.as_tensor(observation_space.high[chosen]) - low) / (centres - 1)
        self._entries = chosen
        self.register_buffer("_low", (low / width)[:, None])
        self.register_buffer("_width", width[:, None])
        self.register_buffer("_places", torch.arange(centres, dtype=torch.float32))
        self._low: torch.Tensor
        self._width: torch.Tensor
        self._places: torch.Tensor

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """Features, shape (batch, observation entries + entries * centres)."""
        places = observations[:, self._entries, None] / self._width - self._low
        hats = (1.0 - (places - self._places).abs()).clamp_(min=0.0)
        return torch.cat((observations, hats.flatten(1)), dim=1)
