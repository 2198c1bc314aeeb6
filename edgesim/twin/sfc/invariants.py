"""What is true of service chains at every instant, whatever is decided."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from edgesim.twin.network.invariants import ROUNDING, reservations

__all__ = ["violations"]


def violations(workload: Any) -> Iterator[str]:
    """What is not as it must be of a ``SFCWorkload``, a sentence each.

    The books have as many chains running as run; over a network, what is reserved of each link and
    instance is what the chains hold, the one at hand included, and no instance holds more than its
    capacity unless a stated event has lowered it; a stage link gives no more than it has.
    """
    fabric: Any = workload.fabric
    if workload.ledger.running != len(workload.running):
        yield f"{len(workload.running)} chains run, the books have {workload.ledger.running}"
    chains = [chain for chain, _ in workload.running.values()]
    if workload.request is not None:
        chains.append(workload.chain)
    if workload.scenario.network is None:
        left, holds = fabric.residual, fabric.world.capacity
        if not ((left >= -ROUNDING) & (left <= holds + ROUNDING)).all():
            yield "a stage link has less left than nothing, or more than it has"
        return
    hosts = fabric.hosts
    held_bps = np.zeros(len(fabric.links.reserved_bps))
    taken_bps = np.zeros(len(hosts.reserved_bps))
    for chain in chains:
        if chain.held is None:
            continue
        for path in chain.held.flow.paths:
            for link in path:
                held_bps[link] += chain.request.bandwidth
        for instance in chain.held.instances:
            taken_bps[instance] += fabric.taken_bps(chain, instance)
    yield from reservations(fabric.network, held_bps, "chains")
    stated = np.array(fabric.world.placement.capacity_bps)
    reserved = np.array(hosts.reserved_bps)
    for instance in np.flatnonzero(np.abs(reserved - taken_bps) > ROUNDING * stated)[:1].tolist():
        yield (
            f"instance {instance} has {reserved[instance]:g} bit/s reserved, and chains hold"
            f" {taken_bps[instance]:g}"
        )
    if not any(made.change == "capacity" for made in workload.world.plan):
        for instance in np.flatnonzero(reserved > stated * (1 + ROUNDING))[:1].tolist():
            yield f"instance {instance} has more reserved than it processes"
