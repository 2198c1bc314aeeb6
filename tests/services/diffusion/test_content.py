"""What networks learn from and what they are scored on are kept apart."""

import numpy as np
import pytest

pytest.importorskip("skimage", reason="needs the extra [diffusion]")

from edgesim.services.diffusion.content import (
    SCORING_PHOTOGRAPHS,
    TRAINING_PHOTOGRAPHS,
    digits,
    drop_mask,
    scoring_crop,
    training_crops,
)


def test_no_photograph_is_learned_from_and_scored() -> None:
    assert not set(TRAINING_PHOTOGRAPHS) & set(SCORING_PHOTOGRAPHS)


def test_no_digit_is_learned_from_and_scored() -> None:
    learned, scored = digits(scored=False)[0], digits(scored=True)[0]
    assert (len(learned), len(scored)) == (1297, 500)
    assert learned.shape[1:] == (1, 16, 16)


def test_a_crop_is_the_same_for_its_number_and_seed() -> None:
    first, again, other = (scoring_crop(number, 0, 64) for number in (4, 4, 7))
    assert first.shape == (3, 64, 64)
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert first.min() >= 0.0 and first.max() <= 1.0


def test_training_crops_follow_their_random_stream() -> None:
    crops = training_crops(np.random.default_rng(0), 8, 32)
    assert crops.shape == (8, 3, 32, 32)
    assert np.array_equal(crops, training_crops(np.random.default_rng(0), 8, 32))


def test_three_of_four_pixels_are_dropped() -> None:
    assert drop_mask(0, 0, 64, 0.75).mean() == pytest.approx(0.25, abs=0.03)
