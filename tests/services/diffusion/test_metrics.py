"""Metrics of images and of sets, on cases that can be told by hand."""

import numpy as np
import pytest

pytest.importorskip("diffusers", reason="needs the extra [diffusion]")

from edgesim.services.diffusion.content import digits
from edgesim.services.diffusion.metrics import (
    PER_IMAGE,
    frechet_distance,
    judge_of_digits,
    psnr_db,
    ssim,
    total_variation,
)
from edgesim.services.scores import ItemMetric, metric_of_items, metric_of_sets, score_of


def test_an_image_is_most_like_itself() -> None:
    images = np.random.default_rng(0).random((2, 16, 16, 3))
    assert ssim(images, images) == pytest.approx([1.0, 1.0])
    assert psnr_db(images, images) == pytest.approx([60.0, 60.0])


def test_psnr_of_an_image_that_is_off_by_a_tenth_everywhere() -> None:
    assert psnr_db(np.full((1, 8, 8, 3), 0.6), np.full((1, 8, 8, 3), 0.5)) == pytest.approx([20.0])


def test_stripes_vary_across_and_not_along() -> None:
    stripes = np.tile([0.0, 1.0], (8, 4))[None, ..., None]
    assert total_variation(stripes) == pytest.approx([1.0])
    assert total_variation(np.ones((1, 8, 8, 1))) == pytest.approx([0.0])


def test_frechet_distance_of_a_shifted_set_is_the_shift_squared() -> None:
    features = np.random.default_rng(0).normal(size=(200, 3))
    assert frechet_distance(features, features) == pytest.approx(0.0, abs=1e-9)
    assert frechet_distance(features, features + np.array([3.0, 0.0, 4.0])) == pytest.approx(25.0)


def test_frechet_distance_of_a_stretched_set_is_that_of_the_standard_deviations() -> None:
    features = np.random.default_rng(0).normal(size=(200, 1))
    size = float(np.std(features, ddof=1))
    wide = 3.0 * (features - features.mean()) + features.mean()
    one_axis = np.hstack([features, np.zeros_like(features)])
    stretched = np.hstack([wide, np.zeros_like(features)])
    assert frechet_distance(one_axis, stretched) == pytest.approx((2.0 * size) ** 2)


def test_the_judge_is_sure_of_digits_and_not_of_noise() -> None:
    judge = judge_of_digits()
    images, labels = digits(scored=True)
    assert judge.accuracy(images, labels) > 0.85
    noise = np.clip(np.random.default_rng(0).normal(0.5, 0.5, images.shape), 0, 1)
    assert judge.confidence(images).mean() > 0.8
    assert judge.confidence(noise).mean() < 0.05


def test_the_interval_of_a_mean_is_students() -> None:
    metric = metric_of_items(PER_IMAGE["ssim"], [5], [np.array([0.2, 0.4, 0.6])])
    assert metric.mean == (0.4,)
    assert metric.sd == pytest.approx((0.2,))
    half = 4.302653 * 0.2 / np.sqrt(3)  # t of 2 degrees of freedom
    assert metric.ci95[0] == pytest.approx((0.4 - half, 0.4 + half), abs=1e-5)


def test_a_set_metric_has_the_interval_of_its_bootstrap() -> None:
    sets = [np.arange(100.0), np.arange(100.0) + 50.0]
    metric = metric_of_sets(lambda found: float(found.mean()), [1, 2], sets, seed=0)
    assert metric.mean == (49.5, 99.5)
    assert metric.sd[0] == pytest.approx(2.89, abs=0.6)  # 28.9 / sqrt(100)
    assert metric.ci95[0][0] < 49.5 < metric.ci95[0][1]


def test_a_score_is_linear_between_its_ends_and_clipped() -> None:
    metric = ItemMetric(psnr_db, "dB", "higher", 10.0, 30.0, needs_truth=True)
    score = score_of("psnr", metric, [1], [np.array([5.0, 20.0, 40.0])])
    assert score.samples == ((0.0, 0.5, 1.0),)
