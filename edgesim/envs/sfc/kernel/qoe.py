"""The quality of experience of a chain."""

from typing import Any

from numba.extending import register_jitable

from edgesim.envs.sfc.kernel.inlined import inlined
from edgesim.envs.sfc.kernel.rules import Rules
from edgesim.twin.sfc import qoe

__all__ = ["request_qoe"]

_authors = register_jitable(qoe.authors)
_iqx = register_jitable(qoe.iqx)
_emodel = register_jitable(qoe.emodel)


@inlined
def request_qoe(rules: Rules, world: Any, delay_ms: float) -> float:
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
