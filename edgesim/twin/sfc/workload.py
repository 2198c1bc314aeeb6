"""Service function chains: requests come, chains are built, carried and released."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from edgesim.scenarios.parts.faults import read_faults
from edgesim.scenarios.sfc.schema import SFCScenario
from edgesim.twin.core.clock import URGENT, Moment
from edgesim.twin.core.faults import Faults, Hit
from edgesim.twin.core.happenings import Happening, play
from edgesim.twin.core.ledger import HoldingLedger
from edgesim.twin.core.log import EventLog
from edgesim.twin.core.series import Gauge
from edgesim.twin.core.streams import Streams
from edgesim.twin.core.workload import Host, Workload
from edgesim.twin.network.network import NetworkWorld
from edgesim.twin.sfc.chain import Chain, Request
from edgesim.twin.sfc.fabric import Requests, World
from edgesim.twin.sfc.gauges import HostGauge, SliceGauge
from edgesim.twin.sfc.invariants import violations
from edgesim.twin.sfc.outcomes import (
    Accepted,
    Dropped,
    Outcome,
    Rejected,
    Released,
    Rerouted,
)
from edgesim.twin.sfc.qoe import qoe_model
from edgesim.twin.sfc.slice_trace import REST_S
from edgesim.twin.sfc.world import build_world
from edgesim.twin.twin import Twin

__all__ = ["Chooser", "SFCWorkload"]

Chooser = Callable[["SFCWorkload", Request], int]
"""A policy of the twin alone: workload and request at hand to an instance of the next stage, or -1
to reject the request."""


class SFCWorkload(Workload[Request, int]):
    """One episode of requests for service chains.

    >>> from edgesim.scenarios import resolve
    >>> chains = SFCWorkload.alone(resolve("sfc_paper"), np.random.SeedSequence(0))
    >>> ledger = chains.run(lambda chains, request: request.number % 5)
    >>> ledger.closes
    True

    A request is decided stage by stage, without time passing in between: one choice, one VNF
    instance. It ends at the first choice that cannot hold. A chain is released ``holding_s`` after
    its admission, before any request that arrives at that very instant.

    Args:
        scenario: the scenario.
        world: the scenario's world, where it is at hand already.

    Attributes:
        chain: the chain of the request at hand, as far as it is built.
        running: the admitted chains by their request's number, and when they were admitted.
        fabric: what joins the instances.
        qoe: the scenario's model of quality of experience.
    """

    name = "sfc"
    columns = ("request", "instance")

    def __init__(self, scenario: SFCScenario, world: World | None = None) -> None:
        self.world = build_world(scenario) if world is None else world

    @property
    def details(self) -> tuple[str, ...]:  # type: ignore[override]  # a network has more to tell
        """See :class:`edgesim.twin.core.workload.Workload`."""
        if self.scenario.network is None:
            return ()
        return ("slice", "bandwidth_bps", "path", "vnfs", "element")

    @property
    def scenario(self) -> SFCScenario:
        """The scenario."""
        return self.world.scenario

    @property
    def capacities(self) -> list[float]:
        """Bandwidth that each VNF instance carries, in the unit of the requests."""
        return self.fabric.capacities

    @property
    def network_world(self) -> NetworkWorld | None:
        """The network of the slices; None in a scenario of stage links."""
        return self.world.network

    @classmethod
    def alone(
        cls,
        scenario: SFCScenario,
        seed: np.random.SeedSequence,
        *,
        world: World | None = None,
        record: bool = False,
    ) -> "SFCWorkload":
        """A twin with this one workload, which is returned.

        Args:
            scenario: the scenario.
            seed: draws what happens in the episode.
            world: the scenario's world, where it is at hand already.
            record: whether to keep an event log.
        """
        workload = cls(scenario, world)
        Twin([workload], seed, record=record)
        return workload

    def start(self, twin: Host, streams: Streams, log: EventLog | None) -> None:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        self.twin, self.clock, self.log, self._streams = twin, twin.clock, log, streams
        self.outcomes: list[Outcome] = []
        self.ledger = HoldingLedger()
        self.request = None
        self.running: dict[int, tuple[Chain, float]] = {}
        self.qoe = qoe_model(self.scenario.qoe)
        self.fabric = self.world.fabric(twin, self._streams, self)
        self._requests = self.requests()
        self._coming: Request | None = next(self._requests, None)
        self._awaited: Moment | None = None  # of the next arrival
        if self.scenario.network is not None:
            self._period_s = self.scenario.network.qos_period_s
            self.clock.after(self._period_s, self._meter)
        play(self.clock, self.world.plan, self._happen)
        self.faults: Faults | None = None
        if self.scenario.faults:
            counts = {what: len(names) for what, names in self.world.elements.items()}
            hosts: Any = self.fabric  # of slices: faults need a network
            counts = {**counts, "host": len(hosts.world.placement.hosts), "collector": 1}
            faults = read_faults(self.scenario.faults)
            self.faults = Faults(self.clock, faults, counts, self._streams, self._hit)

    # --- from decision to decision --------------------------------------------------------------

    def prepare(self) -> bool:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        if self._awaited is None:
            request = self._coming
            if request is None:
                return False
            self._coming = next(self._requests, None)
            self._awaited = self.clock.at(request.arrival_s, self._arrive, request)
            self._rest()
        return True

    @property
    def idle(self) -> bool:
        """Whether no request is to come or at hand; chains that run go on running."""
        return self._coming is None and self._awaited is None and self.request is None

    def decide(self, choice: int) -> None:
        """Add an instance of the next stage to the chain at hand; below 0: reject the request."""
        if choice < 0:
            self.reject()
        else:
            self.choose(choice)

    def choose(self, choice: int) -> None:
        """Add an instance of the next stage to the chain at hand.

        Raises:
            RuntimeError: there is no request to decide.
        """
        request = self.request
        if request is None:
            raise RuntimeError("there is no request to decide: call next_decision() first")
        chain, fabric = self.chain, self.fabric
        stage = len(chain.choices)
        reason = fabric.extend(chain, choice)
        if self.log is not None:
            place = fabric.instance(stage, choice, request)
            self.note("choose", place, chain.delay_ms, request.number)
        if reason is None:
            if stage + 1 < request.stages:
                return
            reason = fabric.admit(chain)
        if reason is None:
            self._accept(chain)
        else:
            self._reject(chain, reason)

    def reject(self) -> None:
        """Turn the request at hand down.

        Raises:
            RuntimeError: there is no request to decide.
        """
        if self.request is None:
            raise RuntimeError("there is no request to decide: call next_decision() first")
        self._reject(self.chain, "declined")

    def requests(self) -> Requests:
        """All requests of the episode, as fresh objects: the future, whatever is done."""
        return self.world.requests(self._streams)

    def violations(self) -> Iterator[str]:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        yield from super().violations()
        yield from violations(self)

    @property
    def length_s(self) -> float:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        network = self.scenario.network
        return float(self.scenario.requests or 1) if network is None else network.horizon_s

    def gauges(self) -> list[Gauge]:
        """See :class:`edgesim.twin.core.workload.Workload`: slices and hosts over a network."""
        network = self.scenario.network
        if self.log is None or network is None:
            return []
        fabric: Any = self.fabric
        slices = [part.name for part in network.slices]
        return [
            SliceGauge(self, slices, self.log),
            HostGauge(fabric.hosts, self.world.elements["node"]),
        ]

    def resample(self) -> None:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        now = self.clock._now
        if self._awaited is not None:
            self._awaited.cancel()
            self._awaited = None
        self._requests.resample(now, self.ledger.arrived)
        self._coming = next(self._requests, None)
        for chain, _ in self.running.values():
            rest_s = self._requests.rest_s(chain.request, now)
            if rest_s is not None:
                chain.end.cancel()
                chain.end = self.clock.at(now + rest_s, self._release, chain, URGENT)
        self.fabric.resample()
        if self.faults is not None:
            self.faults.resample()

    # --- the fabric's listener --------------------------------------------------------------------

    def drop(self, chain: Chain, reason: str) -> None:
        """See :class:`edgesim.twin.sfc.fabric.ChainListener`."""
        if chain.end is not None:
            chain.end.cancel()
        qoe = self._close(chain)
        self.ledger.dropped += 1
        self.outcomes.append(Dropped(self.clock._now, chain, qoe, reason))
        if self.log is not None:
            self.note("drop", -1, qoe, chain.request.number)

    def reroute(self, chain: Chain) -> None:
        """See :class:`edgesim.twin.sfc.fabric.ChainListener`."""
        self.remeter(chain)
        self.ledger.rerouted += 1
        self.outcomes.append(Rerouted(self.clock._now, chain))
        if self.log is not None:
            self.note("reroute", -1, 0.0, chain.request.number, **self.fabric.words(chain))

    def remeter(self, chain: Chain) -> None:
        """See :class:`edgesim.twin.sfc.fabric.ChainListener`."""
        chain.meter(self.clock._now, self.qoe(chain.request, self.fabric.qos(chain)))

    def note(
        self,
        event: str,
        place: int = -1,
        value: float = 0.0,
        request: int = -1,
        *,
        element: str | None = None,
        **details: Any,
    ) -> None:
        """Write a line of the event log, where one is kept."""
        if self.log is not None:
            if element is not None:
                details["element"] = element
            self.log.add(self.clock._now, event, request, place, value, **details)

    # --- the world's events ---------------------------------------------------------------------

    def _happen(self, moment: Moment) -> None:
        self.fabric.happen(moment.value)

    def _hit(self, hit: Hit) -> bool:
        """A fault begins or ends."""
        fabric: Any = self.fabric
        what, number = hit.what, hit.number
        if what == "collector":
            (fabric.collector.fail if hit.begins else fabric.collector.repair)()
            self.note("collector fails" if hit.begins else "collector repaired")
            return True
        if what == "host":
            number = fabric.world.placement.hosts[number]
        name = self.world.elements[what][number]
        change = "fails" if hit.begins else "repaired"
        made = Happening(self.clock._now, what, number, change, 1.0, name)
        (fabric if what == "host" else fabric.network).happen(made)
        return True

    def _arrive(self, moment: Moment) -> None:
        request: Request = moment._value
        self._awaited = None
        self.request = self.last = request
        self.chain = Chain(request)
        self.ledger.arrived += 1
        self.ledger.undecided += 1
        if self.log is not None:
            self.note("arrive", -1, request.bandwidth, request.number, **self._asked(request))
        self.clock.pause()

    def _asked(self, request: Request) -> dict[str, Any]:
        """What the event log says of a request over a network: its slice and bandwidth."""
        network = self.scenario.network
        if network is None:
            return {}
        return {"slice": network.slices[request.kind].name, "bandwidth_bps": request.bandwidth}

    def _accept(self, chain: Chain) -> None:
        request, now, ledger = chain.request, self.clock._now, self.ledger
        qos = self.fabric.qos(chain)
        qoe = self.qoe(request, qos)
        self.request = None
        ledger.undecided -= 1
        ledger.accepted += 1
        ledger.running += 1
        chain.begin(now, qoe)
        self.running[request.number] = (chain, now)
        self.outcomes.append(Accepted(now, chain, qos, qoe))
        if self.log is not None:
            self.note("accept", -1, qoe, request.number, **self.fabric.words(chain))
        if request.holding_s != float("inf"):
            chain.end = self.clock.at(now + request.holding_s, self._release, chain, URGENT)

    def _reject(self, chain: Chain, reason: str) -> None:
        self.fabric.abandon(chain)
        self.request = None
        self.ledger.undecided -= 1
        self.ledger.rejected += 1
        self.outcomes.append(Rejected(self.clock._now, chain, reason))
        if self.log is not None:
            self.note(f"reject: {reason}", -1, float(len(chain.choices)), chain.request.number)

    def _release(self, moment: Moment) -> None:
        chain: Chain = moment._value
        qoe = self._close(chain)
        self.fabric.release(chain)
        self.ledger.released += 1
        self.outcomes.append(Released(self.clock._now, chain, qoe))
        if self.log is not None:
            self.note("release", -1, qoe, chain.request.number)

    def _close(self, chain: Chain) -> float:
        """A running chain ends: its mean QoE."""
        _, admitted_s = self.running.pop(chain.request.number)
        self.ledger.running -= 1
        self._rest()
        return chain.mean_qoe(admitted_s, self.clock._now)

    def _meter(self, moment: Moment) -> None:
        now, fabric = self.clock._now, self.fabric
        for chain, _ in self.running.values():
            chain.meter(now, self.qoe(chain.request, fabric.qos(chain)))
        self.clock.after(self._turns() * self._period_s, self._meter)

    def _turns(self) -> int:
        """How many periods it is until running chains are next looked at: 1, or an idle time's."""
        network = self.twin.network
        return max(1, 0 if network is None else network.links.turns_to_rest(self._period_s))

    def _rest(self) -> None:
        """Where no chain runs and a trace has no request for long, the network has rest until then.

        It goes on some periods before the request, so that all that is known is fresh again.
        """
        network, awaited = self.scenario.network, self._awaited
        if network is None or awaited is None or self.running or self.request is not None:
            return
        if self.scenario.trace is None or not self.sole:
            return
        collector, now = network.collector, self.clock._now
        settle_s = (collector.smoothing + 3) * max(collector.period_s, collector.echo_period_s)
        settle_s += 3 * max(network.links.background_period_s, network.qos_period_s)
        until_s = awaited.value.arrival_s - settle_s
        if until_s - now > REST_S:
            assert self.twin.network is not None
            self.twin.network.links.rest(until_s)
