"""A greedy by marginal cost: each virtual node where its links cost the least, from some roots."""

from collections.abc import Sequence

import numpy as np

from edgesim.agents.policies import Env
from edgesim.agents.vne import ranks
from edgesim.agents.vne.policies import Planner
from edgesim.envs.vne.env import VNEEnv
from edgesim.envs.vne.growing import Ground, grown
from edgesim.envs.vne.orders import outwards

__all__ = ["ROOTS", "MarginalCost", "MarginalCostAll"]

ROOTS = 5
"""Hosts that are tried for the first virtual node."""


class MarginalCost(Planner):
    """Goes through the virtual nodes from the most demanding outwards, from each of some roots.

    A virtual node gets the host from which the links to its placed neighbours take the least
    bandwidth times hops over links that have room; of equals the one with the most CPU times
    bandwidth left. Its links are led at once. The roots, hosts of the first virtual node, are those
    with the most CPU times bandwidth left; of their embeddings the cheapest is taken.

    It plans as environments with ``routing="shortest"`` and ``order="outwards"`` will do it.

    Args:
        envs: the environments.
        seed: not used.
        roots: how many roots are tried; None: all nodes.
    """

    def __init__(self, envs: Sequence[Env], seed: int, roots: int | None = ROOTS) -> None:
        super().__init__(envs, seed)
        self._roots = roots

    def plan(self, env: VNEEnv) -> list[int] | None:
        """See :class:`edgesim.agents.vne.policies.Planner`."""
        request, substrate = env.embedding.request, env.substrate
        around = env.world.neighbourhood
        order = np.array(outwards(request), dtype=np.int64)
        left = ranks.nrm(ranks.physical(substrate))
        fits = np.flatnonzero(substrate.cpu_left >= request.cpu[order[0]])
        roots = fits[np.argsort(-left[fits], kind="stable")][: self._roots]
        room = substrate.room_bps()
        best, least = None, np.inf
        for root in roots.tolist():
            ground = Ground(
                around.near,
                around.start_of,
                room.copy(),
                substrate.delay_s,
                substrate.cpu_left,
                left,
            )
            hosts, cost = grown(ground, request.demands, order, root, least)
            if cost < least:
                best, least = hosts, cost
        return None if best is None else best.tolist()


class MarginalCostAll(MarginalCost):
    """As :class:`MarginalCost`, from every node that fits the first virtual node."""

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        super().__init__(envs, seed, None)
