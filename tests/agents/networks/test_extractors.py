"""Features from which a network learns faster."""

import numpy as np
import pytest
import torch
from gymnasium import spaces

from edgesim.agents.networks.extractors import ChoiceFeatures, Spline

SPACE = spaces.Box(np.array([0, 0, -1], dtype=np.float32), np.array([1, 2, 1], dtype=np.float32))


def test_a_value_lies_on_two_functions_that_share_it() -> None:
    spline = Spline(SPACE, entries=[1], centres=5)  # at 0, 0.5, 1, 1.5, 2
    given = torch.tensor([[0.3, 0.5, 0.0], [0.3, 1.9, 0.0], [0.3, 0.0, 0.0]])
    expected = torch.tensor([[0, 1, 0, 0, 0], [0, 0, 0, 0.2, 0.8], [1, 0, 0, 0, 0]])
    torch.testing.assert_close(spline(given), expected)


def test_whatever_the_values_the_functions_of_an_entry_sum_to_one() -> None:
    spline = Spline(SPACE, entries=[0, -1], centres=7)
    given = torch.as_tensor(np.stack([SPACE.sample() for _ in range(200)]))
    hats = spline(given).reshape(200, 2, 7)
    torch.testing.assert_close(hats.sum(dim=2), torch.ones(200, 2))
    assert int((hats > 0).sum(dim=2).max()) == 2


def test_a_curve_with_its_bends_on_the_centres_is_linear_in_the_functions() -> None:
    spline = Spline(SPACE, entries=[0], centres=11)
    steps = np.linspace(0, 1, 101, dtype=np.float32)
    given = torch.as_tensor(np.column_stack([steps, 0 * steps, 0 * steps]))
    curve = np.clip((steps - 0.2) / 0.5, 0, 1)  # an AIGC provider's quality
    at_centres = torch.as_tensor(np.clip((np.linspace(0, 1, 11) - 0.2) / 0.5, 0, 1)).float()
    np.testing.assert_allclose((spline(given) @ at_centres).numpy(), curve, atol=1e-5)


def test_choices_are_scored_alike_but_for_their_table_and_bias() -> None:
    torch.manual_seed(0)
    space = spaces.Box(0, 1, (4 * 2 + 3,), dtype=np.float32)
    features = ChoiceFeatures(space, block=2, request=3, centres=5)
    given = torch.rand(6, 11)
    swapped = given.clone()
    swapped[:, 0:2], swapped[:, 4:6] = given[:, 4:6], given[:, 0:2]  # choices 0 and 2
    assert not torch.allclose(features(given)[:, -4], features(swapped)[:, -2])
    with torch.no_grad():
        features._table.weight.zero_()
        features._of_choice.zero_()
    torch.testing.assert_close(features(given)[:, [-4, -2]], features(swapped)[:, [-2, -4]])
    torch.testing.assert_close(features(given)[:, [-3, -1]], features(swapped)[:, [-3, -1]])


@pytest.mark.parametrize("hidden", [0, 8])
def test_the_observation_comes_first_and_the_spread_entry_next(hidden: int) -> None:
    space = spaces.Box(0, 1, (4 * 2 + 3,), dtype=np.float32)
    features = ChoiceFeatures(space, block=2, request=3, curve=1, centres=5, hidden=hidden)
    given = torch.rand(6, 11)
    found = features(given)
    assert found.shape == (6, features.features_dim) == (6, 11 + 5 + (4 if hidden else 0))
    assert torch.equal(found[:, :11], given)
    torch.testing.assert_close(found[:, 11:16], Spline(space, [9], 5)(given))


def test_an_observation_of_another_make_is_refused() -> None:
    space = spaces.Box(0, 1, (42,), dtype=np.float32)
    with pytest.raises(ValueError, match="does not consist of blocks of 8"):
        ChoiceFeatures(space, block=8, request=8)


def test_every_share_has_scores_of_its_own_from_the_same_table() -> None:
    torch.manual_seed(0)
    space = spaces.Box(0, 1, (4 * 2 + 3,), dtype=np.float32)
    features = ChoiceFeatures(space, block=2, request=3, centres=5, shares=[1.0, 0.5])
    given = torch.rand(6, 11)
    found = features(given)
    assert found.shape == (6, features.features_dim) == (6, 11 + 5 + 2 * 4)
    whole, half = found[:, -8:-4], found[:, -4:]
    assert not torch.allclose(whole, half)
    # A share changes a score by what the table says of what is spent, and by what is spared.
    with torch.no_grad():
        features._table.weight.zero_()
        features._of_spared.weight.zero_()
    found = features(given)
    torch.testing.assert_close(found[:, -8:-4], found[:, -4:])


def test_without_shares_nothing_is_told_of_them() -> None:
    space = spaces.Box(0, 1, (4 * 2 + 3,), dtype=np.float32)
    names = dict(ChoiceFeatures(space, block=2, request=3, centres=5).named_parameters())
    assert not any("spared" in name for name in names)
