"""Checks of single values of a profile."""

from collections.abc import Sequence

from edgesim.errors import InputError, did_you_mean

__all__ = ["check_above", "check_at_least", "check_one_of"]


def check_one_of(key: str, value: str, accepted: Sequence[str]) -> None:
    """Raise an InputError unless ``value`` is one of ``accepted``."""
    if value not in accepted:
        raise InputError(key, value, did_you_mean(value, accepted))


def check_at_least(key: str, value: float, low: float) -> None:
    """Raise an InputError unless ``value`` is at least ``low``."""
    if value < low:
        raise InputError(key, value, f"must be at least {low:g}")


def check_above(key: str, value: float, low: float) -> None:
    """Raise an InputError unless ``value`` is above ``low``."""
    if value <= low:
        raise InputError(key, value, f"must be above {low:g}")
