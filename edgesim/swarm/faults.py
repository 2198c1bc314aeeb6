"""Random faults: stated events (what fails, holds less, leaves, crowds), and faults by chance."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgesim.envs.making import Env
from edgesim.scenarios.parts.faults import DRIFTS

__all__ = ["random_events", "random_faults"]

_MOST = 6  # events of a case
_LASTS = 0.8  # share of the events that are undone later


def random_events(env: Env, rng: np.random.Generator) -> dict[str, dict[str, Any]]:
    """Events for the world of an environment, by a name each; {} where its family has none.

    Args:
        env: an environment of the world.
        rng: draws them.
    """
    inner: Any = env.unwrapped
    if not hasattr(inner.scenario, "events"):
        return {}
    env.reset(seed=0)
    workload = inner.twin
    elements = {
        subject: len(names)
        for subject, names in getattr(workload.world, "elements", {}).items()
        if len(names)
    }
    if not elements:
        return {}
    length_s = float(workload.length_s)
    drawn = [_event(elements, length_s, rng) for _ in range(int(rng.integers(_MOST + 1)))]
    drawn.sort(key=lambda event: event["at_s"])
    return {f"event{number}": event for number, event in enumerate(drawn)}


def _event(elements: dict[str, int], length_s: float, rng: np.random.Generator) -> dict[str, Any]:
    at_s = round(float(rng.uniform(0, length_s)), 3)
    event: dict[str, Any] = {"at_s": at_s}
    until_s = round(float(at_s + rng.uniform(0.01, 0.5) * length_s), 3)
    if rng.random() < _LASTS and at_s < until_s < length_s:
        event["until_s"] = until_s
    kind = str(rng.choice(("fails", "fails", "fails", "capacity", "leaves", "load", "crowd")))
    if kind == "crowd":
        event |= {"event": "flash_crowd", "factor": 3.0, "until_s": max(until_s, at_s + 1e-3)}
    elif kind == "load":
        event |= {"event": "load", "factor": float(rng.choice((0.0, 0.5, 2.0)))}
    elif kind == "leaves" and "provider" in elements:
        event |= {"event": "leaves", "provider": int(rng.integers(elements["provider"]))}
    else:
        subject = str(rng.choice(sorted(elements)))
        event |= {"event": "fails", subject: int(rng.integers(elements[subject]))}
        if kind == "capacity" and subject != "node":
            event |= {"event": "capacity", "factor": float(rng.choice((0.2, 0.5, 2.0)))}
    return event


def random_faults(
    kinds: Sequence[str], length_s: float, rng: np.random.Generator
) -> dict[str, dict[str, Any]]:
    """Up to three faults by chance, by a name each; {} where a family has none.

    Args:
        kinds: those that there are.
        length_s: of an episode, s: things fail a few times in it.
        rng: draws them.
    """
    found: dict[str, dict[str, Any]] = {}
    for number in range(int(rng.integers(4)) if kinds else 0):
        what = str(rng.choice(kinds))
        fault: dict[str, Any] = {
            "what": what,
            "mtbf_s": max(round(float(rng.uniform(0.2, 3) * length_s), 3), 0.01),
            "mttr_s": max(round(float(rng.uniform(0.02, 0.3) * length_s), 3), 0.01),
            "shape": round(float(rng.uniform(0.6, 3)), 2),
        }
        if what in DRIFTS:
            fault = {
                "what": what,
                "trend_per_s": round(float(rng.uniform(-1, 1) / length_s), 6),
                "walk_per_s": round(float(rng.uniform(0.1, 0.5) / length_s**0.5), 6),
                "factor": [0.2, 1.0] if what == "quality_drift" else [0.2, 3.0],
            }
        elif what in ("load", "quality", "speed"):
            fault["factor"] = 2.0 if what == "load" else round(float(rng.uniform(0.2, 1)), 2)
        elif what != "collector" and rng.random() < 0.5:
            fault["together"] = int(rng.integers(1, 5))
        found[f"fault{number}"] = fault
    return found
