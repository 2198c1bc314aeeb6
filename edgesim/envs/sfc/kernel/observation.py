"""What is seen of a world."""

from typing import Any

from edgesim.envs.sfc.kernel.chains import link_number
from edgesim.envs.sfc.kernel.inlined import inlined
from edgesim.envs.sfc.kernel.rules import Rules, SeenArray
from edgesim.envs.sfc.kernel.state import State
from edgesim.envs.sfc.kernel.ways import Asked, Limits, Ways, compare, complete

__all__ = ["hide_place", "show_place", "show_request"]


@inlined
def show_request(rules: Rules, state: State, k: int, seen: SeenArray) -> None:
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


@inlined
def hide_place(rules: Rules, world: Any, k: int, seen: SeenArray) -> None:
    """Clear where the chain stood."""
    if rules.ways:
        seen[k, rules.stage_at + world.stage] = 0.0
        seen[k, rules.previous_at + world.previous] = 0.0
    else:
        channels = seen.shape[1] // rules.delay_ms.shape[1] ** 2
        for first in range(0, seen.shape[1], channels):
            seen[k, first + rules.stage_at + world.stage] = 0.0


@inlined
def show_place(rules: Rules, state: State, k: int, seen: SeenArray) -> None:
    """What depends on the chain so far."""
    if rules.ways:
        _show_ways(rules, state, k, seen)
        return
    world = state.worlds[k]
    channels = seen.shape[1] // rules.delay_ms.shape[1] ** 2
    for first in range(0, seen.shape[1], channels):
        seen[k, first + rules.stage_at - 1] = world.delay_ms
        seen[k, first + rules.stage_at + world.stage] = 1.0


@inlined
def _show_ways(rules: Rules, state: State, k: int, seen: SeenArray) -> None:
    """The ways to the instances of the next stage, and what can follow each."""
    world, width = state.worlds[k], rules.delay_ms.shape[1]
    stage, i = world.stage, world.previous
    first = link_number(rules, stage, i, 0)
    shown = rules.residual_at[stage, i, 0]
    for j in range(width):
        seen[k, j] = seen[k, shown + j] if stage else 1.0
        seen[k, 2 * width + j] = rules.slowness[stage, i, j]
    compare(
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
    to_go_ms, least_ms = state.to_go_ms[k, stage + 1], state.to_go_ms[k, stage, i]
    most_slack, most_qoe = complete(
        state.residual[k],
        Ways(first, rules.delay_ms[stage, i], to_go_ms, least_ms),
        Asked(world.bandwidth, world.log_bandwidth, world.max_delay_ms - world.delay_ms),
        Limits(rules.regret[0], rules.far, rules.most_ms),
        seen[k],
        rules.slack_at,
    )
    seen[k, rules.request_at + 3] = min(world.delay_ms / rules.most_ms, 1.0)
    seen[k, rules.request_at + 4] = most_slack
    seen[k, rules.request_at + 5] = most_qoe
    seen[k, rules.stage_at + stage] = 1.0
    if stage:
        seen[k, rules.previous_at + i] = 1.0
