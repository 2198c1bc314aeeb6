"""Processor sharing: jobs that are served together and slow one another down.

A cell's band among its transfers, a GPU among the tasks of a batch: everyone present gets the same
rate, and the rate depends on how many are present.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from math import inf
from typing import Any

from edgesim.twin.core.clock import Clock, Moment

__all__ = ["Job", "ProcessorSharing"]

_SAME = 1 + 1e-12
"""Jobs whose finishing lines differ by less than this factor finish together, in order of arrival:
two sums that are equal on paper differ by rounding."""


class Job:
    """A piece of work at a :class:`ProcessorSharing`.

    Attributes:
        work: what was asked for when it came, in the server's units.
        value: what the caller attached to it.
    """

    __slots__ = ("_at", "_done", "_finish", "_order", "value", "work")

    def __init__(
        self,
        at: "ProcessorSharing",
        order: int,
        work: float,
        finish: float,
        done: "Callable[[Job], None]",
        value: Any,
    ) -> None:
        self._at: ProcessorSharing | None = at
        self._order = order
        self._finish = finish
        self._done = done
        self.work = work
        self.value = value


class ProcessorSharing:
    """A server that advances each of the ``n`` jobs present at ``speed(n)`` work units a second.

    Egalitarian generalised processor sharing (J. W. Cohen, "The multiple phase service network with
    generalized processor sharing", Acta Informatica 12, 1979). ``speed(n) = 1 / n`` is the classic
    M/G/1-PS server, ``speed(n) = 1`` serves everyone alone (Erlang's system, if the caller admits
    fewer than c), ``speed(n) = 1 / (1 + slope * (n - 1))`` is a GPU that runs a batch.

    Since all advance alike, one number tells them all: the work that a job present from the start
    would have got. A job ends when that number reaches its value at arrival plus its work, so that
    a change touches one heap, O(log n), whatever the number of jobs. Of the moment at which the
    next job ends only one is pending: where more jobs slow the server down it is left in its place,
    and finds when it fires that it came early.

    Args:
        clock: the world's clock.
        speed: work units a second that each of n >= 1 jobs gets; 0 stops them all. It must depend
            on n alone.
    """

    __slots__ = (
        "_attained",
        "_clock",
        "_due_s",
        "_heap",
        "_moment",
        "_moment_s",
        "_order",
        "_rate",
        "_rates",
        "_since_s",
        "_speed",
        "count",
    )

    def __init__(self, clock: Clock, speed: Callable[[int], float]) -> None:
        self._clock = clock
        self._speed = speed
        self.count = 0
        """Jobs present."""
        self._heap: list[tuple[float, int, Job]] = []
        self._order = 0
        self._attained = 0.0
        self._since_s = 0.0  # when _attained was true; _rate has held since
        self._rate = 0.0
        self._rates = [0.0]  # speed(n) of all n met so far
        self._due_s = inf  # when the next job ends if nothing changes
        self._moment = Moment(self._fire, None)  # at _moment_s, never later than _due_s
        self._moment_s = inf  # not in the clock's queue

    def add(self, work: float, done: Callable[[Job], None], value: Any = None) -> Job:
        """Bring ``work`` units; ``done(job)`` is called when they are done, never from within.

        Raises:
            ValueError: ``work`` is negative, infinite or not a number.
        """
        if not 0.0 <= work < inf:
            raise ValueError(f"work = {work}: must be finite and at least 0")
        count = self.count + 1
        rates = self._rates
        if count == len(rates):
            rates.append(self._speed_of(count))
        now = self._clock._now
        if count > 1:
            self._attained += (now - self._since_s) * self._rate
        else:
            # Counting anew from zero after every idle time keeps rounding from growing.
            self._attained = 0.0
            self._heap.clear()
        self._since_s = now
        self._order = order = self._order + 1
        finish = self._attained + work
        job = Job(self, order, work, finish, done, value)
        heappush(self._heap, (finish, order, job))
        self.count = count
        self._rate = rates[count]
        self._plan()
        return job

    def remove(self, job: Job) -> float:
        """Take a job away before its end, without its call; the work that it still lacked.

        Raises:
            ValueError: the job is not here (any more).
        """
        if job._at is not self:
            raise ValueError("the job is not here: it is done, was removed, or is elsewhere")
        job._at = None
        now = self._clock._now
        self._attained += (now - self._since_s) * self._rate
        remaining = max(0.0, job._finish - self._attained)
        self._since_s = now
        self.count -= 1
        self._rate = self._rates[self.count]
        self._plan()
        return remaining

    def clear(self) -> list[Job]:
        """Drop every job without its call (a crash); the jobs, in order of arrival."""
        jobs = [job for _, _, job in self._heap if job._at is self]
        jobs.sort(key=lambda job: job._order)
        for job in jobs:
            job._at = None
        self._heap.clear()
        self.count = 0
        self._rate = 0.0
        self._due_s = inf
        return jobs

    def remaining(self, job: Job) -> float:
        """Work units that the job still lacks; 0 where it is done or gone."""
        if job._at is not self:
            return 0.0
        attained = self._attained + (self._clock._now - self._since_s) * self._rate
        return max(0.0, job._finish - attained)

    def _speed_of(self, count: int) -> float:
        rate = self._speed(count)
        if not rate >= 0.0:
            raise ValueError(f"speed({count}) = {rate}: must be at least 0")
        return rate

    def _plan(self) -> None:
        """See that a moment is pending at or before the end of the next job."""
        heap = self._heap
        while heap and heap[0][2]._at is not self:
            heappop(heap)
        rate = self._rate
        if not heap or rate == 0.0:
            self._due_s = inf
            return
        lacking = heap[0][0] - self._attained
        self._due_s = due = self._since_s + lacking / rate if lacking > 0.0 else self._since_s
        if due < self._moment_s:
            if self._moment_s < inf:
                self._moment.cancel()
                self._moment = Moment(self._fire, None)
            self._clock.again(self._moment, due)
            self._moment_s = due

    def _fire(self, moment: Moment) -> None:
        self._moment_s = inf
        now = self._clock._now
        due = self._due_s
        if now < due:
            if due < inf:
                self._clock.again(moment, due)
                self._moment_s = due
            return
        heap = self._heap
        finish, _, job = heappop(heap)
        # The line is where the first job ends, not what the product of rate and time makes of it:
        # every firing ends at least one job, so that rounding cannot stop the clock.
        attained = self._attained
        self._attained = line = finish if finish > attained else attained
        self._since_s = now
        self._due_s = inf
        if heap and heap[0][0] <= line * _SAME:
            job = self._level(job)
        while True:
            if job._at is self:
                job._at = None
                self.count = count = self.count - 1
                self._rate = self._rates[count]
                job._done(job)
            if not heap or heap[0][0] > line:
                break
            job = heappop(heap)[2]
        self._plan()

    def _level(self, first: Job) -> Job:
        """Give all that end now the same line, so that they leave the heap by arrival."""
        heap, line = self._heap, self._attained
        together = [first]
        while heap and heap[0][0] <= line * _SAME:
            together.append(heappop(heap)[2])
        for job in together:
            job._finish = line
            heappush(heap, (line, job._order, job))
        return heappop(heap)[2]
