"""What comes back from providers is remembered, by hand and against NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgesim.scenarios import resolve
from edgesim.twin.aigc.experience import Experience
from edgesim.twin.aigc.outcomes import Crashed, Finished, Refused
from edgesim.twin.aigc.workload import AIGCWorkload


def test_means_spreads_and_failures_by_hand() -> None:
    seen = Experience(2)
    for quality, now_s in ((0.2, 1.0), (0.6, 3.0), (0.7, 7.0)):
        seen.came_back(1, quality, now_s)
    seen.failed(0)
    assert seen.results.tolist() == [0, 3]
    assert seen.quality.tolist() == pytest.approx([0, 0.5])
    assert seen.spread.tolist() == pytest.approx([0, 0.07**0.5])  # (.09 + .01 + .04) / 2
    assert seen.failures.tolist() == [1, 0]
    assert seen.last_s.tolist() == [-np.inf, 7]


@given(st.lists(st.floats(0, 1), min_size=2, max_size=50))
def test_mean_and_spread_are_those_of_all_results(qualities: list[float]) -> None:
    seen = Experience(1)
    for quality in qualities:
        seen.came_back(0, quality, 0.0)
    assert seen.quality[0] == pytest.approx(np.mean(qualities))
    assert seen.spread[0] == pytest.approx(np.std(qualities, ddof=1), abs=1e-9)


def test_a_twin_remembers_its_outcomes() -> None:
    scenario = resolve("aigc_paper", {"horizon_s": 400_000, "provider_count": 4})
    twin = AIGCWorkload.alone(scenario, np.random.SeedSequence(0))
    seen = twin.experience = Experience(4)
    twin.run(lambda aigc, task: task.number % 4)
    came = [it for it in twin.outcomes if isinstance(it, Finished)]
    failed = [it for it in twin.outcomes if isinstance(it, Crashed | Refused)]
    assert came and failed
    for provider in range(4):
        own = [it.quality for it in came if it.provider == provider]
        assert seen.results[provider] == len(own)
        assert seen.quality[provider] == pytest.approx(np.mean(own) if own else 0.0)
        assert seen.failures[provider] == sum(it.provider == provider for it in failed)
