"""Policies for a ring that serves, each for n environments of one scenario at once.

They know what the environment tells everyone: what was measured last, the tables of token times,
queue and batch. All but the blind ones send requests by one rule (:meth:`_Ringed.route`), so that
what tells them apart is how they plan.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.agents.policies import Env, Heuristic
from edgesim.agents.ring.iteration import solve
from edgesim.agents.runs.seeds import policy_seed
from edgesim.envs.ring.env import LLMRingEnv
from edgesim.envs.ring.observation import seen_token_s
from edgesim.twin.ring import serving

__all__ = [
    "DLLama",
    "EveryChange",
    "Exo",
    "Greedy",
    "Random",
    "RoundRobin",
    "Single",
    "StaticBest",
    "StaticHalda",
    "Threshold",
    "ValueIteration",
]

Actions = npt.NDArray[np.int64]

RING, SMALL, REFUSE, KEEP = range(4)


class _Ringed(Heuristic):
    """Decides for each environment by itself.

    Args:
        envs: the environments.
        seed: of its own dice; it has none.
        draft: which of the scenario's numbers of drafts it proposes; the best of those tried on
            training episodes.
        wait: the longest expected time to a first token with which a request is sent to the ring,
            over the target; likewise.
    """

    def __init__(self, envs: Sequence[Env], seed: int, draft: int = 1, wait: float = 0.7) -> None:
        self._envs: list[LLMRingEnv] = [env.unwrapped for env in envs]  # type: ignore[misc]
        self._wait = wait
        self._draft = min(int(draft), len(self._envs[0].scenario.drafts) - 1)

    def choose(self, observation: npt.NDArray[Any]) -> Actions:
        """See :class:`edgesim.agents.policies.Heuristic`."""
        chosen = [self._decide(self._envs[lane]) for lane in range(len(observation))]
        return np.array(chosen, dtype=np.int64)

    def _decide(self, env: LLMRingEnv) -> int:
        if env.twin.state.ints[serving.KIND] == serving.ARRIVAL:
            return self.route(env)
        system, ints = self.plan(env), env.twin.state.ints
        if system is not None and system != ints[serving.SYSTEM]:
            return 4 + system
        if ints[serving.DRAFT] != self._draft:
            return 4 + len(env.world.names) + self._draft
        return KEEP

    def route(self, env: LLMRingEnv) -> int:
        """The ring if its answer should be in time, else the small model if its is, else nobody.

        By what was measured: the queue's prompts and answers of the mean length, a batch at once.
        """
        state, scenario, world = env.twin.state, env.scenario, env.world
        floats, ints = state.floats, state.ints
        target, asked = scenario.target, scenario.requests
        prompt = float(env.twin.future.prompt[ints[serving.REQUEST]])
        system = int(ints[serving.SYSTEM])
        token_s = seen_token_s(world.tables, state, system)
        blocked_s = max(0.0, float(floats[serving.BLOCKED] - floats[serving.NOW]))
        ahead = int(ints[serving.TAIL] - ints[serving.HEAD])
        slots = len(state.active)
        first_s = token_s + scenario.prefill_ms / 1e3 * asked.prompt_tokens
        wait_s = blocked_s + ahead * first_s
        waiting = int(ints[serving.ACTIVE]) + ahead - slots + 1
        if waiting > 0:
            answers_s = token_s * asked.output_tokens
            wait_s += answers_s * waiting / slots
        ttft_s = wait_s + token_s + scenario.prefill_ms / 1e3 * prompt
        if ttft_s <= self._wait * target.ttft_s and token_s <= target.tpot_s:
            return RING
        small_s = max(0.0, float(floats[serving.SMALL_FREE] - floats[serving.NOW]))
        small_s += prompt * scenario.small.prefill_ms / 1e3
        return SMALL if small_s <= target.ttft_s else REFUSE

    @abstractmethod
    def plan(self, env: LLMRingEnv) -> int | None:
        """The system that is to run from now on; None: that which runs."""


def seen_times(env: LLMRingEnv) -> npt.NDArray[np.float64]:
    """Time of a token under each system by what was measured last (P), s."""
    tables, state = env.world.tables, env.twin.state
    return np.array([seen_token_s(tables, state, system) for system in range(len(tables.token_s))])


class _Static(_Ringed):
    """One system from the beginning on."""

    system: str

    def plan(self, env: LLMRingEnv) -> int | None:
        """See :class:`_Ringed`."""
        return env.world.systems[self.system]


class StaticHalda(_Static):
    """prima.cpp: Halda's plan, made once."""

    system = "halda"


