"""AIGC provider selection without a network, thousands of worlds at once.

The same world as :class:`edgesim.twin.aigc.workload.AIGCWorkload` makes with SimPy, as arrays:
requests, run times, quality, observation and payment are read from the scenario and the twin's own
world. Without a network a task's end is known at its start, so that an episode needs no event
queue: each world keeps its running tasks in the order of their ends.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from edgesim.envs.actions import mask_size
from edgesim.envs.aigc.observation import Observer
from edgesim.envs.aigc.reward import PARTS
from edgesim.envs.batched import BatchedEnv, Flags, Floats, Integers
from edgesim.scenarios.aigc.schema import AIGCScenario
from edgesim.scenarios.checks import one_of
from edgesim.twin.aigc.arrivals import poisson_arrivals, steps_asked
from edgesim.twin.aigc.world import AIGCWorld
from edgesim.twin.core.compiled import compiled
from edgesim.twin.core.reseeding import ReseededStreams
from edgesim.twin.core.worlds import shared_world

__all__ = ["AIGCBatchedEnv"]

_MOST_ENTRIES = 10_000_000  # providers × numbers of steps that may be asked: a table holds them
_TOTALS = ("return", "quality", "latency_s", "lost", "refused", "crashes", "finished", "decisions")
_RETURN, _QUALITY, _LATENCY, _LOST, _REFUSED, _CRASHES, _FINISHED, _DECISIONS = range(len(_TOTALS))


class _Rules(NamedTuple):
    """What is the same in all worlds. A level is one of the numbers of steps that may be asked."""

    capacity: Floats  # denoising steps held at once, shape (providers,)
    steps: Floats  # of a level, shape (levels,)
    run_time_s: Floats  # of a level, shape (levels,)
    gain: Floats  # quality gain, shape (providers, levels)
    request: npt.NDArray[np.float32]  # a request's entries in the observation, shape (levels, 2)
    restart_s: float
    decide_last: bool
    on_delivery: bool
    shaped: bool
    crash_penalty: float
    loss_penalty: float
    refusal_penalty: float


class _Worlds(NamedTuple):
    """What happens in each world: its requests, its running tasks, its providers, its figures."""

    arrival_s: Floats  # of a request, shape (worlds, requests)
    level: npt.NDArray[np.uint16]  # of a request, shape (worlds, requests)
    requests: Integers  # of the episode, shape (worlds,)
    at: Integers  # number of the request at hand, shape (worlds,)
    end_s: Floats  # of the running tasks, ascending from head to tail, shape (worlds, places)
    task: npt.NDArray[np.int32]  # their provider and level, see _join, likewise
    head: Integers  # shape (worlds,)
    tail: Integers  # shape (worlds,)
    available: Floats  # capacity not taken, in steps, shape (worlds, providers)
    up_s: Floats  # when a provider is up again, shape (worlds, providers)
    totals: Floats  # figures of the episode so far, as _TOTALS, shape (worlds, 8)


class AIGCBatchedEnv(BatchedEnv):
    """Worlds of an AIGC scenario without a network; see :class:`edgesim.envs.aigc.env.AIGCEnv`.

    Args:
        num_envs: number of worlds.
        scenario: the checked scenario.
        reward: as of the single environment.
        mask: likewise.
        keywords: those of :class:`edgesim.envs.batched.BatchedEnv`.

    Raises:
        InputError: bad values.
    """

    parts = PARTS

    def __init__(
        self,
        num_envs: int,
        scenario: AIGCScenario,
        reward: str = "paid",
        mask: str = "fits",
        observation: str = "plain",
        **keywords: Any,
    ) -> None:
        one_of("observation", observation, self.observations)
        one_of("reward", reward, ("paid", "shaped"))
        one_of("mask", mask, ("fits", "up"))
        self.scenario = scenario
        self.world = shared_world(AIGCWorld, scenario)
        self.observer = Observer(self.world)
        providers = len(self.world.providers)
        self._check_memory(num_envs, _worlds(1, providers, *_room(self.world)), self.observer.high)
        super().__init__(
            num_envs,
            spaces.Box(0.0, self.observer.high, dtype=np.float32),
            spaces.Discrete(providers),
            **keywords,
        )
        self._streams = ReseededStreams()
        self._only_fitting = mask == "fits"
        self._rules = _rules(self.world, self.observer, shaped=reward == "shaped")
        self._worlds = _worlds(num_envs, providers, *_room(self.world))

    observations = ("plain",)

    @staticmethod
    def unsupported(scenario: AIGCScenario) -> str | None:
        """See :class:`edgesim.envs.batched.BatchedEnv`."""
        if scenario.wireless is not None:
            return "the batched engine has no network"
        if scenario.trace is not None:
            return "the batched engine reads no trace"
        if scenario.events or scenario.faults:
            return "the batched engine plays no events"
        levels = _levels(scenario).size
        if max(levels, scenario.provider_count) >= 2**15:
            return "the batched engine takes fewer providers and numbers of steps"
        if levels * scenario.provider_count > _MOST_ENTRIES:
            return "the batched engine takes fewer providers or numbers of steps"
        return None

    def action_masks(self) -> Flags:
        """As of the single environment, shape (worlds, providers)."""
        masks = np.empty((self.num_envs, mask_size(self.single_action_space)), dtype=bool)
        _mask(masks, self._only_fitting, self._rules, self._worlds)
        return masks

    def _begin(self, worlds: Integers, seeds: npt.NDArray[np.uint32]) -> None:
        scenario, state = self.scenario, self._worlds
        low, increment = scenario.steps_range[0], scenario.steps_increment
        for world, streams in zip(worlds.tolist(), self._streams.each(seeds), strict=True):
            arrivals = poisson_arrivals(scenario, streams["arrivals"])
            steps = steps_asked(scenario, streams["steps"], arrivals.size)
            if arrivals.size > state.arrival_s.shape[1]:
                running = _room(self.world)[1]
                state = self._worlds = _widened(state, arrivals.size, running)
            state.requests[world] = arrivals.size
            state.arrival_s[world, : arrivals.size] = arrivals
            state.level[world, : arrivals.size] = (steps - low) // increment
        _open(worlds, self.observer.template, self._observations, self._rules, state)

    def _decide(self, actions: Integers) -> None:
        _step(
            actions,
            self._observations,
            self._rewards,
            self._parts,
            self._over,
            self._rules,
            self._worlds,
        )

    def _metrics(self, worlds: Integers) -> Mapping[str, Floats]:
        totals = dict(zip(_TOTALS, self._worlds.totals[worlds].T, strict=True))
        finished = np.maximum(totals["finished"], 1.0)
        return {
            "return": totals["return"],
            "quality": totals["quality"] / finished,
            "latency_s": totals["latency_s"] / finished,
            "late": np.zeros(worlds.size),
            **{name: totals[name] for name in _TOTALS[3:]},
        }


# --- the tables ---------------------------------------------------------------------------------


def _levels(scenario: AIGCScenario) -> Integers:
    """The numbers of steps that may be asked, ascending."""
    low, high = scenario.steps_range
    return np.arange(low, high + 1, scenario.steps_increment)


def _rules(world: AIGCWorld, observer: Observer, *, shaped: bool) -> _Rules:
    scenario = world.scenario
    levels = _levels(scenario).tolist()
    on_delivery = scenario.pay_on == "delivery"
    return _Rules(
        capacity=world.capacity,
        steps=np.array(levels, dtype=float),
        run_time_s=np.array([world.run_time_s(steps) for steps in levels], dtype=float),
        gain=np.ascontiguousarray(np.stack([world.curves.gains(steps) for steps in levels]).T),
        request=np.array([observer.asked(steps) for steps in levels], dtype=np.float32),
        restart_s=float(scenario.restart_s),
        decide_last=scenario.decide_last,
        on_delivery=on_delivery,
        shaped=shaped and on_delivery,
        crash_penalty=float(scenario.crash_penalty),
        loss_penalty=float(scenario.loss_penalty),
        refusal_penalty=float(scenario.refusal_penalty),
    )


def _room(world: AIGCWorld) -> tuple[int, int]:
    """Requests that an episode hardly exceeds, and most tasks that run at once."""
    scenario = world.scenario
    expected = scenario.arrival_rate_hz * scenario.horizon_s
    at_once = np.floor(world.capacity / scenario.steps_range[0]).sum() + world.capacity.size
    return int(expected + 6 * expected**0.5) + 10, int(min(at_once, 2**62))


def _worlds(count: int, providers: int, requests: int, running: int) -> _Worlds:
    # Tasks move to the front where they meet the end: with twice the room, seldom.
    places = min(2 * running, requests)
    return _Worlds(
        arrival_s=np.empty((count, requests)),
        level=np.empty((count, requests), dtype=np.uint16),
        requests=np.zeros(count, dtype=np.int64),
        at=np.zeros(count, dtype=np.int64),
        end_s=np.empty((count, places)),
        task=np.empty((count, places), dtype=np.int32),
        head=np.zeros(count, dtype=np.int64),
        tail=np.zeros(count, dtype=np.int64),
        available=np.empty((count, providers)),
        up_s=np.full((count, providers), -np.inf),
        totals=np.zeros((count, len(_TOTALS))),
    )


def _widened(worlds: _Worlds, requests: int, running: int) -> _Worlds:
    """The same worlds with room for longer episodes."""
    count, providers = worlds.available.shape
    wide = _worlds(count, providers, requests + requests // 8, running)
    for field in _Worlds._fields:
        old, new = getattr(worlds, field), getattr(wide, field)
        if old.shape == new.shape:
            new[...] = old
        else:
            new[:, : old.shape[1]] = old
    return wide


# --- the kernel ---------------------------------------------------------------------------------

_compiled = compiled(error_model="numpy")
_inlined = compiled(error_model="numpy", forceinline=True)


@_compiled
def _open(worlds: Any, template: Any, observations: Any, rules: Any, state: Any) -> None:
    """Begin an episode in ``worlds``, whose requests are drawn: the first request is at hand."""
    for w in worlds:
        state.at[w] = state.head[w] = state.tail[w] = 0
        state.totals[w] = 0.0
        state.up_s[w] = -np.inf
        state.available[w] = rules.capacity
        observations[w] = template
        observations[w, 1:-2:2] = 1.0
        observations[w, -2:] = rules.request[state.level[w, 0]]


@_compiled
def _step(  # noqa: PLR0912, PLR0915  # as smaller functions it took 1.4 times as long
    actions: Any, observations: Any, rewards: Any, parts: Any, over: Any, rules: Any, state: Any
) -> None:
    """Send the request at hand of each world to its provider and go to the next request."""
    for w in range(actions.size):
        quality = crash = loss = refusal = shaping = 0.0
        if not over[w]:
            at, last = state.at[w], state.requests[w] - 1
            if at < last or rules.decide_last:
                # The request reaches its provider: it runs, or crashes it, or is refused.
                now, level, provider = state.arrival_s[w, at], state.level[w, at], actions[w]
                steps, gain = rules.steps[level], rules.gain[provider, level]
                state.totals[w, _DECISIONS] += 1
                up = _is_up(w, provider, now, rules, state)
                if up and steps <= state.available[w, provider]:
                    _run(w, now + rules.run_time_s[level], _join(provider, level), state)
                    _take(w, provider, steps, observations, rules, state)
                    if rules.shaped:
                        shaping += gain
                    if not rules.on_delivery:
                        quality += gain
                else:
                    if up:
                        left, worth = _crash(w, provider, now, observations, rules, state)
                        crash -= rules.crash_penalty
                        loss -= rules.loss_penalty * left
                        if rules.shaped:
                            shaping -= worth
                    refusal -= rules.refusal_penalty
                    state.totals[w, _REFUSED] += 1
            # On to the next request, or to the end of all tasks.
            until = -np.inf
            if at < last:
                at += 1
                state.at[w], until = at, state.arrival_s[w, at]
                level = state.level[w, at]
                observations[w, -2] = rules.request[level, 0]
                observations[w, -1] = rules.request[level, 1]
            elif rules.decide_last:
                until = np.inf
                state.up_s[w] = -np.inf
            head, tail = state.head[w], state.tail[w]
            while head < tail and state.end_s[w, head] <= until:
                provider, level = _part(state.task[w, head])
                gain = rules.gain[provider, level]
                _take(w, provider, -rules.steps[level], observations, rules, state)
                if rules.on_delivery:
                    quality += gain
                if rules.shaped:
                    shaping -= gain
                state.totals[w, _QUALITY] += gain
                state.totals[w, _LATENCY] += rules.run_time_s[level]
                state.totals[w, _FINISHED] += 1
                head += 1
            state.head[w] = head
            over[w] = at == last and not (rules.decide_last and until < np.inf)
            if over[w] and rules.shaped:  # the potential of an end is 0
                for place in range(head, tail):
                    provider, level = _part(state.task[w, place])
                    shaping -= rules.gain[provider, level]
        parts[0, w], parts[1, w], parts[2, w], parts[3, w] = quality, crash, loss, refusal
        parts[4, w] = shaping
        paid = quality + crash + loss + refusal
        state.totals[w, _RETURN] += paid
        rewards[w] = paid + shaping


@_inlined
def _join(provider: Any, level: Any) -> Any:
    """Provider and level of a task as one number; :func:`_part` parts them."""
    return (provider << 16) | level


@_inlined
def _part(task: Any) -> Any:
    return task >> 16, task & 0xFFFF


@_inlined
def _is_up(w: Any, provider: Any, now: Any, rules: Any, state: Any) -> Any:
    return rules.restart_s == 0 or state.up_s[w, provider] <= now


@_inlined
def _take(w: Any, provider: Any, steps: Any, observations: Any, rules: Any, state: Any) -> None:
    """Take ``steps`` of a provider's capacity (give back, if negative) and show what is left."""
    available = state.available[w, provider] - steps
    state.available[w, provider] = available
    observations[w, 2 * provider + 1] = available / rules.capacity[provider]


