"""What joins VNF instances to chains: the seam between the twin of chains and a world's parts.

A world of service chains is two objects. The :class:`World` is what stays the same in all episodes:
links, instances, topology, the workload. The :class:`Fabric` is one episode's state of it: what is
held by whom, what fails, what a controller knows. A workload of chains
(:mod:`edgesim.twin.sfc.workload`) runs requests through a fabric and keeps the books; it knows
nothing of links or routes.

Two worlds stand behind the seam: :class:`edgesim.twin.sfc.stage_links.StageWorld` (``network:
null``) and ``edgesim.twin.sfc.slice_world.SliceWorld`` (see
:func:`edgesim.twin.sfc.world.build_world`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from edgesim.scenarios.sfc.schema import SFCScenario
from edgesim.twin.core.happenings import Happening, Names
from edgesim.twin.core.streams import Streams
from edgesim.twin.core.workload import Host
from edgesim.twin.network.network import NetworkWorld
from edgesim.twin.sfc.chain import Chain, QoS, Request

__all__ = ["ChainListener", "Fabric", "Layers", "Requests", "Reserved", "World"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Layers:
    """All ways that a request's chain can take, as far as a decision maker may know.

    A layered graph: each stage's instances, and between those of one stage and the next the link or
    route that would join them. Index ``[k, i, j]`` is the way from instance ``i`` of stage
    ``k - 1`` to instance ``j`` of stage ``k``. At stage 0 all ``i`` are alike: the way from the
    chain's source, where it has one. The way from the last instance to the destination, and what
    an instance itself takes (processing delay, residual capacity), count to the way that leads to
    the instance.

    Attributes:
        delay_ms: delay of each way, shape (stages, instances, instances).
        residual: bandwidth that each way still holds, same shape; infinite where nothing limits it.
        loss: share of the packets that each way loses, same shape, or None where nothing is lost.
    """

    delay_ms: FloatArray
    residual: FloatArray
    loss: FloatArray | None = None


class ChainListener(Protocol):
    """Who is told what happens to running chains: the twin."""

    def drop(self, chain: Chain, reason: str) -> None:
        """A running chain has ended before its time. Its resources are the fabric's to free."""

    def reroute(self, chain: Chain) -> None:
        """A running chain goes on over other links."""

    def remeter(self, chain: Chain) -> None:
        """What a running chain gets has changed at once: it is interrupted, or carried again."""

    def note(
        self, event: str, place: int = -1, value: float = 0.0, *, element: str | None = None
    ) -> None:
        """Something happened that belongs in the event log (a link failed, a frame was sent)."""


class Reserved(NamedTuple):
    """How full all is by reservations, which are known.

    Attributes:
        links: reserved share of each link, shape (links,).
        instances: of each VNF instance, shape (instances,); 0 where an instance has no capacity.
        capacity: of links, then of instances; infinite where an instance has none.
    """

    links: FloatArray
    instances: FloatArray
    capacity: FloatArray


class Fabric(Protocol):
    """One episode's state of what joins the instances.

    All methods are called at an instant of the clock that the fabric was made with. The twin builds
    one chain at a time, without time passing: :meth:`extend` for each stage, then :meth:`admit`; a
    chain that cannot go on is given to :meth:`abandon`.
    """

    def layers(self, request: Request) -> Layers:
        """The ways for a request as a decision maker may know them now.

        The truth among stage links; what the controller's collector measured over a network.
        """

    def reserved(self) -> Reserved:
        """How full links and instances are."""

    def along(self, request: Request, of_links: FloatArray, of_instances: FloatArray) -> FloatArray:
        """Sums of some figures over each way's links, and of the instance that it leads to.

        Args:
            request: the request, whose ways are meant.
            of_links: figures of each link, in the order of :meth:`reserved`, shape (links, kinds).
            of_instances: of each instance, likewise.

        Returns:
            shape (stages, instances, instances, kinds), index [stage, previous, next, kind].
        """

    def instance(self, stage: int, choice: int, request: Request) -> int:
        """Index of an instance in the whole world, for the event log."""

    def extend(self, chain: Chain, choice: int) -> str | None:
        """Add instance ``choice`` of the next stage to the chain: append it to ``chain.choices``
        and add its delay to ``chain.delay_ms``.

        Returns:
            None, or why the chain cannot hold: ``"bandwidth"``, ``"delay"``, or a word of the
            fabric's own.
        """

    def admit(self, chain: Chain) -> str | None:
        """Hold what the complete chain needs, from now on; None, or why that cannot be."""

    def abandon(self, chain: Chain) -> None:
        """Forget what an incomplete chain, or one not admitted, has reserved."""

    def release(self, chain: Chain) -> None:
        """Free what an admitted chain holds."""

    def qos(self, chain: Chain) -> QoS:
        """What an admitted chain truly gets now."""

    @property
    def capacities(self) -> list[float]:
        """Bandwidth that each VNF instance carries when all is up, in the unit of the requests."""

    def words(self, chain: Chain) -> dict[str, Any]:
        """What the event log says of a chain that is admitted: columns and their words."""

    def resample(self) -> None:
        """Draw anew what has not happened yet, from the streams as they are now."""

    def happen(self, made: Happening) -> None:
        """Play a stated event of the scenario that is no one's but the fabric's."""

    def southbound(self) -> tuple[int, int]:
        """Messages, and their bytes, between controller and switches so far."""


class Requests(Protocol):
    """An iterator over the requests of an episode, in the order of their arrival."""

    def __iter__(self) -> Iterator[Request]: ...

    def __next__(self) -> Request: ...

    def resample(self, now_s: float, arrived: int) -> None:
        """Draw the requests anew that have not arrived; those of a trace stay.

        Args:
            now_s: time now, s.
            arrived: how many requests have arrived.
        """

    def rest_s(self, request: Request, now_s: float) -> float | None:
        """How long a chain that is still running goes on running, drawn anew, s.

        None where it ends as it would have.
        """


class World(Protocol):
    """What stays the same in all episodes of a scenario.

    Attributes:
        scenario: the scenario.
        network: the network that a twin of the chains alone has, None where there is none.
        stages: most VNFs of a chain.
        instances: instances of each VNF that a chain can choose from.
        most_bandwidth: most that a request can ask for, in the unit of the requests.
        most_delay_ms: largest bound that a request can state.
        offered_load: bandwidth that chains would hold on average between two stages if all requests
            were admitted, over what the ways between two stages hold together.
    """

    scenario: SFCScenario
    network: NetworkWorld | None
    stages: int
    instances: int
    most_bandwidth: float
    most_delay_ms: float
    offered_load: float

    @property
    def plan(self) -> Sequence[Happening]:
        """Stated events of the scenario that happen to what is the chains' alone."""

    @property
    def elements(self) -> Names:
        """Names of what there is to fail."""

    def requests(self, streams: Streams) -> Requests:
        """The requests of an episode in the order of their arrival, as fresh objects."""

    def fabric(self, host: Host, streams: Streams, listener: ChainListener) -> Fabric:
        """A fabric at the start of an episode; it puts its own events on the clock of the twin."""

    def best_qos(self, request: Request) -> QoS | None:
        """What no chain of the request can beat, the network to itself; None if none can hold."""
