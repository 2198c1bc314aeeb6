"""One large model's training: settings are chosen again and again until it is done."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from edgesim.errors import InputError
from edgesim.scenarios.training.llm import LLMScenario
from edgesim.twin.core.clock import URGENT, Moment
from edgesim.twin.core.log import EventLog
from edgesim.twin.core.outages import Law
from edgesim.twin.core.streams import Streams
from edgesim.twin.core.workload import Host, Workload
from edgesim.twin.training.llm.measuring import NoiseMonitor
from edgesim.twin.training.llm.world import LLMWorld, Setting
from edgesim.twin.twin import Twin

__all__ = ["LLMJob", "Ledger", "Request", "Switched"]

_SPEED_SPREAD = 0.01  # of a measured speed: minutes of steps are averaged [chosen]


class Request(NamedTuple):
    """A time to choose.

    Attributes:
        number: of the decision.
        kind: ``interval``, ``lost`` (nodes have failed) or ``back`` (nodes are there again).
        nodes: that can be used.
        must_restart: whether the job does not run, and starts from its checkpoint.
    """

    number: int
    kind: str
    nodes: int
    must_restart: bool


class Switched(NamedTuple):
    """Another setting."""

    time_s: float
    setting: Setting
    cost_s: float


@dataclass(slots=True)
class Ledger:
    """What has become of the time; it closes at every instant."""

    decisions: int = 0
    switches: int = 0
    reshards: int = 0
    restarts: int = 0
    failures: int = 0
    training_s: float = 0.0
    overhead_s: float = 0.0
    waiting_s: float = 0.0
    lost_s: float = 0.0
    passed_s: float = 0.0
    done: bool = False

    @property
    def closes(self) -> bool:
        """Whether all time that has passed is accounted for."""
        told = self.training_s + self.overhead_s + self.waiting_s
        return abs(told - self.passed_s) <= 1e-6 * max(self.passed_s, 1.0)


class LLMJob(Workload[Request, Setting]):
    """One episode: a training from its first step to its last.

    >>> from edgesim.scenarios import resolve
    >>> job = LLMJob.alone(resolve("llm_training"), np.random.SeedSequence(0))
    >>> ledger = job.run(lambda job, request: job.setting)
    >>> ledger.done
    True

    Args:
        scenario: the scenario.
        world: the scenario's world, where it is at hand already.

    Attributes:
        setting: what the job runs with.
        progress: from 0 to 1.
        monitor: the estimate of the noise scale.
        measured: true speed over the formula's, measured, of each layout that was tried.
        nodes: that can be used: of those that are up, a power of two.
    """

    name = "llm_training"
    columns = ("batch", "devices")

    def __init__(self, scenario: LLMScenario, world: LLMWorld | None = None) -> None:
        self.world = LLMWorld(scenario) if world is None else world

    @property
    def scenario(self) -> LLMScenario:
        """The scenario."""
        return self.world.scenario

    @classmethod
    def alone(
        cls,
        scenario: LLMScenario,
        seed: np.random.SeedSequence,
        *,
        world: LLMWorld | None = None,
        record: bool = False,
    ) -> "LLMJob":
        """A twin with this one workload, which is returned."""
        workload = cls(scenario, world)
        Twin([workload], seed, record=record)
        return workload

    def start(self, twin: Host, streams: Streams, log: EventLog | None) -> None:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        self.twin, self.clock, self.log = twin, twin.clock, log
        scenario = self.scenario
        noise = scenario.noise
        self.outcomes: list[Switched] = []
        self.ledger = Ledger()
        self.request = None
        self.monitor = NoiseMonitor(noise.small_spread, noise.big_spread, noise.beta)
        self.measured: dict[tuple[int, int, int], float] = {}
        self.setting = self.world.first
        self.progress = self._saved = 0.0
        self._saved_s = self._since_s = self._busy_until_s = 0.0
        self._speed = self._true_speed(self.setting)
        self._stopped = self._over = False
        self._up = self.nodes = scenario.accelerators.nodes
        self._norms, self._speeds = streams["norms"], streams["speeds"]
        self._nodes_rng, self._restarts = streams["nodes"], streams["restarts"]
        self._next: Moment | None = None
        self._fail: Moment | None = None
        self._up_since_s, self._weakest = [0.0] * self._up, 0  # when each node began to work
        self._repairs: list[Moment] = []
        self._plan_failure()
        self._plan()
        self.clock.at(scenario.horizon_s, self._end, None, URGENT)

    # --- from decision to decision --------------------------------------------------------------

    def prepare(self) -> bool:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        return not self._over

    @property
    def idle(self) -> bool:
        """Whether the training is done, or out of time."""
        return self._over and self.request is None

    def decide(self, choice: Setting) -> None:
        """Run with a setting from now on.

        Raises:
            RuntimeError: there is nothing to decide.
            InputError: the nodes that are there cannot run it.
        """
        request = self.request
        if request is None:
            raise RuntimeError("there is no request to decide: call next_decision() first")
        if choice not in self.world.speeds(self.nodes):
            ways = (choice.batch, *choice.strategy)
            devices = self.nodes * self.scenario.accelerators.per_node
            accepted = f"cannot be run by {devices} devices: batch, tensor, pipeline, data, micro"
            raise InputError("setting", ways, accepted)
        self.request = None
        cost_s = self._cost_s(choice)
        if choice != self.setting or cost_s:
            self.outcomes.append(Switched(self.clock.now, choice, cost_s))
            self.ledger.switches += choice != self.setting
            self.ledger.reshards += choice.strategy.layout != self.setting.strategy.layout
        self.setting, self._stopped = choice, False
        self._speed = self._true_speed(choice)
        self._since_s = self.clock.now
        self._busy_until_s = self.clock.now + cost_s
        devices = choice.strategy.tensor * choice.strategy.pipeline * choice.strategy.data
        self._note("run", choice.batch, devices, cost_s)
        self._plan()

    def cost_s(self, choice: Setting) -> float:
        """What a change to a setting takes while the job runs, s; the mean of a restart if not."""
        overheads = self.scenario.overheads
        if self._stopped:
            return sum(overheads.restart_s) / 2
        if choice.strategy.layout != self.setting.strategy.layout:
            return overheads.reshard_s
        return overheads.batch_s if choice != self.setting else 0.0

    def _cost_s(self, choice: Setting) -> float:
        if not self._stopped:
            return self.cost_s(choice)
        self.ledger.restarts += 1
        low, high = self.scenario.overheads.restart_s
        return float(self._restarts.uniform(low, high))

    def believed(self, setting: Setting) -> float:
        """Sequences a second: the formula's times what was measured of the layout, if tried."""
        speed = self.world.speeds(self.nodes)[setting]
        return speed * self.measured.get(setting.strategy.layout, 1.0)

    @property
    def stopped(self) -> bool:
        """Whether the job does not run, and starts from its checkpoint."""
        return self._stopped

    @property
    def critical_batch(self) -> float:
        """Twice the estimated noise scale; the true one at the beginning before there is any."""
        found = self.monitor.estimate
        if found is None:
            return 2.0 * self.world.drift.start
        if found.samples <= 0.0 or not np.isfinite(found.samples):
            return 2.0 * max(self.scenario.job.batches)  # the gradient drowns in its noise
        return 2.0 * found.samples

    # --- the world's events ---------------------------------------------------------------------

    def _true_speed(self, setting: Setting) -> float:
        nodes = self._nodes_of(setting)
        return self.world.speeds(nodes)[setting] * self.world.factor(setting.strategy)

    def _nodes_of(self, setting: Setting) -> int:
        t, p, d, _ = setting.strategy
        return t * p * d // self.scenario.accelerators.per_node

    def _plan(self) -> None:
        """Put the next look, or the end of the training, on the clock."""
        if self._next is not None:
            self._next.cancel()
        scenario = self.scenario
        left_s = float(
            self.world.drift.seconds(
                self.setting.batch,
                self.progress,
                1.0,
                scenario.job.useful_sequences,
                self._speed,
            )
        )
        ends_s = self._busy_until_s + left_s
        looks_s = max(self.clock.now + scenario.interval_s, self._busy_until_s)
        if ends_s <= looks_s:
            self._next = self.clock.at(ends_s, self._done)
        else:
            self._next = self.clock.at(looks_s, self._interval)

    def _advance(self) -> None:
        """Bring the progress up to now, and look at the gradients that were made."""
        now, ledger = self.clock.now, self.ledger
        ledger.passed_s = now
        if self._stopped:
            ledger.waiting_s += now - self._since_s
            self._since_s = now
            return
        busy = min(now, self._busy_until_s) - self._since_s
        ledger.overhead_s += max(busy, 0.0)
        trained = now - max(self._since_s, self._busy_until_s)
        self._since_s = now
        if trained <= 0.0:
            return
        ledger.training_s += trained
        drift, setting = self.world.drift, self.setting
        sequences = self.scenario.job.useful_sequences
        self.progress = min(
            drift.after(setting.batch, self.progress, trained, sequences, self._speed), 1.0
        )
        self._saved_s += trained
        if self._saved_s >= self.scenario.overheads.checkpoint_s:
            self._saved, self._saved_s = self.progress, 0.0
        steps = int(trained * self._speed / setting.batch)
        true = drift.noise_scale(self.progress)
        # The smallest gradient at hand is a replica's micro-batch.
        self.monitor.observe(setting.strategy.micro, setting.batch, true, steps, self._norms)
        noise = float(np.exp(self._speeds.normal(0.0, _SPEED_SPREAD)))
        self.measured[setting.strategy.layout] = self.world.factor(setting.strategy) * noise

    def _interval(self, _: Moment) -> None:
        self._next = None
        self._advance()
        self._ask("interval")

    def _ask(self, kind: str) -> None:
        self.request = self.last = Request(self.ledger.decisions, kind, self.nodes, self._stopped)
        self.ledger.decisions += 1
        self.clock.pause()

    def _done(self, _: Moment) -> None:
        self._advance()
        self.progress, self.ledger.done = 1.0, True
        self._finish()

    def _end(self, _: Moment) -> None:
        if not self._over:
            self._advance()
            self._finish()

    def _finish(self) -> None:
        self._over = True
        self._note("end", self.setting.batch, -1, self.progress)
        self.clock.pause()

    # ---- nodes

    def _plan_failure(self) -> None:
        mtbf_s = self.scenario.accelerators.node_mtbf_s
        if mtbf_s is None or not self._up:
            return
        shape, rng, now = self.scenario.accelerators.node_shape, self._nodes_rng, self.clock.now
        if shape == 1.0:
            after_s, self._weakest = float(rng.exponential(mtbf_s / self._up)), 0
        else:  # what is left to each of those that are up, given how long it has worked
            law = Law(mtbf_s, shape)
            left_s = [law.rest_s(rng, now - since_s) for since_s in self._up_since_s]
            after_s, self._weakest = min(zip(left_s, range(len(left_s)), strict=True))
        self._fail = self.clock.after(after_s, self._lost)

    def _lost(self, _: Moment) -> None:
        """A node is gone: the job stops, and goes back to its checkpoint."""
        if self._over:
            return
        self._advance()
        self.ledger.failures += 1
        self._up -= 1
        del self._up_since_s[self._weakest]
        mean_s = self.scenario.accelerators.node_mttr_s
        away_s = float(self._nodes_rng.exponential(mean_s))
        self._repairs.append(self.clock.after(away_s, self._back))
        self._plan_failure()
        if not self._stopped:
            self.ledger.lost_s += self._saved_s
            self.progress, self._saved_s = self._saved, 0.0
        self._note("lost", self.setting.batch, self._up, self.progress)
        self._choose_again("lost")

    def _back(self, _: Moment) -> None:
        if self._over:
            return
        self._advance()
        self._up += 1
        self._up_since_s.append(self.clock.now)
        self._note("back", self.setting.batch, self._up, 0.0)
        if self._fail is not None:
            self._fail.cancel()
        self._plan_failure()
        if self._usable() > self.nodes or self._stopped:
            # More devices take a start of their own; the state is saved before it.
            self._saved, self._saved_s = self.progress, 0.0
            self._choose_again("back")

    def _usable(self) -> int:
        return 1 << (self._up.bit_length() - 1) if self._up else 0

    def _choose_again(self, kind: str) -> None:
        if self._next is not None:
            self._next.cancel()
            self._next = None
        self._stopped, self._since_s = True, self.clock.now
        self.nodes = self._usable()
        if self.nodes and self.world.speeds(self.nodes):
            self._ask(kind)

    # --- figures --------------------------------------------------------------------------------

    @property
    def length_s(self) -> float:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        first = self.world.first
        speed = self.world.speeds(self.scenario.accelerators.nodes)[first]
        whole = self.scenario.job.useful_sequences / speed
        return float(min(self.scenario.horizon_s, 2 * whole))

    def _note(self, event: str, batch: int, devices: int, value: float) -> None:
        if self.log is not None:
            self.log.add(self.clock.now, event, batch, devices, value)

    def resample(self) -> None:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        if self._fail is not None:
            self._fail.cancel()
            self._plan_failure()
