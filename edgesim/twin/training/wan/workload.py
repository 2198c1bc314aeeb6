"""Training over a WAN: steps, institutions that come and go, and what is decided about them."""

from typing import NamedTuple

import numpy as np

from edgesim.errors import InputError, did_you_mean
from edgesim.scenarios.training.wan import WANScenario
from edgesim.twin.core.clock import URGENT, Moment
from edgesim.twin.core.log import EventLog
from edgesim.twin.core.streams import Streams
from edgesim.twin.core.workload import Host, Workload
from edgesim.twin.network.network import NetworkWorld
from edgesim.twin.training.wan.churn import Change, changes
from edgesim.twin.training.wan.events import Events
from edgesim.twin.training.wan.links import LinkMonitor
from edgesim.twin.training.wan.newcomer import Newcomer
from edgesim.twin.training.wan.outcomes import Ledger, Outcome
from edgesim.twin.training.wan.plans import KINDS
from edgesim.twin.training.wan.ring import tour_ranks
from edgesim.twin.training.wan.scaling import ScaleOut
from edgesim.twin.training.wan.steps import Steps
from edgesim.twin.training.wan.world import WANWorld
from edgesim.twin.twin import Twin

__all__ = ["Request", "WANTraining"]


class Request(NamedTuple):
    """Something to be decided.

    Attributes:
        number: of the decision.
        kind: one of :data:`edgesim.twin.training.wan.plans.KINDS`.
        options: what can be chosen now.
        newcomer: whom it is about; None where it is about the ring.
    """

    number: int
    kind: str
    options: tuple[str, ...]
    newcomer: Newcomer | None


