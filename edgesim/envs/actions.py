"""Actions of any space: what is one, as what it is handed on, and how long its mask is."""

from collections.abc import Callable
from operator import index
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector.utils import batch_space

from edgesim.errors import InputError

__all__ = ["mask_size", "reader", "readers"]


def reader(space: spaces.Space[Any]) -> Callable[[Any], Any]:
    """What takes an action of a space, checks it, and hands it on as the space writes it.

    An action of ``Discrete`` becomes an int: any whole number is taken, also NumPy's and torch's,
    but no truth value.
    Those of other spaces become arrays of the space's dtype, where that cuts nothing off but digits
    of a float: 1.0 is an action of ``MultiBinary`` (stable-baselines3 draws floats), 0.5 is none.

    Args:
        space: ``Discrete``, or a space of arrays (``MultiDiscrete``, ``MultiBinary``, ``Box``).

    Returns:
        a function of an action, which raises :class:`InputError` where it is not in the space.
    """
    if isinstance(space, spaces.Discrete):
        return _of_discrete(int(space.start), int(space.start + space.n) - 1)
    dtype = np.dtype(space.dtype)
    whole = np.issubdtype(dtype, np.integer)

    def read(action: Any) -> Any:
        try:
            given = np.asarray(action)
        except ValueError:  # lists of different lengths
            raise InputError("action", action, f"must be in {space}") from None
        if given.dtype.kind not in "iubf":
            raise InputError("action", action, f"must be in {space}")
        written = given.astype(dtype, copy=False)
        cut = whole and not np.array_equal(written, given)
        if cut or not space.contains(written):
            raise InputError("action", action, f"must be in {space}")
        return written

    return read


_TRUTHS = (bool, np.bool_)
"""NumPy before 2 takes its own truth values for whole numbers."""


def _of_discrete(low: int, high: int) -> Callable[[Any], int]:
    """As :func:`reader`; ``Discrete.contains`` takes longer than some environments' whole step."""

    def read(action: Any) -> int:
        try:
            if isinstance(action, _TRUTHS):  # as Discrete.contains has it for NumPy's
                raise TypeError
            number = index(action)
        except TypeError:
            raise InputError("action", action, f"must be a whole number, {low} to {high}") from None
        if not low <= number <= high:
            raise InputError("action", number, f"must be from {low} to {high}")
        return number

    return read


def readers(space: spaces.Space[Any], count: int) -> Callable[[Any], Any]:
    """As :func:`reader`, for ``count`` actions at once: an array, one row an environment."""
    if not isinstance(space, spaces.Discrete):
        return reader(batch_space(space, count))
    low, choices = int(space.start), int(space.n)

    def read(actions: Any) -> Any:
        try:
            given = np.asarray(actions)
        except ValueError:  # lists of different lengths
            raise InputError("actions", actions, f"must be {count} whole numbers") from None
        if given.shape != (count,) or given.dtype.kind not in "iu":
            shown = f"{given.dtype} of shape {given.shape}"
            raise InputError("actions", shown, f"must be {count} whole numbers")
        chosen = np.ascontiguousarray(given, dtype=np.int64)
        # A negative number is a large one without its sign: one pass finds both ends.
        if (chosen - low if low else chosen).view(np.uint64).max() >= choices:
            wrong = chosen[(chosen < low) | (chosen >= low + choices)][0]
            raise InputError("action", int(wrong), f"must be from {low} to {low + choices - 1}")
        return chosen

    return read


def mask_size(space: spaces.Space[Any]) -> int:
    """Entries of the mask of a space's actions, flat as sb3-contrib takes it.

    ``Discrete``: one an action. ``MultiDiscrete``: the choices of each part one after the other.
    ``MultiBinary``: two a part, for 0 and for 1.

    Raises:
        InputError: actions of the space cannot be counted, so that no mask can name them.
    """
    if isinstance(space, spaces.Discrete):
        return int(space.n)
    if isinstance(space, spaces.MultiDiscrete):
        return int(space.nvec.sum())
    if isinstance(space, spaces.MultiBinary):
        return 2 * int(np.prod(space.shape))
    raise InputError("action space", space, "masks need Discrete, MultiDiscrete or MultiBinary")
