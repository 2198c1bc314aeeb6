"""Range checks that every scenario schema uses; each failure is one :class:`InputError`."""

from collections.abc import Sequence
from typing import Any

from edgesim.errors import InputError, did_you_mean
from edgesim.numbers import LARGEST, as_finite

__all__ = [
    "MOST_REQUESTS",
    "at_least",
    "between",
    "integer_from",
    "interval",
    "one_of",
    "period",
    "positive",
    "requests_of",
]


LARGEST_FIGURE = 1e50
"""Largest of a quantity, and one over its smallest above 0: formulas take powers of them, which
must not pass the largest float, about 1.8e308."""

SHORTEST_S = 1e-3
"""Shortest period, s: what happens more often than packets are sent is simulated for ever."""


def _number(key: str, value: Any, accepted: str) -> float:
    number = as_finite(value)
    if number is None:
        raise InputError(key, value, accepted)
    if abs(number) > LARGEST_FIGURE:
        raise InputError(key, value, f"must be at most {LARGEST_FIGURE:g}")
    return number


def positive(key: str, value: Any) -> None:
    """``value`` is a finite number above zero."""
    number = _number(key, value, "must be a finite number above 0")
    if number <= 0:
        raise InputError(key, value, "must be above 0")
    if number < 1 / LARGEST_FIGURE:
        raise InputError(key, value, f"must be at least {1 / LARGEST_FIGURE:g}")


def period(key: str, value: Any) -> None:
    """``value`` is a finite time (s) of at least a millisecond between things that happen again."""
    if _number(key, value, "must be a finite number of seconds") < SHORTEST_S:
        raise InputError(key, value, f"must be at least {SHORTEST_S:g} s, or episodes never end")


def at_least(key: str, value: Any, low: float) -> None:
    """``value`` is a finite number of ``low`` or more."""
    if _number(key, value, f"must be a finite number of at least {low:g}") < low:
        raise InputError(key, value, f"must be at least {low:g}")


def between(key: str, value: Any, low: float, high: float) -> None:
    """``value`` is a finite number in [``low``, ``high``]."""
    if not low <= _number(key, value, f"must be a number in [{low:g}, {high:g}]") <= high:
        raise InputError(key, value, f"must lie in [{low:g}, {high:g}]")


def integer_from(key: str, value: Any, low: int, high: int = LARGEST) -> None:
    """``value`` is a whole number from ``low`` to ``high``."""
    if isinstance(value, bool) or not isinstance(value, int) or value < low:
        raise InputError(key, value, f"must be a whole number of at least {low}")
    if value > high:
        raise InputError(key, value, f"must be at most {high:,}")


def interval(
    key: str, value: Any, low: float = 0.0, *, open_low: bool = False, high: float | None = None
) -> None:
    """``value`` is a pair [from, to] of finite numbers, ``low`` <= from <= to (<= ``high``)."""
    accepted = f"must be [from, to] with {low:g} {'<' if open_low else '<='} from <= to"
    if high is not None:
        accepted += f" <= {high:g}"
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
        raise InputError(key, value, accepted)
    first, last = (_number(key, item, accepted) for item in value)
    if first > last or first < low or (open_low and first == low):
        raise InputError(key, value, accepted)
    if high is not None and last > high:
        raise InputError(key, value, accepted)


MOST_REQUESTS = 10**9
"""Requests of an episode on average: their arrival times are drawn at once, 8 bytes each."""


def requests_of(key: str, horizon_s: float, arrival_rate_hz: float) -> None:
    """An episode of ``horizon_s`` has no more requests than fit in memory."""
    if horizon_s * arrival_rate_hz > MOST_REQUESTS:
        raise InputError(
            key,
            horizon_s,
            f"at {arrival_rate_hz:g} requests a second, must be at most"
            f" {MOST_REQUESTS / arrival_rate_hz:g}: an episode has up to {MOST_REQUESTS:,}",
        )


def one_of(key: str, value: Any, accepted: Sequence[str | None]) -> None:
    """``value`` is one of the names ``accepted``."""
    if not isinstance(value, str | None) or value not in accepted:
        names = ("null" if item is None else item for item in accepted)
        raise InputError(key, value, did_you_mean(str(value), names))
