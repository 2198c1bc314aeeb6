"""The twin of service chains: requests come, chains are built, carried and released."""

from collections.abc import Callable, Iterator

import numpy as np

from edgesim.scenarios.sfc.schema import SFCScenario
from edgesim.twin.core.clock import URGENT, Clock, Moment
from edgesim.twin.core.log import EventLog
from edgesim.twin.core.streams import Streams
from edgesim.twin.sfc.chain import Chain, Request
from edgesim.twin.sfc.fabric import World
from edgesim.twin.sfc.outcomes import (
    Accepted,
    Dropped,
    Ledger,
    Outcome,
    Rejected,
    Released,
    Rerouted,
)
from edgesim.twin.sfc.qoe import qoe_model
from edgesim.twin.sfc.world import build_world

__all__ = ["Chooser", "SFCTwin"]

Chooser = Callable[["SFCTwin", Request], int]
"""A policy of the twin alone: the twin and the request at hand to an instance of the next stage, or
-1 to reject the request."""


class SFCTwin:
    """One episode of a world of service chains, run from decision to decision.

    >>> from edgesim.scenarios import resolve
    >>> twin = SFCTwin(resolve("sfc_paper"), np.random.SeedSequence(0))
    >>> ledger = twin.run(lambda twin, request: request.number % 5)
    >>> ledger.closes
    True

    A request is decided stage by stage, without time passing in between: one choice, one VNF
    instance. It ends at the first choice that cannot hold. A chain is released ``holding_s`` after
    its admission, before any request that arrives at that very instant.

    Args:
        scenario: the scenario.
        seed: draws what happens in the episode.
        world: the scenario's world, where it is at hand already.
        record: whether to keep an event log.

    Attributes:
        request: the request to decide, None before the first and after the last.
        last: the request that was handed out last.
        chain: the chain of that request, as far as it is built.
        running: the admitted chains by their request's number, and when they were admitted.
        outcomes: what has happened since a caller last emptied the list.
        ledger: where all requests are.
        log: the event log (columns ``request`` and ``instance``), None unless recorded.
        fabric: what joins the instances.
        qoe: the scenario's model of quality of experience.
    """

    def __init__(
        self,
        scenario: SFCScenario,
        seed: np.random.SeedSequence,
        *,
        world: World | None = None,
        record: bool = False,
    ) -> None:
        self.scenario = scenario
        self.world = build_world(scenario) if world is None else world
        self.clock = Clock()
        self.outcomes: list[Outcome] = []
        self.ledger = Ledger()
        self.log = EventLog("request", "instance") if record else None
        self.request: Request | None = None
        self.running: dict[int, tuple[Chain, float]] = {}
        self.qoe = qoe_model(scenario.qoe)
        self._streams = Streams(seed)
        self.fabric = self.world.fabric(self.clock, self._streams, self)
        self._requests = self.requests()
        self._coming = next(self._requests, None)
        if scenario.network is not None:
            self._period_s = scenario.network.qos_period_s
            self.clock.after(self._period_s, self._meter)

    # --- from decision to decision --------------------------------------------------------------

    def next_decision(self) -> Request | None:
        """Run to the next decision and hand out its request; None when there is none left.

        The request is the one at hand as long as its chain lacks a stage. After the last request
        the world stands still, and the chains that run then go on running.
        """
        if self.request is not None:
            return self.request
        request = self._coming
        if request is None:
            return None
        self._coming = next(self._requests, None)
        self.clock.at(request.arrival_s, self._arrive, request)
        self.clock.advance()
        return self.request

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

    def run(self, policy: Chooser) -> Ledger:
        """Run the whole episode under a policy, any Python function of the twin and the request."""
        while (request := self.next_decision()) is not None:
            choice = policy(self, request)
            if choice < 0:
                self.reject()
            else:
                self.choose(choice)
        return self.ledger

    def requests(self) -> Iterator[Request]:
        """All requests of the episode, as fresh objects: the future, whatever is done."""
        return self.world.requests(self._streams)

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
            self.note("reroute", -1, 0.0, chain.request.number)

    def remeter(self, chain: Chain) -> None:
        """See :class:`edgesim.twin.sfc.fabric.ChainListener`."""
        chain.meter(self.clock._now, self.qoe(chain.request, self.fabric.qos(chain)))

    def note(self, event: str, place: int = -1, value: float = 0.0, request: int = -1) -> None:
        """Write a line of the event log, where one is kept."""
        if self.log is not None:
            self.log.rows.append((self.clock._now, event, request, place, value))

    # --- the world's events ---------------------------------------------------------------------

    def _arrive(self, moment: Moment) -> None:
        request: Request = moment._value
        self.request = self.last = request
        self.chain = Chain(request)
        self.ledger.arrived += 1
        self.ledger.undecided += 1
        if self.log is not None:
            self.note("arrive", -1, request.bandwidth, request.number)
        self.clock.pause()

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
            self.note("accept", -1, qoe, request.number)
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
        return chain.mean_qoe(admitted_s, self.clock._now)

    def _meter(self, moment: Moment) -> None:
        now, fabric = self.clock._now, self.fabric
        for chain, _ in self.running.values():
            chain.meter(now, self.qoe(chain.request, fabric.qos(chain)))
        self.clock.after(self._period_s, self._meter)
