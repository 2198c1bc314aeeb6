"""Heuristics for AIGC provider selection, each for n environments of one scenario at once.

All but :class:`Prophet` read nothing but the observation and, where steps are part of the action,
spend the steps that are asked for.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.agents.policies import Env, Heuristic
from edgesim.agents.runs.seeds import policy_seed
from edgesim.envs.aigc.observation import Observer
from edgesim.scenarios.aigc.schema import AIGCScenario
from edgesim.twin.aigc.workload import AIGCWorkload

__all__ = [
    "LeastLatency",
    "Nearest",
    "OverloadAvoidance",
    "Prophet",
    "Random",
    "Reader",
    "RoundRobin",
]

Actions = npt.NDArray[np.int64]
Observation = npt.NDArray[np.float32]


class Reader:
    """An AIGC observation in the units of the world.

    Args:
        env: any environment of the scenario.

    Attributes:
        providers: number of providers.
    """

    def __init__(self, env: Env) -> None:
        bare: Any = env.unwrapped
        scenario: AIGCScenario = bare.scenario
        self._observer: Observer = bare.observer
        self.providers = int(bare.action_space.n) // len(scenario.step_shares)
        self._capacity_unit = scenario.capacity_range[1]
        self._steps_unit = scenario.steps_range[1]
        self._has_network = scenario.wireless is not None

    def column(self, feature: str, observation: Observation) -> npt.NDArray[np.float32]:
        """A feature of all providers as the observation has it, shape (n, providers)."""
        return self._observer.column(feature, observation)

    def entry(self, name: str, observation: Observation) -> npt.NDArray[np.float32]:
        """A figure of the request as the observation has it, shape (n,)."""
        return self._observer.entry(name, observation)

    def steps(self, observation: Observation) -> npt.NDArray[np.int64]:
        """Denoising steps that the request asks for, shape (n,)."""
        share: npt.NDArray[np.float64] = self.entry("steps", observation).astype(float)
        return np.rint(share * self._steps_unit).astype(np.int64)

    def available(self, observation: Observation) -> npt.NDArray[np.float64]:
        """Available capacity of the providers that are up, in steps; -1 of the others.

        Shape (n, providers). Capacities are whole steps: rounding takes off what float32 added.
        """
        capacity = self.column("capacity", observation).astype(float) * self._capacity_unit
        available = np.rint(capacity * self.column("available", observation))
        if self._has_network:
            available[self.column("up", observation) < 0.5] = -1.0
        return available

    def fits(self, observation: Observation) -> npt.NDArray[np.bool_]:
        """Which providers are up and have room for the request, shape (n, providers)."""
        return self.available(observation) >= self.steps(observation)[:, None]


class Random(Heuristic):
    """Any provider, full or not, from the policy's own dice."""

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        self._providers = Reader(envs[0]).providers
        self._rng = np.random.default_rng(policy_seed(seed, "random"))

    def choose(self, observation: Observation) -> Actions:
        """See :class:`edgesim.agents.policies.Heuristic`."""
        return self._rng.integers(self._providers, size=len(observation))


class RoundRobin:
    """Provider 0, 1, 2, … in turn, from 0 in every episode; the state is whose turn it is."""

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        self._providers = Reader(envs[0]).providers

    def predict(
        self,
        observation: Observation,
        state: Any = None,
        episode_start: Any = None,
        deterministic: bool = False,
    ) -> tuple[Actions, Any]:
        """See :class:`edgesim.agents.policies.Policy`."""
        turn = np.zeros(len(observation), dtype=np.int64) if state is None else state.copy()
        if episode_start is not None:
            turn[np.asarray(episode_start, dtype=bool)] = 0
        return turn, (turn + 1) % self._providers


class _Choice(Heuristic):
    """Takes the provider of the highest score; of equals, the first."""

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        self._read = Reader(envs[0])

    def choose(self, observation: Observation) -> Actions:
        """See :class:`edgesim.agents.policies.Heuristic`."""
        chosen: Actions = np.argmax(self._score(observation), axis=1)
        return chosen

    @abstractmethod
    def _score(self, observation: Observation) -> npt.NDArray[np.floating[Any]]:
        """The score of each provider, shape (n, providers)."""

    def _with_room(
        self, observation: Observation, score: npt.NDArray[np.floating[Any]]
    ) -> npt.NDArray[np.floating[Any]]:
        """``score`` (0 or more) where there is room; elsewhere below all, by available capacity."""
        available = self._read.available(observation)
        fits = available >= self._read.steps(observation)[:, None]
        return np.where(fits, score, available - 1e9)


class OverloadAvoidance(_Choice):
    """The provider with the most available capacity, in steps, among those that are up."""

    def _score(self, observation: Observation) -> npt.NDArray[np.floating[Any]]:
        return self._read.available(observation)


class Nearest(_Choice):
    """The shortest way over the metro network from the user's site, among those with room."""

    def _score(self, observation: Observation) -> npt.NDArray[np.floating[Any]]:
        return self._with_room(observation, 1.0 - self._read.column("metro_time", observation))


class LeastLatency(_Choice):
    """The least expected latency as an operator can tell it, among those with room."""

    def _score(self, observation: Observation) -> npt.NDArray[np.floating[Any]]:
        latency = self._read.column("expected_latency", observation)
        return self._with_room(observation, 2.0 - latency)


class Prophet(Heuristic):
    """The best expected worth among the providers with room, knowing the hidden parameters.

    Where steps are part of the action it takes the best of them too, of equals the most.

    Best for the request at hand, not for those to come: what the authors of arXiv 2301.03220 call
    their upper bound. Where nothing has room it does the least harm: a provider that is down, which
    refuses and loses nothing, else the one whose crash loses the least.
    """

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        self._envs: list[Any] = [env.unwrapped for env in envs]

    def choose(self, observation: Observation) -> Actions:
        """See :class:`edgesim.agents.policies.Heuristic`."""
        return np.array([_best(env.twin) for env in self._envs], dtype=np.int64)


def _best(twin: AIGCWorkload) -> int:
    levels = twin.levels(twin.last)
    fits = np.array([twin.fits(steps) for steps in levels])
    if fits.any():
        worth = np.array([twin.expected_worth(steps) for steps in levels])
        return int(np.argmax(np.where(fits, worth, -1.0)))
    return int(np.argmin([_at_stake(twin, number) for number in range(len(twin.available))]))


def _at_stake(twin: AIGCWorkload, number: int) -> float:
    """Work that a crash of the provider now would lose, in tasks; -1 where it is down."""
    provider = twin.providers[number]
    if not provider.up:
        return -1.0
    if twin.delivery is not None:
        return float(twin.assigned[number])
    now = twin.clock.now
    return sum(
        1.0 - (now - task.start_s) / (task.end_s - task.start_s) for task in provider.running
    )
