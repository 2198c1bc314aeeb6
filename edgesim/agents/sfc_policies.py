"""Heuristics for service function chaining, each for n environments of one scenario at once.

They read what the environment tells everyone: the chain at hand (``env.unwrapped.chain``) and its
ways as they are known (``env.unwrapped.ahead``), from which the observation is written too.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.agents.policies import Env
from edgesim.agents.seeds import policy_seed
from edgesim.envs.sfc import SFCEnv
from edgesim.envs.sfc_ahead import FAR, Ahead
from edgesim.scenarios.sfc import QoE
from edgesim.twin.chain import Chain, QoS, Request
from edgesim.twin.layered import best_chain, pareto_chains
from edgesim.twin.qoe import delay_of_loss_ms, qoe_model

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


class _Heuristic(ABC):
    """Decides for each environment by itself."""

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        self._envs: list[SFCEnv] = [env.unwrapped for env in envs]  # type: ignore[misc]
        self._instances = self._envs[0].world.instances
        self._can_reject = self._envs[0].scenario.admission_control

    def predict(
        self,
        observation: npt.NDArray[Any],
        state: Any = None,
        episode_start: Any = None,
        deterministic: bool = False,
    ) -> tuple[Actions, Any]:
        """See :class:`edgesim.agents.policies.Policy`."""
        decide = self._decide
        lanes = range(len(observation))
        chosen = [decide(lane, self._envs[lane].ahead, self._envs[lane].chain) for lane in lanes]
        return np.array(chosen, dtype=np.int64), state

    @abstractmethod
    def _decide(self, lane: int, ahead: Ahead, chain: Chain) -> int:
        """The choice for the environment of a lane."""


class Random(_Heuristic):
    """Any instance, whether it can hold or not, from the policy's own dice."""

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        super().__init__(envs, seed)
        self._rng = np.random.default_rng(policy_seed(seed, "random"))

    def _decide(self, lane: int, ahead: Ahead, chain: Chain) -> int:
        return int(self._rng.integers(self._instances))


class RoundRobin(_Heuristic):
    """The first instance of each VNF for the first request, the second for the next, and so on."""

    def _decide(self, lane: int, ahead: Ahead, chain: Chain) -> int:
        return ahead.request.number % self._instances


class OverloadAvoidance(_Heuristic):
    """The instance to which the way has the most residual bandwidth.

    Where no way limits the first choice, the instance with the widest way onward.
    """

    def _decide(self, lane: int, ahead: Ahead, chain: Chain) -> int:
        stage, previous, _ = ahead.place(chain)
        residual = ahead.layers.residual
        width = residual[stage, previous]
        if np.isinf(width).all() and stage + 1 < ahead.request.stages:
            width = residual[stage + 1].max(axis=1)
        return int(width.argmax())


class ShortestDelay(_Heuristic):
    """The nearest instance to which the way holds.

    Where all ways to the first choice are alike, the instance with the nearest neighbour onward.
    """

    def _decide(self, lane: int, ahead: Ahead, chain: Chain) -> int:
        stage, previous, _ = ahead.place(chain)
        delay_ms = ahead.layers.delay_ms + FAR * ~ahead.holds
        near = delay_ms[stage, previous]
        if near.min() == near.max() and stage + 1 < ahead.request.stages:
            near = delay_ms[stage + 1].min(axis=1)
        return int(near.argmin())


class Greedy(_Heuristic):
    """The chain of the best QoE for the request at hand, as if it were the last.

    QoE falls with delay, so without loss it is the chain of least delay, by dynamic programming:
    exact. With loss it is not: loss counts as the delay that disturbs as much
    (:func:`delay_of_loss_ms`) and is added up over the ways, and where the chain found so passes
    the bound, the chain of least delay is taken, though one between the two may be better.
    """

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        super().__init__(envs, seed)
        self._parameters = self._envs[0].scenario.qoe

    def _decide(self, lane: int, ahead: Ahead, chain: Chain) -> int:
        stage, previous, spent_ms = ahead.place(chain)
        least_ms = ahead.least_delay_ms(stage, previous)
        room_ms = ahead.request.max_delay_ms - spent_ms
        if self._can_reject and least_ms.min() > room_ms:
            return self._instances
        if ahead.layers.loss is not None:
            choices, _ = best_chain(_disturbance_ms(ahead, self._parameters), stage, previous)
            if _delay_ms(ahead, stage, previous, choices) <= room_ms:
                return choices[0]
        return int(least_ms.argmin())


