"""Who comes and goes in an episode, drawn at its beginning: the same whatever is decided."""

from typing import NamedTuple

import numpy as np

from edgesim.scenarios.training.wan import Churn

__all__ = ["Change", "changes"]


class Change(NamedTuple):
    """Something that happens to the institutions or the links.

    Attributes:
        time_s: when.
        kind: ``join``, ``leave``, ``crash`` or ``cut``.
        draw: in [0, 1): which of those that it can happen to.
        phase: in [0, 1): of a crash, how far the heartbeat's period was.
        lasts_s: of a cut, until the link is joined again, s.
    """

    time_s: float
    kind: str
    draw: float
    phase: float
    lasts_s: float


def changes(churn: Churn, from_s: float, to_s: float, rng: np.random.Generator) -> list[Change]:
    """All changes of a stretch of time, each kind a Poisson process, in order."""
    rates = {
        "join": churn.joins_per_hour,
        "leave": churn.leaves_per_hour,
        "crash": churn.crashes_per_hour,
        "cut": churn.links_per_hour,
    }
    found = []
    for kind, per_hour in rates.items():
        count = int(rng.poisson(per_hour * max(to_s - from_s, 0.0) / 3600.0))
        times = rng.uniform(from_s, to_s, count)
        draws, phases = rng.random(count), rng.random(count)
        lasts = rng.exponential(churn.link_down_s, count)
        found += [
            Change(float(at), kind, float(draw), float(phase), float(last))
            for at, draw, phase, last in zip(times, draws, phases, lasts, strict=True)
        ]
    return sorted(found)
