"""Who comes and goes in an episode, drawn at its beginning: the same whatever is decided."""

from typing import NamedTuple

import numpy as np

from edgesim.scenarios.training.wan import Churn
from edgesim.twin.core.outages import Law

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
    """All changes of a stretch of time, in order: each kind comes after Weibull times.

    Of shape 1 it is a Poisson process. Others begin anew with the stretch.
    """
    rates = {
        "join": churn.joins_per_hour,
        "leave": churn.leaves_per_hour,
        "crash": churn.crashes_per_hour,
        "cut": churn.links_per_hour,
    }
    found = []
    for kind, per_hour in rates.items():
        if churn.shape == 1.0 or not per_hour:
            count = int(rng.poisson(per_hour * max(to_s - from_s, 0.0) / 3600.0))
            times = rng.uniform(from_s, to_s, count).tolist()
        else:
            times = _renewals(Law(3600.0 / per_hour, churn.shape), from_s, to_s, rng)
            count = len(times)
        draws, phases = rng.random(count), rng.random(count)
        down = Law(churn.link_down_s, churn.link_down_shape)
        lasts = [down.draw_s(rng) for _ in range(count)]
        found += [
            Change(float(at), kind, float(draw), float(phase), float(last))
            for at, draw, phase, last in zip(times, draws, phases, lasts, strict=True)
        ]
    return sorted(found)


def _renewals(law: Law, from_s: float, to_s: float, rng: np.random.Generator) -> list[float]:
    """When something happens over and over, each time after a time of the law."""
    times: list[float] = []
    at_s = from_s + law.draw_s(rng)
    while at_s < to_s:
        times.append(at_s)
        at_s += law.draw_s(rng)
    return times