class WANTraining(Workload[Request, str]):
    """One episode of institutions that train one model together.

    >>> from edgesim.scenarios import resolve
    >>> wan = WANTraining.alone(resolve("wan_training"), np.random.SeedSequence(0))
    >>> ledger = wan.run(lambda wan, request: request.options[0])
    >>> ledger.closes
    True

    Each decision is that of the nodes that it concerns, by what they have measured: the newcomer
    for its shares and when it joins, the ring for its order. There is no administrator.

    Alone and without an event log, links show the load of other traffic and not that of transfers:
    nothing depends on it.

    Args:
        scenario: the scenario.
        world: the scenario's world, where it is at hand already.

    Attributes:
        steps: the training.
        monitor: what the links offer.
        newcomers: those on their way into the training, by number.
        present: institutions that train.
    """

    name = "wan_training"
    columns = ("institution", "link")

    def __init__(self, scenario: WANScenario, world: WANWorld | None = None) -> None:
        self.world = WANWorld(scenario) if world is None else world

    @property
    def scenario(self) -> WANScenario:
        """The scenario."""
        return self.world.scenario

    @classmethod
    def alone(
        cls,
        scenario: WANScenario,
        seed: np.random.SeedSequence,
        *,
        world: WANWorld | None = None,
        record: bool = False,
    ) -> "WANTraining":
        """A twin with this one workload, which is returned."""
        workload = cls(scenario, world)
        Twin([workload], seed, record=record)
        return workload

    @property
    def network_world(self) -> NetworkWorld:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        return self.world.network

    def start(self, twin: Host, streams: Streams, log: EventLog | None) -> None:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        self.twin, self.clock, self.log, self._streams = twin, twin.clock, log, streams
        own = self.world.network.wiring
        if twin.network is None or twin.network.world.wiring.edges != own.edges:
            raise InputError("network", "another", "must be that of the scenario")
        self.outcomes: list[Outcome] = []
        self.ledger = Ledger()
        self.request = None
        self._waiting: list[Request] = []
        self._over = False
        self.newcomers: dict[int, Newcomer] = {}
        self.joining_idle_s = 0.0  # node-seconds of those that have joined, until they did
        scenario, network = self.scenario, twin.network
        self.monitor = LinkMonitor(self.world, network)
        sharing = network.sharing
        # Who decides sees rates alone: what transfers do to loads and queues is worked out where
        # there is a log, whose series show it, or somebody else on the links.
        network.links.metered = log is not None or not self.sole
        training = scenario.training
        self.steps = Steps(
            self.clock,
            sharing,
            training.gradient_bytes,
            training.samples,
            [self.world.compute_s(node) for node in range(self.world.institutions)],
            self._boundary,
            training.reduction,
        )
        self.ranks = tour_ranks(self.world.map, self.world.switches)
        self.scale_out = ScaleOut(self)
        self.events = Events(self)
        order = sorted(range(scenario.institutions.present), key=self._rank)
        self.ledger.began = self.ledger.training = len(order)
        self.pending_ring: list[int] | None = None
        network.links.watchers.append(self.steps.wake)
        network.links.listeners.append(self.scale_out)
        self.set_ring(order)
        self._draw(0.0)
        self.clock.at(scenario.horizon_s, self._end, None, URGENT)

    def _rank(self, institution: int) -> tuple[int, int]:
        return self.ranks[institution], institution

    @property
    def coming(self) -> list[Change]:
        """All that was drawn to happen: the future, whatever is decided."""
        return [moment.value for moment in self._coming]

    def _draw(self, from_s: float) -> None:
        rng = self._streams["churn"]
        coming = changes(self.scenario.churn, from_s, self.scenario.horizon_s, rng)
        self._coming = [self.clock.at(one.time_s, self._happen, one) for one in coming]

    # --- from decision to decision --------------------------------------------------------------

    def prepare(self) -> bool:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        return not self._over

    @property
    def idle(self) -> bool:
        """Whether the episode is over."""
        return self._over and self.request is None

    def ask(self, kind: str, newcomer: Newcomer | None, *without: str) -> None:
        """Have something decided, now or after what waits already."""
        options = tuple(option for option in KINDS[kind] if option not in without)
        number = self.ledger.decisions
        self.ledger.decisions += 1
        request = Request(number, kind, options, newcomer)
        if self.request is None:
            self._hand_out(request)
        else:
            self._waiting.append(request)

    def _hand_out(self, request: Request) -> None:
        self.request = self.last = request
        self.clock.pause()

    def decide(self, choice: str) -> None:
        """Take an option for the decision at hand.

        Raises:
            RuntimeError: there is nothing to decide.
            InputError: it cannot be chosen now.
        """
        request = self.request
        if request is None:
            raise RuntimeError("there is no request to decide: call next_decision() first")
        if choice not in request.options:
            raise InputError("option", choice, did_you_mean(str(choice), request.options))
        who = request.newcomer
        self.note("choose", -1 if who is None else who.institution, float(request.number), choice)
        self.request = None
        self.steps.wake()
        if request.kind == "ring":
            if choice == "tour":
                self.order_ring(self.tour())
        else:
            assert who is not None
            self.scale_out.decided(request.kind, who, choice)
        while self._waiting and self.request is None:
            following = self._waiting.pop(0)
            if following.kind == "ring" or self._still(following):
                self._hand_out(following)

    def _still(self, request: Request) -> bool:
        """Whether what waited to be decided is to be decided still."""
        newcomer = request.newcomer
        assert newcomer is not None
        return newcomer.number in self.newcomers and (
            request.kind != "replan" or self.scale_out.can_replan(newcomer)
        )

    # --- the ring ---------------------------------------------------------------------------------

    @property
    def present(self) -> list[int]:
        """Institutions that train, in the order of the ring."""
        return self.steps.ring

    def set_ring(self, ring: list[int]) -> None:
        """Train with others from now on."""
        self.steps.set_ring(ring, *self.monitor.layers(ring))

    def reroute(self) -> None:
        """Lead the ring over the ways that there are now."""
        self.steps.reroute(*self.monitor.layers(self.present))

    def tour(self) -> list[int]:
        """The ring in the order of a tour around the backbone."""
        return sorted(self.present, key=self._rank)

    def order_ring(self, ring: list[int]) -> None:
        """Take another order at the next boundary."""
        if self.steps.held:
            self.set_ring(ring)
        else:
            self.pending_ring = ring
            self.steps.eager = True

    def ring_changed(self) -> None:
        """Ask for the order of the ring, where another is at hand."""
        present = self.present
        if len(present) > 3 and _rotated(self.tour()) != _rotated(present):
            self.ask("ring", None)

    def _boundary(self) -> None:
        """A step is done."""
        ring = self.pending_ring
        if ring is not None:
            self.pending_ring = None
            if sorted(ring) == sorted(self.present):
                self.set_ring(ring)
        self.scale_out.boundary()

    # --- the world's events ---------------------------------------------------------------------

    def _happen(self, moment: Moment) -> None:
        change: Change = moment.value
        self.events.happen(change)

    def joins(self, institution: int) -> None:
        """An institution wants to join.

        Raises:
            InputError: there is no such institution, or it trains or joins already.
        """
        if not 0 <= institution < self.world.institutions:
            most = self.world.institutions - 1
            raise InputError("institution", institution, f"must be from 0 to {most}")
        if institution in self.present or institution in self.joining:
            raise InputError("institution", institution, "trains already, or is about to")
        node = self.world.first + institution
        if not self.twin.network.links.node_up[node]:
            self.twin.network.repair_node(node)
        newcomer = Newcomer(self.ledger.asked, institution, self.clock.now)
        self.newcomers[newcomer.number] = newcomer
        self.ledger.asked += 1
        self.ledger.joining += 1
        self.note("ask", institution, 0.0)
        self.steps.wake()
        self.ask("join", newcomer)

    @property
    def joining(self) -> set[int]:
        """Institutions on their way into the training."""
        return {one.institution for one in self.newcomers.values()}

    def _end(self, _: Moment) -> None:
        self.steps.settle()
        self._over = True
        self.note("end", -1, self.steps.samples_done)
        self.clock.pause()

    # --- figures ----------------------------------------------------------------------------------

    def idle_s(self) -> float:
        """Node-seconds so far that neither computed nor sent gradients, s."""
        now = self.clock.now
        waiting = sum(now - one.asked_s for one in self.newcomers.values())
        return self.steps.idle_s + self.joining_idle_s + waiting

    @property
    def length_s(self) -> float:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        return self.scenario.horizon_s

    @property
    def details(self) -> tuple[str, ...]:  # type: ignore[override]
        """See :class:`edgesim.twin.core.workload.Workload`."""
        return ("what",)

    def note(self, event: str, institution: int, value: float, what: str = "") -> None:
        """Write a line of the event log, where one is kept."""
        if self.log is not None:
            self.log.add(self.clock.now, event, institution, -1, value, what=what)

    def resample(self) -> None:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        for moment in self._coming:
            moment.cancel()
        self._draw(self.clock.now)


def _rotated(ring: list[int]) -> list[int]:
    """A ring from its smallest member on."""
    place = ring.index(min(ring))
    return ring[place:] + ring[:place]
