r"""More than an episode of service chains can pay, whatever decides: the future is known.

The bound reads the future of an environment that has just been reset through ``env.unwrapped.twin``
and solves a relaxation by HiGHS (scipy). It bounds the undiscounted return of ``reward="paid"``.

Among stage links, request ``r`` of bandwidth ``b_r`` is alive from its arrival to its release,
which do not depend on any decision; let ``L_k`` be the requests that have arrived by arrival ``k``
and are not released by then. A chain ``c`` pays ``q_rc`` where it holds by itself (its links'
capacities and the bound on delay), a rejection pays ``p``. With ``x_rc`` the share of ``r`` that
goes to chain ``c``, 0 for a rejection, the programme is

    maximise  sum q_rc x_rc
    over      sum_c x_rc = 1                                 for each request r          (u_r)
              sum_{r in L_k} sum_{c over l} b_r x_rc <= C_l  for each arrival k, link l  (l_kl)

What any policy does is a solution with whole ``x``: only links of admitted chains are held, and
capacity is never exceeded. So the programme's optimum is a bound. It has a column for each of the
``instances ** stages`` chains of each request; columns that can raise the optimum are found by the
prices and added, until there are none (column generation, Dantzig and Wolfe 1960).

What is reported is not the solver's optimum but the least value of its dual prices on the way: by
weak duality, for any prices ``l >= 0``,

    sum_kl C_l l_kl + sum_r max_c ( q_rc - b_r sum_{l in c} sum_{k: r in L_k} l_kl )

is a bound, and it is worked out here over all chains. Neither a tolerance of the solver nor an
early stop can make it too small.

Over a network the bound is that of :mod:`edgesim.agents.sfc.bound_network`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from edgesim.agents.highs import maximise
from edgesim.agents.policies import Env
from edgesim.agents.sfc.bound_alone import most_paid
from edgesim.importing import load
from edgesim.twin.sfc.chain import QoS, Request
from edgesim.twin.sfc.stage_links import StageWorld
from edgesim.twin.sfc.workload import SFCWorkload

__all__ = ["chain_bound", "episode_bound", "unlimited_bound"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

MOST_CHAINS = 20_000
"""Chains of a request among stage links beyond which only :func:`unlimited_bound` is worked out."""

SEGMENT = 500
"""Requests in one programme. A longer episode is bounded piece by piece, each piece as if it began
with no chain running: less to keep to, so still a bound."""

NETWORK_SEGMENT = 4000
"""Likewise over a network, where a request is one column."""

_GAP = 1e-3  # of a request's pay: when to stop
_ROUNDS = 60
_INSTANTS = 25  # arrivals of a piece at which capacity is kept to


def episode_bound(env: Env) -> float:
    """A bound on the return of the episode of an SFC environment that has just been reset.

    A tenth of a CPU second for the 100 requests of ``sfc_paper`` and ``sfc_paper_3x``, a second
    for ``sfc_paper_10x``, a third for ``sfc``. Where the chains of stage links are too many, it is
    :func:`unlimited_bound`.
    """
    bare: Any = env.unwrapped
    twin: SFCWorkload = bare.twin
    world: Any = twin.world
    if isinstance(world, StageWorld):
        if world.instances**world.stages > MOST_CHAINS:
            return unlimited_bound(twin)
        bound, longest = chain_bound, SEGMENT
    else:
        bound = load("edgesim.agents.sfc.bound_network:network_bound")
        longest = NETWORK_SEGMENT
    requests = list(twin.requests())
    pieces = range(0, len(requests), longest)
    return float(sum(bound(twin, world, requests[k : k + longest]) for k in pieces))


def unlimited_bound(twin: SFCWorkload) -> float:
    """Every request gets its best chain of an empty network, or is rejected: a bound."""
    served, otherwise = most_paid(twin, list(twin.requests()))
    return float(np.maximum(served, otherwise).sum())


def chain_bound(twin: SFCWorkload, world: StageWorld, requests: list[Request]) -> float:
    """The bound among stage links, as the module's docstring derives it."""
    programme = _Programme(twin, world, requests)
    least, prices = np.inf, np.zeros(programme.shape)
    for _ in range(_ROUNDS):
        value, best = programme.dual(prices)
        least = min(least, value)
        if not programme.add(best):
            break
        solved = programme.solve()
        if solved is None:
            break
        optimum, prices = solved
        if least - optimum <= _GAP * len(requests):
            break
    return float(least)


