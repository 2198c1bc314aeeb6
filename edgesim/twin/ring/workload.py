"""Requests for tokens on a ring of devices: one episode, decided at arrivals and at ticks."""

from typing import Any, NamedTuple

import numpy as np

from edgesim.errors import InputError
from edgesim.scenarios.checks import one_of
from edgesim.scenarios.ring.schema import LLMRingScenario
from edgesim.twin.core.clock import Moment
from edgesim.twin.core.log import EventLog
from edgesim.twin.core.streams import Streams
from edgesim.twin.core.workload import Host, Workload
from edgesim.twin.ring import serving
from edgesim.twin.ring.future import Future, drawn
from edgesim.twin.ring.serving_full import FullServing
from edgesim.twin.ring.serving_world import RingWorld
from edgesim.twin.twin import Twin

__all__ = ["FORMS", "Asked", "RingWorkload", "ServingLedger"]

FORMS = ("fast", "full")
"""Arithmetic between decisions, or pass after pass on the clock."""


class Asked(NamedTuple):
    """What is to be decided.

    Attributes:
        about: "arrival" (where a request goes) or "control" (plan and drafts).
        number: of the request; of a control decision, that of its tick.
        time_s: when.
    """

    about: str
    number: int
    time_s: float


class ServingLedger:
    """The books: each request that arrived is open, or has ended in one way."""

    def __init__(self, state: serving.State) -> None:
        self._state = state

    @property
    def counts(self) -> dict[str, int]:
        """How many requests ended in which way; "open" are those not yet decided or served."""
        counts = np.bincount(self._state.status, minlength=7).tolist()
        return dict(zip(WAYS, counts, strict=True))

    @property
    def closes(self) -> bool:
        """See :class:`edgesim.twin.core.workload.Ledger`."""
        counts, ints = self.counts, self._state.ints
        arrived = int(ints[serving.NEXT_REQUEST])
        held = int(ints[serving.TAIL] - ints[serving.HEAD]) + int(ints[serving.ACTIVE])
        ended = sum(counts.values()) - counts["open"] - counts["unfinished"]
        at_hand = int(ints[serving.KIND] == serving.ARRIVAL)
        # At the end what is held is told to be unfinished.
        told = counts["unfinished"] in (0, held)
        return told and ended + held in (arrived, arrived - at_hand)


WAYS = ("open", "in_time", "late", "small_in_time", "small_late", "refused", "unfinished")
"""How requests end."""


