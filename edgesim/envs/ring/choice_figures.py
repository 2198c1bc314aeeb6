"""The figures of each choice of a ring that serves, compiled."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.envs.ring.observation import seen_token_s
from edgesim.twin.core.compiled import NO_ARRAYS_MADE, compiled
from edgesim.twin.ring import serving
from edgesim.twin.ring.future import Future
from edgesim.twin.ring.serving_world import NUMBERS, Tables

__all__ = ["ASKED", "FEATURES", "Known", "fill"]

FloatArray = npt.NDArray[np.float64]

FEATURES = (
    "there",  # 1; 0 for choices that are not meant
    "small",  # 1 for the small model
    "refuse",  # 1 for refusing
    "wait",  # expected time to the first token over its target
    "wait passes",  # 1 where that is above 1
    "wait above",  # by how much it is above 0.7
    "pace",  # expected time between tokens over its target, on the ring
    "pace passes",  # 1 where that is above 1
    "pace above",  # by how much it is above 0.7
    "in time",  # chance that wait and pace hold, as memories likely are
    "in time later",  # the same after one more change, on average
    "in time, easily",  # the chance that both are below a half
    "best pace",  # the same under the plan that is fastest by what was measured
    "filled",  # of the batch, where the request goes to the ring
    "change",  # 1 for another plan
    "gain",  # logarithm of the plan's tokens a second over the present one's
    "gain with work",  # times requests in the batch and the queue, a fourth
    "believed gain",  # the same, memories being as likely as measurements make them
    "believed gain with work",
    "change with work",  # 1 for another plan, times the work
    "reading",  # seconds for which a change reads layers, a tenth
    "robust gain",  # logarithm of tokens a second after one more device's change, on average
    "draft",  # 1 for another number of proposed tokens
    "draft gain",  # logarithm of tokens a second over those of the present number
    "draft gain with work",
)
"""What is told of each choice."""

ASKED = (
    "arrival",
    "work",  # requests in the batch and the queue, a fourth
    "pace",
    "small model's wait",  # over the target
    "prompt",  # a hundredth of its tokens
    "taken",  # share of memories that were measured as taken
    "drafts",
)
"""What is told of the decision."""

_THERE, _SMALL, _REFUSE, _WAIT, _WAIT_PASSES, _WAIT_ABOVE, _PACE, _PACE_PASSES = range(8)
_PACE_ABOVE, _IN_TIME, _LATER, _EASILY, _BEST_PACE, _FILLED, _CHANGE, _GAIN = range(8, 16)
_GAIN_WORK, _BELIEVED, _BELIEVED_WORK, _CHANGE_WORK, _READING, _ROBUST = range(16, 22)
_DRAFT, _DRAFT_GAIN, _DRAFT_GAIN_WORK = range(22, 25)
assert FEATURES[_PACE_ABOVE] == "pace above" and FEATURES[_DRAFT_GAIN_WORK] == FEATURES[-1]

_PREFILL, _DRAFT_S, _SMALL_TOKEN, _SMALL_PREFILL, _TTFT, _TPOT, _LEFT = (
    NUMBERS.index(name)
    for name in (
        *("prefill_s", "draft_s", "small_token_s", "small_prefill_s"),
        *("ttft_s", "tpot_s", "memory_left"),
    )
)

_TO_RING, _TO_SMALL, _TO_NOBODY = range(3)
_PLANS = serving.CHANGE + 1  # the first choice that is a plan
_HIGH = 5.0  # paces beyond are cut
_LEAST_LOG, _SLOWEST_S = -5.0, 1e3  # of what cannot run
_ABOVE = 0.7  # of a target, from which on it may well be missed


class Known(NamedTuple):
    """What anybody knows who has the scenario, and room to work in.

    Attributes:
        busy: how often a memory is taken, a share.
        spread: standard deviation of what is measured, over what it is.
        prompt: mean tokens of a prompt.
        output: mean tokens of an answer.
        a_cycle: expected tokens of a pass by number of drafts (D), at the middle acceptance.
        times: room: time of a token by what was measured (P), s.
        likely: room: how likely each memory state is (S).
        rates: room: tokens a second of one request by plan and memory state (P, S), links aside.
        logs: room: their logarithms (P, S).
    """

    busy: float
    spread: float
    prompt: float
    output: float
    a_cycle: FloatArray
    times: FloatArray
    likely: FloatArray
    rates: FloatArray
    logs: FloatArray


@compiled(**NO_ARRAYS_MADE)
def fill(
    tables: Tables,
    known: Known,
    future: Future,
    state: serving.State,
    mask: npt.NDArray[np.bool_],
    page: FloatArray,
    asked: FloatArray,
) -> None:
    """Fill in what is told of each choice, shape (features, choices), and of the decision."""
    ints = state.ints
    for choice in range(len(mask)):
        page[_THERE, choice] = 1.0 if mask[choice] else 0.0
    for system in range(len(known.times)):
        known.times[system] = seen_token_s(tables, state, system)
    _believe(tables, known, state)
    work = (ints[serving.ACTIVE] + ints[serving.TAIL] - ints[serving.HEAD]) / 4.0
    arrival = ints[serving.KIND] == serving.ARRIVAL
    prompt = future.prompt[ints[serving.REQUEST]] if arrival else 0.0
    small = _small_wait(tables, state, prompt)
    if arrival:
        _routes(tables, known, state, prompt, small, page)
    else:
        _plans(tables, known, state, work, page)
        _proposals(tables, known, state, work, page)
    taken = 0.0
    for device in range(len(state.seen_memory)):
        if state.seen_memory[device] < (1.0 + tables.numbers[_LEFT]) / 2.0:
            taken += 1.0
    asked[0] = 1.0 if arrival else 0.0
    asked[1] = work
    asked[2] = _pace(tables, known, state, known.times[ints[serving.SYSTEM]])
    asked[3] = small
    asked[4] = prompt / 100.0
    asked[5] = taken / len(state.seen_memory)
    asked[6] = tables.drafts[ints[serving.DRAFT]] / 8.0


@compiled(**NO_ARRAYS_MADE)
def _believe(tables: Tables, known: Known, state: serving.State) -> None:
    """How likely each memory state is, measurements and usual shares given; rates in each."""
    left = tables.numbers[_LEFT]
    devices, states = len(state.seen_memory), len(known.likely)
    highest = -np.inf
    for one in range(states):
        total = 0.0
        for device in range(devices):
            taken = one >> device & 1
            share = left if taken else 1.0
            off = (state.seen_memory[device] / share - 1.0) / known.spread
            total += -0.5 * off * off - np.log(share)
            total += np.log(known.busy if taken else 1.0 - known.busy)
        known.likely[one] = total
        highest = max(highest, total)
    weights = 0.0
    for one in range(states):
        known.likely[one] = np.exp(known.likely[one] - highest)
        weights += known.likely[one]
    for one in range(states):
        known.likely[one] /= weights
    for system in range(len(known.rates)):
        there = True
        for device in range(devices):
            if tables.uses[system, device] and state.seen_away[device]:
                there = False
        for one in range(states):
            known.rates[system, one] = 1.0 / tables.token_s[system, one] if there else 0.0
            known.logs[system, one] = _log(known.rates[system, one])


@compiled(**NO_ARRAYS_MADE)
def _log(rate: float) -> float:
    """Logarithm of tokens a second; of none a low one."""
    return float(max(np.log(max(rate, 1e-9)), _LEAST_LOG))


@compiled(**NO_ARRAYS_MADE)
def _cycle_s(
    tables: Tables, state: serving.State, token_s: float, draft: int, requests: int
) -> float:
    """Time of a pass by what was measured, s."""
    air_s = 0.0
    system = state.ints[serving.SYSTEM]
    for device in range(len(state.seen_link)):
        air_s += tables.hop_s[system, device] / state.seen_link[device]
    proposed = tables.drafts[draft]
    more = requests * (proposed + 1) - 1
    return float(token_s + more * air_s + proposed * tables.numbers[_DRAFT_S])


@compiled(**NO_ARRAYS_MADE)
def _pace(tables: Tables, known: Known, state: serving.State, token_s: float) -> float:
    """Expected time between tokens over its target."""
    draft = state.ints[serving.DRAFT]
    requests = max(1, state.ints[serving.ACTIVE])
    between_s = _cycle_s(tables, state, token_s, draft, requests) / known.a_cycle[draft]
    return float(min(between_s / tables.numbers[_TPOT], _HIGH))


@compiled(**NO_ARRAYS_MADE)
def _small_wait(tables: Tables, state: serving.State, prompt: float) -> float:
    """Time to the small model's first token over its target."""
    numbers = tables.numbers
    wait_s = max(0.0, state.floats[serving.SMALL_FREE] - state.floats[serving.NOW])
    wait_s += prompt * numbers[_SMALL_PREFILL] + numbers[_SMALL_TOKEN]
    return float(wait_s / numbers[_TTFT])