class Violent(_Heuristic):
    """The authors' brute force: the chain of the best QoE, if that is above 0.

    It refuses a chain whose QoE is not positive and takes the penalty instead. Without admission
    control it does so by choices that fail: the longest chain, or one that does not hold.
    """

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        super().__init__(envs, seed)
        self._model = qoe_model(self._envs[0].scenario.qoe)

    def _decide(self, lane: int, ahead: Ahead, chain: Chain) -> int:
        stage, previous, spent_ms = ahead.place(chain)
        request, least_ms = ahead.request, ahead.least_delay_ms(stage, previous)
        delay_ms = spent_ms + float(least_ms.min())
        qos = QoS(delay_ms, request.bandwidth, 0.0)
        if delay_ms <= request.max_delay_ms and self._model(request, qos) > 0:
            return int(least_ms.argmin())
        if self._can_reject:
            return self._instances
        longest, _ = best_chain(-ahead.layers.delay_ms - FAR * ~ahead.holds, stage, previous)
        return longest[0]


class LoadAware(_Heuristic):
    """The chain of the best QoE less a price of the bandwidth it takes; exact without loss.

    The price of a chain is ``price`` times the sum over its ways of the bandwidth asked for over
    the bandwidth that the way still holds, so that scarce bandwidth is left to those who need it.

    Args:
        envs: the environments.
        seed: not used.
        price: QoE that a way's whole residual is worth; by default :data:`PRICE_OF_LOAD` times the
            offered load of the world.
    """

    _price_of_load = PRICE_OF_LOAD
    _least_worth = -np.inf  # of a chain that is taken

    def __init__(self, envs: Sequence[Env], seed: int, price: float | None = None) -> None:
        super().__init__(envs, seed)
        load = self._envs[0].world.offered_load
        self._price = self._price_of_load * load if price is None else price
        self._parameters = self._envs[0].scenario.qoe
        self._model = qoe_model(self._parameters)
        self._plans: list[tuple[Request, list[int]] | None] = [None] * len(self._envs)

    def _decide(self, lane: int, ahead: Ahead, chain: Chain) -> int:
        request, choices, plan = ahead.request, chain.choices, self._plans[lane]
        stage = len(choices)
        if plan is None or plan[0] is not request or plan[1][:stage] != choices:
            plan = self._plans[lane] = (request, self._plan(ahead, chain))
        return plan[1][min(stage, len(plan[1]) - 1)]

    def _plan(self, ahead: Ahead, chain: Chain) -> list[int]:
        stage, previous, spent_ms = ahead.place(chain)
        request, stages = ahead.request, ahead.request.stages
        room_ms = request.max_delay_ms - spent_ms
        refused = [self._instances * self._can_reject] * (stages - stage)
        if ahead.least_delay_ms(stage, previous).min() > room_ms:
            return chain.choices[:stage] + refused
        chains, disturbance_ms, price = pareto_chains(
            _disturbance_ms(ahead, self._parameters), ahead.price, stage, previous
        )
        worth = [
            self._model(request, QoS(spent_ms + ms, request.bandwidth, 0.0)) - self._price * asked
            if ms <= room_ms
            else -np.inf
            for ms, asked in zip(disturbance_ms.tolist(), price.tolist(), strict=True)
        ]
        if max(worth) < self._least_worth:
            return chain.choices[:stage] + refused
        best: list[int] = chains[int(np.argmax(worth))].tolist()
        return chain.choices[:stage] + best


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
        self._least_worth = self._parameters.rejected


def _disturbance_ms(ahead: Ahead, parameters: QoE) -> FloatArray:
    """Delay of each way, and what its loss counts as delay; infinite where it does not hold."""
    layers = ahead.layers
    cost = layers.delay_ms
    if layers.loss is not None:
        cost = cost + delay_of_loss_ms(parameters, ahead.request) * layers.loss
    return np.where(ahead.holds, cost, np.inf)


def _delay_ms(ahead: Ahead, stage: int, previous: int, choices: Sequence[int]) -> float:
    """Delay of the ways to ``choices``, from ``stage`` on."""
    total_ms = 0.0
    for at, choice in enumerate(choices, start=stage):
        total_ms += ahead.layers.delay_ms.item(at, previous, choice)
        previous = choice
    return total_ms
