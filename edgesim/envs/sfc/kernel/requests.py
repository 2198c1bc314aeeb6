"""Requests come, are settled and pay."""

from math import log

from edgesim.envs.sfc.kernel.chains import admit, release, taken_share
from edgesim.envs.sfc.kernel.inlined import inlined
from edgesim.envs.sfc.kernel.observation import hide_place, show_place, show_request
from edgesim.envs.sfc.kernel.outlook import look_ahead
from edgesim.envs.sfc.kernel.qoe import request_qoe
from edgesim.envs.sfc.kernel.rules import FlagArray, Rules, SeenArray
from edgesim.envs.sfc.kernel.state import State

__all__ = ["arrive", "settle"]


@inlined
def arrive(rules: Rules, state: State, k: int, seen: SeenArray) -> None:
    """The next request is at hand: what lies ahead of it, and what it shows."""
    world = state.worlds[k]
    row = world.number % state.drawn.shape[1]
    world.bandwidth = state.drawn[k, row, 0]
    world.max_delay_ms = state.drawn[k, row, 1]
    world.holding_s = state.drawn[k, row, 2]
    world.log_bandwidth = log(world.bandwidth)
    world.delay_ms = 0.0
    if rules.relative:
        look_ahead(rules, state, k, rules.capacity)
        least_ms = state.to_go_ms[k, 0, 0]
        alone = request_qoe(rules, world, least_ms) if least_ms < rules.far else rules.rejected
        world.alone = alone
    look_ahead(rules, state, k, state.residual[k])
    show_request(rules, state, k, seen)
    show_place(rules, state, k, seen)


@inlined
def settle(
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
        gain = request_qoe(rules, world, delay_ms)
        world.accepted += 1
        world.chain_delay_ms += delay_ms
        if rules.on_release:
            price = rules.price * taken_share(rules, state, k)
            world.owed += gain
            world.lent += price
            shaping += gain - price
            admit(rules, state, k, gain, price, seen, last)
        else:
            qoe += gain
            admit(rules, state, k, gain, 0.0, seen, last)
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
        ended, back = release(rules, state, k, seen)
        hide_place(rules, world, k, seen)
        world.stage = world.previous = 0
        arrive(rules, state, k, seen)
    if rules.on_release:
        qoe += ended
        shaping -= ended - back
        world.owed -= ended
        world.lent -= back
    return qoe, rejection, shaping
