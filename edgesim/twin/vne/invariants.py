"""What is true of virtual networks at every instant, whatever is decided."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from edgesim.twin.network.invariants import reservations
from edgesim.twin.vne.request import UNPLACED

__all__ = ["violations"]

_ROUNDING = 1e-6  # CPU units, which are whole numbers until an event scales them


def violations(workload: Any) -> Iterator[str]:
    """What is not as it must be of a ``VNEWorkload``, a sentence each.

    The books have as many virtual networks running as run; CPU left and CPU held are what a node
    has, and bandwidth reserved on each link is what they hold, that at hand included; no node gives
    more CPU than it has unless a stated event has lowered it.
    """
    substrate = workload.substrate
    if workload.ledger.running != len(workload.running):
        yield (
            f"{len(workload.running)} virtual networks run, the books have"
            f" {workload.ledger.running}"
        )
    there = list(workload.running.values())
    if workload.request is not None:
        there.append(workload.embedding)
    cpu = np.zeros(len(substrate.cpu))
    held_bps = np.zeros(len(substrate.network.links.reserved_bps))
    for embedding in there:
        for host, units in zip(embedding.hosts, embedding.request.cpu, strict=True):
            if host != UNPLACED:
                cpu[host] += units
        for path, link in zip(embedding.paths, embedding.request.links, strict=True):
            for physical in path or ():
                held_bps[[physical, physical ^ 1]] += link.bandwidth_bps
    left = substrate.cpu_left.copy()
    for node, units in substrate.away.items():
        left[node] += units
    for node in np.flatnonzero(np.abs(left + cpu - substrate.cpu) > _ROUNDING)[:1].tolist():
        yield (
            f"node {node} has {left[node]:g} CPU units left and {cpu[node]:g} held of"
            f" {substrate.cpu[node]:g}"
        )
    if not any(made.change == "capacity" for made in workload.world.plan):
        for node in np.flatnonzero(left < -_ROUNDING)[:1].tolist():
            yield f"node {node} has {left[node]:g} CPU units left"
    yield from reservations(substrate.network, held_bps, "virtual networks")
