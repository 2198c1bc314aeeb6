"""Federated learning as a workload: rounds that ask for a program, and carry it out."""

from functools import partial
from typing import Any

import numpy as np
from simpy.events import Event

from edgesim.scenarios.federated.schema import FederatedScenario
from edgesim.twin.core.clock import Clock, Moment
from edgesim.twin.core.log import EventLog
from edgesim.twin.core.streams import Streams
from edgesim.twin.core.workload import Host, Workload
from edgesim.twin.federated.execution import Execution
from edgesim.twin.federated.outcomes import Ledger, Round, RoundOver
from edgesim.twin.federated.program import Program
from edgesim.twin.federated.world import FederatedWorld
from edgesim.twin.network.network import NetworkWorld
from edgesim.twin.twin import Twin

__all__ = ["FederatedWorkload"]


class FederatedWorkload(Workload[Round, Program]):
    """The rounds of one experiment.

    >>> from edgesim.scenarios import resolve
    >>> from edgesim.twin.federated.program import Send
    >>> federated = FederatedWorkload.alone(resolve("factories"), np.random.SeedSequence(0))
    >>> ledger = federated.run(lambda federated, round_: Send(0, federated.world.node(0), 1e6))
    >>> ledger.closes
    True

    A round asks for a program (:mod:`edgesim.twin.federated.program`); the next one begins when it
    is over. The last is the one in which ``rounds`` have been made, or ``budget_s`` has passed.

    Args:
        scenario: the scenario.
        world: the scenario's world, where it is at hand already.
        rounds: how many at most; those of the scenario where None is given.
        budget_s: after which no round begins; None: whenever.

    Attributes:
        network: the twin's network.
    """

    name = "federated"
    columns = ("round", "node")

    def __init__(
        self,
        scenario: FederatedScenario,
        world: FederatedWorld | None = None,
        rounds: int | None = None,
        budget_s: float | None = None,
    ) -> None:
        self.world = FederatedWorld(scenario) if world is None else world
        self.rounds = scenario.rounds if rounds is None else rounds
        self.budget_s = budget_s

    @property
    def scenario(self) -> FederatedScenario:
        """The scenario."""
        return self.world.scenario

    @property
    def network_world(self) -> NetworkWorld:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        return self.world.network

    @property
    def length_s(self) -> float:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        return self.scenario.budget_s

    @classmethod
    def alone(
        cls,
        scenario: FederatedScenario,
        seed: np.random.SeedSequence,
        *,
        world: FederatedWorld | None = None,
        rounds: int | None = None,
        budget_s: float | None = None,
        record: bool = False,
    ) -> "FederatedWorkload":
        """A twin with this workload, which is returned; arguments as of the class.

        Service chains and AIGC users of a preset are workloads beside it, decided by
        :mod:`edgesim.twin.tenants`.
        """
        workload = cls(scenario, world, rounds, budget_s)
        parts: list[Workload[Any, Any]] = [workload]
        parts += [tenant.workload() for tenant in workload.world.tenants.values()]
        Twin(parts, seed, network=workload.network_world, record=record)
        return workload

    @property
    def chains(self) -> Any:
        """The service chains that live on the same network; None where none of a preset do."""
        twin: Any = self.twin
        return twin.workloads.get("sfc")

    @property
    def users(self) -> Any:
        """The AIGC users whose images cross the same network; None where there are none."""
        twin: Any = self.twin
        return twin.workloads.get("aigc")

    def next_decision(self) -> Round | None:
        """See :class:`edgesim.twin.core.workload.Workload`; tenants are decided on the way."""
        tenants = {} if self.sole else self.world.tenants
        if not tenants:
            return super().next_decision()
        twin: Any = self.twin
        while not self.idle and self.request is None:
            decision = twin.next_decision()
            if decision is None:
                break
            tenant = tenants.get(decision.workload)
            if tenant is not None:
                workload = twin.workloads[decision.workload]
                tenant.decide(workload)
                workload.outcomes.clear()  # nobody is paid for them
        return self.request

    def start(self, twin: Host, streams: Streams, log: EventLog | None) -> None:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        self.twin, self.log = twin, log
        self.clock: Clock = twin.clock
        self.network = twin.network
        self.outcomes: list[RoundOver] = []
        self.ledger = Ledger()
        self.request = None
        self._rng = streams["chains"]
        self._failures: dict[int, int] = {}
        self._sent = [0.0] * len(self.world.network.wiring.ends)  # bytes of rounds, by link
        self.network.watch(self)
        self._ask()
        if self.scenario.chains.arrival_rate_hz > 0 and "sfc" not in self.world.tenants:
            self._await_chain()

    # --- from decision to decision --------------------------------------------------------------

    def prepare(self) -> bool:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        return not self.idle

    @property
    def idle(self) -> bool:
        """Whether no round is at hand or runs."""
        return self.request is None and not self.ledger.running

    def decide(self, choice: Program) -> None:
        """Begin the round at hand with its program.

        Raises:
            RuntimeError: there is no round to decide.
        """
        if self.request is None:
            raise RuntimeError("there is no round to decide: call next_decision() first")
        round_, self.request = self.request, None
        self.ledger.undecided -= 1
        self.ledger.running += 1
        if self.log is not None:
            self.log.add(self.clock.now, "begin", round_.number, 0, 0.0)
        before = self._carried()
        execution = Execution(self.clock, self.network, self.world, self._failures, self._sent)
        going = self.clock.process(execution.run(choice))
        # Not a process that waits for it: of what is over nothing may stay on the clock, so that
        # the twin can be copied while a round waits for its program.
        going.callbacks.append(partial(self._end, round_, execution, before))

    def _ask(self) -> None:
        number, now = self.ledger.over, self.clock.now
        if number < self.rounds and (self.budget_s is None or now < self.budget_s):
            self.request = self.last = Round(number, now)
            self.ledger.asked += 1
            self.ledger.undecided += 1

    def _end(
        self,
        round_: Round,
        execution: Execution,
        before: "list[tuple[float, float]]",
        going: Event,
    ) -> None:
        if not going.ok:  # SimPy raises what was wrong
            return
        over = RoundOver(
            round_.number,
            round_.time_s,
            self.clock.now,
            execution.done,
            frozenset(execution.failed),
            execution.chains,
            *(_less(*pair) for pair in zip(self._carried(), before, strict=True)),
        )
        self.outcomes.append(over)
        self.ledger.rounds.append(over)
        self.ledger.failed_parts += len(over.failed)
        self.ledger.running -= 1
        self.ledger.over += 1
        if self.log is not None:
            self._note(self.log, over)
        self._ask()
        self.clock.pause()

    def _note(self, log: EventLog, over: RoundOver) -> None:
        """Write down whose training is in the mean, and when it was done; whose is not."""
        now, number = self.clock.now, over.number
        for label, time_s in over.done.items():
            for device in over.chains.get(label, [label]):
                if isinstance(device, int):
                    log.add(now, "trained", number, device, time_s)
        for label in over.failed:
            if isinstance(label, int):
                log.add(now, "dropped", number, label, now)
        log.add(now, "over", number, 0, float(len(over.failed)))

    def _carried(self) -> list[tuple[float, float]]:
        """Bytes of rounds that links have carried, away from the cloud and towards it.

        Those of devices, of factories, and the cloud's own.
        """
        world, sent = self.world, self._sent
        ends = world.network.wiring.ends
        found = []
        for links in (world.edge_links, world.wan_links, world.server_links):
            down = sum(sent[link] for link in links if ends[link][0] < ends[link][1])
            found.append((down, sum(sent[link] for link in links) - down))
        return found

    def resample(self) -> None:
        """See :class:`edgesim.twin.core.workload.Workload`: chains are drawn as they come."""

    # --- what the network tells -----------------------------------------------------------------

    def node_failed(self, node: int) -> None:
        """See :class:`edgesim.twin.network.network.NetworkListener`."""
        self._failures[node] = self._failures.get(node, 0) + 1
        if self.log is not None:
            self.log.add(self.clock.now, "node_failed", -1, node, 0.0)

    def node_repaired(self, node: int) -> None:
        """See :class:`edgesim.twin.network.network.NetworkListener`."""
        if self.log is not None:
            self.log.add(self.clock.now, "node_repaired", -1, node, 0.0)

    def edge_failed(self, edge: int) -> None:
        """See :class:`edgesim.twin.network.network.NetworkListener`."""
        if self.log is not None:
            self.log.add(self.clock.now, "link_failed", -1, edge, 0.0)

    def edge_repaired(self, edge: int) -> None:
        """See :class:`edgesim.twin.network.network.NetworkListener`."""
        if self.log is not None:
            self.log.add(self.clock.now, "link_repaired", -1, edge, 0.0)

    def capacity_changed(self, edge: int, factor: float) -> None:
        """See :class:`edgesim.twin.network.network.NetworkListener`."""

    # --- chains that hold bandwidth -------------------------------------------------------------

    def _await_chain(self) -> None:
        chains = self.scenario.chains
        self.clock.after(self._rng.exponential(1 / chains.arrival_rate_hz), self._hold)

    def _hold(self, _: Moment) -> None:
        """A chain between two factories, or a factory and the cloud, takes what it finds."""
        chains, world = self.scenario.chains, self.world
        bandwidth_bps = self._rng.uniform(chains.bandwidth_bps[0], chains.bandwidth_bps[1])
        ends = self._rng.permutation([0, *map(world.edge, range(self.scenario.factories))])[:2]
        path = world.routes.paths[int(ends[0])][int(ends[1])]
        holding_s = self._rng.exponential(chains.holding_s)
        if self.network.links.fits(path, bandwidth_bps):
            self.network.reserve(path, bandwidth_bps)
            self.ledger.chains_held += 1
            self.clock.after(holding_s, self._release, (path, bandwidth_bps))
        else:
            self.ledger.chains_refused += 1
        self._await_chain()

    def _release(self, moment: Moment) -> None:
        self.network.release(*moment.value)


def _less(now: tuple[float, float], before: tuple[float, float]) -> tuple[float, float]:
    return now[0] - before[0], now[1] - before[1]
