"""Heuristics for service function chaining, each for n environments of one scenario at once.

They read what the environment tells everyone: the chain at hand (``env.unwrapped.chain``) and its
ways as they are known (``env.unwrapped.outlook``), from which the observation is written too.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.agents.policies import Env, Heuristic
from edgesim.agents.runs.seeds import policy_seed
from edgesim.envs.sfc.env import SFCEnv
from edgesim.envs.sfc.outlook import FAR, ChainOutlook
from edgesim.twin.core.layered import best_chain, pareto_chains
from edgesim.twin.sfc.chain import Chain, QoS, Request
from edgesim.twin.sfc.qoe import qoe_model

__all__ = [
    "PRICE_OF_ADMISSION",
    "PRICE_OF_LOAD",
    "Greedy",
    "LoadAware",
    "LoadAwareAdmission",
    "OverloadAvoidance",
    "Random",
    "RoundRobin",
    "ShortestDelay",
    "Violent",
]

Actions = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

PRICE_OF_LOAD = 4.0
"""What :class:`LoadAware` asks for bandwidth, times the offered load. On stage links 0.1, 0.3 and 1
did best at loads of 0.026, 0.079 and 0.26 (``sfc_paper``, ``_3x`` and ``_10x``)."""

PRICE_OF_ADMISSION = 30.0
"""What :class:`LoadAwareAdmission` asks, likewise. Swept on ``sfc`` over validation episodes (20, 8
and 8): with 0.75, 1.5 and 3 requests a second, loads of 0.15, 0.30 and 0.60, prices of 4 to 6, 9
and 16 did best."""

_MOST_LOSS = 1.0 - 2.0**-53
"""A way that loses all still is a way: the largest loss of which the logarithm is finite."""


class _Heuristic(Heuristic):
    """Decides for each environment by itself."""

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        self._envs: list[SFCEnv] = [env.unwrapped for env in envs]  # type: ignore[misc]
        self._instances = self._envs[0].world.instances
        self._can_reject = self._envs[0].scenario.admission_control

    def choose(self, observation: npt.NDArray[Any]) -> Actions:
        """See :class:`edgesim.agents.policies.Heuristic`."""
        decide = self._decide
        lanes = range(len(observation))
        chosen = [decide(lane, self._envs[lane].outlook, self._envs[lane].chain) for lane in lanes]
        return np.array(chosen, dtype=np.int64)

    @abstractmethod
    def _decide(self, lane: int, outlook: ChainOutlook, chain: Chain) -> int:
        """The choice for the environment of a lane."""


class Random(_Heuristic):
    """Any instance, whether it can hold or not, from the policy's own dice."""

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        super().__init__(envs, seed)
        self._rng = np.random.default_rng(policy_seed(seed, "random"))

    def _decide(self, lane: int, outlook: ChainOutlook, chain: Chain) -> int:
        return int(self._rng.integers(self._instances))


class RoundRobin(_Heuristic):
    """The first instance of each VNF for the first request, the second for the next, and so on."""

    def _decide(self, lane: int, outlook: ChainOutlook, chain: Chain) -> int:
        return outlook.request.number % self._instances


class OverloadAvoidance(_Heuristic):
    """The instance to which the way has the most residual bandwidth.

    Where no way limits the first choice, the instance with the widest way onward.
    """

    def _decide(self, lane: int, outlook: ChainOutlook, chain: Chain) -> int:
        stage, previous, _ = outlook.place(chain)
        residual = outlook.layers.residual
        width = residual[stage, previous]
        if np.isinf(width).all() and stage + 1 < outlook.request.stages:
            width = residual[stage + 1].max(axis=1)
        return int(width.argmax())


class ShortestDelay(_Heuristic):
    """The nearest instance to which the way holds.

    Where all ways to the first choice are alike, the instance with the nearest neighbour onward.
    """

    def _decide(self, lane: int, outlook: ChainOutlook, chain: Chain) -> int:
        stage, previous, _ = outlook.place(chain)
        delay_ms = outlook.layers.delay_ms + FAR * ~outlook.holds
        near = delay_ms[stage, previous]
        if near.min() == near.max() and stage + 1 < outlook.request.stages:
            near = delay_ms[stage + 1].min(axis=1)
        return int(near.argmin())


