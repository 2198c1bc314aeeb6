"""The worlds go from decision to decision."""

from math import inf

from edgesim.envs.sfc.kernel.chains import extend
from edgesim.envs.sfc.kernel.inlined import inlined
from edgesim.envs.sfc.kernel.observation import hide_place, show_place
from edgesim.envs.sfc.kernel.requests import arrive, settle
from edgesim.envs.sfc.kernel.rules import FlagArray, FloatArray, IntArray, Rules, SeenArray
from edgesim.envs.sfc.kernel.state import State
from edgesim.twin.core.compiled import compiled

__all__ = ["begin", "decide"]


@compiled(error_model="numpy")
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
        arrive(rules, state, k, seen)


@inlined
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
            holds, delay_ms = extend(rules, state, k, actions[k])
            if holds and world.stage + 1 < rules.delay_ms.shape[0]:
                hide_place(rules, world, k, seen)
                state.choices[k, world.stage] = world.previous = actions[k]
                world.stage += 1
                world.delay_ms = delay_ms
                show_place(rules, state, k, seen)
            else:
                if holds:
                    state.choices[k, world.stage] = actions[k]
                qoe, rejection, shaping = settle(rules, state, k, holds, delay_ms, over, seen)
            if not rules.shaped:
                shaping = 0.0
            world.paid += qoe + rejection
        rewards[k] = qoe + rejection + shaping
        parts[0, k], parts[1, k], parts[2, k], parts[3, k] = qoe, rejection, 0.0, shaping
        most = max(most, world.running)
    return most
