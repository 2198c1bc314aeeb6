"""Word of compiling: who waits for it is told. Nothing heavy is imported.

The twin's inner loops are compiled by Numba when they first run on a machine, and kept beside their
files (:mod:`edgesim.twin.core.compiled`). That takes a user by surprise who has not been told.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["announce", "announced"]

_listeners: list[Callable[[], None]] = []


@contextmanager
def announced(tell: Callable[[], None] | None = None) -> Iterator[None]:
    """Within it, the first function that is compiled anew is told of, once.

    Args:
        tell: what is called; by default a line on standard error.
    """
    listener = _say if tell is None else tell
    _listeners.append(listener)
    try:
        yield
    finally:
        if listener in _listeners:
            _listeners.remove(listener)


def announce() -> None:
    """A function is about to be compiled."""
    while _listeners:
        _listeners.pop()()


def _say() -> None:
    line = "compiling the twin's inner loops: only this first time, about 10 s of CPU time"
    print(line, file=sys.stderr, flush=True)
