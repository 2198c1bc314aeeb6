"""Soaking: what is measured, on a few decisions."""

import pytest

from edgesim.benchmark.soak import Soaked, soak


def test_a_soak_plays_at_least_what_is_asked_for() -> None:
    found = soak("aigc_paper", 20_000, "batched", looks=4)
    assert found.decisions >= 20_000
    assert min(found.memory_mb) > 10
    assert min(found.decisions_per_cpu_second) > 0


def test_ratios_are_of_the_last_quarter_over_the_first() -> None:
    found = Soaked("aigc", "simpy", 10, (100.0, 102.0), (50.0, 45.0))
    assert found.memory_ratio == 1.02
    assert found.speed_ratio == 0.9


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["aigc_paper", "sfc_paper"])
def test_ten_million_decisions_of_many_worlds_take_no_more_memory(scenario: str) -> None:
    found = soak(scenario, 10_000_000, "batched")
    assert found.memory_ratio < 1.02
