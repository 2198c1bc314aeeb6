r"""More than an episode can pay, whatever decides: the future is known.

Let ``best(t)`` be the time of a token of one request under the fastest system at time t, as memory,
devices and links truly are; no batch, no queue and no change of plan makes a token faster. With
the most drafts' expected tokens a cycle, a request's answer takes at least until
``integral of rate(t) dt`` from its arrival reaches its tokens. Each request is granted

- the ring's full worth where it would be in time if it were the ring's only one, with every change
  of plan free,
- else the small model's worth,
- else the least loss of refusing it or being late.

The sum is more than any policy gets. It is loose where requests queue: it lets each have the ring
for itself.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.agents.policies import Env
from edgesim.scenarios.ring.schema import LLMRingScenario
from edgesim.twin.ring.future import BACK, BUSY, CROWD, FREE, GONE, LINK, Future
from edgesim.twin.ring.serving import token_now_s
from edgesim.twin.ring.serving_world import NUMBERS, RingWorld

__all__ = ["episode_bound", "fastest"]

FloatArray = npt.NDArray[np.float64]

_PER = 100.0  # tokens of a reward of 1


def episode_bound(env: Env) -> float:
    """A bound on the return of the episode of an environment that was just reset."""
    bare: Any = env.unwrapped
    scenario: LLMRingScenario = bare.scenario
    future: Future = bare.twin.future
    starts_s, times_s = fastest(bare.world, future)
    # Tokens of one request, without drafts, that could be made up to each start
    lengths = np.diff([*starts_s, np.inf])
    made = np.concatenate([[0.0], np.cumsum(lengths[:-1] / times_s[:-1])])
    target, small = scenario.target, scenario.small
    small_worth = float(bare.world.tables.numbers[NUMBERS.index("small_quality")])
    total = 0.0
    for request in range(len(future.arrival_s)):
        tokens = float(future.output[request])
        arrival_s = float(future.arrival_s[request])
        worth = -min(target.late_cost, target.refused_cost) * tokens
        first_s = future.prompt[request] * small.prefill_ms / 1e3
        if first_s <= target.ttft_s and small.token_ms / 1e3 <= target.tpot_s:
            worth = max(worth, small_worth * tokens)
        if _in_time(scenario, future, request, starts_s, times_s, made, arrival_s):
            worth = max(worth, tokens)
        total += worth
    return total / _PER


def _in_time(
    scenario: LLMRingScenario,
    future: Future,
    request: int,
    starts_s: FloatArray,
    times_s: FloatArray,
    made: FloatArray,
    arrival_s: float,
) -> bool:
    """Whether the ring could answer a request in time if it had nothing else to do."""
    target = scenario.target
    prompt_s = float(future.prompt[request]) * scenario.prefill_ms / 1e3
    if prompt_s > target.ttft_s:
        return False
    latest_s = arrival_s + target.ttft_s + float(future.output[request]) * target.tpot_s
    draft = max(
        sum(float(future.acceptance[request]) ** n for n in range(draft + 1))
        for draft in scenario.drafts
    )
    # A cycle makes at most so many tokens, and takes at least a token's time
    could = draft * (
        _at(latest_s, starts_s, times_s, made) - _at(arrival_s, starts_s, times_s, made)
    )
    return bool(could >= float(future.output[request]) * (1 - 1e-9))


def _at(now_s: float, starts_s: FloatArray, times_s: FloatArray, made: FloatArray) -> float:
    """Tokens that could be made from the beginning up to a time."""
    place = int(np.searchsorted(starts_s, now_s, side="right")) - 1
    return float(made[place] + (now_s - starts_s[place]) / times_s[place])


def fastest(world: RingWorld, future: Future) -> tuple[FloatArray, FloatArray]:
    """From when on (s) a token under the fastest system takes how long (s)."""
    devices = world.tables.uses.shape[1]
    busy, away = np.zeros(devices, dtype=np.int64), np.zeros(devices, dtype=np.int64)
    link, share = np.ones(devices), 1.0
    starts, times = [0.0], [_best(world, busy, away, link)]
    for number in range(len(future.event_s)):
        device, kind = future.event_device[number], future.event_kind[number]
        if kind in (BUSY, FREE):
            busy[device] = kind == BUSY
        elif kind in (GONE, BACK):
            away[device] = kind == GONE
        elif kind == LINK:
            link[device] = future.event_value[number]
        elif kind == CROWD:
            share = 1.0 / (1.0 + future.event_value[number])
        starts.append(float(future.event_s[number]))
        times.append(_best(world, busy, away, share * link))
    return np.array(starts), np.array(times)


def _best(
    world: RingWorld,
    busy: npt.NDArray[np.int64],
    away: npt.NDArray[np.int64],
    link: FloatArray,
) -> float:
    systems = range(len(world.names))
    return min(token_now_s(world.tables, system, busy, away, link) for system in systems)