@compiled(**NO_ARRAYS_MADE)
def _ring_wait(
    tables: Tables, known: Known, state: serving.State, prompt: float, token_s: float, pace: float
) -> float:
    """Expected time to the ring's first token over its target.

    The queue's prompts have the mean length, and where the batch is full answers too.
    """
    numbers, ints = tables.numbers, state.ints
    ahead = ints[serving.TAIL] - ints[serving.HEAD]
    slots = len(state.active)
    wait_s = max(0.0, state.floats[serving.BLOCKED] - state.floats[serving.NOW])
    wait_s += ahead * (token_s + numbers[_PREFILL] * known.prompt)
    waiting = ints[serving.ACTIVE] + ahead - slots + 1
    if waiting > 0:
        wait_s += pace * numbers[_TPOT] * known.output * waiting / slots
    return float((wait_s + token_s + numbers[_PREFILL] * prompt) / numbers[_TTFT])


@compiled(**NO_ARRAYS_MADE)
def _routes(
    tables: Tables,
    known: Known,
    state: serving.State,
    prompt: float,
    small: float,
    page: FloatArray,
) -> None:
    """The ring, the small model, refusing."""
    system = state.ints[serving.SYSTEM]
    page[_SMALL, _TO_SMALL] = 1.0
    page[_REFUSE, _TO_NOBODY] = 1.0
    token_s = min(known.times[system], _SLOWEST_S)
    pace = _pace(tables, known, state, token_s)
    wait = _ring_wait(tables, known, state, prompt, token_s, pace)
    for choice in (_TO_RING, _TO_SMALL):
        value = wait if choice == _TO_RING else small
        page[_WAIT, choice] = value
        page[_WAIT_PASSES, choice] = 1.0 if value > 1.0 else 0.0
        page[_WAIT_ABOVE, choice] = max(0.0, value - _ABOVE)
    page[_PACE, _TO_RING] = pace
    page[_PACE_PASSES, _TO_RING] = 1.0 if pace > 1.0 else 0.0
    page[_PACE_ABOVE, _TO_RING] = max(0.0, pace - _ABOVE)
    fastest_s = known.times[0]
    for other in range(len(known.times)):
        fastest_s = min(fastest_s, known.times[other])
    page[_BEST_PACE, _TO_RING] = _pace(tables, known, state, fastest_s)
    devices = len(state.seen_memory)
    for one in range(len(known.likely)):
        chance = known.likely[one]
        if _holds(tables, known, state, one, wait, 1.0):
            page[_IN_TIME, _TO_RING] += chance
        if _holds(tables, known, state, one, wait, 0.5):
            page[_EASILY, _TO_RING] += chance
        for device in range(devices):
            if _holds(tables, known, state, one ^ (1 << device), wait, 1.0):
                page[_LATER, _TO_RING] += chance / devices
    page[_IN_TIME, _TO_SMALL] = 1.0 if small <= 1.0 else 0.0
    page[_FILLED, _TO_RING] = state.ints[serving.ACTIVE] / len(state.active)


