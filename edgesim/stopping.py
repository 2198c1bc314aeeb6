"""SIGTERM as Ctrl-C: what a scheduler stops is given the time to save."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["Terminated", "sigterm_interrupts"]


class Terminated(KeyboardInterrupt):
    """The process was asked to end by SIGTERM, as Slurm and ``kill`` do."""


@contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """Within it SIGTERM raises :class:`Terminated` in the main thread, as Ctrl-C raises
    ``KeyboardInterrupt``.

    Whatever else was set for the signal (by a launcher) stays as it is, and so it does in other
    threads than the main one, which alone may set it.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _raise)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _raise(number: int, frame: Any) -> None:
    raise Terminated
