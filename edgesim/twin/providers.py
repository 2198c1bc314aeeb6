"""AIGC service providers: what they hold, how long they run, how they crash and come back."""

from collections.abc import Callable
from typing import Any, Protocol

from edgesim.scenarios.aigc import ServiceProfile
from edgesim.twin.clock import URGENT, Clock, Moment
from edgesim.twin.sharing import ProcessorSharing
from edgesim.twin.task import Task

__all__ = ["BatchService", "Provider", "Service", "TimedService"]


class Service(Protocol):
    """How a provider runs tasks."""

    def run(self, task: Task, over: Callable[[Any], None]) -> None:
        """Begin a run; ``over(event)`` is called at its end, with the task as ``event.value``."""

    def stop(self, task: Task) -> float:
        """Break a run off; returns the share of it that was done."""


class TimedService:
    """A run takes a time known at its start, whatever else runs (the authors' providers).

    Args:
        clock: the twin's clock.
        run_time_s: seconds that a task of so many steps runs.
    """

    def __init__(self, clock: Clock, run_time_s: Callable[[int], float]) -> None:
        self._clock = clock
        self._run_time_s = run_time_s

    def run(self, task: Task, over: Callable[[Any], None]) -> None:
        """See :class:`Service`."""
        task.end_s = task.start_s + self._run_time_s(task.steps)
        # Urgent: what is due at an arrival's very second is released before it is decided.
        task.run = self._clock.at(task.end_s, over, task, URGENT)

    def stop(self, task: Task) -> float:
        """See :class:`Service`."""
        task.run.cancel()
        return (self._clock._now - task.start_s) / (task.end_s - task.start_s)


class BatchService:
    """Tasks run together as a batch, each slower the more there are (a measured service).

    Args:
        clock: the twin's clock.
        profile: seconds alone, and how they grow with the batch.
    """

    def __init__(self, clock: Clock, profile: ServiceProfile) -> None:
        slope = profile.batch_slope
        self._profile = profile
        self._batch = ProcessorSharing(clock, lambda running: 1.0 / (1.0 + slope * (running - 1)))

    def run(self, task: Task, over: Callable[[Any], None]) -> None:
        """See :class:`Service`."""
        profile = self._profile
        task.run = self._batch.add(
            profile.fixed_s + profile.seconds_per_step * task.steps, over, task
        )

    def stop(self, task: Task) -> float:
        """See :class:`Service`."""
        return 1.0 - self._batch.remove(task.run) / float(task.run.work)


class Provider:
    """A provider holds tasks up to a capacity of denoising steps; more than that crashes it.

    Args:
        clock: the twin's clock.
        number: its index.
        capacity: denoising steps held at once.
        restart_s: how long a crash keeps it down; 0: it is up again at once.
        service: how it runs tasks.
        ended: called with a task whose run is over.
        restarted: called with the provider's index when it is up again.
    """

    def __init__(
        self,
        clock: Clock,
        number: int,
        capacity: float,
        restart_s: float,
        service: Service,
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
        self._service = service
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
        self._service.run(task, self._end)

    def crash(self) -> list[tuple[Task, float]]:
        """Lose every running task; returns each with its progress in [0, 1]."""
        lost = [(task, self._service.stop(task)) for task in self.running]
        self.running.clear()
        self.available = self.capacity
        if self._restart_s > 0:
            self.up = False
            self._clock.after(self._restart_s, self._restart, priority=URGENT)
        return lost

    def _end(self, event: Any) -> None:
        task: Task = event.value
        self.available += task.steps
        del self.running[task]
        self._ended(task)

    def _restart(self, moment: Moment) -> None:
        self.up = True
        self._restarted(self.number)
