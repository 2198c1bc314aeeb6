"""The ways from an instance to those of the next stage, compared."""

from math import exp, inf
from typing import NamedTuple

from edgesim.envs.sfc.kernel.rules import FloatArray, SeenArray
from edgesim.twin.core.compiled import NO_ARRAYS_MADE, compiled

__all__ = ["Asked", "Limits", "Ways", "compare", "complete"]


class Ways(NamedTuple):
    """The ways from an instance to those of the next stage."""

    first: int  # number of the first one's link; the others follow
    delay_ms: FloatArray  # of each
    to_go_ms: FloatArray  # least delay of the rest of the chain from each one's end
    least_ms: float  # the least of both together, over links that hold


class Asked(NamedTuple):
    """What the rest of a chain has to hold."""

    bandwidth: float
    log_bandwidth: float
    room_ms: float  # what the delay bound leaves


class Limits(NamedTuple):
    """What figures are compared with, as :class:`edgesim.envs.sfc.kernel.rules.Rules` has it."""

    regret: float  # of delay
    far: float
    most_ms: float


@compiled(**NO_ARRAYS_MADE)
def compare(
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


@compiled(**NO_ARRAYS_MADE)
def complete(
    residual: FloatArray, ways: Ways, asked: Asked, limits: Limits, seen: SeenArray, at: int
) -> tuple[float, float]:
    """What the fastest rest of the chain leaves of the bound; the most of it, and of its QoE."""
    # Names of their own: fields that are read in the loop take a twentieth of all the time.
    first, delay_ms, to_go_ms, least_ms = ways
    bandwidth, log_bandwidth, room_ms = asked
    regret, no_way, most_ms = limits
    width = len(delay_ms)
    most_slack, most_qoe = -inf, -1.0
    for j in range(width):
        far = 0.0 if residual[first + j] >= bandwidth else no_way
        ahead_ms = delay_ms[j] + far + to_go_ms[j]
        slack_ms = room_ms - ahead_ms
        slack = max(slack_ms / most_ms, -1.0)
        # The authors' QoE as the single environment works it out, to the last bit.
        gain = -1.0
        if slack_ms >= 0:
            gain = max(min((log_bandwidth - 10.0 * exp(-slack_ms / 10.0)) / 10, 1.0), -1.0)
        seen[4 * width + j] = min((ahead_ms - least_ms) * regret, 1.0)
        seen[at + j] = slack
        seen[at + width + j] = slack_ms >= 0
        seen[at + 2 * width + j] = gain
        most_slack, most_qoe = max(most_slack, slack), max(most_qoe, gain)
    return most_slack, most_qoe
