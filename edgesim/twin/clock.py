"""The twin's clock: SimPy's, with moments at absolute times and a way to stop at a decision."""

from collections.abc import Callable
from heapq import heappush
from typing import Any

from simpy import Environment
from simpy.events import NORMAL, URGENT, Event

__all__ = ["NORMAL", "URGENT", "Clock", "Moment"]


class Moment(Event):
    """An event that is due at a known time and calls one function then.

    Lighter than a SimPy process: what has no story of its own (a task that ends, a packet that
    arrives) needs no generator.
    """

    def __init__(self, clock: "Clock", callback: Callable[[Any], None], value: Any) -> None:
        # Event.__init__ is not called: it would build the callback list twice, on the hottest path.
        self.env = clock
        self.callbacks = [callback]
        self._ok = True
        self._value = value

    def cancel(self) -> None:
        """Let the moment pass without its call. It stays in the queue until its time."""
        if self.callbacks is not None:
            self.callbacks = []


class Clock(Environment):
    """A SimPy environment in seconds; processes and resources of SimPy work on it unchanged."""

    def __init__(self) -> None:
        super().__init__(0.0)
        self._paused = False

    def at(
        self,
        time_s: float,
        callback: Callable[[Any], None],
        value: Any = None,
        priority: Any = NORMAL,
    ) -> Moment:
        """Call ``callback(moment)`` at the absolute time ``time_s``; ``moment.value`` is ``value``.

        ``Environment.schedule`` takes a delay, and ``now + (t - now)`` is not ``t`` in floating
        point: a completion due exactly at an arrival could fall on its wrong side.

        Raises:
            ValueError: ``time_s`` lies in the past.
        """
        if time_s < self._now:
            raise ValueError(f"time_s = {time_s}: it is already {self._now}")
        moment = Moment(self, callback, value)
        heappush(self._queue, (time_s, priority, next(self._eid), moment))
        return moment

    def after(
        self,
        delay_s: float,
        callback: Callable[[Any], None],
        value: Any = None,
        priority: Any = NORMAL,
    ) -> Moment:
        """Call ``callback(moment)`` when ``delay_s`` seconds have passed."""
        return self.at(self._now + delay_s, callback, value, priority)

    def pause(self) -> None:
        """Return from :meth:`advance` after the current event."""
        self._paused = True

    def advance(self) -> bool:
        """Run events until one of them pauses the clock; False where none is left."""
        self._paused = False
        step, queue = self.step, self._queue
        while queue:
            step()
            if self._paused:
                return True
        return False