class StaticBest(_Static):
    """The plan that the search finds best where all memories are free, kept."""

    system = "free"


class Single(_Static):
    """llama.cpp on the best single device."""

    system = "single"


class Exo(_Static):
    """exo's placement: layers in proportion to memory, pinned."""

    system = "exo"


class DLLama(_Static):
    """dllama's placement: slices of all layers everywhere."""

    system = "dllama"


class EveryChange(_Ringed):
    """At each tick the system that is fastest by what was measured, whatever a change costs."""

    def plan(self, env: LLMRingEnv) -> int | None:
        """See :class:`_Ringed`."""
        return int(seen_times(env).argmin())


class Threshold(_Ringed):
    """The fastest system, where the one that runs takes more than so many times as long.

    Args:
        envs: the environments.
        seed: of its own dice; it has none.
        factor: how many times; the best of those tried on training episodes (docs/ring.md).
        more: ``draft`` and ``wait``, as of the others.
    """

    def __init__(self, envs: Sequence[Env], seed: int, factor: float = 1.3, **more: Any) -> None:
        super().__init__(envs, seed, **more)
        self._factor = factor

    def plan(self, env: LLMRingEnv) -> int | None:
        """See :class:`_Ringed`."""
        times = seen_times(env)
        now_s = times[env.twin.state.ints[serving.SYSTEM]]
        return int(times.argmin()) if now_s > self._factor * times.min() else None


class Greedy(_Ringed):
    """The system that makes the most tokens until so much later, reading its layers included.

    Args:
        envs: the environments.
        seed: of its own dice; it has none.
        ahead_s: how far it looks ahead; the best of those tried on training episodes.
        more: ``draft`` and ``wait``, as of the others.
    """

    def __init__(self, envs: Sequence[Env], seed: int, ahead_s: float = 120.0, **more: Any) -> None:
        super().__init__(envs, seed, **more)
        self._ahead_s = ahead_s

    def plan(self, env: LLMRingEnv) -> int | None:
        """See :class:`_Ringed`."""
        times = seen_times(env)
        system = int(env.twin.state.ints[serving.SYSTEM])
        moves = [serving.move_s(env.world.tables, system, new) for new in range(len(times))]
        made = np.maximum(0.0, self._ahead_s - np.array(moves)) / times
        best = int(made.argmax())
        return best if made[best] > made[system] * (1 + 1e-9) else None


class ValueIteration(_Ringed):
    """The plan that is best in the long run, were memories all that changes, and seen as they are.

    Exact in the world of :mod:`edgesim.agents.ring.iteration`: one request without an end.
    """

    def __init__(self, envs: Sequence[Env], seed: int, **more: Any) -> None:
        super().__init__(envs, seed, **more)
        self._best = solve(self._envs[0].world).policy

    def plan(self, env: LLMRingEnv) -> int | None:
        """See :class:`_Ringed`."""
        state = env.twin.state
        middle = (1.0 + env.scenario.changes.memory_left) / 2.0
        memory = sum(1 << n for n, share in enumerate(state.seen_memory) if share < middle)
        system = int(self._best[memory, int(state.ints[serving.SYSTEM])])
        # What memories alone tell does not know who is away
        return system if np.isfinite(seen_token_s(env.world.tables, state, system)) else None


class Random(Heuristic):
    """Any action that is meant, from the policy's own dice."""

    def __init__(self, envs: Sequence[Env], seed: int) -> None:
        self._envs: list[LLMRingEnv] = [env.unwrapped for env in envs]  # type: ignore[misc]
        self._rng = np.random.default_rng(policy_seed(seed, "random"))

    def choose(self, observation: npt.NDArray[Any]) -> Actions:
        """See :class:`edgesim.agents.policies.Heuristic`."""
        return np.array(
            [self._rng.choice(np.flatnonzero(env.action_masks())) for env in self._envs],
            dtype=np.int64,
        )


class RoundRobin(StaticBest):
    """Requests to the ring and the small model by turns, under the best static plan."""

    def route(self, env: LLMRingEnv) -> int:
        """See :class:`_Ringed`."""
        return int(env.twin.state.ints[serving.REQUEST]) % 2
