"""AIGC service providers: what they hold, how long they run, how they crash and come back."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from edgesim.scenarios.aigc import ServiceProfile
from edgesim.twin.clock import URGENT, Clock, Moment
from edgesim.twin.sharing import Job, ProcessorSharing
from edgesim.twin.task import Task

__all__ = ["BatchProvider", "Provider", "TimedProvider"]


class Provider(ABC):
    """A provider holds tasks up to a capacity of denoising steps; more than that crashes it.

    Args:
        clock: the twin's clock.
        number: its index.
        capacity: denoising steps held at once.
        restart_s: how long a crash keeps it down; 0: it is up again at once.
        ended: called with a task whose run is over.
        restarted: called with the provider's index when it is up again.
    """

    def __init__(
        self,
        clock: Clock,
        number: int,
        capacity: float,
        restart_s: float,
        ended: Callable[[Task], None],
        restarted: Callable[[int], None],
    ) -> None:
        self.number = number
        self.capacity = capacity
        self.available = capacity
        self.up = True
        self.running: dict[Task, None] = {}
        self._clock = clock
        self._restart_s = restart_s
        self._ended = ended
        self._restarted = restarted

    def fits(self, task: Task) -> bool:
        """Whether the provider is up and has room for the task."""
        return self.up and task.steps <= self.available

    def start(self, task: Task) -> None:
        """Take the task in and run it. The caller has seen that it fits."""
        self.available -= task.steps
        self.running[task] = None
        task.start_s = self._clock._now
        self._run(task)

    def crash(self) -> list[tuple[Task, float]]:
        """Lose every running task; returns each with its progress in [0, 1]."""
        lost = [(task, self._stop(task)) for task in self.running]
        self.running.clear()
        self.available = self.capacity
        if self._restart_s > 0:
            self.up = False
            self._clock.after(self._restart_s, self._restart, priority=URGENT)
        return lost

    @abstractmethod
    def _run(self, task: Task) -> None:
        """Begin the run; :meth:`_end` is called with an event of that task when it is over."""

    @abstractmethod
    def _stop(self, task: Task) -> float:
        """Break the run off; returns the share that was done."""

    def _end(self, event: Moment | Job) -> None:
        task: Any = event.value
        self.available += task.steps
        del self.running[task]
        self._ended(task)

    def _restart(self, moment: Moment) -> None:
        self.up = True
        self._restarted(self.number)


class TimedProvider(Provider):
    """A run takes a time known at its start, whatever else runs (the authors' providers).

    Args:
        run_time_s: seconds that a task of so many steps runs.
    """

    def __init__(
        self,
        clock: Clock,
        number: int,
        capacity: float,
        restart_s: float,
        ended: Callable[[Task], None],
        restarted: Callable[[int], None],
        run_time_s: Callable[[int], float],
    ) -> None:
        super().__init__(clock, number, capacity, restart_s, ended, restarted)
        self._run_time_s = run_time_s

    def _run(self, task: Task) -> None:
        task.end_s = task.start_s + self._run_time_s(task.steps)
        # Urgent: what is due at an arrival's very second is released before it is decided.
        task.run = self._clock.at(task.end_s, self._end, task, URGENT)

    def _stop(self, task: Task) -> float:
        task.run.cancel()
        return (self._clock._now - task.start_s) / (task.end_s - task.start_s)


class BatchProvider(Provider):
    """Tasks run together as a batch, each slower the more there are (a measured service).

    Args:
        profile: seconds alone, and how they grow with the batch.
    """

    def __init__(
        self,
        clock: Clock,
        number: int,
        capacity: float,
        restart_s: float,
        ended: Callable[[Task], None],
        restarted: Callable[[int], None],
        profile: ServiceProfile,
    ) -> None:
        super().__init__(clock, number, capacity, restart_s, ended, restarted)
        slope = profile.batch_slope
        self._profile = profile
        self._batch = ProcessorSharing(clock, lambda running: 1.0 / (1.0 + slope * (running - 1)))

    def _run(self, task: Task) -> None:
        work_s = self._profile.fixed_s + self._profile.seconds_per_step * task.steps
        task.end_s = work_s
        task.run = self._batch.add(work_s, self._end, task)

    def _stop(self, task: Task) -> float:
        return 1.0 - self._batch.remove(task.run) / task.end_s
