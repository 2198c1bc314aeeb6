"""Range checks that every scenario schema uses; each failure is one :class:`InputError`."""

from collections.abc import Sequence
from math import isfinite
from typing import Any

from edgesim.errors import InputError, did_you_mean

__all__ = ["at_least", "between", "integer_from", "interval", "one_of", "positive"]


def _number(key: str, value: Any, accepted: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise InputError(key, value, accepted)
    return float(value)


def positive(key: str, value: Any) -> None:
    """``value`` is a finite number above zero."""
    if _number(key, value, "must be a finite number above 0") <= 0:
        raise InputError(key, value, "must be above 0")


def at_least(key: str, value: Any, low: float) -> None:
    """``value`` is a finite number of ``low`` or more."""
    if _number(key, value, f"must be a finite number of at least {low:g}") < low:
        raise InputError(key, value, f"must be at least {low:g}")


def between(key: str, value: Any, low: float, high: float) -> None:
    """``value`` is a finite number in [``low``, ``high``]."""
    if not low <= _number(key, value, f"must be a number in [{low:g}, {high:g}]") <= high:
        raise InputError(key, value, f"must lie in [{low:g}, {high:g}]")


def integer_from(key: str, value: Any, low: int) -> None:
    """``value`` is a whole number of ``low`` or more."""
    if isinstance(value, bool) or not isinstance(value, int) or value < low:
        raise InputError(key, value, f"must be a whole number of at least {low}")


def interval(key: str, value: Any, low: float = 0.0, *, open_low: bool = False) -> None:
    """``value`` is a pair [from, to] of finite numbers, from <= to, from >= ``low``."""
    accepted = f"must be [from, to] with {low:g} {'<' if open_low else '<='} from <= to"
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
        raise InputError(key, value, accepted)
    first, last = (_number(key, item, accepted) for item in value)
    if first > last or first < low or (open_low and first == low):
        raise InputError(key, value, accepted)


def one_of(key: str, value: Any, accepted: Sequence[str | None]) -> None:
    """``value`` is one of the names ``accepted``."""
    if value not in accepted:
        raise InputError(key, value, did_you_mean(str(value), (str(item) for item in accepted)))
