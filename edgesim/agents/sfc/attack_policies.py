"""Rules for service chains under attack: where to inspect, and how strictly."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.agents.policies import Env, Heuristic
from edgesim.agents.runs.seeds import policy_seed
from edgesim.envs.sfc.attack_env import SFCAttackEnv
from edgesim.envs.sfc.attack_options import Options
from edgesim.errors import InputError, did_you_mean
from edgesim.twin.sfc.attack_world import AttackWorld
from edgesim.twin.sfc.chain import QoS, Request
from edgesim.twin.sfc.qoe import qoe_model

__all__ = [
    "BestDetector",
    "BySlice",
    "Cheapest",
    "Fixed",
    "LoadAware",
    "Random",
    "RoundRobin",
    "Strictest",
]

Actions = npt.NDArray[np.int64]

PRICE_OF_LOAD = 24.0
"""What rules ask for scarce bandwidth and inspection, times the offered load. Of 0, 5, 12, 18, 24,
30, 40 and 60, swept on ``sfc_attack`` with :class:`LoadAware` over eight episodes (seed 7), 24 and
30 tie and the others lose."""


class _Rule(Heuristic):
    """Decides for each environment by itself.

    A rule takes the best chain that its operating points allow, and rejects a request for which
    that is worth less than a rejection, both less a price of what is scarce.
    """

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        self._envs: list[SFCAttackEnv] = [env.unwrapped for env in envs]  # type: ignore[misc]
        self._world: AttackWorld = self._envs[0].world
        self._rejects = self._envs[0].observer.rejects
        self._price = PRICE_OF_LOAD * self._world.offered_load
        self._rejected = self._world.scenario.qoe.rejected

    def choose(self, observation: npt.NDArray[Any]) -> Actions:
        """See :class:`edgesim.agents.policies.Heuristic`."""
        lanes = range(len(observation))
        chosen = [self._decide(self._envs[k].options, self._envs[k].outlook.request) for k in lanes]
        return np.array(chosen, dtype=np.int64)

    @abstractmethod
    def _decide(self, options: Options, request: Request) -> int:
        """The choice for one environment."""

    def _at(self, point: int, options: Options) -> int:
        """The best chain of an operating point."""
        return self._best(options, options.there & (options.point == point))

    def _best(self, options: Options, these: npt.NDArray[np.bool_]) -> int:
        """The option that is worth most among some, or a rejection (or what fails)."""
        if not these.any():
            return len(these) if self._rejects else 0
        worth = options.qoe - options.damage - options.stopped - self._price * options.scarce
        best = int(np.where(these, worth, -np.inf).argmax())
        return len(these) if self._rejects and worth[best] < self._rejected else best


class Fixed(_Rule):
    """One operating point for every chain.

    Args:
        envs: the environments.
        seed: not used.
        point: its name.

    Raises:
        InputError: the scenario has no such point.
    """

    def __init__(self, envs: Sequence[Env], seed: int, point: str = "off") -> None:
        super().__init__(envs, seed)
        names = [it.name for it in self._world.operating_points]
        if point not in names:
            raise InputError("point", point, did_you_mean(point, names))
        self._number = names.index(point)

    def _decide(self, options: Options, request: Request) -> int:
        return self._at(self._number, options)


class _Always(_Rule):
    """One operating point for every chain, found by a figure of it."""

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        super().__init__(envs, seed)
        figures = [self._figure(number) for number in range(len(self._world.operating_points))]
        self._number = int(np.argmin(figures))

    @abstractmethod
    def _figure(self, number: int) -> float:
        """What is least at the point that is taken."""

    def _decide(self, options: Options, request: Request) -> int:
        return self._at(self._number, options)


class BestDetector(_Always):
    """The operating point whose misses and false alarms cost least over all slices, whatever it
    takes; of equals, that of the least CPU time.
    """

    def _figure(self, number: int) -> float:
        world = self._world
        point, shares = world.operating_points[number], world.shares.mean(axis=0)
        cost = float((shares * point.missed) @ world.damage)
        cost += (1 - float(shares.sum())) * point.false_alarms * world.attacks.false_alarm
        return cost + 1e-9 * point.flow_s


class Strictest(_Always):
    """The operating point that lets the least damage pass, whatever it stops besides."""

    def _figure(self, number: int) -> float:
        world = self._world
        point = world.operating_points[number]
        return (
            float((world.shares.mean(axis=0) * point.missed) @ world.damage) + 1e-9 * point.flow_s
        )


class Cheapest(_Always):
    """The operating point of the least CPU time a flow, among those that inspect and hold a flow
    no longer than its own time.
    """

    def _figure(self, number: int) -> float:
        point = self._world.operating_points[number]
        return point.flow_s if point.flow_s > 0 and point.batch == 1 else np.inf


class BySlice(_Rule):
    """One operating point a slice: what is best for its usual request in an empty network.

    The usual request has the slice's mean bandwidth and bound. It is worth its QoE, with the
    delay of inspection, less expected damage and false alarms.
    """

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        super().__init__(envs, seed)
        world = self._world
        network = world.scenario.network
        assert network is not None
        model = qoe_model(world.scenario.qoe)
        self._of_slice: list[int] = []
        for kind, part in enumerate(network.slices):
            bound_ms = 1000 * sum(part.max_delay_s) / 2
            usual = Request(
                0, 0.0, part.mean_bandwidth_bps, bound_ms, part.holding_s, len(part.chain), kind
            )
            worth = []
            for point in world.operating_points:
                wait_ms = point.wait_ms(world.flows_hz(usual))
                # A third of the bound is left to the network on average [chosen].
                qos = QoS(wait_ms + bound_ms / 3, usual.bandwidth, 0.0)
                fits = qos.delay_ms <= bound_ms
                value = model(usual, qos) - sum(world.foreseen(usual, point))
                worth.append(value if fits else -np.inf)
            self._of_slice.append(int(np.argmax(worth)))

    def _decide(self, options: Options, request: Request) -> int:
        return self._at(self._of_slice[request.kind], options)


class LoadAware(_Rule):
    """The option worth most, whatever its operating point: QoE less expected damage and false
    alarms, less a price of what is scarce; a rejection where that is worth more.

    Args:
        envs: the environments.
        seed: not used.
        price: times the offered load, the QoE that a way's whole residual is worth.
    """

    def __init__(self, envs: Sequence[Env], seed: int, price: float = PRICE_OF_LOAD) -> None:
        super().__init__(envs, seed)
        self._price = price * self._world.offered_load

    def _decide(self, options: Options, request: Request) -> int:
        return self._best(options, options.there)


class Random(_Rule):
    """Any option that is there, or a rejection, from the policy's own dice."""

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        super().__init__(envs, seed)
        self._rng = np.random.default_rng(policy_seed(seed, "random"))

    def _decide(self, options: Options, request: Request) -> int:
        there = np.append(options.there, True) if self._rejects else options.there
        places = np.flatnonzero(there)
        return int(self._rng.choice(places)) if len(places) else 0


class RoundRobin(_Rule):
    """One operating point after the other."""

    def _decide(self, options: Options, request: Request) -> int:
        return self._at(request.number % len(self._world.operating_points), options)
