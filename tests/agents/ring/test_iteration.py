"""Value iteration where it is exact."""

import numpy as np
import pytest

from edgesim.agents.ring.iteration import fixed, solve
from edgesim.scenarios import resolve
from edgesim.scenarios.ring.schema import LLMRingScenario
from edgesim.twin.ring.serving_world import RingWorld


def world(dwell_s: float) -> RingWorld:
    keys = {"changes.memory_busy_s": dwell_s, "changes.memory_free_s": dwell_s}
    scenario = resolve("llm_ring_small", keys)
    assert isinstance(scenario, LLMRingScenario)
    return RingWorld(scenario)


@pytest.mark.parametrize("dwell_s", [20.0, 300.0])
def test_nothing_beats_it_and_it_reaches_what_it_says(dwell_s: float) -> None:
    there = world(dwell_s)
    found = solve(there)
    assert fixed(there, found.policy) == pytest.approx(found.tokens_per_s, rel=1e-3)
    states, plans = found.policy.shape
    fastest = there.tables.token_s.argmin(axis=0)
    others = [np.full((states, plans), plan) for plan in range(plans)]
    others.append(np.repeat(fastest[:, None], plans, axis=1))
    for other in others:
        assert fixed(there, other) <= found.tokens_per_s * (1 + 1e-6)
    # Seen at once, the fastest plan at each change is within 2 % of the best
    assert fixed(there, others[-1]) >= 0.98 * found.tokens_per_s