@compiled(**NO_ARRAYS_MADE)
def _holds(
    tables: Tables, known: Known, state: serving.State, one: int, wait: float, share: float
) -> bool:
    """Whether wait and, in a memory state, pace are within a share of their targets."""
    token_s = 1.0 / max(known.rates[state.ints[serving.SYSTEM], one], 1.0 / _SLOWEST_S)
    return bool(wait <= share and _pace(tables, known, state, token_s) <= share)


@compiled(**NO_ARRAYS_MADE)
def _believed(known: Known, system: int) -> float:
    """Logarithm of a plan's tokens a second as memories likely are."""
    rate = 0.0
    for one in range(len(known.likely)):
        rate += known.rates[system, one] * known.likely[one]
    return _log(rate)


@compiled(**NO_ARRAYS_MADE)
def _after(known: Known, system: int, devices: int) -> float:
    """The logarithm after one more device's change, on average."""
    total = 0.0
    for one in range(len(known.likely)):
        for device in range(devices):
            total += known.likely[one] * known.logs[system, one ^ (1 << device)]
    return total / devices


@compiled(**NO_ARRAYS_MADE)
def _plans(
    tables: Tables, known: Known, state: serving.State, work: float, page: FloatArray
) -> None:
    """Keeping, and each plan beside what runs."""
    system, devices = state.ints[serving.SYSTEM], len(state.seen_memory)
    now = _log(1.0 / known.times[system])
    now_believed, now_after = _believed(known, system), _after(known, system, devices)
    measured, likely, robust = 0, 0, 0
    best_likely, best_robust = -np.inf, -np.inf
    for other in range(len(known.times)):
        choice = _PLANS + other
        believed, after = _believed(known, other), _after(known, other, devices)
        if known.times[other] < known.times[measured]:
            measured = other
        if believed > best_likely:
            likely, best_likely = other, believed
        if after > best_robust:
            robust, best_robust = other, after
        page[_CHANGE, choice] = 0.0 if other == system else 1.0
        page[_CHANGE_WORK, choice] = page[_CHANGE, choice] * work
        page[_GAIN, choice] = _log(1.0 / known.times[other]) - now
        page[_GAIN_WORK, choice] = page[_GAIN, choice] * work
        page[_BELIEVED, choice] = believed - now_believed
        page[_BELIEVED_WORK, choice] = page[_BELIEVED, choice] * work
        page[_READING, choice] = serving.move_s(tables, system, other) / 10.0
        page[_ROBUST, choice] = after - now_after
    for other in range(len(known.times)):
        best = other in (measured, likely, robust)
        if other == system or not best:
            page[_THERE, _PLANS + other] = 0.0


@compiled(**NO_ARRAYS_MADE)
def _proposals(
    tables: Tables, known: Known, state: serving.State, work: float, page: FloatArray
) -> None:
    """Each number of proposed tokens beside the present one."""
    now = state.ints[serving.DRAFT]
    token_s = min(known.times[state.ints[serving.SYSTEM]], _SLOWEST_S)
    requests = max(1, state.ints[serving.ACTIVE])
    speed = known.a_cycle[now] / _cycle_s(tables, state, token_s, now, requests)
    for draft in range(len(tables.drafts)):
        choice = _PLANS + len(known.times) + draft
        other = known.a_cycle[draft] / _cycle_s(tables, state, token_s, draft, requests)
        gain = np.log(other / speed)
        page[_DRAFT, choice] = 0.0 if draft == now else 1.0
        page[_DRAFT_GAIN, choice] = gain
        page[_DRAFT_GAIN_WORK, choice] = gain * work
