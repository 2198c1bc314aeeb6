"""The compiled rules of many worlds of stage links: what their twin, rewards and observers do.

Read beside :mod:`edgesim.twin.sfc.workload` and :mod:`edgesim.twin.sfc.stage_links` (choices,
admission, release), :mod:`edgesim.envs.sfc.reward` (what they pay), :mod:`edgesim.envs.sfc.outlook`
(what lies ahead) and :mod:`edgesim.envs.sfc.observation` (what is seen). Sums are made in the order
in which they make them, so that not even a tie comes out another way. No constant stands here: all
come in :class:`Rules`, from the scenario, its world and its observer.

What the twin does by events goes by requests here: one request comes a second, and a chain of
request n and life L is released as request n + L comes.
"""

from collections.abc import Callable
from math import inf, log
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
from numba import njit
from numba.extending import register_jitable

from edgesim.twin.sfc import qoe

__all__ = ["MODELS", "WORLD", "Rules", "State", "begin", "decide", "masks"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
FlagArray = npt.NDArray[np.bool_]
SeenArray = npt.NDArray[np.float32]

MODELS = ("authors", "iqx", "emodel")
"""The models of QoE, by their number in the rules."""

WORLD = np.dtype(
    [
        # the request at hand
        ("number", np.int64),
        ("bandwidth", np.float64),
        ("max_delay_ms", np.float64),
        ("holding_s", np.float64),
        ("log_bandwidth", np.float64),
        ("alone", np.float64),  # what it could pay with the network to itself
        # its chain
        ("stage", np.int64),  # to choose for
        ("previous", np.int64),  # instance chosen last
        ("delay_ms", np.float64),  # so far
        # the chains that will be released
        ("running", np.int64),
        ("soonest_s", np.float64),  # the first release
        # the books
        ("accepted", np.int64),
        ("rejected", np.int64),
        ("decisions", np.int64),
        ("paid", np.float64),
        ("owed", np.float64),  # what all running chains pay at their end
        ("lent", np.float64),  # what they have paid for their bandwidth and get back
        ("chain_delay_ms", np.float64),  # sum over the admitted
    ]
)
"""One world, but for its arrays."""


class Rules(NamedTuple):
    """What all worlds share. Shapes are those of :class:`edgesim.twin.sfc.stage_links.StageWorld`.

    Links are also counted: that of stage s from i to j is ``(s * instances + i) * instances + j``.
    Places of entries count from the start of a world's observation. The channels of the authors'
    tensor lie beside each other, instance pair after instance pair.
    """

    requests: int
    capacity: FloatArray  # of each link, counted
    delay_ms: FloatArray
    # rewards
    model: int  # place in MODELS
    bandwidth_unit: float
    iqx_alpha: float
    iqx_beta: float
    iqx_gamma: float
    floor: float
    rejected: float
    on_release: bool
    shaped: bool
    relative: bool
    price: float  # of a whole residual
    # what lies ahead
    weighted: FloatArray  # delay of each link times each weight of it that goes with a price,
    # [stage, previous, next, weight]
    open_ms: FloatArray  # State.to_go_ms where all links hold
    far: float
    # observations
    ways: bool  # else the authors' tensor
    fresh: SeenArray  # of a world without chains, but for its request
    residual_at: IntArray  # place of each link's residual; -1 at stage 0
    scale: FloatArray  # of each link's residual
    request_at: int  # first entry, or channel, of the request
    stage_at: int
    previous_at: int
    slack_at: int
    regret: FloatArray
    fading: FloatArray  # exp(-n / 8) for n = 0, 1, ..., and 0 at last
    slowness: SeenArray  # delay of each link over the slowest's
    most: float
    log_most: float
    most_ms: float


class State(NamedTuple):
    """The worlds: index [world, ...]."""

    worlds: npt.NDArray[Any]  # of WORLD
    residual: FloatArray  # [world, link], links counted
    # What a chain costs at least from a stage on, that stage included, by the instance before it;
    # nothing after the last stage. Delay, [world, stage, previous], and weighted with the price.
    to_go_ms: FloatArray
    to_go: FloatArray  # [world, stage, previous, weight]
    choices: IntArray  # of the chain at hand, [world, stage]
    drawn: FloatArray  # [world, request modulo block, (bandwidth, bound, life)]
    # running chains that will be released, in the order of their admission: [world, place, ...]
    released_s: FloatArray
    held: FloatArray
    held_qoe: FloatArray
    held_price: FloatArray
    held_choices: IntArray
    # scratch, of no world: of each link, counted; those of stage 0 cost nothing
    price: FloatArray
    far: FloatArray


_Function = TypeVar("_Function", bound=Callable[..., Any])


def _bare(function: _Function) -> _Function:
    """Compile a function that makes no array, into its callers, without counting references.

    Counting and handing over tens of arrays cost more than the rules themselves.
    """
    # numba's own signature leaves out the option _nrt.
    options: dict[str, Any] = {"inline": "always", "_nrt": False}
    compiled: _Function = njit(cache=True, error_model="numpy", **options)(function)
    return compiled


def _alone(function: _Function) -> _Function:
    """Compile a function of few arrays by itself: its numbers stay in registers."""
    options: dict[str, Any] = {"_nrt": False}
    compiled: _Function = njit(cache=True, error_model="numpy", **options)(function)
    return compiled


_authors = register_jitable(qoe.authors)
_iqx = register_jitable(qoe.iqx)
_emodel = register_jitable(qoe.emodel)


@njit(cache=True, error_model="numpy")
def begin(rules: Rules, state: State, chosen: IntArray, seen: SeenArray) -> None:
    """Begin an episode in the ``chosen`` worlds, whose requests are drawn.

    Args:
        rules: what all worlds share.
        state: the worlds.
        chosen: which of them.
        seen: the observations of all, shape (worlds, entries).
    """
    for k in chosen:
        world = state.worlds[k]
        world.number = world.running = world.accepted = world.rejected = world.decisions = 0
        world.paid = world.owed = world.lent = world.chain_delay_ms = 0.0
        world.soonest_s = inf
        state.residual[k] = rules.capacity
        seen[k] = rules.fresh
        world.stage = world.previous = 0
        _arrive(rules, state, k, seen)


@_bare
def decide(
    rules: Rules,
    state: State,
    actions: IntArray,
    over: FlagArray,
    seen: SeenArray,
    rewards: FloatArray,
    parts: FloatArray,
) -> int:
    """Step all worlds that are not over with their actions, as ``SFCEnv.step`` does one.

    Args:
        rules: what all worlds share.
        state: the worlds.
        actions: shape (worlds,).
        over: whether an episode has ended, shape (worlds,).
        seen: the observations, shape (worlds, entries).
        rewards: shape (worlds,).
        parts: qoe, rejection, drop, shaping, shape (4, worlds).

    Returns:
        most chains that run in a world.
    """
    most = 0
    for k in range(len(actions)):
        qoe = rejection = shaping = 0.0
        world = state.worlds[k]
        if not over[k]:
            world.decisions += 1
            holds, delay_ms = _extend(rules, state, k, actions[k])
            if holds and world.stage + 1 < rules.delay_ms.shape[0]:
                _hide_place(rules, world, k, seen)
                state.choices[k, world.stage] = world.previous = actions[k]
                world.stage += 1
                world.delay_ms = delay_ms
                _show_place(rules, state, k, seen)
            else:
                if holds:
                    state.choices[k, world.stage] = actions[k]
                qoe, rejection, shaping = _finish(rules, state, k, holds, delay_ms, over, seen)
            if not rules.shaped:
                shaping = 0.0
            world.paid += qoe + rejection
        rewards[k] = qoe + rejection + shaping
        parts[0, k], parts[1, k], parts[2, k], parts[3, k] = qoe, rejection, 0.0, shaping
        most = max(most, world.running)
    return most


@njit(cache=True, error_model="numpy")
def masks(rules: Rules, state: State, completes: bool, allowed: FlagArray) -> None:
    """Which actions make sense, as ``SFCEnv.action_masks``; written to ``allowed``.

    Args:
        rules: what all worlds share.
        state: the worlds.
        completes: whether a rest of the chain must hold, or but the link.
        allowed: shape (worlds, actions).
    """
    width = rules.delay_ms.shape[1]
    for k in range(len(state.worlds)):
        world = state.worlds[k]
        stage, i = world.stage, world.previous
        first = _link(rules, stage, i, 0)
        room_ms = world.max_delay_ms - world.delay_ms
        allowed[k] = True
        found = False
        if completes:
            for j in range(width):
                holds = state.residual[k, first + j] >= world.bandwidth
                ahead_ms = rules.delay_ms[stage, i, j] + (0.0 if holds else rules.far)
                ahead_ms += state.to_go_ms[k, stage + 1, j]
                allowed[k, j] = ahead_ms <= room_ms
                found |= allowed[k, j]
        if not found:
            for j in range(width):
                holds = state.residual[k, first + j] >= world.bandwidth
                allowed[k, j] = holds and rules.delay_ms[stage, i, j] <= room_ms
                found |= allowed[k, j]
        if not found:
            allowed[k] = True


# --- the twin -----------------------------------------------------------------------------------


@_bare
def _link(rules: Rules, stage: int, previous: int, choice: int) -> int:
    """The number of a link."""
    width: int = rules.delay_ms.shape[1]
    return (stage * width + previous) * width + choice


@_bare
def _arrive(rules: Rules, state: State, k: int, seen: SeenArray) -> None:
    """The next request is at hand: what lies ahead of it, and what it shows."""
    world = state.worlds[k]
    row = world.number % state.drawn.shape[1]
    world.bandwidth = state.drawn[k, row, 0]
    world.max_delay_ms = state.drawn[k, row, 1]
    world.holding_s = state.drawn[k, row, 2]
    world.log_bandwidth = log(world.bandwidth)
    world.delay_ms = 0.0
    if rules.relative:
        _look_ahead(rules, state, k, rules.capacity)
        least_ms = state.to_go_ms[k, 0, 0]
        alone = _qoe(rules, world, least_ms) if least_ms < rules.far else rules.rejected
        world.alone = alone
    _look_ahead(rules, state, k, state.residual[k])
    _show_request(rules, state, k, seen)
    _show_place(rules, state, k, seen)


@_bare
def _finish(
    rules: Rules,
    state: State,
    k: int,
    holds: bool,
    delay_ms: float,
    over: FlagArray,
    seen: SeenArray,
) -> tuple[float, float, float]:
    """Settle the request at hand and go on to the next: what it pays (qoe, rejection, shaping)."""
    world = state.worlds[k]
    last = world.number + 1 == rules.requests
    qoe = rejection = shaping = 0.0
    if holds:
        gain = _qoe(rules, world, delay_ms)
        world.accepted += 1
        world.chain_delay_ms += delay_ms
        if rules.on_release:
            price = rules.price * _taken(rules, state, k)
            world.owed += gain
            world.lent += price
            shaping += gain - price
            _admit(rules, state, k, gain, price, seen, last)
        else:
            qoe += gain
            _admit(rules, state, k, gain, 0.0, seen, last)
    else:
        world.rejected += 1
        rejection += rules.rejected
    if rules.relative:
        shaping -= world.alone
    ended, back = world.owed, world.lent
    if last:
        over[k] = True
    else:
        world.number += 1
        ended, back = _release(rules, state, k, seen)
        _hide_place(rules, world, k, seen)
        world.stage = world.previous = 0
        _arrive(rules, state, k, seen)
    if rules.on_release:
        qoe += ended
        shaping -= ended - back
        world.owed -= ended
        world.lent -= back
    return qoe, rejection, shaping


@_bare
def _extend(rules: Rules, state: State, k: int, choice: int) -> tuple[bool, float]:
    """Whether the chain at hand holds with an instance more, and its delay then."""
    world = state.worlds[k]
    if choice >= rules.delay_ms.shape[1]:  # the request is turned down
        return False, world.delay_ms
    if world.stage == 0:
        return True, world.delay_ms
    delay_ms = world.delay_ms + rules.delay_ms[world.stage, world.previous, choice]
    link = _link(rules, world.stage, world.previous, choice)
    wide = state.residual[k, link] >= world.bandwidth
    return wide and delay_ms <= world.max_delay_ms, delay_ms


@_bare
def _admit(
    rules: Rules, state: State, k: int, gain: float, price: float, seen: SeenArray, last: bool
) -> None:
    """Take the bandwidth of the chain at hand from its links until its release."""
    world = state.worlds[k]
    if last:
        # What lies ahead of the last request stays as it was, but the authors' tensor shows what
        # is left now.
        for stage in range(1, 1 if rules.ways else rules.delay_ms.shape[0]):
            i, j = state.choices[k, stage - 1], state.choices[k, stage]
            left = state.residual[k, _link(rules, stage, i, j)] - world.bandwidth
            seen[k, rules.residual_at[stage, i, j]] = left
        return
    _take(rules, state, k, state.choices[k], world.bandwidth, seen)
    released_s = world.number + world.holding_s
    if released_s < rules.requests:  # else it outlives the episode
        place = world.running
        state.released_s[k, place] = released_s
        state.held[k, place] = world.bandwidth
        state.held_qoe[k, place] = gain
        state.held_price[k, place] = price
        for stage in range(state.choices.shape[1]):
            state.held_choices[k, place, stage] = state.choices[k, stage]
        world.running += 1
        world.soonest_s = min(world.soonest_s, released_s)


@_bare
def _taken(rules: Rules, state: State, k: int) -> float:
    """Sum over the links of the chain at hand of what it asks for over what they hold."""
    taken, bandwidth = 0.0, state.worlds[k].bandwidth
    for stage in range(1, rules.delay_ms.shape[0]):
        link = _link(rules, stage, state.choices[k, stage - 1], state.choices[k, stage])
        taken += bandwidth / max(state.residual[k, link], bandwidth)
    return taken


@_bare
def _release(rules: Rules, state: State, k: int, seen: SeenArray) -> tuple[float, float]:
    """Release the chains whose life is over as the request comes; sums of their QoE and prices."""
    world = state.worlds[k]
    ended = back = 0.0
    if world.soonest_s > world.number:
        return ended, back
    world.soonest_s = inf
    kept = 0
    for place in range(world.running):
        if state.released_s[k, place] <= world.number:
            _take(rules, state, k, state.held_choices[k, place], -state.held[k, place], seen)
            ended += state.held_qoe[k, place]
            back += state.held_price[k, place]
        else:
            state.released_s[k, kept] = state.released_s[k, place]
            state.held[k, kept] = state.held[k, place]
            state.held_qoe[k, kept] = state.held_qoe[k, place]
            state.held_price[k, kept] = state.held_price[k, place]
            for stage in range(state.held_choices.shape[2]):
                state.held_choices[k, kept, stage] = state.held_choices[k, place, stage]
            world.soonest_s = min(world.soonest_s, state.released_s[k, kept])
            kept += 1
    world.running = kept
    return ended, back


@_bare
def _take(
    rules: Rules, state: State, k: int, choices: IntArray, bandwidth: float, seen: SeenArray
) -> None:
    """Take bandwidth from the links of a chain, and show what is left."""
    for stage in range(1, len(choices)):
        i, j = choices[stage - 1], choices[stage]
        link = _link(rules, stage, i, j)
        state.residual[k, link] -= bandwidth
        left = state.residual[k, link] * rules.scale[stage, i, j]
        seen[k, rules.residual_at[stage, i, j]] = left


@_bare
def _qoe(rules: Rules, world: Any, delay_ms: float) -> float:
    """QoE of a chain of the request at hand with what it asks for and without loss."""
    if rules.model == 0:
        unit = rules.bandwidth_unit
        gain = _authors(world.bandwidth / unit, delay_ms, world.max_delay_ms)
    elif rules.model == 1:
        disturbance = delay_ms / world.max_delay_ms
        gain = _iqx(disturbance, rules.iqx_alpha, rules.iqx_beta, rules.iqx_gamma)
    else:
        gain = _emodel(delay_ms, 0.0)
    return max(rules.floor, gain)


# --- what lies ahead ----------------------------------------------------------------------------


@_bare
def _look_ahead(rules: Rules, state: State, k: int, residual: FloatArray) -> None:
    """The least that the rest of a chain of the request at hand costs over links that hold so much.

    Where all links hold, and they mostly do, its least delay is the same for every request.
    """
    bandwidth = state.worlds[k].bandwidth
    stages, width, _ = rules.delay_ms.shape
    if _price(residual, width * width, bandwidth, rules.far, state.price, state.far):
        _least_delay(rules.delay_ms, state.far, state.to_go_ms[k])
        _least_costs(rules.weighted, state.price, state.far, state.to_go[k])
    else:
        for stage in range(stages):
            for i in range(width):
                state.to_go_ms[k, stage, i] = rules.open_ms[stage, i]
        _least_open_costs(rules.weighted, state.price, state.to_go[k])


@_alone
def _price(
    residual: FloatArray,
    first: int,
    bandwidth: float,
    no_way: float,
    price: FloatArray,
    far: FloatArray,
) -> int:
    """The prices of the links from ``first`` on, and what is added where one does not hold.

    Returns:
        how many links do not hold.
    """
    short = 0
    for link in range(first, len(residual)):
        left = residual[link]
        price[link] = bandwidth / max(left, bandwidth)
        far[link] = 0.0 if left >= bandwidth else no_way
        short += left < bandwidth
    return short


@_alone
def _least_delay(delay_ms: FloatArray, far: FloatArray, to_go_ms: FloatArray) -> None:
    """The least delay to the end of the chain."""
    stages, width, _ = delay_ms.shape
    for stage in range(stages - 1, -1, -1):
        for i in range(width):
            least = inf
            first = (stage * width + i) * width
            for j in range(width):
                least = min(least, delay_ms[stage, i, j] + far[first + j] + to_go_ms[stage + 1, j])
            to_go_ms[stage, i] = least


@_alone
def _least_costs(
    weighted: FloatArray, price: FloatArray, far: FloatArray, to_go: FloatArray
) -> None:
    """The least weighted costs to the end of the chain.

    A name for the least cost of each weight, and no loop over them: names are kept in registers.
    """
    stages, width, _, _ = weighted.shape
    for stage in range(stages - 1, -1, -1):
        after = stage + 1
        for i in range(width if stage else 1):
            least0 = least1 = least2 = least3 = inf
            first = (stage * width + i) * width
            for j in range(width):
                cost, dead = price[first + j], far[first + j]
                least0 = min(least0, cost + weighted[stage, i, j, 0] + dead + to_go[after, j, 0])
                least1 = min(least1, cost + weighted[stage, i, j, 1] + dead + to_go[after, j, 1])
                least2 = min(least2, cost + weighted[stage, i, j, 2] + dead + to_go[after, j, 2])
                least3 = min(least3, cost + weighted[stage, i, j, 3] + dead + to_go[after, j, 3])
            to_go[stage, i, 0] = least0
            to_go[stage, i, 1] = least1
            to_go[stage, i, 2] = least2
            to_go[stage, i, 3] = least3


@_alone
def _least_open_costs(weighted: FloatArray, price: FloatArray, to_go: FloatArray) -> None:
    """The same where all links hold, in two thirds of the time: the last weight is of no delay."""
    stages, width, _, _ = weighted.shape
    for stage in range(stages - 1, -1, -1):
        after = stage + 1
        for i in range(width if stage else 1):
            least0 = least1 = least2 = least3 = inf
            first = (stage * width + i) * width
            for j in range(width):
                cost = price[first + j]
                least0 = min(least0, cost + weighted[stage, i, j, 0] + to_go[after, j, 0])
                least1 = min(least1, cost + weighted[stage, i, j, 1] + to_go[after, j, 1])
                least2 = min(least2, cost + weighted[stage, i, j, 2] + to_go[after, j, 2])
                least3 = min(least3, cost + to_go[after, j, 3])
            to_go[stage, i, 0] = least0
            to_go[stage, i, 1] = least1
            to_go[stage, i, 2] = least2
            to_go[stage, i, 3] = least3


# --- what is seen -------------------------------------------------------------------------------


@_bare
def _show_request(rules: Rules, state: State, k: int, seen: SeenArray) -> None:
    """What stays while a request is decided."""
    world, at = state.worlds[k], rules.request_at
    if rules.ways:
        seen[k, at] = world.bandwidth / rules.most
        seen[k, at + 1] = max(world.log_bandwidth / rules.log_most, -1.0)
        seen[k, at + 2] = world.max_delay_ms / rules.most_ms
    else:
        stages, width, _ = rules.delay_ms.shape
        channels = seen.shape[1] // width**2
        for first in range(0, seen.shape[1], channels):
            seen[k, first + at] = world.bandwidth
            seen[k, first + at + stages] = world.max_delay_ms


@_bare
def _hide_place(rules: Rules, world: Any, k: int, seen: SeenArray) -> None:
    """Clear where the chain stood."""
    if rules.ways:
        seen[k, rules.stage_at + world.stage] = 0.0
        seen[k, rules.previous_at + world.previous] = 0.0
    else:
        channels = seen.shape[1] // rules.delay_ms.shape[1] ** 2
        for first in range(0, seen.shape[1], channels):
            seen[k, first + rules.stage_at + world.stage] = 0.0


@_bare
def _show_place(rules: Rules, state: State, k: int, seen: SeenArray) -> None:
    """What depends on the chain so far."""
    if rules.ways:
        _show_ways(rules, state, k, seen)
        return
    world = state.worlds[k]
    channels = seen.shape[1] // rules.delay_ms.shape[1] ** 2
    for first in range(0, seen.shape[1], channels):
        seen[k, first + rules.stage_at - 1] = world.delay_ms
        seen[k, first + rules.stage_at + world.stage] = 1.0


@_bare
def _show_ways(rules: Rules, state: State, k: int, seen: SeenArray) -> None:
    """The ways to the instances of the next stage, and what can follow each."""
    world, width = state.worlds[k], rules.delay_ms.shape[1]
    stage, i = world.stage, world.previous
    first = _link(rules, stage, i, 0)
    shown = rules.residual_at[stage, i, 0]
    for j in range(width):
        seen[k, j] = seen[k, shown + j] if stage else 1.0
        seen[k, 2 * width + j] = rules.slowness[stage, i, j]
    _compare(
        state.residual[k],
        first,
        rules.weighted[stage, i],
        state.to_go[k, stage + 1],
        state.to_go[k, stage, i],
        rules.regret,
        rules.far,
        world.bandwidth,
        seen[k],
    )
    most_slack, most_qoe = _complete(
        state.residual[k],
        first,
        rules.delay_ms[stage, i],
        state.to_go_ms[k, stage + 1],
        state.to_go_ms[k, stage, i],
        rules.regret[0],
        rules.far,
        rules.most_ms,
        rules.fading,
        world.bandwidth,
        world.log_bandwidth,
        world.max_delay_ms - world.delay_ms,
        seen[k],
        rules.slack_at,
    )
    seen[k, rules.request_at + 3] = min(world.delay_ms / rules.most_ms, 1.0)
    seen[k, rules.request_at + 4] = most_slack
    seen[k, rules.request_at + 5] = most_qoe
    seen[k, rules.stage_at + stage] = 1.0
    if stage:
        seen[k, rules.previous_at + i] = 1.0


@_alone
def _compare(
    residual: FloatArray,
    first: int,
    weighted: FloatArray,
    to_go: FloatArray,
    least: FloatArray,
    regret: FloatArray,
    no_way: float,
    bandwidth: float,
    seen: SeenArray,
) -> None:
    """The ways from an instance, and by how much each begins a costlier rest than the best."""
    width = len(weighted)
    least0, least1, least2, least3 = least[0], least[1], least[2], least[3]
    regret0, regret1, regret2, regret3 = regret[1], regret[2], regret[3], regret[4]
    for j in range(width):
        left = residual[first + j]
        holds = left >= bandwidth
        price, far = bandwidth / max(left, bandwidth), 0.0 if holds else no_way
        beyond0 = price + weighted[j, 0] + far + to_go[j, 0] - least0
        beyond1 = price + weighted[j, 1] + far + to_go[j, 1] - least1
        beyond2 = price + weighted[j, 2] + far + to_go[j, 2] - least2
        beyond3 = price + weighted[j, 3] + far + to_go[j, 3] - least3
        seen[width + j] = price
        seen[3 * width + j] = holds
        seen[5 * width + j] = min(beyond0 * regret0, 1.0)
        seen[6 * width + j] = min(beyond1 * regret1, 1.0)
        seen[7 * width + j] = min(beyond2 * regret2, 1.0)
        seen[8 * width + j] = min(beyond3 * regret3, 1.0)


@_alone
def _complete(
    residual: FloatArray,
    first: int,
    delay_ms: FloatArray,
    to_go_ms: FloatArray,
    least_ms: float,
    regret: float,
    no_way: float,
    most_ms: float,
    fading: FloatArray,
    bandwidth: float,
    log_bandwidth: float,
    room_ms: float,
    seen: SeenArray,
    at: int,
) -> tuple[float, float]:
    """What the fastest rest of the chain leaves of the bound; the most of it, and of its QoE."""
    width, share, best, last = len(delay_ms), 1.0 / most_ms, log_bandwidth / 10.0, len(fading) - 1
    most_slack, most_qoe = -inf, -1.0
    for j in range(width):
        far = 0.0 if residual[first + j] >= bandwidth else no_way
        ahead_ms = delay_ms[j] + far + to_go_ms[j]
        slack_ms = room_ms - ahead_ms
        slack = max(slack_ms * share, -1.0)
        # The authors' QoE to float32 rounding: exp from a table and a series beside its entries.
        eighths = max(slack_ms, 0.0) * 0.8
        entry = min(int(eighths + 0.5), last)
        x = (entry - eighths) * 0.125
        faded = fading[entry] * (1.0 + x * (1.0 + x * (0.5 + x * (1.0 / 6.0 + x * (1.0 / 24.0)))))
        gain = max(min(best - faded, 1.0), -1.0) if slack_ms >= 0 else -1.0
        seen[4 * width + j] = min((ahead_ms - least_ms) * regret, 1.0)
        seen[at + j] = slack
        seen[at + width + j] = slack_ms >= 0
        seen[at + 2 * width + j] = gain
        most_slack, most_qoe = max(most_slack, slack), max(most_qoe, gain)
    return most_slack, most_qoe
