"""Features from which a network learns faster."""

import numpy as np
import torch
from gymnasium import spaces

from edgesim.agents.extractors import SplineFeatures

SPACE = spaces.Box(np.array([0, 0, -1], dtype=np.float32), np.array([1, 2, 1], dtype=np.float32))


def test_a_value_lies_on_two_functions_that_share_it() -> None:
    features = SplineFeatures(SPACE, entries=[1], centres=5)  # at 0, 0.5, 1, 1.5, 2
    given = torch.tensor([[0.3, 0.5, 0.0], [0.3, 1.9, 0.0]])
    assert features(given).tolist() == [
        [*given[0].tolist(), 0.0, 1.0, 0.0, 0.0, 0.0],
        [*given[1].tolist(), 0.0, 0.0, 0.0, *features(given)[1, 6:].tolist()],
    ]
    torch.testing.assert_close(features(given)[1, 6:], torch.tensor([0.2, 0.8]))


def test_whatever_the_values_the_functions_of_an_entry_sum_to_one() -> None:
    features = SplineFeatures(SPACE, entries=[0, -1], centres=7)
    given = torch.as_tensor(np.stack([SPACE.sample() for _ in range(200)]))
    hats = features(given)[:, 3:].reshape(200, 2, 7)
    torch.testing.assert_close(hats.sum(dim=2), torch.ones(200, 2))
    assert int((hats > 0).sum(dim=2).max()) == 2
    assert features.features_dim == 3 + 14


def test_a_curve_with_its_bends_on_the_centres_is_linear_in_the_features() -> None:
    features = SplineFeatures(SPACE, entries=[0], centres=11)
    steps = np.linspace(0, 1, 101, dtype=np.float32)
    given = torch.as_tensor(np.column_stack([steps, 0 * steps, 0 * steps]))
    curve = np.clip((steps - 0.2) / 0.5, 0, 1)  # an AIGC provider's quality
    at_centres = torch.as_tensor(np.clip((np.linspace(0, 1, 11) - 0.2) / 0.5, 0, 1)).float()
    np.testing.assert_allclose((features(given)[:, 3:] @ at_centres).numpy(), curve, atol=1e-5)
