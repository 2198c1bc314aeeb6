"""Actions of any space: what is taken, as what it arrives, and what is refused."""

from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium import spaces
from gymnasium.vector.utils import batch_space
from hypothesis import given
from hypothesis import strategies as st

from edgesim.envs.actions import mask_size, reader, readers
from edgesim.errors import InputError

SPACES = [
    spaces.Discrete(5),
    spaces.Discrete(3, start=-1),
    spaces.MultiDiscrete([3, 4]),
    spaces.MultiBinary(4),
    spaces.MultiBinary((2, 3)),
    spaces.Box(-1.0, 1.0, (2,)),
    spaces.Box(0, 255, (2,), dtype=np.uint8),
]


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_every_action_of_a_space_is_handed_on_unchanged(space: gymnasium.Space[Any]) -> None:
    space.seed(0)
    for _ in range(20):
        action = space.sample()
        read = reader(space)(action)
        assert np.array_equal(read, action) and space.contains(read)


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_actions_of_many_environments_are_rows(space: gymnasium.Space[Any]) -> None:
    batched = batch_space(space, 3)
    batched.seed(0)
    for _ in range(20):
        actions = batched.sample()
        assert np.array_equal(readers(space, 3)(actions), actions)
        with pytest.raises(InputError, match=r"action"):
            readers(space, 2)(actions)


@pytest.mark.parametrize(
    ("space", "action", "expected"),
    [
        (spaces.Discrete(5), np.array(3), 3),
        (spaces.Discrete(5), torch.tensor(3), 3),
        (spaces.MultiBinary(3), [1, 0, 1], [1, 0, 1]),
        (spaces.MultiBinary(3), np.array([True, False, True]), [1, 0, 1]),
        (spaces.MultiBinary(3), np.array([1.0, 0.0, 1.0]), [1, 0, 1]),  # stable-baselines3's
        (spaces.MultiDiscrete([3, 4]), (2, 3), [2, 3]),
        (spaces.Box(-1.0, 1.0, (2,)), [0.5, -1], [0.5, -1.0]),
        (spaces.Box(0, 255, (2,), dtype=np.uint8), [0, 255], [0, 255]),
    ],
)
def test_what_means_an_action_is_taken_for_it(space, action, expected) -> None:
    read = reader(space)(action)
    assert np.array_equal(read, expected)
    assert isinstance(read, int) or read.dtype == space.dtype


@pytest.mark.parametrize(
    ("space", "action", "message"),
    [
        (spaces.Discrete(5), 5, "action = 5: must be from 0 to 4"),
        (spaces.Discrete(5), -1, "action = -1: must be from 0 to 4"),
        (spaces.Discrete(3, start=-1), 2, "must be from -1 to 1"),
        (spaces.Discrete(5), 1.0, "must be a whole number"),
        (spaces.Discrete(5), True, "must be a whole number"),
        (spaces.Discrete(5), np.True_, "must be a whole number"),
        (spaces.MultiBinary(3), [[1], [0, 1]], "must be in MultiBinary"),
        (spaces.Discrete(5), "one", "must be a whole number"),
        (spaces.Discrete(5), None, "must be a whole number"),
        (spaces.MultiBinary(3), [1, 0], "must be in MultiBinary"),
        (spaces.MultiBinary(3), [1, 0, 2], "must be in MultiBinary"),
        (spaces.MultiBinary(3), [1, 0, 257], "must be in MultiBinary"),  # 1, if cut to 8 bits
        (spaces.MultiBinary(3), [0.5, 0.0, 1.0], "must be in MultiBinary"),
        (spaces.MultiDiscrete([3, 4]), [2, 4], "must be in MultiDiscrete"),
        (spaces.MultiDiscrete([3, 4]), [[2, 3]], "must be in MultiDiscrete"),
        (spaces.Box(-1.0, 1.0, (2,)), [0.5, 1.1], "must be in Box"),
        (spaces.Box(-1.0, 1.0, (2,)), [0.5, float("nan")], "must be in Box"),
        (spaces.Box(0, 255, (2,), dtype=np.uint8), [0, 256], "must be in Box"),
        (spaces.Box(0, 255, (2,), dtype=np.uint8), [0, -1], "must be in Box"),
        (spaces.Box(-1.0, 1.0, (2,)), ["a", "b"], "must be in Box"),
    ],
)
def test_what_is_no_action_is_refused_in_one_line(space, action, message) -> None:
    with pytest.raises(InputError, match="action") as refused:
        reader(space)(action)
    assert message in str(refused.value)


@given(number=st.integers(-(2**63), 2**63 - 1), start=st.integers(-10, 10), n=st.integers(1, 20))
def test_one_action_and_many_are_judged_alike(number: int, start: int, n: int) -> None:
    space = spaces.Discrete(n, start=start)
    if start <= number < start + n:
        assert reader(space)(number) == number
        assert readers(space, 1)([number]).tolist() == [number]
        return
    for read, given_ in ((reader(space), number), (readers(space, 1), [number])):
        with pytest.raises(InputError, match=f"must be from {start} to {start + n - 1}"):
            read(given_)


def test_masks_are_flat_and_as_long_as_sb3_contrib_takes_them() -> None:
    from sb3_contrib.common.maskable.distributions import make_masked_proba_distribution

    for space in (spaces.Discrete(5), spaces.MultiDiscrete([3, 4]), spaces.MultiBinary(4)):
        size = mask_size(space)
        distribution = make_masked_proba_distribution(space)
        layer = distribution.proba_distribution_net(8)
        assert layer.out_features == size
        distribution.proba_distribution(layer(torch.zeros(2, 8)))
        distribution.apply_masking(np.ones((2, size), dtype=bool))
    with pytest.raises(InputError, match="action space"):
        mask_size(spaces.Box(-1.0, 1.0, (2,)))
