"""AIGC service providers: what they hold, how long they run, how they crash and come back."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from edgesim.scenarios.aigc.services import Scheduler, ServiceProfile, measured
from edgesim.twin.aigc.task import Task
from edgesim.twin.compute.batching import BatchServer, BatchTime
from edgesim.twin.core.clock import URGENT, Clock, Moment
from edgesim.twin.core.forking import Shared
from edgesim.twin.core.sharing import ProcessorSharing

__all__ = ["Machine", "Pace", "Provider", "Service", "SharedService", "TimedService"]


class Service(Protocol):
    """How a provider runs tasks."""

    def run(self, task: Task, over: Callable[[Any], None]) -> None:
        """Begin a run; ``over(event)`` is called at its end, with the task as ``event.value``."""

    def stop(self, task: Task) -> float:
        """Break a run off; returns the share of it that was done."""


class Pace:
    """How fast a provider is beside what it should be; 1 unless a fault makes it slower.

    Attributes:
        dropped: what outages of its speed leave.
        drift: what a drift leaves now; None: it does not drift.
    """

    __slots__ = ("drift", "dropped")

    def __init__(self) -> None:
        self.dropped = 1.0
        self.drift: Callable[[], float] | None = None

    @property
    def factor(self) -> float:
        """See the class."""
        return self.dropped if self.drift is None else self.dropped * self.drift()


class TimedService:
    """A run takes a time known at its start, whatever else runs (the authors' providers).

    Args:
        clock: the twin's clock.
        run_time_s: seconds that a task of so many steps runs.
        pace: how fast the provider is; runs that have begun keep the one that they began with.
    """

    def __init__(
        self, clock: Clock, run_time_s: Callable[[int], float], pace: Pace | None = None
    ) -> None:
        self._clock = clock
        self._run_time_s = run_time_s
        self._pace = Pace() if pace is None else pace

    def run(self, task: Task, over: Callable[[Any], None]) -> None:
        """See :class:`Service`."""
        task.end_s = task.start_s + self._run_time_s(task.steps) / self._pace.factor
        # Urgent: what is due at an arrival's very second is released before it is decided.
        task.run = self._clock.at(task.end_s, over, task, URGENT)

    def stop(self, task: Task) -> float:
        """See :class:`Service`."""
        task.run.cancel()
        return (self._clock._now - task.start_s) / (task.end_s - task.start_s)


class SharedService:
    """Tasks run together, each slower the more there are, and come and go as they like.

    Args:
        clock: the twin's clock.
        machine: seconds alone, and how they grow with the tasks.
        place: draws which of the measured runs a task's is like, uniform in [0, 1).
        pace: as of :class:`TimedService`.
    """

    def __init__(
        self, clock: Clock, machine: "Machine", place: Callable[[], float], pace: Pace
    ) -> None:
        slope = machine.batch_slope
        self._machine = machine
        self._place = place
        self._pace = pace
        self._batch = ProcessorSharing(clock, partial(_speed, slope))

    def run(self, task: Task, over: Callable[[Any], None]) -> None:
        """See :class:`Service`."""
        machine, steps = self._machine, task.steps
        work, more_s = (steps, 0.0) if machine.asks is None else machine.asks(task)
        work_s = machine.fixed_s + machine.seconds_per_step * work + more_s
        if machine.time.scatters:
            work_s *= machine.time.ratio(steps, 1, self._place())
        work_s /= self._pace.factor
        task.run = self._batch.add(work_s, over, task)

    def stop(self, task: Task) -> float:
        """See :class:`Service`."""
        return 1.0 - self._batch.remove(task.run) / float(task.run.work)


def _speed(slope: float, running: int) -> float:
    """How fast each of the tasks that run together advances."""
    return 1.0 / (1.0 + slope * (running - 1))


class Machine(Shared):
    """The device of a provider and the service on it.

    Args:
        profile: the service, measured or typed in.
        scheduler: how it makes batches; None: its tasks share it.

    Attributes:
        time: seconds of a batch on this device.
        max_batch: most tasks that run together as a batch, None without a scheduler.
        fixed_s, seconds_per_step: mean seconds of a task alone are ``fixed_s + seconds_per_step *
            steps``.
        asks: where inputs of equal steps take different times, what a task asks of it: the steps
            that take as long for a mean input, and the seconds that come on top. None: its steps.
        batch_slope: what each further task adds to the time of a task, as a part of its time
            alone. Tasks that share: with each that runs beside it. Batches: with each that is
            there before it, which takes its part of a full batch.
    """

    def __init__(self, profile: ServiceProfile, scheduler: Scheduler | None) -> None:
        self.max_batch = None if scheduler is None else profile.max_batch(scheduler)
        self.asks: Callable[[Task], tuple[float, float]] | None = None
        if profile.service is None:
            # What the schema has checked: a profile without a service is typed in.
            fixed_s, step_s, slope = profile.fixed_s, profile.seconds_per_step, profile.batch_slope
            assert fixed_s is not None and step_s is not None and slope is not None
            shared = 1.0 - slope
            self.time = BatchTime(
                fixed_s * shared,
                fixed_s * slope,
                step_s * shared,
                step_s * slope,
                speed=profile.speed,
            )
        else:
            latency = measured(profile.service).latency
            affine = latency.affine
            self.time = BatchTime(
                affine.fixed_s,
                affine.fixed_s_per_item,
                affine.work_s,
                affine.work_s_per_item,
                [(run.work, run.batch, run.seconds) for run in latency.runs()],
                profile.speed,
            )
            if latency.inputs is not None:
                self._share = latency.inputs.share
                self._more_s = tuple(it / profile.speed for it in latency.inputs.more_s)
                self.asks = self._asked
        time = self.time
        self.fixed_s = time.fixed_s + time.fixed_s_per_image
        self.seconds_per_step = time.step_s + time.step_s_per_image
        self.batch_slope = time.step_s_per_image / self.seconds_per_step
        if self.max_batch is not None:
            self.batch_slope = (1.0 + self.batch_slope * (self.max_batch - 1)) / self.max_batch

    def service(
        self,
        clock: Clock,
        place: Callable[[], float],
        scheduler: Scheduler | None,
        pace: Pace | None = None,
    ) -> Service:
        """The service as it runs on a clock.

        Args:
            clock: the twin's clock.
            place: draws the scatter of its times.
            scheduler: how it makes batches.
            pace: how fast it is.
        """
        pace = Pace() if pace is None else pace
        if scheduler is None:
            return SharedService(clock, self, place, pace)
        assert self.max_batch is not None
        seconds = partial(self.seconds, place, pace=pace)
        return BatchServer(clock, seconds, scheduler.window_s, self.max_batch, self.asks)

    def seconds(
        self, place: Callable[[], float], asked: Sequence[Any], pace: Pace | None = None
    ) -> float:
        """Time of a batch, s.

        Args:
            place: draws the scatter of its times.
            asked: of each member its steps, or what :attr:`asks` tells.
            pace: how fast the provider is.
        """
        time, steps, more_s = self.time, asked, 0.0
        if self.asks is not None:
            steps = [work for work, _ in asked]
            more_s = sum(more for _, more in asked)
        seconds = time.mean_s(steps) + more_s
        if time.scatters:
            seconds *= time.ratio(max(steps), len(steps), place())
        return seconds if pace is None else seconds / pace.factor

    def _asked(self, task: Task) -> tuple[float, float]:
        """See :attr:`asks`. Which measured input it is like, the task's ``picture`` tells."""
        item = int(task.picture * len(self._share))
        return task.steps * self._share[item], self._more_s[item]


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
        self.out = False  # whether a stated event keeps it down
        self._restarting = False
        self.running: dict[Task, None] = {}
        self._clock = clock
        self._restart_s = restart_s
        self.service = service
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
        self.service.run(task, self._end)

    def crash(self) -> list[tuple[Task, float]]:
        """Lose every running task; returns each with its progress in [0, 1]."""
        lost = self._lose()
        if self._restart_s > 0:
            self.up = False
            self._restarting = True
            self._clock.after(self._restart_s, self._restart, priority=URGENT)
        return lost

    def fail(self) -> list[tuple[Task, float]]:
        """Lose every running task, and stay down until :meth:`come`; returns as :meth:`crash`."""
        self.leave()
        return self._lose()

    def leave(self) -> None:
        """Take no more tasks until :meth:`come`; those that run go on."""
        self.out, self.up = True, False

    def come(self) -> None:
        """Take tasks (again), unless a restart is under way."""
        self.out = False
        self.up = not self._restarting

    def scale(self, factor: float) -> float:
        """Hold ``factor`` times the steps that it held; returns how many more, or fewer."""
        more = self.capacity * (factor - 1.0)
        self.capacity += more
        self.available += more
        return more

    def _lose(self) -> list[tuple[Task, float]]:
        lost = [(task, self.service.stop(task)) for task in self.running]
        for task in self.running:
            task.run = None
        self.running.clear()
        self.available = self.capacity
        return lost

    def _end(self, event: Any) -> None:
        task: Task = event.value
        # The run holds its task: in a circle both would wait for Python's garbage collector.
        task.run = None
        self.available += task.steps
        del self.running[task]
        self._ended(task)

    def _restart(self, moment: Moment) -> None:
        self._restarting = False
        self.up = not self.out
        self._restarted(self.number)