class RingWorkload(Workload[Asked, int]):
    """One episode of serving.

    >>> from edgesim.scenarios import resolve
    >>> ring = RingWorkload.alone(resolve("llm_ring"), np.random.SeedSequence(0))
    >>> ring.run(lambda ring, asked: 0 if asked.about == "arrival" else 3).closes
    True

    A choice is a number: 0 the ring, 1 the small model, 2 refused; 3 all stays; then the systems
    (:attr:`RingWorld.names`), then the numbers of drafts.

    Args:
        scenario: the scenario.
        world: the scenario's world, where it is at hand already.
        system: the name of the system that the episode begins with.
        form: "fast", arithmetic between decisions (:mod:`edgesim.twin.ring.serving`), or "full",
            pass after pass on the clock (:mod:`edgesim.twin.ring.serving_full`).

    Attributes:
        future: all that happens whatever is decided.
        state: how the episode stands.
    """

    name = "ring"
    columns = ("request", "system")

    def __init__(
        self,
        scenario: LLMRingScenario,
        world: RingWorld | None = None,
        system: str = "halda",
        form: str = "fast",
    ) -> None:
        one_of("form", form, FORMS)
        self._form = form
        self.world = RingWorld(scenario) if world is None else world
        if system not in self.world.systems:
            names = ", ".join(self.world.systems)
            raise InputError("system", system, f"must be one of {names}")
        self._system = self.world.systems[system]

    @property
    def scenario(self) -> LLMRingScenario:
        """The scenario."""
        return self.world.scenario

    @classmethod
    def alone(
        cls,
        scenario: LLMRingScenario,
        seed: np.random.SeedSequence,
        *,
        world: RingWorld | None = None,
        system: str = "halda",
        form: str = "fast",
        record: bool = False,
    ) -> "RingWorkload":
        """A twin with this one workload, which is returned.

        Args:
            scenario: the scenario.
            seed: draws what happens in the episode.
            world: the scenario's world, where it is at hand already.
            system: as of the class.
            form: as of the class.
            record: whether to keep an event log.
        """
        workload = cls(scenario, world, system, form)
        Twin([workload], seed, record=record)
        return workload

    def start(self, twin: Host, streams: Streams, log: EventLog | None) -> None:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        self.twin, self.clock, self.log, self._streams = twin, twin.clock, log, streams
        self.outcomes: list[Any] = []
        self.request = None
        self.future: Future = drawn(self.scenario, streams, len(self.world.cluster.devices))
        self.state = serving.opened(self.world.tables, self.future, self._system)
        self.ledger = ServingLedger(self.state)
        self._awaited: Moment | None = None
        self._over = False
        self._full: FullServing | None = None
        if self._form == "full":
            self._full = FullServing(self, streams["accepted"], self._ask)

    def prepare(self) -> bool:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        if self._over:
            return False
        if self._full is None and self._awaited is None:
            serving.advance(self.world.tables, self.future, self.state)
            at_s = max(self.clock.now, float(self.state.floats[serving.NOW]))
            self._awaited = self.clock.at(at_s, self._reached)
        return True

    @property
    def idle(self) -> bool:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        return self._over and self.request is None

    def _reached(self, moment: Moment) -> None:
        self._awaited = None
        self._ask()

    def _ask(self) -> None:
        ints = self.state.ints
        if ints[serving.KIND] == serving.END:
            self._over = True
            self._note("end", -1)
            self.clock.pause()
            return
        about = "arrival" if ints[serving.KIND] == serving.ARRIVAL else "control"
        number = ints[serving.REQUEST if about == "arrival" else serving.NEXT_TICK]
        self.request = self.last = Asked(about, int(number), self.clock.now)
        if about == "arrival":
            self._note("arrive", int(number))
        self.clock.pause()

    def decide(self, choice: int) -> None:
        """See the class, and :class:`edgesim.twin.core.workload.Workload`.

        Raises:
            RuntimeError: there is nothing to decide.
        """
        if self.request is None:
            raise RuntimeError("there is nothing to decide: call next_decision() first")
        before = int(self.state.ints[serving.SYSTEM])
        serving.apply(self.world.tables, self.future, self.state, int(choice))
        if self._full is not None:
            self._full.decided(before)
        if self.log is not None:
            if self.request.about == "arrival":
                ways = ("ring", "small model", "refuse")
                self._note(ways[choice] if choice < 3 else ways[0], self.request.number)
            elif int(self.state.ints[serving.SYSTEM]) != before:
                self._note("new plan", -1)
        self.request = None

    def resample(self) -> None:
        """See :class:`edgesim.twin.core.workload.Workload`: what has not happened is drawn anew."""
        now_s = float(self.state.floats[serving.NOW])
        other = drawn(self.scenario, self._streams, len(self.world.cluster.devices))
        self.future = _joined(self.future, other, self.state, now_s)
        self._grow(len(self.future.arrival_s))
        self.ledger = ServingLedger(self.state)
        if self._awaited is not None:
            # What was found to come next is no longer: it is looked for again
            self._awaited.cancel()
            self._awaited = None
        if self._full is not None:
            self._full.resampled()

    def _grow(self, requests: int) -> None:
        """Room for as many requests as there are now."""
        state, arrays = self.state, {}
        for name, empty in (
            ("queue", 0),
            ("status", 0),
            ("first_s", np.inf),
            ("end_s", np.inf),
        ):
            old = getattr(state, name)
            new = np.full(requests, empty, dtype=old.dtype)
            count = min(requests, len(old))
            new[:count] = old[:count]
            arrays[name] = new
        self.state = state._replace(**arrays)

    @property
    def length_s(self) -> float:
        """See :class:`edgesim.twin.core.workload.Workload`."""
        return self.scenario.horizon_s

    def _note(self, what: str, request: int) -> None:
        if self.log is not None:
            system = int(self.state.ints[serving.SYSTEM])
            self.log.add(self.clock.now, what, request, system, 0.0)


def _joined(past: Future, coming: Future, state: serving.State, now_s: float) -> Future:
    """What of a future has happened, and what of another comes."""
    done = int(state.ints[serving.NEXT_REQUEST])
    later = coming.arrival_s > now_s
    arrivals = {
        key: np.concatenate([getattr(past, key)[:done], getattr(coming, key)[later]])
        for key in ("arrival_s", "prompt", "output", "acceptance")
    }
    happened = int(state.ints[serving.NEXT_EVENT])
    comes = coming.event_s > now_s
    events = {
        key: np.concatenate([getattr(past, key)[:happened], getattr(coming, key)[comes]])
        for key in ("event_s", "event_device", "event_kind", "event_value")
    }
    tick = int(state.ints[serving.NEXT_TICK])
    noise = np.concatenate([past.noise[:tick], coming.noise[tick:]])
    return Future(**arrivals, **events, noise=noise)
