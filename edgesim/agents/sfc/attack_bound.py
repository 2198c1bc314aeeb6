"""The bound on service chains under attack: the programme of the network, with bursts known.

A request that is served pays at most its QoE in the empty network, with the delay of its operating
point, less what that point lets pass and stops of the flows that truly come: the best point for
each request, with its bursts known beforehand. Capacities are as of
:mod:`edgesim.agents.sfc.bound_network`, inspection taking nothing.

Which flows a detector misses is luck, of which the bound takes the mean: it bounds the mean return
over that luck, and an episode's own return but for it.
"""

import numpy as np

from edgesim.agents.policies import Env
from edgesim.agents.sfc.bound_network import network_bound
from edgesim.twin.sfc.attack_workload import AttackWorkload
from edgesim.twin.sfc.chain import Request

__all__ = ["attack_bound", "expected_cost"]


def attack_bound(env: Env) -> float:
    """A bound on the mean return of the episode of an environment that has just been reset."""
    bare = env.unwrapped
    twin: AttackWorkload = bare.twin  # type: ignore[attr-defined]
    requests = list(twin.requests())
    served = np.full(len(requests), -np.inf)
    for row, request in enumerate(requests):
        qos = twin.world.best_qos(request)
        if qos is None:
            continue
        for number, point in enumerate(twin.world.operating_points):
            wait_ms = point.wait_ms(twin.world.flows_hz(request))
            slower = qos._replace(delay_ms=qos.delay_ms + wait_ms)
            cost = expected_cost(twin, request, number, requests[-1].arrival_s)
            worth = twin.qoe(request, slower) - cost
            served[row] = max(served[row], worth)
    return network_bound(twin, twin.world, requests, served)


def expected_cost(twin: AttackWorkload, request: Request, point: int, last_s: float) -> float:
    """What attacks that pass and false alarms cost on average, the bursts being what they are; QoE.

    Of the chain's life up to ``last_s``, when the episode ends.
    """
    world, of = twin.world, twin.world.operating_points[point]
    end = min(request.arrival_s + request.holding_s, last_s)
    seconds = twin.bursts.attacked_s([request.kind], [request.arrival_s], [end])[0]
    rate_hz = world.flows_hz(request)
    passes = float((seconds * of.missed) @ world.damage)
    benign_s = max(end - request.arrival_s - float(seconds.sum()), 0.0)
    return rate_hz * (passes + benign_s * of.false_alarms * world.attacks.false_alarm)