class _BestChain(_Heuristic):
    """The chain that is worth most to the request at hand: QoE less a price of what it takes.

    Exact on the layered graph, as it is known, with loss too. No QoE model rises with delay or with
    loss, whatever its floor (:mod:`edgesim.twin.sfc.qoe`). Bandwidth enters QoE as what was asked
    for: a chain gets all of it or does not hold. So what beats a chain in delay, loss and price is
    worth no less, and the best of the chains that no other beats is the best of all. Losses
    multiply along a chain; their costs -ln(1 - loss) add up.

    What the layered graph does not show: two ways of a chain may need the same link of a network,
    and then each may hold alone while both do not.
    """

    _price = 0.0  # QoE that a way's whole residual is worth
    _least_worth = -np.inf  # of a chain that is taken

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        super().__init__(envs, seed)
        self._model = qoe_model(self._envs[0].scenario.qoe)
        self._plans: list[tuple[Request, list[int]] | None] = [None] * len(self._envs)

    def _decide(self, lane: int, outlook: ChainOutlook, chain: Chain) -> int:
        request, choices, plan = outlook.request, chain.choices, self._plans[lane]
        stage = len(choices)
        if plan is None or plan[0] is not request or plan[1][:stage] != choices:
            plan = self._plans[lane] = (request, self._plan(outlook, chain))
        return plan[1][min(stage, len(plan[1]) - 1)]

    def _plan(self, outlook: ChainOutlook, chain: Chain) -> list[int]:
        request = outlook.request
        stage, previous, spent_ms = outlook.place(chain)
        begun = chain.choices[:stage]
        refused = begun + [self._instances * self._can_reject] * (request.stages - stage)
        if outlook.least_delay_ms(stage, previous).min() > request.max_delay_ms - spent_ms:
            return refused
        cost = self._cost(outlook)
        chains, rest = pareto_chains(cost, stage, previous)
        # What has been chosen counts too: QoE is not linear.
        delay_ms, loss, price = (rest + _along(cost, begun)).T
        # By ascending delay: the fastest keeps the bound, even where its sum is rounded beyond it.
        fits = max(1, int(delay_ms.searchsorted(request.max_delay_ms, side="right")))
        columns = [values[:fits].tolist() for values in (delay_ms, -np.expm1(-loss), price)]
        worth = [
            self._model(request, QoS(ms, request.bandwidth, lost)) - asked
            for ms, lost, asked in zip(*columns, strict=True)
        ]
        most = max(worth)
        if most < self._least_worth:
            return refused
        best: list[int] = chains[worth.index(most)].tolist()  # of equals, the fastest
        return begun + best

    def _cost(self, outlook: ChainOutlook) -> FloatArray:
        """Delay (ms), -ln(1 - loss) and price of each way; infinite where it does not hold."""
        layers = outlook.layers
        cost = np.zeros((*layers.delay_ms.shape, 3))
        cost[..., 0] = np.where(outlook.holds, layers.delay_ms, np.inf)
        if layers.loss is not None:
            cost[..., 1] = -np.log1p(-np.minimum(layers.loss, _MOST_LOSS))
        cost[..., 2] = self._price * outlook.price
        return cost


class Greedy(_BestChain):
    """The chain of the best QoE for the request at hand, as if it were the last.

    Exact, see :class:`_BestChain`. Without loss it is the chain of least delay, by dynamic
    programming.
    """

    def _decide(self, lane: int, outlook: ChainOutlook, chain: Chain) -> int:
        if outlook.layers.loss is not None:
            return super()._decide(lane, outlook, chain)
        stage, previous, spent_ms = outlook.place(chain)
        least_ms = outlook.least_delay_ms(stage, previous)
        if self._can_reject and least_ms.min() > outlook.request.max_delay_ms - spent_ms:
            return self._instances
        return int(least_ms.argmin())


class Violent(_Heuristic):
    """The authors' brute force: the chain of the best QoE, if that is above 0.

    It refuses a chain whose QoE is not positive and takes the penalty instead. Without admission
    control it does so by choices that fail: the longest chain, or one that does not hold. It knows
    no loss, as the authors do not, and takes the chain of least delay for the best.
    """

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        super().__init__(envs, seed)
        self._model = qoe_model(self._envs[0].scenario.qoe)

    def _decide(self, lane: int, outlook: ChainOutlook, chain: Chain) -> int:
        stage, previous, spent_ms = outlook.place(chain)
        request, least_ms = outlook.request, outlook.least_delay_ms(stage, previous)
        delay_ms = spent_ms + float(least_ms.min())
        qos = QoS(delay_ms, request.bandwidth, 0.0)
        if delay_ms <= request.max_delay_ms and self._model(request, qos) > 0:
            return int(least_ms.argmin())
        if self._can_reject:
            return self._instances
        longest, _ = best_chain(-outlook.layers.delay_ms - FAR * ~outlook.holds, stage, previous)
        return longest[0]


class LoadAware(_BestChain):
    """The chain of the best QoE less a price of the bandwidth it takes.

    The price of a chain is ``price`` times the sum over its ways of the bandwidth asked for over
    the bandwidth that the way still holds, so that scarce bandwidth is left to those who need it.
    The chain of the largest difference is found exactly, see :class:`_BestChain`; that the price
    is what those to come would pay is a rule of thumb, and nothing is exact about it.

    Args:
        envs: the environments.
        seed: not used.
        price: QoE that a way's whole residual is worth; by default :data:`PRICE_OF_LOAD` times the
            offered load of the world.
    """

    _price_of_load = PRICE_OF_LOAD

    def __init__(self, envs: Sequence[Env], seed: int, price: float | None = None) -> None:
        super().__init__(envs, seed)
        load = self._envs[0].world.offered_load
        self._price = self._price_of_load * load if price is None else price


class LoadAwareAdmission(LoadAware):
    """As :class:`LoadAware`, but a request whose best chain is worth less than a rejection goes.

    A chain pays once, however much it holds: under load, what a large one takes away from those to
    come is more than it pays. For scenarios with admission control.

    Args:
        envs: the environments.
        seed: not used.
        price: as of :class:`LoadAware`; by default :data:`PRICE_OF_ADMISSION` times the offered
            load of the world.
    """

    _price_of_load = PRICE_OF_ADMISSION

    def __init__(self, envs: Sequence[Env], seed: int, price: float | None = None) -> None:
        super().__init__(envs, seed, price)
        self._least_worth = self._envs[0].scenario.qoe.rejected


def _along(cost: FloatArray, choices: Sequence[int]) -> FloatArray:
    """Costs of the ways to ``choices``, from the first stage on; shape (kinds,)."""
    total, previous = np.zeros(cost.shape[-1]), 0
    for stage, choice in enumerate(choices):
        total += cost[stage, previous, choice]
        previous = choice
    return total
