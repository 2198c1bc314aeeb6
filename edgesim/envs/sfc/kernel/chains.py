"""Chains grow, take bandwidth from links, and give it back."""

from math import inf

from edgesim.envs.sfc.kernel.inlined import inlined
from edgesim.envs.sfc.kernel.rules import IntArray, Rules, SeenArray
from edgesim.envs.sfc.kernel.state import State

__all__ = ["admit", "extend", "link_number", "release", "taken_share"]


@inlined
def link_number(rules: Rules, stage: int, previous: int, choice: int) -> int:
    """The number of a link."""
    width: int = rules.delay_ms.shape[1]
    return (stage * width + previous) * width + choice


@inlined
def extend(rules: Rules, state: State, k: int, choice: int) -> tuple[bool, float]:
    """Whether the chain at hand holds with an instance more, and its delay then."""
    world = state.worlds[k]
    if choice >= rules.delay_ms.shape[1]:  # the request is turned down
        return False, world.delay_ms
    if world.stage == 0:
        return True, world.delay_ms
    delay_ms = world.delay_ms + rules.delay_ms[world.stage, world.previous, choice]
    link = link_number(rules, world.stage, world.previous, choice)
    wide = state.residual[k, link] >= world.bandwidth
    return wide and delay_ms <= world.max_delay_ms, delay_ms


@inlined
def admit(
    rules: Rules, state: State, k: int, gain: float, price: float, seen: SeenArray, last: bool
) -> None:
    """Take the bandwidth of the chain at hand from its links until its release."""
    world = state.worlds[k]
    if last:
        # What lies ahead of the last request stays as it was, but the authors' tensor shows what
        # is left now.
        for stage in range(1, 1 if rules.ways else rules.delay_ms.shape[0]):
            i, j = state.choices[k, stage - 1], state.choices[k, stage]
            left = state.residual[k, link_number(rules, stage, i, j)] - world.bandwidth
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


@inlined
def taken_share(rules: Rules, state: State, k: int) -> float:
    """Sum over the links of the chain at hand of what it asks for over what they hold."""
    taken, bandwidth = 0.0, state.worlds[k].bandwidth
    for stage in range(1, rules.delay_ms.shape[0]):
        link = link_number(rules, stage, state.choices[k, stage - 1], state.choices[k, stage])
        taken += bandwidth / max(state.residual[k, link], bandwidth)
    return taken


@inlined
def release(rules: Rules, state: State, k: int, seen: SeenArray) -> tuple[float, float]:
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


@inlined
def _take(
    rules: Rules, state: State, k: int, choices: IntArray, bandwidth: float, seen: SeenArray
) -> None:
    """Take bandwidth from the links of a chain, and show what is left."""
    for stage in range(1, len(choices)):
        i, j = choices[stage - 1], choices[stage]
        link = link_number(rules, stage, i, j)
        state.residual[k, link] -= bandwidth
        left = state.residual[k, link] * rules.scale[stage, i, j]
        seen[k, rules.residual_at[stage, i, j]] = left
