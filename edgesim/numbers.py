"""Which numbers somebody may write: finite, and small enough for what counts with them."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

__all__ = ["LARGEST", "LARGEST_SEED", "as_finite", "plain_numbers"]

LARGEST = 10**12
"""The largest whole number of things (users, steps, places of a queue) that is taken.

No world holds so many; what counts them has 64 bits, so that sums and products of a few still fit.
"""

LARGEST_SEED = 2**62
"""The largest seed, so that the seeds of many episodes after it still have 63 bits."""


def as_finite(value: Any) -> float | None:
    """A number as a finite float; None for anything else, and for integers beyond every float."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if isfinite(number) else None


def plain_numbers(values: Any) -> Any:
    """Values with Python's own numbers and lists in place of NumPy's, also within others."""
    if type(values).__module__ == "numpy" and hasattr(values, "tolist"):
        return values.tolist()
    if isinstance(values, Mapping):
        return {key: plain_numbers(value) for key, value in values.items()}
    if isinstance(values, list | tuple):
        return [plain_numbers(value) for value in values]
    return values