@_inlined
def _run(w: Any, end_s: Any, task: Any, state: Any) -> None:
    """Put a task among those that run; of equal ends, the one that began first comes first."""
    place, head = state.tail[w], state.head[w]
    if place == state.end_s.shape[1]:
        place -= head
        for kept in range(place):
            state.end_s[w, kept] = state.end_s[w, head + kept]
            state.task[w, kept] = state.task[w, head + kept]
        state.head[w], head = 0, 0
    state.tail[w] = place + 1
    while place > head and state.end_s[w, place - 1] > end_s:
        state.end_s[w, place] = state.end_s[w, place - 1]
        state.task[w, place] = state.task[w, place - 1]
        place -= 1
    state.end_s[w, place], state.task[w, place] = end_s, task


@_inlined
def _crash(
    w: Any, provider: Any, now: Any, observations: Any, rules: Any, state: Any
) -> tuple[float, float]:
    """Take a provider's tasks out; returns the sums of what was left of them and of their gains."""
    left = worth = 0.0
    kept = state.head[w]
    for place in range(state.head[w], state.tail[w]):
        end_s, task = state.end_s[w, place], state.task[w, place]
        its, level = _part(task)
        if its == provider:
            left += (end_s - now) / rules.run_time_s[level]
            worth += rules.gain[provider, level]
            state.totals[w, _LOST] += 1
        else:
            state.end_s[w, kept], state.task[w, kept] = end_s, task
            kept += 1
    state.tail[w] = kept
    state.totals[w, _CRASHES] += 1
    state.available[w, provider] = rules.capacity[provider]
    _take(w, provider, 0.0, observations, rules, state)
    if rules.restart_s > 0:
        state.up_s[w, provider] = now + rules.restart_s
    return left, worth


@_compiled
def _mask(masks: Any, only_fitting: Any, rules: Any, state: Any) -> None:
    """Which providers are up and have room for the request at hand; where there is none, or room
    does not count, which are up.
    """
    for w in range(masks.shape[0]):
        now, steps = state.arrival_s[w, state.at[w]], rules.steps[state.level[w, state.at[w]]]
        some = False
        if only_fitting:
            for provider in range(masks.shape[1]):
                fits = state.available[w, provider] >= steps
                masks[w, provider] = fits and _is_up(w, provider, now, rules, state)
                some |= masks[w, provider]
        if not some:
            for provider in range(masks.shape[1]):
                masks[w, provider] = _is_up(w, provider, now, rules, state)
                some |= masks[w, provider]
        if not some:
            masks[w] = True
