"""A workload: one family's part in a world, and the decisions that it asks for."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

from edgesim.twin.core.clock import Clock
from edgesim.twin.core.forking import Rebuilt
from edgesim.twin.core.log import EventLog
from edgesim.twin.core.streams import Streams

if TYPE_CHECKING:
    import numpy as np

    from edgesim.twin.core.series import Gauge

__all__ = ["Decision", "Host", "Ledger", "Workload"]

R = TypeVar("R")
"""What is to be decided: a request."""

C = TypeVar("C")
"""What is chosen for it."""


class Decision(NamedTuple):
    """A request that waits for a choice; the clock stands still until it has one.

    Attributes:
        workload: name of the workload whose it is.
        request: what is to be decided.
        time_s: when, s.
    """

    workload: str
    request: Any
    time_s: float


class Ledger(Protocol):
    """The books of a workload."""

    @property
    def closes(self) -> bool:
        """Whether all requests are accounted for; true at every instant."""


class Host(Protocol):
    """The twin, as its workloads see it."""

    clock: Clock
    network: Any
    """A :class:`edgesim.twin.network.network.Network`, or None."""

    def next_decision(self) -> Decision | None:
        """See :meth:`edgesim.twin.twin.Twin.next_decision`."""

    def fork(self, seed: "np.random.SeedSequence | None" = None) -> Any:
        """See :meth:`edgesim.twin.twin.Twin.fork`."""

    def resample(self, seed: "np.random.SeedSequence") -> None:
        """See :meth:`edgesim.twin.twin.Twin.resample`."""


class Workload(Rebuilt, ABC, Generic[R, C]):
    """One family's part in a twin: who asks, what is chosen, what comes of it, the books.

    Attributes:
        name: what the twin knows it by.
        columns: what the event log calls whom and where, as of
            :class:`edgesim.twin.core.log.EventLog`.
        details: further columns of the event log.
        sole: whether it is the twin's only one.
        twin: the twin that it is part of, from :meth:`start` on.
        clock: the twin's clock.
        log: its events, None unless recorded.
        request: the request to decide, None while there is none.
        last: the request that was handed out or shown last.
        outcomes: what has happened since a caller last emptied the list.
        ledger: where all requests are.
    """

    name: str
    columns: tuple[str, str] = ("whom", "where")
    details: tuple[str, ...] = ()
    sole: bool = False
    twin: Host
    clock: Clock
    log: EventLog | None
    request: R | None
    last: R
    outcomes: list[Any]
    ledger: Any

    @property
    def network_world(self) -> Any:
        """The network that the workload has where it is alone; None where it needs none.

        A :class:`edgesim.twin.network.network.NetworkWorld`.
        """
        return None

    @abstractmethod
    def start(self, twin: Host, streams: Streams, log: EventLog | None) -> None:
        """Begin an episode on the twin's clock.

        Args:
            twin: the twin.
            streams: the workload's own random streams.
            log: where to write events, None where nothing is recorded.

        Raises:
            InputError: the workload has no place in the twin's network.
        """

    @property
    def capacities(self) -> Sequence[float] | None:
        """What each place of the event log (provider, instance, node) holds, after :meth:`start`.

        In the unit of the loads; None where a place has no capacity of its own.
        """
        return None

    @abstractmethod
    def prepare(self) -> bool:
        """Put the next arrival on the clock, where none is; False where the workload is idle.

        Called each time before the clock goes on.
        """

    @property
    @abstractmethod
    def idle(self) -> bool:
        """Whether nothing is to come and nothing is open.

        A workload that becomes idle pauses the clock: an episode ends when all are idle.
        """

    @abstractmethod
    def decide(self, choice: C) -> None:
        """Take a choice for the request at hand.

        Raises:
            RuntimeError: there is no request to decide.
        """

    @abstractmethod
    def resample(self) -> None:
        """Draw anew what has not happened yet, from the streams as they are now."""

    def violations(self) -> Iterator[str]:
        """What is not as it must be at every instant, a sentence each; nothing, if all is well.

        A family says here what holds of its capacities. ``edgesim swarm`` asks after every event.
        """
        if not self.ledger.closes:
            yield f"the books do not close: {self.ledger}"

    # --- what is recorded of it -------------------------------------------------------------------

    @property
    def length_s(self) -> float:
        """About how long an episode lasts, s; for series over time."""
        return 1.0

    def gauges(self) -> "list[Gauge]":
        """What series over time look at, where the episode is recorded."""
        return []

    # --- a workload as the one thing of interest ------------------------------------------------

    def next_decision(self) -> R | None:
        """Run to the workload's next decision and hand out its request; None after the last.

        Raises:
            RuntimeError: another workload of the twin has a decision to be made first.
        """
        if self.sole:  # what the twin would do, without the loop over its parts
            if self.request is None and self.prepare():
                self.clock.advance()
            return self.request
        decision = self.twin.next_decision()
        if decision is None:
            return None
        if decision.workload != self.name:
            raise RuntimeError(
                f"{decision.workload} has a decision to be made before {self.name} goes on"
            )
        return self.request

    def run(self, policy: Callable[[Any, R], C]) -> Any:
        """Run the whole episode under a policy, any Python function of workload and request.

        Returns:
            the ledger.
        """
        while (request := self.next_decision()) is not None:
            self.decide(policy(self, request))
        return self.ledger

    def fork(self, seed: "np.random.SeedSequence | None" = None) -> Any:
        """This workload in a fork of its twin, see :meth:`edgesim.twin.twin.Twin.fork`."""
        return self.twin.fork(seed).workloads[self.name]
