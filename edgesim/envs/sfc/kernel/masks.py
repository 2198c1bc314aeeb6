"""Which actions make sense."""

from edgesim.envs.sfc.kernel.chains import link_number
from edgesim.envs.sfc.kernel.rules import FlagArray, Rules
from edgesim.envs.sfc.kernel.state import State
from edgesim.twin.core.compiled import compiled

__all__ = ["masks"]


@compiled(error_model="numpy")
def masks(rules: Rules, state: State, completes: bool, allowed: FlagArray) -> None:
    """Which actions make sense, as ``SFCEnv.action_masks``; written to ``allowed``.

    Args:
        rules: what all worlds share.
        state: the worlds.
        completes: whether a rest of the chain must hold within the bound, else only the next link.
        allowed: shape (worlds, actions).
    """
    width = rules.delay_ms.shape[1]
    for k in range(len(state.worlds)):
        world = state.worlds[k]
        stage, i = world.stage, world.previous
        first = link_number(rules, stage, i, 0)
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
