"""Random worlds of a large model's training: noise scales, true speeds, costs and failures."""

from typing import Any

import numpy as np

from edgesim.scenarios.training.llm import LLMScenario

__all__ = ["draw"]


def draw(rng: np.random.Generator, scenario: LLMScenario) -> dict[str, Any]:
    """Keys that make a random world of a scenario; all ranges [chosen] about those of the presets.

    Other true speeds, a noise scale that begins at a half to four times the scenario's and grows 4
    to 100 times, re-sharding of 20 to 300 s, and in every second world nodes that fail, each every
    2 to 24 hours.
    """
    fails = bool(rng.random() < 0.5)
    mtbf_s = float(np.exp(rng.uniform(np.log(7200.0), np.log(86400.0))))
    return {
        "world_seed": int(rng.integers(2**31)),
        "noise.start": _rounded(scenario.noise.start * float(np.exp2(rng.uniform(-1.0, 2.0)))),
        "noise.growth": _rounded(float(np.exp(rng.uniform(np.log(4.0), np.log(100.0))))),
        "overheads.reshard_s": _rounded(float(np.exp(rng.uniform(np.log(20.0), np.log(300.0))))),
        "accelerators.node_mtbf_s": _rounded(mtbf_s) if fails else None,
    }


def _rounded(number: float) -> float:
    return float(f"{number:.4g}")
