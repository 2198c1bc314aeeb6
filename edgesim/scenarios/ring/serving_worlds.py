"""Random worlds of a ring that serves: other requests, and other homes around the devices."""

from typing import Any

import numpy as np

from edgesim.scenarios.ring.schema import LLMRingScenario

__all__ = ["draw"]


def draw(rng: np.random.Generator, scenario: LLMRingScenario) -> dict[str, Any]:
    """Keys that make a random world of a scenario; all ranges [chosen] about those of the preset.

    Devices and models stay. Requests come half to one and a half times as often; memories are taken
    and given back two times as fast to two times as slow, down to .4 to .8 of them; links are
    steady or not, with others on the air or not; and a token of the small model is worth .4 to .8.
    """
    changes = scenario.changes
    pace = _factor(rng)
    return {
        "requests.rate_hz": _rounded(scenario.requests.rate_hz * float(rng.uniform(0.5, 1.5))),
        "changes.memory_left": _rounded(float(rng.uniform(0.4, 0.8))),
        "changes.memory_busy_s": _rounded(changes.memory_busy_s * pace * _factor(rng)),
        "changes.memory_free_s": _rounded(changes.memory_free_s * pace * _factor(rng)),
        "changes.wifi_db": _rounded(float(rng.uniform(0.0, 8.0))),
        "changes.others_busy_s": 60.0 if rng.random() < 0.5 else 0.0,
        "small.quality": _rounded(float(rng.uniform(0.4, 0.8))),
    }


def _factor(rng: np.random.Generator) -> float:
    return float(2.0 ** rng.uniform(-1.0, 1.0))


def _rounded(number: float) -> float:
    return float(f"{number:.4g}")
