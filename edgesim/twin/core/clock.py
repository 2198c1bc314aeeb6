"""The twin's clock: SimPy's, with moments at absolute times and a way to stop at a decision."""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import Any

from simpy import Environment
from simpy.events import NORMAL, URGENT

__all__ = ["NORMAL", "URGENT", "Clock", "Moment"]


class Moment:
    """A known time at which one function is called.

    It stands in the clock's queue among SimPy's events, and is far lighter than one: what has no
    story of its own (a task that ends, a packet that arrives) needs no generator, and nobody can
    wait for it. A process that waits takes ``clock.timeout``.
    """

    __slots__ = ("_call", "_value")

    def __init__(self, callback: Callable[[Any], None], value: Any) -> None:
        self._call = callback
        self._value = value

    @property
    def value(self) -> Any:
        """What was handed to the clock with it."""
        return self._value

    def cancel(self) -> None:
        """Let the moment pass without its call. It stays in the queue until its time."""
        self._call = _nothing


def _nothing(moment: Moment) -> None:
    """What a cancelled moment calls."""


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
        moment: Any = Moment(callback, value)  # Any: SimPy's queue is declared to hold events
        heappush(self._queue, (time_s, priority, next(self._eid), moment))
        return moment  # type: ignore[no-any-return]

    def again(self, moment: Moment, time_s: float) -> None:
        """Call a moment that has passed once more, at ``time_s``, which is not in the past.

        For what happens over and over: it takes no new moment. One that was cancelled, or still
        waits in the queue, is not to be taken again.
        """
        entry: Any = (time_s, NORMAL, next(self._eid), moment)
        heappush(self._queue, entry)

    def after(
        self,
        delay_s: float,
        callback: Callable[[Any], None],
        value: Any = None,
        priority: Any = NORMAL,
    ) -> Moment:
        """Call ``callback(moment)`` when ``delay_s`` seconds have passed."""
        return self.at(self._now + delay_s, callback, value, priority)

    @property
    def free_until_s(self) -> float:
        """When the next event or moment is due, cancelled ones included; inf where none is.

        The present time where the clock is paused.
        """
        if self._paused:
            return self._now
        queue: list[tuple[Any, Any, int, Any]] = self._queue
        return queue[0][0] if queue else inf

    def skip(self, time_s: float) -> bool:
        """Stand at a later time, as if a moment had been called then; whether that can be.

        It cannot where anything else is due up to then.
        """
        if not self._now <= time_s < self.free_until_s:
            return False
        self._now = time_s
        return True

    def pause(self) -> None:
        """Return from :meth:`advance` after the current event."""
        self._paused = True

    def step(self) -> None:
        """Run the next event or moment, as in SimPy."""
        queue: list[tuple[Any, Any, int, Any]] = self._queue
        if queue and queue[0][3].__class__ is Moment:
            self._now, _, _, moment = heappop(queue)
            moment._call(moment)
        else:
            super().step()

    def advance(self) -> bool:
        """Run events until one of them pauses the clock; False where none is left."""
        self._paused = False
        step, queue = self.step, self._queue
        while queue:
            step()
            if self._paused:
                return True
        return False

    def __getstate__(self) -> dict[str, Any]:
        """The time and what is due; SimPy's own environment cannot be pickled."""
        following = next(self._eid)
        self._eid = count(following)
        return {"now": self._now, "queue": self._queue, "following": following}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """A clock that stands at the same time, with the same things due."""
        super().__init__(state["now"])
        self._queue, self._eid = state["queue"], count(state["following"])
        self._paused = False
