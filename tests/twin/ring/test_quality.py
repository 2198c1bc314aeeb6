"""What a token of the small model is worth."""

import json
from pathlib import Path

import pytest

import edgesim.profiles
from edgesim.errors import InputError
from edgesim.scenarios import resolve
from edgesim.scenarios.ring.schema import SmallModel
from edgesim.twin.ring.quality import token_worth
from edgesim.twin.ring.serving_world import NUMBERS, RingWorld


def accuracies(name: str) -> list[float]:
    """As they stand in the file, at 16, 64 and 192 characters."""
    content = (Path(edgesim.profiles.__file__).parent / f"{name}.json").read_text(encoding="utf-8")
    quality = json.loads(content)["quality"]
    assert quality["work"] == [16, 64, 192]
    mean: list[float] = quality["metrics"]["accuracy"]["mean"]
    return mean


def test_it_is_stated_where_no_service_was_measured() -> None:
    assert token_worth(SmallModel(quality=0.3), 64.0) == 0.3


def test_it_is_the_measured_accuracy_over_the_other() -> None:
    small = SmallModel(quality=0.3, service="text_small_int8", beside="text_large_absmean")
    own, other = accuracies("text_small_int8"), accuracies("text_large_absmean")
    assert token_worth(small, 64.0) == pytest.approx(own[1] / other[1])
    # 128 is half-way from 64 to 192
    assert token_worth(small, 128.0) == pytest.approx((own[1] + own[2]) / (other[1] + other[2]))
    assert token_worth(SmallModel(service="text_large_absmean"), 16.0) == 1.0


def test_the_twin_pays_by_it() -> None:
    keys = {"small.service": "text_small_int8", "requests.output_tokens": 64.0}
    world = RingWorld(resolve("llm_ring_small", keys))
    paid = world.tables.numbers[NUMBERS.index("small_quality")]
    own, other = accuracies("text_small_int8"), accuracies("text_large_absmean")
    assert paid == pytest.approx(own[1] / other[1])


def test_a_service_of_something_else_is_refused() -> None:
    with pytest.raises(InputError, match=r"small\.service.*text_generation"):
        token_worth(SmallModel(service="photo_inpaint"), 64.0)


def test_the_key_of_a_profile_that_is_not_there_is_named() -> None:
    with pytest.raises(InputError, match=r"small\.beside: profile = 'nope'"):
        token_worth(SmallModel(service="text_small_int8", beside="nope"), 64.0)
