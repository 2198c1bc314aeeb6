r"""More than any policy can be paid in an episode of training over a WAN.

Who trains when is at most: those there at the beginning until they leave, and each one that asks
from the instant of its request on, until the end of the episode (leaving is the future's draw of
those who train, so that only as many leaves as the episode has are taken off, at their times). A
step takes at least the computing of the fastest present institutions' slowest, which is bounded
below by that of the fastest institution; it makes at most a step's samples a node. No all-reduce,
no pull and no pause is counted, and idle time is at least nothing. The bound is loose: it tells
that nobody can be paid more.
"""

from typing import Any

from edgesim.agents.policies import Env
from edgesim.twin.training.wan.churn import Change
from edgesim.twin.training.wan.workload import WANTraining

__all__ = ["episode_bound"]


def episode_bound(env: Env) -> float:
    """The bound on the return of the episode of an environment that was just reset."""
    bare: Any = env.unwrapped
    twin: WANTraining = bare.twin
    scenario = twin.scenario
    horizon_s, training = scenario.horizon_s, scenario.training
    coming: list[Change] = twin.coming
    most, since_s, node_s = scenario.institutions.present, 0.0, 0.0
    for change in coming:
        if change.kind == "join":
            node_s += most * (change.time_s - since_s)
            since_s = change.time_s
            most = min(most + 1, twin.world.institutions)
    node_s += most * (horizon_s - since_s)
    # A step lasts as long as its slowest node, and all of the ring but the joining are among the
    # institutions: with k nodes it takes at least the k-th fastest's computing.
    each_s = sorted(twin.world.compute_s(node) for node in range(twin.world.institutions))
    least = max(scenario.churn.least, 1)
    step_s = each_s[min(least, len(each_s)) - 1]
    samples = node_s / step_s * training.samples
    unit = 100.0 / (scenario.institutions.present * training.samples_per_s * horizon_s)
    return float(samples * unit)
