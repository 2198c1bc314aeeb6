"""The twin of AIGC services at the wireless edge: requests come, providers run, results go back."""

from collections.abc import Callable, Iterable, Iterator
from itertools import count, repeat

import numpy as np

from edgesim.scenarios.aigc.schema import AIGCScenario
from edgesim.twin.aigc.delivery import Delivery
from edgesim.twin.aigc.outcomes import (
    Crashed,
    Finished,
    Ledger,
    Lost,
    Outcome,
    Refused,
    Restarted,
    Started,
)
from edgesim.twin.aigc.providers import Provider, Service, TimedService
from edgesim.twin.aigc.quality import FloatArray
from edgesim.twin.aigc.task import Task
from edgesim.twin.aigc.workload import TaskBlock
from edgesim.twin.aigc.world import AIGCWorld
from edgesim.twin.core.clock import Clock, Moment
from edgesim.twin.core.log import EventLog
from edgesim.twin.core.streams import Streams

__all__ = ["AIGCTwin", "Chooser"]

Chooser = Callable[["AIGCTwin", Task], int]
"""A policy of the twin alone: the twin and the request at hand to the index of a provider."""


class AIGCTwin:
    """One episode of an AIGC world, run from decision to decision.

    >>> from edgesim.scenarios import resolve
    >>> twin = AIGCTwin(resolve("aigc_paper"), np.random.SeedSequence(0))
    >>> ledger = twin.run(lambda twin, task: task.number % len(twin.available))
    >>> ledger.closes
    True

    Args:
        scenario: the scenario.
        seed: draws what happens in the episode: arrivals, users, sizes, fading.
        world: the scenario's world, where it is at hand already.
        record: whether to keep an event log.

    Attributes:
        request: the request to decide, None before the first and after the last.
        last: the request that was handed out or shown last.
        outcomes: what has happened since a caller last emptied the list.
        ledger: where all tasks are.
        log: the event log, None unless recorded.
        available: capacity not yet promised to a task, in steps, shape (providers,). A task counts
            from its choice on, so also while it is under way to the provider.
        assigned: number of tasks promised to each provider, shape (providers,).
        up: whether each provider is up, shape (providers,).
    """

    def __init__(
        self,
        scenario: AIGCScenario,
        seed: np.random.SeedSequence,
        *,
        world: AIGCWorld | None = None,
        record: bool = False,
    ) -> None:
        self.scenario = scenario
        self.world = AIGCWorld(scenario) if world is None else world
        self.clock = Clock()
        self.outcomes: list[Outcome] = []
        self.ledger = Ledger()
        self.log = EventLog() if record else None
        self.request: Task | None = None
        self.available = self.world.capacity.copy()
        self.assigned = np.zeros(len(self.available))
        self.up = np.ones(len(self.available), dtype=bool)
        # A memoryview takes and gives a single number several times faster than an array does.
        self._available, self._assigned = (
            numbers.data.cast("B").cast("d") for numbers in (self.available, self.assigned)
        )
        self._streams = Streams(seed)
        self._tasks = self.tasks()
        self._coming = next(self._tasks, None)
        self.providers = [self._provider(number) for number in range(len(self.available))]
        self.delivery = (
            None
            if scenario.wireless is None
            else Delivery(
                self.clock,
                self.world,
                scenario.wireless,
                self._streams,
                self._arrive_at_provider,
                self._delivered,
            )
        )

    # --- from decision to decision --------------------------------------------------------------

    def next_request(self) -> Task | None:
        """Run to the next decision and hand out its request; None when there is none left.

        Where the scenario does not decide the last request, the world stands still at its arrival,
        and the tasks that run then stay in service. Otherwise it runs on until all have ended.
        """
        task = self._coming
        if task is None:
            self.request = None
            self.clock.advance()
            return None
        self._coming = next(self._tasks, None)
        self.clock.at(task.arrival_s, self._arrive, task)
        self.clock.advance()
        if self._coming is None and not self.scenario.decide_last:
            self.request = None
        return self.request

    def choose(self, provider: int, steps: int | None = None) -> None:
        """Send the request at hand to a provider.

        Args:
            provider: the provider's index.
            steps: denoising steps to spend on it; None: as many as it asks for.

        Raises:
            RuntimeError: there is no request to decide.
        """
        task = self.request
        if task is None:
            raise RuntimeError("there is no request to decide: call next_request() first")
        self.request = None
        task.provider = provider
        if steps is not None:
            task.steps = steps
        self.ledger.undecided -= 1
        self._available[provider] -= task.steps
        self._assigned[provider] += 1
        if self.log is not None:
            self._write("choose", task.number, provider, task.steps)
        if self.delivery is None:
            self._reach(task)
        else:
            self.ledger.in_transfer += 1
            self.delivery.send(task)

    def run(self, policy: Chooser) -> Ledger:
        """Run the whole episode under a policy, any Python function of the twin and the request."""
        while (task := self.next_request()) is not None:
            self.choose(policy(self, task))
        return self.ledger

    def tasks(self) -> Iterator[Task]:
        """All tasks of the episode, as fresh objects: the future, whatever is done."""
        number = 0
        pictures = self._streams["pictures"] if self.world.curves.scatters else None
        for block in self.world.workload.blocks(self._streams):
            tasks: Iterator[Task] = map(
                Task, count(number), block.arrival_s, block.steps, block.user
            )
            if block.deadline_s is not None:
                tasks = _with_network(tasks, block)
            if pictures is not None:
                tasks = _with_picture(tasks, pictures.random(len(block)).tolist())
            yield from tasks
            number += len(block)

    # --- what a policy may ask ------------------------------------------------------------------

    def levels(self, task: Task) -> list[int]:
        """Denoising steps that may be spent on a request, one a share of ``step_shares``."""
        return [max(1, round(share * task.steps)) for share in self.scenario.step_shares]

    def fits(self, steps: int | None = None) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Which providers are up and have unpromised room for the request, shape (providers,).

        Args:
            steps: denoising steps to spend on it; None: as many as it asks for.
        """
        needed = self.last.steps if steps is None else steps
        fits: np.ndarray[tuple[int], np.dtype[np.bool_]] = self.available >= needed
        return fits & self.up

    def expected_latency_s(self, steps: int | None = None) -> FloatArray:
        """Time to the result, for the request at hand at each provider, as things stand now.

        Shape (providers,). Without a network it is the run time.

        Args:
            steps: denoising steps to spend on it; None: as many as it asks for.
        """
        task = self.last
        if self.delivery is None:
            return np.full(len(self.available), self.world.run_time_s(task.steps))
        link = self.delivery.link(task)
        latency_s = self.delivery.expected_latency_s(task, link, self.assigned)
        if steps is not None and steps != task.steps:
            step_s = np.array([machine.seconds_per_step for machine in self.world.service])
            slope = np.array([machine.batch_slope for machine in self.world.service])
            latency_s += (steps - task.steps) * step_s * (1.0 + slope * self.assigned)
        return latency_s

    def expected_worth(self, steps: int | None = None) -> FloatArray:
        """Hidden knowledge: what the request at hand is expected to be paid at each provider.

        Quality, and with a network what its expected lateness leaves of it; shape (providers,).
        Where measured results scatter, it is the mean of their quality.

        Args:
            steps: denoising steps to spend on it; None: as many as it asks for.
        """
        gains = self.world.curves.gains(self.last.steps if steps is None else steps)
        if self.scenario.wireless is None:
            return gains
        late = self.expected_latency_s(steps) - self.last.deadline_s
        return gains * np.clip(1.0 - late / self.scenario.wireless.lateness_s, 0.0, 1.0)

    # --- the world's events ---------------------------------------------------------------------

    def _provider(self, number: int) -> Provider:
        capacity, restart_s = float(self.world.capacity[number]), self.scenario.restart_s
        service: Service
        if self.world.service:
            place = self._streams[f"latency {number}"].random
            machine = self.world.service[number]
            service = machine.service(self.clock, place, self.scenario.scheduler)
        else:
            service = TimedService(self.clock, self.world.run_time_s)
        return Provider(
            self.clock, number, capacity, restart_s, service, self._run_over, self._restarted
        )

    def _arrive(self, moment: Moment) -> None:
        task: Task = moment._value
        self.request = self.last = task
        self.ledger.arrived += 1
        self.ledger.undecided += 1
        if self.log is not None:
            self._write("arrive", task.number, -1, task.steps)
        self.clock.pause()

    def _arrive_at_provider(self, task: Task) -> None:
        self.ledger.in_transfer -= 1
        self._reach(task)

    def _reach(self, task: Task) -> None:
        number = task.provider
        provider = self.providers[number]
        if provider.fits(task):
            curves = self.world.curves
            if curves.scatters:
                task.quality = curves.paid(number, task.steps, task.picture)
            else:
                task.quality = float(curves.gains(task.steps)[number])
            self.ledger.in_service += 1
            provider.start(task)
            self.outcomes.append(Started(self.clock._now, task, number, task.quality))
            if self.log is not None:
                self._write("start", task.number, number, task.quality)
            return
        if provider.up:
            self._crash(provider)
        self._release(task)
        self.ledger.refused += 1
        self.outcomes.append(Refused(self.clock._now, task, number))
        if self.log is not None:
            self._write("refuse", task.number, number, task.steps)

    def _crash(self, provider: Provider) -> None:
        now, number = self.clock._now, provider.number
        lost = provider.crash()
        self.outcomes.append(Crashed(now, number, len(lost)))
        if self.log is not None:
            self._write("crash", -1, number, len(lost))
        self.up[number] = provider.up
        for task, progress in lost:
            self._release(task)
            self.ledger.in_service -= 1
            self.ledger.lost += 1
            self.outcomes.append(Lost(now, task, number, progress))
            if self.log is not None:
                self._write("lose", task.number, number, progress)

    def _restarted(self, number: int) -> None:
        self.up[number] = True
        self.outcomes.append(Restarted(self.clock._now, number))
        if self.log is not None:
            self._write("restart", -1, number, 0)

    def _release(self, task: Task) -> None:
        self._available[task.provider] += task.steps
        self._assigned[task.provider] -= 1

    def _run_over(self, task: Task) -> None:
        self._release(task)
        self.ledger.in_service -= 1
        if self.delivery is None:
            self._finish(task)
            return
        if self.log is not None:
            self._write("run over", task.number, task.provider, task.quality)
        self.ledger.in_transfer += 1
        self.delivery.bring_back(task)

    def _delivered(self, task: Task) -> None:
        self.ledger.in_transfer -= 1
        self._finish(task)

    def _finish(self, task: Task) -> None:
        now = self.clock._now
        self.ledger.finished += 1
        latency_s = now - task.arrival_s
        self.outcomes.append(Finished(now, task, task.provider, task.quality, latency_s))
        if self.log is not None:
            self._write("finish", task.number, task.provider, latency_s)

    def _write(self, event: str, task: int, provider: int, value: float) -> None:
        assert self.log is not None
        self.log.rows.append((self.clock._now, event, task, provider, value))


def _with_network(tasks: Iterator[Task], block: TaskBlock) -> Iterator[Task]:
    """The tasks of a block with what a network asks for: sizes, deadline, fading, place."""
    assert block.upload_bytes is not None and block.download_bytes is not None
    assert block.fading_up is not None and block.fading_down is not None
    assert block.deadline_s is not None
    places: Iterator[tuple[float, float] | None] = repeat(None)
    if block.user_x_m is not None and block.user_y_m is not None:
        places = zip(block.user_x_m, block.user_y_m, strict=True)
    for task, deadline_s, upload_bytes, download_bytes, fading_up, fading_down, place_m in zip(
        tasks,
        block.deadline_s,
        block.upload_bytes,
        block.download_bytes,
        block.fading_up,
        block.fading_down,
        places,
        strict=False,
    ):
        task.deadline_s = deadline_s
        task.upload_bytes = upload_bytes
        task.download_bytes = download_bytes
        task.fading_up = fading_up
        task.fading_down = fading_down
        task.place_m = place_m
        yield task


def _with_picture(tasks: Iterator[Task], places: Iterable[float]) -> Iterator[Task]:
    """The tasks with which of the measured images each result is like."""
    for task, place in zip(tasks, places, strict=True):
        task.picture = place
        yield task
