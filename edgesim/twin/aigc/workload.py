"""AIGC services at the wireless edge: requests come, providers run, results go back."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from edgesim.errors import InputError
from edgesim.scenarios.aigc.schema import AIGCScenario
from edgesim.twin.aigc.delivery import Delivery
from edgesim.twin.aigc.experience import Experience
from edgesim.twin.aigc.gauges import CellGauge, ProviderGauge
from edgesim.twin.aigc.invariants import violations
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
from edgesim.twin.aigc.providers import Pace, Provider, Service, TimedService
from edgesim.twin.aigc.quality import FloatArray
from edgesim.twin.aigc.task import Task
from edgesim.twin.aigc.tasks import TaskStream, tasks_of
from edgesim.twin.aigc.variants import VariantServer
from edgesim.twin.aigc.world import AIGCWorld
from edgesim.twin.core.clock import URGENT, Moment
from edgesim.twin.core.crowds import Merged
from edgesim.twin.core.faults import Faults, Hit
from edgesim.twin.core.happenings import Happening, lasting, play
from edgesim.twin.core.log import EventLog
from edgesim.twin.core.series import Gauge
from edgesim.twin.core.streams import Streams
from edgesim.twin.core.workload import Host, Workload
from edgesim.twin.network.network import NetworkWorld
from edgesim.twin.twin import Twin

__all__ = ["AIGCWorkload", "Chooser"]

_LOOK_S = 10.0
"""How often to look whether all that is left waits for what stays down, s [chosen]."""

Chooser = Callable[["AIGCWorkload", Task], int]
"""A policy of the twin alone: workload and request at hand to the index of a provider."""


class AIGCWorkload(Workload[Task, int | tuple[int, int]]):
    """One episode of AIGC users and providers.

    A choice is the index of a provider, or that and how many denoising steps are spent.

    >>> from edgesim.scenarios import resolve
    >>> aigc = AIGCWorkload.alone(resolve("aigc_paper"), np.random.SeedSequence(0))
    >>> ledger = aigc.run(lambda aigc, task: task.number % len(aigc.available))
    >>> ledger.closes
    True

    Args:
        scenario: the scenario.
        world: the scenario's world, where it is at hand already.

    Attributes:
        available: capacity not yet promised to a task, in steps, shape (providers,). A task counts
            from its choice on, so also while it is under way to the provider.
        assigned: number of tasks promised to each provider, shape (providers,).
        up: whether each provider is up, shape (providers,).
        experience: what has come back from each provider; kept where somebody sets one.
        faults: what fails by chance; None where nothing does.
    """

    name = "aigc"
    views = ("_assigned", "_available", "_following")
    columns = ("task", "provider")

    def __init__(self, scenario: AIGCScenario, world: AIGCWorld | None = None) -> None:
        self.world = AIGCWorld(scenario) if world is None else world

    @property
    def details(self) -> tuple[str, ...]:  # type: ignore[override]  # only events have elements
        """See :class:`edgesim.twin.core.workload.Workload`."""
        return ("element",) if self.scenario.events or self.scenario.faults else ()

    @property
    def scenario(self) -> AIGCScenario:
        """The scenario."""
        return self.world.scenario

    @property
    def capacities(self) -> list[float]:
        """Denoising steps that each provider holds at once."""
        return [float(steps) for steps in self.world.capacity]

    @property
    def network_world(self) -> NetworkWorld | None:
        """The metro network between the sites; None in a scenario without one."""
        return None if self.scenario.wireless is None else self.world.network

    @classmethod
    def alone(
        cls,
        scenario: AIGCScenario,
        seed: np.random.SeedSequence,
        *,
        world: AIGCWorld | None = None,
        record: bool = False,
    ) -> "AIGCWorkload":
        """A twin with this one workload, which is returned.

        Args:
            scenario: the scenario.
            seed: draws what happens in the episode: arrivals, users, sizes, fading.
            world: the scenario's world, where it is at hand already.
            record: whether to keep an event log.
        """
        workload = cls(scenario, world)
        Twin([workload], seed, record=record)
        return workload

    def start(self, twin: Host, streams: Streams, log: EventLog | None) -> None:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        self.twin, self.clock, self.log, self._streams = twin, twin.clock, log, streams
        sites = self._sites = self.world.sites
        if self.scenario.wireless is not None and twin.network.world.wiring.nodes < sites:
            raise InputError(
                "provider_count",
                sites,
                f"each stands at a node, and the network has {twin.network.world.wiring.nodes}",
            )
        self.outcomes: list[Outcome] = []
        self.ledger = Ledger()
        self.experience: Experience | None = None
        self.request = None
        self.available = self.world.capacity.copy()
        self.assigned = np.zeros(len(self.available))
        self.up = np.ones(len(self.available), dtype=bool)
        self._tasks = self.tasks()
        self.look()
        self._coming: Task | None = next(self._following, None)
        self._arrival = Moment(self._arrive, None)  # one for all, taken again
        self.paces = [Pace() for _ in range(self.world.sites)]
        self.quality_left = np.ones(len(self.available))  # of each provider, where it has dropped
        self._awaited: Moment | None = None  # that one, while an arrival is on the clock
        self._shared = len(self.available) > sites  # several entries are one provider
        devices = [self._provider(number) for number in range(sites)]
        self.providers = devices * (len(self.available) // sites)
        self.delivery = (
            None
            if self.scenario.wireless is None
            else Delivery(
                self.clock,
                twin.network,
                self.world,
                self.scenario.wireless,
                self._streams,
                self._arrive_at_provider,
                self._delivered,
            )
        )
        self._down: dict[int, int] = {}  # reasons of stated events for which a provider is down
        if self.world.plan or self.world.network_plan:
            self._begin_events()
        self.faults: Faults | None = None
        if self.world.faults:
            self._begin_faults()

    def _begin_events(self) -> None:
        """Put on the clock what happens at stated times."""
        # Who joins later is not there before.
        first: dict[int, str] = {}
        for made in self.world.plan:
            if made.subject == "provider" and made.change in ("joins", "leaves"):
                first.setdefault(made.number, made.change)
        for number, change in first.items():
            if change == "joins":
                self._go(number)
        play(self.clock, self.world.plan, self._happen)
        if self.delivery is not None:
            self.twin.network.watch(self)
        if lasting([*self.world.plan, *self.world.network_plan], "fails"):
            # What waits for a way that never comes keeps the episode open: look now and then.
            self.clock.at(self.world.last_event_s, self._look_around, priority=URGENT)

    def _begin_faults(self) -> None:
        """Have things fail by chance."""
        elements = self.world.elements
        count = self._sites
        counts = {subject: len(names) for subject, names in elements.items()}
        counts |= {"quality": count, "speed": count}
        self.faults = Faults(self.clock, self.world.faults, counts, self._streams, self._hit)
        drifting = any(fault.what == "speed_drift" for fault in self.world.faults)
        for number, pace in enumerate(self.paces if drifting else ()):
            pace.drift = partial(self.faults.drifts.level, "speed", number)
        watching = self.world.plan or self.world.network_plan
        if self.delivery is not None and not watching:
            self.twin.network.watch(self)

    def look(self) -> None:
        """Have single numbers of the arrays at hand, and the tasks that follow."""
        # A memoryview takes and gives a single number several times faster than an array does.
        self._available, self._assigned = (
            numbers.data.cast("B").cast("d") for numbers in (self.available, self.assigned)
        )
        self._following = iter(self._tasks)

    # --- from decision to decision --------------------------------------------------------------

    def prepare(self) -> bool:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        if self._awaited is None:
            task = self._coming
            if task is None:
                return not self.idle
            self._coming = next(self._following, None)
            self._awaited = moment = self._arrival
            moment._value = task
            self.clock.again(moment, task.arrival_s)
        return True

    @property
    def idle(self) -> bool:
        """Whether no request is to come, none is open, and every provider is up.

        Where the scenario does not decide the last request, the workload stands still at its
        arrival, and the tasks that run then stay in service.
        """
        if self._coming is not None or self._awaited is not None or self.request is not None:
            return False
        if not self.scenario.decide_last:
            return True
        ledger = self.ledger
        waiting = 0
        if self.delivery is not None and self.world.network_plan and self._after_events:
            network = self.twin.network
            waiting = network.messages.waiting if network.severed else 0
        if ledger.in_transfer - waiting + ledger.in_service > 0:
            return False
        return bool(self.up.all()) or all(one.up or one.out for one in self.providers)

    def decide(self, choice: int | tuple[int, int]) -> None:
        """Send the request at hand to a provider: its index, or that and the steps to spend."""
        if isinstance(choice, tuple):
            self.choose(*choice)
        else:
            self.choose(choice)

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
            raise RuntimeError("there is no request to decide: call next_decision() first")
        self.request = None
        task.provider = provider
        if steps is not None:
            task.steps = steps
        self.ledger.undecided -= 1
        if self._shared:
            self.available[provider % self._sites :: self._sites] -= task.steps
            self.assigned[provider % self._sites :: self._sites] += 1
        else:
            self._available[provider] -= task.steps
            self._assigned[provider] += 1
        if self.log is not None:
            self._write("choose", task.number, provider, task.steps)
        if self.delivery is None:
            self._reach(task)
        else:
            self.ledger.in_transfer += 1
            self.delivery.send(task)

    def tasks(self) -> "TaskStream | Merged[Task]":
        """All tasks of the episode, as fresh objects: the future, whatever is done."""
        world = self.world
        return tasks_of(
            world.arrivals,
            self._streams,
            scatters=world.curves.scatters,
            load=world.load_of(self._streams),
            sites_m=() if world.sites_m is None else world.sites_m.tolist(),
        )

    def violations(self) -> Iterator[str]:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        yield from super().violations()
        yield from violations(self)

    @property
    def length_s(self) -> float:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        return self.scenario.horizon_s

    def gauges(self) -> list[Gauge]:
        """See :class:`edgesim.twin.core.workload.Workload`: providers, and cells."""
        assert self.log is not None
        found: list[Gauge] = [ProviderGauge(self, self.log)]
        if self.delivery is not None:
            found.append(CellGauge(self.delivery.radio))
        return found

    def resample(self) -> None:
        """See :class:`edgesim.twin.core.workload.Workload`.

        A run that has begun takes as long as was drawn for it.
        """
        now = self.clock._now
        if self._awaited is not None:
            self._awaited.cancel()
            self._arrival, self._awaited = Moment(self._arrive, None), None
        self._tasks.resample(now, self.ledger.arrived)
        self._following = iter(self._tasks)
        self._coming = next(self._following, None)
        if self.delivery is not None:
            self.delivery.users.resample(now)
        if self.faults is not None:
            self.faults.resample()

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
        if self._shared:
            latency_s += self.loading_s
        if steps is not None and steps != task.steps:
            step_s = np.array([machine.seconds_per_step for machine in self.world.service])
            slope = np.array([machine.batch_slope for machine in self.world.service])
            latency_s += (steps - task.steps) * step_s * (1.0 + slope * self.assigned)
        return latency_s

    def expected_gains(self, steps: int | None = None) -> FloatArray:
        """Hidden knowledge: the expected quality of the request at hand; shape (providers,).

        Args:
            steps: denoising steps to spend on it; None: as many as it asks for.
        """
        gains = self.world.curves.gains(self.last.steps if steps is None else steps)
        if self.faults is not None:
            gains = gains * self.quality_left
            drifted = self.faults.drifts.levels("quality")
            if drifted is not None:
                gains = gains * np.resize(drifted, len(gains))
        return gains

    def expected_worth(self, steps: int | None = None) -> FloatArray:
        """Hidden knowledge: what the request at hand is expected to be paid at each provider.

        Quality, and with a network what its expected lateness leaves of it; shape (providers,).
        Where measured results scatter, it is the mean of their quality.

        Args:
            steps: denoising steps to spend on it; None: as many as it asks for.
        """
        gains = self.expected_gains(steps)
        if self.scenario.wireless is None:
            return gains
        late = self.expected_latency_s(steps) - self.last.deadline_s
        return gains * np.clip(1.0 - late / self.scenario.wireless.lateness_s, 0.0, 1.0)

    # --- the world's events ---------------------------------------------------------------------

    def _provider(self, number: int) -> Provider:
        capacity, restart_s = float(self.world.capacity[number]), self.scenario.restart_s
        service: Service
        if self.scenario.variants is not None:
            service = self._variant_server(number)
        elif self.world.service:
            place = self._streams[f"latency {number}"].random
            machine = self.world.service[number]
            pace = self.paces[number]
            service = machine.service(self.clock, place, self.scenario.scheduler, pace)
        else:
            service = TimedService(self.clock, self.world.run_time_s, self.paces[number])
        return Provider(
            self.clock, number, capacity, restart_s, service, self._run_over, self._restarted
        )

    def _variant_server(self, number: int) -> VariantServer:
        """What runs the variants at a site."""
        scenario, world = self.scenario, self.world
        assert scenario.variants is not None and scenario.scheduler is not None
        place = self._streams[f"latency {number}"].random
        return VariantServer(
            self.clock,
            world.service[number :: world.sites],
            world.loading_s[number],
            self._variant_of,
            world.loaded[number],
            partial(self._variant_seconds, number, place),
            scenario.scheduler.window_s,
        )

    def _variant_of(self, task: Task) -> int:
        """The variant that a task asks for."""
        return int(task.provider // self.world.sites)

    def _variant_seconds(
        self, number: int, place: Callable[[], float], variant: int, work: Sequence[Any]
    ) -> float:
        """What a batch of a variant takes at a site, s; ``place`` draws the scatter of times."""
        machine = self.world.service[number + variant * self.world.sites]
        return machine.seconds(place, work, self.paces[number])

    @property
    def loading_s(self) -> FloatArray:
        """Seconds of loading that the request at hand would meet now, shape (providers,)."""
        if not self._shared:
            return np.zeros(len(self.available))
        count = len(self.available) // self._sites
        servers: list[Any] = [one.service for one in self.providers[: self._sites]]
        return np.array([server.wait_s(k) for k in range(count) for server in servers])

    def _arrive(self, moment: Moment) -> None:
        task: Task = moment._value
        self._awaited = None
        self.last = task
        if self._coming is not None or self.scenario.decide_last:
            self.request = task
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
            if self.faults is not None:
                left = self.faults.drifts.level("quality", number % self._sites)
                task.quality *= float(self.quality_left[number]) * left
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
        if self.experience is not None:
            self.experience.failed(number)
        if self.log is not None:
            self._write("refuse", task.number, number, task.steps)
        self._rest()

    def _crash(self, provider: Provider) -> None:
        now, number = self.clock._now, provider.number
        lost = provider.crash()
        self.outcomes.append(Crashed(now, number, len(lost)))
        if self.experience is not None:
            self.experience.failed(number)
        if self.log is not None:
            self._write("crash", -1, number, len(lost))
        self.up[number :: self._sites] = provider.up
        self._lose(number, lost)

    def _lose(self, number: int, lost: list[tuple[Task, float]]) -> None:
        """A provider has lost running tasks, each with its progress."""
        for task, progress in lost:
            self._release(task)
            self.ledger.in_service -= 1
            self.ledger.lost += 1
            self.outcomes.append(Lost(self.clock._now, task, number, progress))
            if self.log is not None:
                self._write("lose", task.number, number, progress)

    def _restarted(self, number: int) -> None:
        self.up[number :: self._sites] = self.providers[number].up
        self.outcomes.append(Restarted(self.clock._now, number))
        if self.log is not None:
            self._write("restart", -1, number, 0)
        self._rest()

    def _release(self, task: Task) -> None:
        if self._shared:
            self.available[task.provider % self._sites :: self._sites] += task.steps
            self.assigned[task.provider % self._sites :: self._sites] -= 1
            return
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
        if self.experience is not None:
            self.experience.came_back(task.provider, task.quality, now)
        if self.log is not None:
            self._write("finish", task.number, task.provider, latency_s)
        if self._coming is None:
            self._rest()

    def _rest(self) -> None:
        """Pause the clock where nothing is left to do."""
        if self._coming is None and self.idle:
            self.clock.pause()

    # --- stated events --------------------------------------------------------------------------

    @property
    def _after_events(self) -> bool:
        return self.clock._now >= self.world.last_event_s

    def _happen(self, moment: Moment) -> None:
        self._take(moment.value)

    def _hit(self, hit: Hit) -> bool:
        """A fault begins or ends; False: the last site that is up stays up."""
        what, number = hit.what, hit.number
        if what in ("quality", "speed"):
            if what == "quality":
                self.quality_left[number :: self._sites] = hit.factor
            else:
                self.paces[number].dropped = hit.factor
            name = self.world.elements["provider"][number]
            self._tell(f"provider {what}", name, number, hit.factor)
            return True
        last = self.delivery is not None and not self.delivery.radio.may_fail(number)
        if what == "node" and hit.begins and last:
            return False
        name = self.world.elements[what][number]
        change = "fails" if hit.begins else "repaired"
        made = Happening(self.clock._now, what, number, change, 1.0, name)
        if what in ("link", "node"):
            self.twin.network.happen(made)
        if what != "link":
            self._take(made)
        return True

    def _take(self, made: Happening) -> None:
        number = made.number
        if made.subject == "node" and self.delivery is not None:
            radio = self.delivery.radio
            (radio.fail_cell if made.change == "fails" else radio.repair_cell)(number)
        if made.change == "capacity":
            more = self.providers[number].scale(made.factor)
            self._available[number] += more
            self._tell("provider capacity", made.name, number, made.factor)
        elif made.change in ("fails", "leaves"):
            self._go(number, loses=made.change == "fails")
            self._tell(f"provider {made.change}", made.name, number)
        else:
            self._come(number)
            self._tell(f"provider {made.change}", made.name, number)
        self._rest()

    def _go(self, number: int, *, loses: bool = False) -> None:
        """A stated event takes a provider away; it may not be the only one that does."""
        provider = self.providers[number]
        self._down[number] = self._down.get(number, 0) + 1
        if loses:
            lost = provider.fail()
            if self.experience is not None:
                self.experience.failed(number)
            self._lose(number, lost)
        else:
            provider.leave()
        self.up[number] = provider.up

    def _come(self, number: int) -> None:
        """What took a provider away is over."""
        provider = self.providers[number]
        reasons = self._down[number] = self._down.get(number, 0) - 1
        if reasons <= 0:
            self._down[number] = 0
            provider.come()
            self.up[number] = provider.up

    def _look_around(self, moment: Moment) -> None:
        """Rest where nothing more can get through."""
        if self.idle:
            self.clock.pause()
        else:
            self.clock.after(_LOOK_S, self._look_around)

    def _tell(self, event: str, element: str, provider: int = -1, value: float = 0.0) -> None:
        if self.log is not None:
            self.log.add(self.clock._now, event, -1, provider, value, element=element)

    def edge_failed(self, edge: int) -> None:
        """See :class:`edgesim.twin.network.network.NetworkListener`."""
        self._tell("link fails", self.world.elements["link"][edge])

    def edge_repaired(self, edge: int) -> None:
        """See :class:`edgesim.twin.network.network.NetworkListener`."""
        self._tell("link repaired", self.world.elements["link"][edge])

    def node_failed(self, node: int) -> None:
        """See :class:`edgesim.twin.network.network.NetworkListener`."""
        self._tell("site fails", self.world.elements["node"][node])

    def node_repaired(self, node: int) -> None:
        """See :class:`edgesim.twin.network.network.NetworkListener`."""
        self._tell("site repaired", self.world.elements["node"][node])

    def capacity_changed(self, edge: int, factor: float) -> None:
        """See :class:`edgesim.twin.network.network.NetworkListener`."""
        self._tell("link capacity", self.world.elements["link"][edge], value=factor)

    def _write(self, event: str, task: int, provider: int, value: float) -> None:
        assert self.log is not None
        self.log.add(self.clock._now, event, task, provider, value)
