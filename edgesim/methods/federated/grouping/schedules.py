"""How many groups train in parallel, round by round: few at first, up to one a device (FedGSP).

The rules are those of the published code of arXiv 2201.12976; :func:`growth_groups` has the same
schedules as the authors of FedSeq state them, one round behind.
"""

from collections.abc import Callable
from math import floor, log
from typing import NamedTuple

from edgesim.errors import InputError, did_you_mean

__all__ = ["KINDS", "Row", "big_round", "groups_of", "growth_groups", "schedule_row"]


def _power(base: float, exponent: int) -> float:
    """``base ** exponent``, infinite where a float cannot hold it."""
    try:
        return float(base**exponent)
    except OverflowError:
        return float("inf")


KINDS: dict[str, Callable[[float, int], float]] = {
    "linear": lambda alpha, r: alpha * r + 1,
    "log": lambda alpha, r: alpha * log(r) + 1,
    "exp": _power,
}
"""By what the number of groups is multiplied in round r (from 1), before it is cut to an integer.
``exp`` grows for alpha above 1 alone."""

_GROWTH: dict[str, Callable[[float, int], float]] = {
    "linear": lambda alpha, r: alpha * (r - 1) + 1,
    "log": lambda alpha, r: alpha * log(r) + 1,
    "exp": lambda alpha, r: _power(1 + alpha, r - 1),
}


class Row(NamedTuple):
    """A round of the schedule, in the columns of the authors' code."""

    round: int
    big_round: int
    groups: int
    sampled_groups: int
    devices_per_group: int
    devices_eligible: int


def big_round(round_: int, frequency: int) -> int:
    """Which regrouping a round (from 1) belongs to: one in ``frequency`` rounds, from 1."""
    return (round_ - 1) // frequency + 1


def groups_of(kind: str, r: int, alpha: float, beta: int, K: int) -> int:
    """Groups in the r-th regrouping (from 1): ``min(K, beta * int(f(r)))`` of K devices.

    Raises:
        InputError: an unknown kind.
    """
    return _groups(KINDS, kind, r, alpha, beta, K)


def growth_groups(kind: str, r: int, alpha: float, beta: int, K: int) -> int:
    """Groups in round r (from 1) as the authors of FedSeq state them, at most K.

    Raises:
        InputError: an unknown kind.
    """
    return _groups(_GROWTH, kind, r, alpha, beta, K)


def schedule_row(
    kind: str, round_: int, alpha: float, beta: int, K: int, frequency: int, kappa: float
) -> Row:
    """A round as the authors' code has it, where ``int(kappa G)`` groups may be none.

    Raises:
        InputError: an unknown kind.
    """
    r = big_round(round_, frequency)
    groups = groups_of(kind, r, alpha, beta, K)
    clusters = K // groups
    return Row(round_, r, groups, int(kappa * groups), clusters, K // clusters * clusters)


def _groups(
    rules: dict[str, Callable[[float, int], float]],
    kind: str,
    r: int,
    alpha: float,
    beta: int,
    K: int,
) -> int:
    if kind not in rules:
        raise InputError("schedule", kind, did_you_mean(kind, rules))
    factor = rules[kind](alpha, r)
    if factor >= K:  # beta is at least 1; also where the factor is infinite
        return K
    return max(1, min(K, beta * floor(factor)))
