"""Serving requests on a ring, compiled: from decision to decision over a known future.

Between two events nothing changes, so that all requests of the batch progress at one rate, and the
next completion is known: arithmetic, no token is simulated by itself. The time of a token comes
from the ring's simulation by system and memory state (:class:`RingWorld`), to which slower links
add their time in the air.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.twin.core.compiled import NO_ARRAYS_MADE, compiled
from edgesim.twin.ring.future import BACK, BUSY, CROWD, FREE, GONE, LINK, Future
from edgesim.twin.ring.serving_world import NUMBERS, Tables

__all__ = [
    "ARRIVAL",
    "CHANGE",
    "CONTROL",
    "END",
    "State",
    "a_cycle",
    "advance",
    "apply",
    "close",
    "finish",
    "happen",
    "measure",
    "opened",
    "over",
    "token_now_s",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

ARRIVAL, CONTROL, END = range(3)
"""What a decision is about: a request that has arrived, or plan and drafts; none is left."""

_EVENT, _FREED, _DONE = range(
    3, 6
)  # what else comes: to a device, the ring is free, an answer ends

# What numbers of the scenario stand where
_HORIZON, _BATCH, _PREFILL, _DRAFT, _SMALL_TOKEN, _SMALL_PREFILL, _QUALITY = range(7)
_TTFT, _TPOT, _LATE, _REFUSED, _REPLAN, _MONITOR, _NOISE, _MEMORY_LEFT = range(7, 15)
assert NUMBERS[_TTFT] == "ttft_s" and NUMBERS[_MEMORY_LEFT] == "memory_left"

# Scalars that change: times (s) and sums; the share of the air that others leave
NOW, BLOCKED, SMALL_FREE, GOOD, LATE, REFUSED_TOKENS, REPLANS, TOKENS, BUSY_S, SHARE = range(10)
FLOATS = 10

# Counters
NEXT_REQUEST, NEXT_EVENT, NEXT_TICK, SYSTEM, DRAFT, ACTIVE, HEAD, TAIL, KIND, REQUEST = range(10)
INTS = 10

# What became of a request
OPEN, RING_GOOD, RING_LATE, SMALL_GOOD, SMALL_LATE, REFUSED, UNFINISHED = range(7)

CHANGE = 3
"""The first action that is no route: to keep the system; the systems and the drafts follow."""

_GRACE = 2.0  # times the horizon until which what is open may end
_NEARLY = 1e-9  # tokens; rests of rounding


class State(NamedTuple):
    """An episode as it stands; all arrays change in place.

    Attributes:
        floats: times and sums, see ``NOW`` and following.
        ints: counters, see ``NEXT_REQUEST`` and following.
        busy: whether a device's memory is taken (M).
        away: whether a device has left (M).
        link: factor of a device's link (M).
        seen_memory: share of its memory that was measured last (M).
        seen_link: the link's factor that was measured last (M).
        seen_away: whether it answered when it was measured last (M).
        active: requests in the batch (B).
        left: tokens that each of them still has to get (B).
        queue: requests that wait for the ring (N).
        status: what became of each request (N).
        first_s: when its first token came (N), s.
        end_s: when its last token came (N), s.
    """

    floats: FloatArray
    ints: IntArray
    busy: IntArray
    away: IntArray
    link: FloatArray
    seen_memory: FloatArray
    seen_link: FloatArray
    seen_away: IntArray
    active: IntArray
    left: FloatArray
    queue: IntArray
    status: IntArray
    first_s: FloatArray
    end_s: FloatArray


def opened(tables: Tables, future: Future, system: int) -> State:
    """The beginning of an episode under a system."""
    devices, requests = tables.uses.shape[1], len(future.arrival_s)
    batch = int(tables.numbers[_BATCH])
    state = State(
        floats=np.zeros(FLOATS),
        ints=np.zeros(INTS, dtype=np.int64),
        busy=np.zeros(devices, dtype=np.int64),
        away=np.zeros(devices, dtype=np.int64),
        link=np.ones(devices),
        seen_memory=np.ones(devices),
        seen_link=np.ones(devices),
        seen_away=np.zeros(devices, dtype=np.int64),
        active=np.zeros(batch, dtype=np.int64),
        left=np.zeros(batch),
        queue=np.zeros(requests, dtype=np.int64),
        status=np.zeros(requests, dtype=np.int64),
        first_s=np.full(requests, np.inf),
        end_s=np.full(requests, np.inf),
    )
    state.floats[SHARE] = 1.0
    state.ints[SYSTEM] = system
    state.ints[KIND] = END
    return state


@compiled(**NO_ARRAYS_MADE)
def token_now_s(
    tables: Tables, system: int, busy: IntArray, away: IntArray, link: FloatArray
) -> float:
    """Time of a token of one request under a system, s; inf where it cannot run."""
    state = 0
    air_s = 0.0
    for device in range(len(busy)):
        if tables.uses[system, device]:
            if away[device]:
                return np.inf
            air_s += tables.hop_s[system, device] * (1.0 / link[device] - 1.0)
        if busy[device]:
            state += 1 << device
    return float(tables.token_s[system, state] + air_s)


@compiled(**NO_ARRAYS_MADE)
def _air_s(tables: Tables, state: State) -> float:
    """Time that one more token in a pass takes in the air, s."""
    total_s = 0.0
    system = state.ints[SYSTEM]
    for device in range(len(state.link)):
        total_s += tables.hop_s[system, device] / state.link[device]
    return total_s


@compiled(**NO_ARRAYS_MADE)
def _cycle_s(tables: Tables, state: State, draft: int, requests: int) -> float:
    """Time of a pass over the ring that checks ``draft`` proposed tokens of each request, s."""
    one_s = token_now_s(tables, state.ints[SYSTEM], state.busy, state.away, state.link)
    more = requests * (draft + 1) - 1
    return float(one_s + more * _air_s(tables, state) + draft * tables.numbers[_DRAFT])


@compiled(**NO_ARRAYS_MADE)
def a_cycle(acceptance: float, draft: int) -> float:
    """Expected tokens of a cycle: 1 + a + ... + a^draft."""
    total, power = 1.0, 1.0
    for _ in range(draft):
        power *= acceptance
        total += power
    return total


@compiled(**NO_ARRAYS_MADE)
def finish(tables: Tables, future: Future, state: State, place: int) -> None:
    """A request of the batch has its last token."""
    request = state.active[place]
    state.end_s[request] = state.floats[NOW]
    tokens = future.output[request]
    ttft_s = state.first_s[request] - future.arrival_s[request]
    tpot_s = (state.floats[NOW] - state.first_s[request]) / tokens
    if ttft_s <= tables.numbers[_TTFT] and tpot_s <= tables.numbers[_TPOT]:
        state.status[request] = RING_GOOD
        state.floats[GOOD] += tokens
    else:
        state.status[request] = RING_LATE
        state.floats[LATE] += tokens
    last = state.ints[ACTIVE] - 1
    state.active[place], state.left[place] = state.active[last], state.left[last]
    state.ints[ACTIVE] = last


@compiled(**NO_ARRAYS_MADE)
def _admit(tables: Tables, future: Future, state: State) -> None:
    """Take the next request of the queue into the batch, where the ring is free for its prompt."""
    ints, floats = state.ints, state.floats
    if ints[HEAD] == ints[TAIL] or ints[ACTIVE] >= len(state.active):
        return
    if floats[BLOCKED] > floats[NOW]:
        return
    one_s = token_now_s(tables, ints[SYSTEM], state.busy, state.away, state.link)
    if one_s == np.inf:
        return
    request = state.queue[ints[HEAD]]
    ints[HEAD] += 1
    prompt = future.prompt[request]
    took_s = one_s + prompt * (tables.numbers[_PREFILL] + _air_s(tables, state))
    floats[BLOCKED] = floats[NOW] + took_s
    state.first_s[request] = floats[BLOCKED]
    state.active[ints[ACTIVE]] = request
    state.left[ints[ACTIVE]] = future.output[request]
    ints[ACTIVE] += 1


@compiled(**NO_ARRAYS_MADE)
def measure(tables: Tables, future: Future, state: State) -> None:
    """What a tick finds out: memory and links with noise, and who does not answer."""
    tick = min(state.ints[NEXT_TICK], len(future.noise) - 1)
    for device in range(len(state.busy)):
        noise = tables.numbers[_NOISE] * future.noise[tick, device]
        share = tables.numbers[_MEMORY_LEFT] if state.busy[device] else 1.0
        state.seen_memory[device] = share * (1.0 + noise)
        state.seen_link[device] = max(0.05, state.link[device] * (1.0 + noise))
        state.seen_away[device] = state.away[device]


@compiled(**NO_ARRAYS_MADE)
def _rate(tables: Tables, future: Future, state: State, place: int, cycle_s: float) -> float:
    """Tokens a second of a request of the batch."""
    draft = tables.drafts[state.ints[DRAFT]]
    return a_cycle(future.acceptance[state.active[place]], draft) / cycle_s


@compiled(**NO_ARRAYS_MADE)
def _coming(tables: Tables, future: Future, state: State, cycle_s: float) -> tuple[float, int]:
    """When something comes next, s, and what."""
    ints, floats = state.ints, state.floats
    next_s, what = ints[NEXT_TICK] * tables.numbers[_MONITOR], CONTROL
    event, request = ints[NEXT_EVENT], ints[NEXT_REQUEST]
    if event < len(future.event_s) and future.event_s[event] <= next_s:
        next_s, what = future.event_s[event], _EVENT
    if request < len(future.arrival_s) and future.arrival_s[request] < next_s:
        next_s, what = future.arrival_s[request], ARRIVAL
    if floats[NOW] < floats[BLOCKED] < next_s:
        next_s, what = floats[BLOCKED], _FREED
    if cycle_s < np.inf:
        for place in range(ints[ACTIVE]):
            rate = _rate(tables, future, state, place, cycle_s)
            done_s = floats[NOW] + state.left[place] / rate
            if done_s < next_s:
                next_s, what = done_s, _DONE
    return next_s, what


@compiled(**NO_ARRAYS_MADE)
def _progress(tables: Tables, future: Future, state: State, cycle_s: float, until_s: float) -> None:
    """All requests of the batch get tokens until a time; those that have all leave it."""
    floats = state.floats
    passed_s = until_s - floats[NOW]
    floats[NOW] = until_s
    if cycle_s == np.inf:
        return
    floats[BUSY_S] += passed_s
    for place in range(state.ints[ACTIVE] - 1, -1, -1):
        made = passed_s * _rate(tables, future, state, place, cycle_s)
        state.left[place] -= made
        floats[TOKENS] += made
        if state.left[place] <= _NEARLY:
            finish(tables, future, state, place)


@compiled(**NO_ARRAYS_MADE)
def advance(tables: Tables, future: Future, state: State) -> int:
    """Run to the next decision; what it is about (:data:`ARRIVAL`, ...)."""
    ints, floats = state.ints, state.floats
    while True:
        _admit(tables, future, state)
        cycle_s = np.inf
        if ints[ACTIVE] and floats[BLOCKED] <= floats[NOW]:
            cycle_s = _cycle_s(tables, state, tables.drafts[ints[DRAFT]], ints[ACTIVE])
        next_s, what = _coming(tables, future, state, cycle_s)
        _progress(tables, future, state, cycle_s, next_s)
        if what == _EVENT:
            happen(future, state)
        elif what == ARRIVAL:
            ints[REQUEST] = ints[NEXT_REQUEST]
            ints[NEXT_REQUEST] += 1
            ints[KIND] = ARRIVAL
            return ARRIVAL
        elif what == CONTROL:
            measure(tables, future, state)
            ints[NEXT_TICK] += 1
            ints[KIND] = END if over(tables, future, state) else CONTROL
            if ints[KIND] == END:
                close(future, state)
            return int(ints[KIND])


@compiled(**NO_ARRAYS_MADE)
def over(tables: Tables, future: Future, state: State) -> bool:
    """Whether the episode ends: all is answered after the horizon, or it is twice as late."""
    ints, now_s, horizon_s = state.ints, state.floats[NOW], tables.numbers[_HORIZON]
    if now_s <= horizon_s or ints[NEXT_REQUEST] < len(future.arrival_s):
        return False
    empty = ints[ACTIVE] == 0 and ints[HEAD] == ints[TAIL]
    return bool(empty or now_s > _GRACE * horizon_s)


@compiled(**NO_ARRAYS_MADE)
def happen(future: Future, state: State) -> None:
    """The next event."""
    number = state.ints[NEXT_EVENT]
    state.ints[NEXT_EVENT] += 1
    device, kind = future.event_device[number], future.event_kind[number]
    if kind in (BUSY, FREE):
        state.busy[device] = 1 if kind == BUSY else 0
    elif kind in (GONE, BACK):
        state.away[device] = 1 if kind == GONE else 0
    elif kind == LINK:
        state.link[device] = future.event_value[number] * state.floats[SHARE]
    elif kind == CROWD:
        share = 1.0 / (1.0 + future.event_value[number])
        for each in range(len(state.link)):
            state.link[each] *= share / state.floats[SHARE]
        state.floats[SHARE] = share


@compiled(**NO_ARRAYS_MADE)
def close(future: Future, state: State) -> None:
    """What is still open at the end is late."""
    for request in range(len(state.status)):
        if state.status[request] == OPEN:
            state.status[request] = UNFINISHED
            state.floats[LATE] += future.output[request]


@compiled(**NO_ARRAYS_MADE)
def apply(tables: Tables, future: Future, state: State, action: int) -> bool:
    """Take an action for the decision at hand; False where it is none for it.

    0, 1, 2: the request goes to the ring, to the small model, or is refused. 3: all stays. Then
    the systems, and the numbers of drafts. An action of the other kind counts as 0 or 3.
    """
    ints = state.ints
    if ints[KIND] == ARRIVAL:
        if action == 1:
            _serve_small(tables, future, state)
        elif action == 2:
            request = ints[REQUEST]
            state.status[request] = REFUSED
            state.floats[REFUSED_TOKENS] += future.output[request]
        else:
            state.queue[ints[TAIL]] = ints[REQUEST]
            ints[TAIL] += 1
        return action < CHANGE
    systems = len(tables.token_s)
    if CHANGE < action <= CHANGE + systems:
        _replan(tables, future, state, action - CHANGE - 1)
    elif action > CHANGE + systems:
        ints[DRAFT] = action - CHANGE - 1 - systems
    return action >= CHANGE


@compiled(**NO_ARRAYS_MADE)
def _serve_small(tables: Tables, future: Future, state: State) -> None:
    """The small model serves one request after the other: all of its times are known at once."""
    floats, numbers, request = state.floats, tables.numbers, state.ints[REQUEST]
    start_s = max(floats[NOW], floats[SMALL_FREE])
    prompt, tokens = future.prompt[request], future.output[request]
    state.first_s[request] = start_s + prompt * numbers[_SMALL_PREFILL] + numbers[_SMALL_TOKEN]
    floats[SMALL_FREE] = state.first_s[request] + tokens * numbers[_SMALL_TOKEN]
    state.end_s[request] = floats[SMALL_FREE]
    ttft_s = state.first_s[request] - future.arrival_s[request]
    if ttft_s <= numbers[_TTFT] and numbers[_SMALL_TOKEN] <= numbers[_TPOT]:
        state.status[request] = SMALL_GOOD
        floats[GOOD] += numbers[_QUALITY] * tokens
    else:
        state.status[request] = SMALL_LATE
        floats[LATE] += tokens


@compiled(**NO_ARRAYS_MADE)
def move_s(tables: Tables, old: int, new: int) -> float:
    """Time of a new system: each device reads the layers that it did not have, s."""
    longest = 0.0
    for device in range(tables.layers.shape[1]):
        more = tables.layers[new, device] - tables.layers[old, device]
        if more > 0:
            longest = max(longest, more * tables.layer_bytes / tables.disk_bytes_per_s[device])
    return longest


@compiled(**NO_ARRAYS_MADE)
def _replan(tables: Tables, future: Future, state: State, new: int) -> None:
    """Another system: layers are read, keys and values go over the air, or are computed again."""
    ints, floats = state.ints, state.floats
    old = ints[SYSTEM]
    if new == old:
        return
    context = 0.0
    for place in range(ints[ACTIVE]):
        request = state.active[place]
        context += future.prompt[request] + future.output[request] - state.left[place]
    moved, lost, slowest = 0.0, 0.0, 1.0
    for device in range(tables.layers.shape[1]):
        more = tables.layers[new, device] - tables.layers[old, device]
        if more > 0:
            moved += more
            slowest = min(slowest, state.link[device])
        if state.away[device] and tables.uses[old, device]:
            lost = 1.0
    took_s = move_s(tables, old, new)
    took_s += moved * context * tables.kv_bytes / (tables.link_bytes_per_s * slowest)
    took_s += lost * context * tables.numbers[_PREFILL]
    floats[BLOCKED] = max(floats[NOW], floats[BLOCKED]) + took_s
    floats[REPLANS] += 1.0
    ints[SYSTEM] = new