@dataclass
class _Chains:
    """All chains of a world of stage links.

    Attributes:
        links: index of each chain's links among all links, shape (chains, stages - 1).
        delay_ms: delay of each chain, shape (chains,).
        narrowest: capacity of each chain's narrowest link, shape (chains,).
        capacity: capacity of all links, shape (links,).
    """

    links: IntArray
    delay_ms: FloatArray
    narrowest: FloatArray
    capacity: FloatArray

    @classmethod
    def of(cls, world: StageWorld) -> "_Chains":
        """The chains in the order of their choices."""
        count, stages = world.instances, world.stages
        choices = np.indices((count,) * stages).reshape(stages, -1)
        stage = np.arange(stages - 1)[:, None]
        links = (stage * count + choices[:-1]) * count + choices[1:]
        capacity = world.capacity[1:].reshape(-1)
        delay_ms = np.zeros(links.shape[1])
        for of_stage in links:  # added up from the first link to the last, as a chain is built
            delay_ms += world.delay_ms[1:].reshape(-1)[of_stage]
        return cls(links.T, delay_ms, capacity[links].min(axis=0), capacity)


class _Programme:
    """The programme of one piece of an episode, with the columns found so far.

    Attributes:
        shape: of the prices, (instants, links).
    """

    def __init__(self, twin: SFCWorkload, world: StageWorld, requests: list[Request]) -> None:
        self._chains = chains = _Chains.of(world)
        self._bandwidth = np.array([request.bandwidth for request in requests])
        arrival_s = np.array([request.arrival_s for request in requests])
        end_s = arrival_s + np.array([request.holding_s for request in requests])
        # Capacity is kept to at some arrivals only: fewer constraints, still a bound.
        instants = np.unique(np.linspace(0, len(requests) - 1, _INSTANTS).round().astype(int))
        self._first = np.searchsorted(arrival_s[instants], arrival_s, side="left")
        self._end = np.searchsorted(arrival_s[instants], end_s, side="left")
        self.shape = (len(instants), len(chains.capacity))
        self._rejected = twin.scenario.qoe.rejected
        delays_ms, of_chain = np.unique(chains.delay_ms, return_inverse=True)
        self._pay = np.empty((len(requests), len(chains.delay_ms)))
        for row, request in enumerate(requests):
            pay = [
                twin.qoe(request, QoS(ms, request.bandwidth, 0.0))
                if ms <= request.max_delay_ms
                else -np.inf
                for ms in delays_ms.tolist()
            ]
            self._pay[row] = np.array(pay)[of_chain]
            self._pay[row, chains.narrowest < request.bandwidth] = -np.inf
        self._columns: dict[tuple[int, int], None] = {}

    def dual(self, prices: FloatArray) -> tuple[float, IntArray]:
        """The bound that prices of capacity give, and each request's best chain (-1: rejection).

        Args:
            prices: at least 0, of each instant and link.
        """
        chains = self._chains
        sums = np.concatenate([np.zeros((1, self.shape[1])), np.cumsum(prices, axis=0)])
        charge = self._bandwidth[:, None] * (sums[self._end] - sums[self._first])
        worth = self._pay.copy()
        for of_stage in chains.links.T:
            worth -= charge[:, of_stage]
        best = worth.argmax(axis=1)
        most = worth[np.arange(len(best)), best]
        value = float(prices.sum(axis=0) @ chains.capacity + np.maximum(most, self._rejected).sum())
        return value, np.where(most > self._rejected, best, -1)

    def add(self, best: IntArray) -> int:
        """Add the columns that are new; their number."""
        before = len(self._columns)
        self._columns.update(
            ((row, chain), None) for row, chain in enumerate(best.tolist()) if chain >= 0
        )
        return len(self._columns) - before

    def solve(self) -> tuple[float, FloatArray] | None:
        """Optimum and capacity prices of the programme with the columns so far.

        None if the solver finds none: the prices so far are as good a bound as any.
        """
        chains, count, width = self._chains, len(self._pay), self.shape[1]
        request, chain = np.array(list(self._columns)).T
        links = chains.links[chain]
        lengths = self._end[request] - self._first[request]
        column = np.repeat(np.arange(len(request)), lengths)
        begins = np.repeat(np.cumsum(lengths) - lengths, lengths)
        instant = self._first[request[column]] + np.arange(len(column)) - begins
        rows = (instant[:, None] * width + links[column]).reshape(-1)
        held = np.repeat(self._bandwidth[request[column]], links.shape[1])
        hold = sparse.csr_matrix(
            (held, (rows, np.repeat(column, links.shape[1]))),
            shape=(self.shape[0] * width, len(request)),
        )
        limit = np.tile(chains.capacity, self.shape[0])
        total = np.bincount(rows, held, minlength=len(limit))
        binding = np.flatnonzero(total > limit)
        once = sparse.csr_matrix(
            (np.ones(len(request)), (request, np.arange(len(request)))), shape=(count, len(request))
        )
        # What a chain pays more than a rejection; the share that is left over is rejected.
        gain = self._pay[request, chain] - self._rejected
        right = np.concatenate([np.ones(count), limit[binding]])
        found = maximise(gain, (sparse.vstack([once, hold[binding]]), right))
        if found is None:
            return None
        prices = np.zeros(len(limit))
        prices[binding] = found.at_most[count:]
        # The programme's optimum is the value of its prices, by strong duality.
        optimum = self._rejected * count + float(found.at_most @ right)
        return optimum, prices.reshape(self.shape)
