"""The linear worth of choices: products of figures, and figures told by where they are."""

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces

from edgesim.agents.networks.linear_set_policy import LinearSetPolicy
from edgesim.envs.choice_box import ChoiceBox
from edgesim.errors import InputError

NAMES = ["there 0", "there 1", "a 0", "a 1", "b 0", "b 1", "request q"]
SEEN = torch.tensor([[1.0, 1.0, 0.5, 0.25, 2.0, 1.0, 3.0]])


def made(**kwargs: Any) -> LinearSetPolicy:
    low = np.zeros(len(NAMES), dtype=np.float32)
    box = ChoiceBox(low, low + 3, NAMES, ["there", "a", "b"], 2)
    return LinearSetPolicy(box, spaces.Discrete(2), **kwargs)


def test_a_term_is_a_product_of_what_is_shown() -> None:
    policy = made(terms=[["a", "b"], ["a", "a", "request q"]])
    of_each, common, there = policy.features(SEEN)
    own = torch.tensor([[0.5, 2.0, 1.0, 0.75], [0.25, 1.0, 0.25, 0.1875]])
    assert torch.allclose(of_each[0], own - own.mean(dim=0))
    assert there.all()
    assert common.shape == (1, len(policy.common)) and of_each.shape[2] == len(policy.better)
    assert torch.allclose(common[0, -4:], own.mean(dim=0))


def test_tiles_say_where_a_figure_is() -> None:
    """Knots at 0, 0.5 and 1: 0.5 is the second, 0.25 half the first and half the second."""
    policy = made(tiles={"a": [0.0, 1.0, 3]}, terms=[["b", "a tiles"]])
    of_each, _, _ = policy.features(SEEN)
    own = torch.tensor([[0.0, 2.0, 0.0], [0.5, 0.5, 0.0]])
    assert torch.allclose(of_each[0, :, 2:], own - own.mean(dim=0))


def test_beyond_its_range_a_figure_is_at_its_end() -> None:
    policy = made(tiles={"b": [0.0, 1.5, 2]}, terms=[["b tiles"]])
    of_each, _, _ = policy.features(SEEN)
    own = torch.tensor([[0.0, 1.0], [1 / 3, 2 / 3]])
    assert torch.allclose(of_each[0, :, 2:], own - own.mean(dim=0))


def test_what_it_is_without_changes_nothing() -> None:
    policy = made(without=["b"], terms=[["a", "b"]])
    other = SEEN.clone()
    other[0, 4:6] = torch.tensor([0.5, 0.1])
    for seen, again in zip(policy.features(SEEN), policy.features(other), strict=True):
        assert torch.equal(seen, again)
    assert not torch.equal(made().features(SEEN)[0], made().features(other)[0])


def test_what_is_not_shown_is_told() -> None:
    with pytest.raises(InputError, match="terms = 'c'"):
        made(terms=[["c"]])
    with pytest.raises(InputError, match="terms = 'a tiles'"):
        made(terms=[["a tiles"]])
    with pytest.raises(InputError, match="without = 'c'"):
        made(without=["c"])
