"""Random worlds of a ring that serves are scenarios, and differ."""

import numpy as np
import pytest

from edgesim.scenarios import resolve
from edgesim.scenarios.ring.schema import LLMRingScenario
from edgesim.scenarios.ring.serving_worlds import draw


@pytest.mark.parametrize("name", ["llm_ring", "llm_ring_small"])
def test_worlds_are_scenarios_and_follow_the_seed(name: str) -> None:
    scenario = resolve(name)
    assert isinstance(scenario, LLMRingScenario)
    drawn = [draw(np.random.default_rng(seed), scenario) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    for keys in drawn:
        world = resolve(name, keys)
        assert isinstance(world, LLMRingScenario)
        assert world.cluster == scenario.cluster
        assert world.requests.rate_hz == keys["requests.rate_hz"]
