"""Heuristics for virtual network embedding, each for n environments of one scenario at once.

They read what the environment tells everyone: the virtual network at hand
(``env.unwrapped.embedding``) and what nodes and links have left (``env.unwrapped.substrate``).
Those that rank nodes choose the hosts of a whole virtual network at its first node and keep to
them.
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.agents.policies import Env, Heuristic
from edgesim.agents.runs.seeds import policy_seed
from edgesim.agents.vne import ranks
from edgesim.agents.vne.ranks import Resources
from edgesim.envs.vne.env import VNEEnv
from edgesim.twin.vne.request import Embedding

__all__ = [
    "GRC",
    "NEA",
    "NRM",
    "PL",
    "FirstFit",
    "Nearest",
    "Planner",
    "Random",
    "RandomWalk",
    "Single",
]

Actions = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

_NO_HOPS = 1e-6  # of PL, which divides by a sum of hops that is 0 at first: virne's value


class Single(Heuristic):
    """Decides for each environment by itself."""

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        self._envs: list[VNEEnv] = [env.unwrapped for env in envs]  # type: ignore[misc]
        self._reject = self._envs[0].world.nodes

    def choose(self, observation: npt.NDArray[Any]) -> Actions:
        """See :class:`edgesim.agents.policies.Heuristic`."""
        chosen = [self.decide(lane, self._envs[lane]) for lane in range(len(observation))]
        return np.array(chosen, dtype=np.int64)

    @abstractmethod
    def decide(self, lane: int, env: VNEEnv) -> int:
        """The choice for the environment of a lane."""


class Random(Single):
    """Any host that fits and from which the links would find paths, from the policy's own dice."""

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        super().__init__(envs, seed)
        self._rng = np.random.default_rng(policy_seed(seed, "random"))

    def decide(self, lane: int, env: VNEEnv) -> int:
        hosts = np.flatnonzero(env.outlook.fits & env.outlook.reaches)
        return int(self._rng.choice(hosts)) if len(hosts) else self._reject


class FirstFit(Single):
    """The first host, by number, that fits and from which the links would find paths."""

    def decide(self, lane: int, env: VNEEnv) -> int:
        hosts = env.outlook.fits & env.outlook.reaches
        return int(hosts.argmax()) if hosts.any() else self._reject


class Nearest(Single):
    """The host from which the links to placed neighbours cost the least bandwidth times hops.

    Of equals the one with the most CPU times bandwidth left.
    """

    def decide(self, lane: int, env: VNEEnv) -> int:
        outlook = env.outlook
        cost = np.where(outlook.fits, outlook.hop_bps, np.inf)
        least = cost.min()
        if least == np.inf:
            return self._reject
        left = ranks.nrm(ranks.physical(env.substrate))
        return int(np.where(cost == least, left, -1.0).argmax())


class Planner(Single):
    """Chooses the hosts of a whole virtual network at its first node, and keeps to them."""

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        super().__init__(envs, seed)
        self._plans: list[tuple[Embedding, list[int] | None] | None] = [None] * len(self._envs)

    def decide(self, lane: int, env: VNEEnv) -> int:
        embedding, plan = env.embedding, self._plans[lane]
        if plan is None or plan[0] is not embedding:
            plan = self._plans[lane] = (embedding, self.plan(env))
        return self._reject if plan[1] is None else plan[1][env.next_node]

    @abstractmethod
    def plan(self, env: VNEEnv) -> list[int] | None:
        """The host of each node of the virtual network at hand; None to reject it."""


class _Ranked(Planner):
    """Both networks' nodes are ranked once; a virtual node takes the best host with CPU for it."""

    _rank: Callable[[Resources], FloatArray]

    def plan(self, env: VNEEnv) -> list[int] | None:
        """See :class:`Planner`."""
        request, left = env.embedding.request, env.substrate.cpu_left
        free = _descending(type(self)._rank(ranks.physical(env.substrate)))
        hosts = [0] * request.nodes
        for node in _descending(type(self)._rank(ranks.virtual(request))):
            host = next((host for host in free if left[host] >= request.cpu[node]), None)
            if host is None:
                return None
            free.remove(host)
            hosts[node] = host
        return hosts


class NRM(_Ranked):
    """By :func:`edgesim.agents.vne.ranks.nrm`."""

    _rank = staticmethod(ranks.nrm)


class GRC(_Ranked):
    """By :func:`edgesim.agents.vne.ranks.grc`."""

    _rank = staticmethod(ranks.grc)


class RandomWalk(_Ranked):
    """By :func:`edgesim.agents.vne.ranks.random_walk`."""

    _rank = staticmethod(ranks.random_walk)


class PL(Planner):
    """Proximity: of hosts with CPU, that of the most NRM over its hops to those chosen before.

    Virtual nodes in the order of their NRM. W. Fan and others, "Efficient virtual network embedding
    of cloud-based data center networks into optical networks", IEEE TPDS 32(11), 2021.
    """

    def plan(self, env: VNEEnv) -> list[int] | None:
        """See :class:`Planner`."""
        request, left = env.embedding.request, env.substrate.cpu_left
        metric = ranks.nrm(ranks.physical(env.substrate))
        distance = np.zeros(len(metric))
        hosts = [-1] * request.nodes
        for node in _descending(ranks.nrm(ranks.virtual(request))):
            rank = metric / (distance + _NO_HOPS)
            host = _best(rank, left >= request.cpu[node], hosts)
            if host is None:
                return None
            hosts[node] = host
            distance += env.world.hops[host]
        return hosts


class NEA(Planner):
    """Node essentiality: degree / (1 + hops) x (2 + bandwidth left a hop), to those chosen before.

    Hops and the bandwidth left a hop are summed over the shortest paths to the hosts chosen before.
    Virtual nodes in the order of :func:`edgesim.agents.vne.ranks.essential`.
    """

    def plan(self, env: VNEEnv) -> list[int] | None:
        """See :class:`Planner`."""
        request, left, world = env.embedding.request, env.substrate.cpu_left, env.world
        room_mbps = ranks.physical(env.substrate).mbps
        distance, along = np.zeros(world.nodes), np.zeros(world.nodes)
        hosts = [-1] * request.nodes
        for node in _descending(ranks.essential(ranks.virtual(request))):
            rank = world.degree / (1.0 + distance) * (2.0 + along)
            host = _best(rank, left >= request.cpu[node], hosts)
            if host is None:
                return None
            hosts[node] = host
            hops = world.hops[host]
            distance += hops
            along += _bandwidth_along(world.shortest(host), room_mbps) / np.maximum(hops, 1.0)
        return hosts


def _best(rank: FloatArray, fits: npt.NDArray[np.bool_], hosts: list[int]) -> int | None:
    """The node of the highest rank that fits and is no host yet; of equals the first."""
    allowed = fits.copy()
    allowed[[host for host in hosts if host >= 0]] = False
    if not allowed.any():
        return None
    return int(np.where(allowed, rank, -np.inf).argmax())


def _descending(rank: FloatArray) -> list[int]:
    """Nodes from the highest rank to the lowest; of equals the first."""
    order: list[int] = np.argsort(-rank, kind="stable").tolist()
    return order


def _bandwidth_along(tree: tuple[list[int], list[int]], room_mbps: FloatArray) -> FloatArray:
    """Sum of what the links of the way to each node have left; ``tree`` as of the world."""
    order, before = tree
    along = np.zeros(len(room_mbps))
    for node in order:
        along[node] = along[before[node]] + room_mbps[before[node], node]
    return along
