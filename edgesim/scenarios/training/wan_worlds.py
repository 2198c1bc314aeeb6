"""Random worlds of training over a WAN: other maps, institutions and churn."""

from typing import Any

import numpy as np

from edgesim.scenarios.training.wan import WANScenario

__all__ = ["MAPS", "draw"]

MAPS = (
    "sndlib/germany50",
    "sndlib/nobel-eu",
    "sndlib/geant",
    "topozoo/Janetbackbone",
    "topozoo/Geant2012",
    "topozoo/Uninett2010",
)
"""Backbones of research networks [chosen]."""


def draw(rng: np.random.Generator, scenario: WANScenario) -> dict[str, Any]:
    """Keys that make a random world of a scenario; all ranges [chosen] about those of the preset.

    A backbone of :data:`MAPS` or a drawn one, 6 to 24 institutions at first and half as many more,
    access links of 50 to 200 Mbit/s and 1 to 10 times that into a node, a state of a quarter to
    twice the scenario's, and churn of half to twice it.
    """
    drawn = bool(rng.random() < 0.5)
    present = int(rng.integers(6, 25))
    churn = float(rng.uniform(0.5, 2.0))
    training, own = scenario.training, scenario.churn
    keys: dict[str, Any] = {
        "world_seed": int(rng.integers(2**31)),
        "backbone.topology.source": "gabriel" if drawn else str(rng.choice(MAPS)),
        "backbone.topology.nodes": int(rng.integers(20, 81)),
        "institutions.present": present,
        "institutions.count": present + -(-present // 2),
        "institutions.access_mbps": _rounded(rng.uniform(50.0, 200.0)),
        "institutions.download": _rounded(float(np.exp(rng.uniform(0.0, np.log(10.0))))),
        "training.parameters": _rounded(training.parameters * rng.uniform(0.25, 2.0)),
    }
    for key in ("joins_per_hour", "leaves_per_hour", "crashes_per_hour", "links_per_hour"):
        keys[f"churn.{key}"] = _rounded(getattr(own, key) * churn)
    return keys


def _rounded(number: float) -> float:
    return float(f"{number:.4g}")
