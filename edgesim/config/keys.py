"""What the fields of commands' configurations share: their help, and checks of their values."""

from collections.abc import Sequence
from typing import Any

from edgesim.errors import InputError
from edgesim.numbers import as_finite

__all__ = ["as_list", "help_text", "increasing", "not_empty", "rising"]


def help_text(line: str, choices: Sequence[str] = ()) -> dict[str, Any]:
    """The metadata of a field: the line that ``--help`` shows on it, and the names that it takes.

    The shell's completion offers the names; where others may stand too (``cuda:<n>``), they are
    those worth offering.
    """
    return {"help": line, "choices": tuple(choices)}


def not_empty(key: str, value: Any) -> None:
    """``value`` is text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise InputError(key, value, "must be text that is not empty")


def increasing(key: str, values: Any) -> None:
    """``values`` is None, or whole numbers from 1 on, each above the one before."""
    if values is None:
        return
    accepted = "must be whole numbers from 1 on, increasing: [1,2,4]"
    if not isinstance(values, Sequence) or isinstance(values, str) or not values:
        raise InputError(key, values, accepted)
    for before, value in zip([0, *values], values, strict=False):
        if isinstance(value, bool) or not isinstance(value, int) or value <= before:
            raise InputError(key, list(values), accepted)


def rising(key: str, values: Any) -> None:
    """``values`` are finite numbers above 0, each above the one before."""
    accepted = "must be numbers above 0, increasing: [0.5,1,2]"
    if not isinstance(values, Sequence) or isinstance(values, str) or not values:
        raise InputError(key, values, accepted)
    for before, value in zip([0, *values], values, strict=False):
        number = as_finite(value)
        if number is None or number <= before:
            raise InputError(key, list(values), accepted)


def as_list(value: Any) -> list[Any]:
    """A value that may be several: itself as a list, or a list of it."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return list(value)
    return [value]
