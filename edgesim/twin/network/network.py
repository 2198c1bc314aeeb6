"""The network of an episode: links, what crosses them, and what fails."""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Protocol

from edgesim.scenarios.parts.failures import Failures
from edgesim.scenarios.parts.links import Backhaul
from edgesim.scenarios.parts.links import Links as LinkSettings
from edgesim.twin.core.clock import Clock, Moment
from edgesim.twin.core.forking import Shared
from edgesim.twin.core.happenings import Happening, lasting, play
from edgesim.twin.core.streams import Streams
from edgesim.twin.network.failures import FailureProcess
from edgesim.twin.network.links import Links
from edgesim.twin.network.message_routes import MessageRoutes
from edgesim.twin.network.messages import Messages
from edgesim.twin.network.sharing import SharingTransfers
from edgesim.twin.network.wiring import Wiring

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["Network", "NetworkListener", "NetworkWorld"]

QUIET = LinkSettings(background_share=[0.0, 0.0])
"""Links without background traffic."""


class NetworkListener(Protocol):
    """Who is told of failures, repairs and changes of capacity, after the links know."""

    def edge_failed(self, edge: int) -> None: ...

    def edge_repaired(self, edge: int) -> None: ...

    def node_failed(self, node: int) -> None: ...

    def node_repaired(self, node: int) -> None: ...

    def capacity_changed(self, edge: int, factor: float) -> None: ...


class NetworkWorld(Shared):
    """What stays the same of a network in all episodes.

    Args:
        wiring: nodes and links.
        links: queues and background traffic of the links.
        failures: how links and nodes fail.
        plan: what happens to them at stated times.
    """

    def __init__(
        self,
        wiring: Wiring,
        links: LinkSettings,
        failures: Failures,
        plan: Iterable[Happening] = (),
    ) -> None:
        self.wiring = wiring
        self.links = links
        self.failures = failures
        self.plan = tuple(plan)

    @classmethod
    def of_backhaul(cls, graph: "nx.Graph[int]", backhaul: Backhaul) -> "NetworkWorld":
        """A metro network of messages alone: nothing is reserved, nothing fails."""
        return cls(Wiring.of_backhaul(graph, backhaul), QUIET, Failures())

    @cached_property
    def message_routes(self) -> MessageRoutes:
        """The ways of messages."""
        return MessageRoutes(self.wiring)


class Network:
    """The one network that all workloads of a twin use.

    Args:
        clock: the twin's clock.
        world: nodes, links and what they do.
        streams: the twin's streams: ``links/background``, ``failures/...``.

    Attributes:
        links: reservations, background traffic, delay and loss of every link.
        messages: transfers in order, store and forward.
        failures: what breaks.
    """

    def __init__(self, clock: Clock, world: NetworkWorld, streams: Streams) -> None:
        self.world = world
        self.links = Links(clock, world.wiring, world.links, streams)
        self._clock = clock
        self._messages: Messages | None = None
        self._sharing: SharingTransfers | None = None
        self._listeners: list[NetworkListener] = []
        self._down: dict[tuple[str, int], int] = {}  # reasons for which an edge or a node is down
        self.failures = FailureProcess(
            clock,
            world.failures,
            len(world.wiring.edges),
            world.wiring.nodes,
            streams,
            self.fail_edge,
            self.repair_edge,
            self.fail_node,
            self.repair_node,
        )
        play(clock, world.plan, self._happen)

    @property
    def has_messages(self) -> bool:
        """Whether somebody sends messages."""
        return self._messages is not None

    @property
    def messages(self) -> Messages:
        """The messages, which a network without any does not plan for."""
        if self._messages is None:
            self._messages = Messages(self._clock, self.links, self.world.message_routes)
        return self._messages

    @property
    def sharing(self) -> SharingTransfers:
        """The transfers that share links fairly, likewise."""
        if self._sharing is None:
            routes = self.world.message_routes
            self._sharing = SharingTransfers(self._clock, self.links, routes)
        return self._sharing

    def send(
        self,
        size_bytes: float,
        source: int,
        target: int,
        done: Callable[[Any], None],
        value: Any = None,
        stopped: Callable[[Any], None] | None = None,
        *,
        mode: Literal["message", "fair"] = "message",
    ) -> None:
        """Transfer so many bytes from one node to another; ``done(value)`` is called at the end.

        Args:
            size_bytes: how many.
            source: the node that has them.
            target: the node that they go to.
            done: called with ``value`` when all are there.
            value: handed back.
            stopped: called with ``value`` each time a failure stops the transfer.
            mode: ``"message"``: alone on each link and in order, store and forward. ``"fair"``: as
                a fluid on all links of the way at once, sharing what messages leave max-min fairly.
        """
        if mode == "message":
            self.messages.send(size_bytes, source, target, done, value, stopped)
        else:
            self.sharing.send(size_bytes, source, target, done, value, stopped)

    def reserve(self, path: Sequence[int], bandwidth_bps: float) -> None:
        """Reserve bandwidth along a path, see :meth:`edgesim.twin.network.links.Links.reserve`."""
        self.links.reserve(path, bandwidth_bps)

    def release(self, path: Sequence[int], bandwidth_bps: float) -> None:
        """Give back what was reserved along a path."""
        self.links.release(path, bandwidth_bps)

    def packet_delay_s(self, path: Sequence[int]) -> float:
        """Mean time (s) that a small packet takes along a path now: propagation and queues."""
        delay_s = self.links.delay_s
        return sum([delay_s[link] for link in path])

    def watch(self, listener: NetworkListener) -> None:
        """Have failures and repairs told, in the order in which listeners came."""
        self._listeners.append(listener)

    def resample(self) -> None:
        """Draw anew what has not happened yet; background traffic is drawn as it comes."""
        self.failures.resample()

    # ---- failures

    def fail_edge(self, edge: int) -> None:
        """A cable breaks, both ways. It may break for several reasons, each to be repaired."""
        if self._fails("link", edge):
            self.links.fail_edge(edge)
            for listener in self._listeners:
                listener.edge_failed(edge)

    def repair_edge(self, edge: int) -> None:
        """A reason for which a cable is broken is gone; with the last it is whole again."""
        if self._works("link", edge):
            self.links.repair_edge(edge)
            for listener in self._listeners:
                listener.edge_repaired(edge)

    def fail_node(self, node: int) -> None:
        """A node fails, and all its links with it; likewise for several reasons."""
        if self._fails("node", node):
            self.links.fail_node(node)
            for listener in self._listeners:
                listener.node_failed(node)

    def repair_node(self, node: int) -> None:
        """A reason for which a node is down is gone; with the last it works again."""
        if self._works("node", node):
            self.links.repair_node(node)
            for listener in self._listeners:
                listener.node_repaired(node)

    def _fails(self, subject: str, number: int) -> bool:
        """Note a reason for which something is down; whether it is the first."""
        reasons = self._down[subject, number] = self._down.get((subject, number), 0) + 1
        return reasons == 1

    def _works(self, subject: str, number: int) -> bool:
        """Take a reason back; whether it was the last, or there was none."""
        reasons = self._down.get((subject, number), 0) - 1
        if reasons > 0:
            self._down[subject, number] = reasons
        else:
            self._down.pop((subject, number), None)
        return reasons <= 0

    # ---- stated events

    @property
    def severed(self) -> bool:
        """Whether something that the plan takes down for good is down: what waits may wait on."""
        return any(
            self._down.get((made.subject, made.number))
            for made in lasting(self.world.plan, "fails")
        )

    def scale_edge(self, edge: int, factor: float) -> None:
        """An edge has ``factor`` times the capacity that it had, both ways."""
        self.links.scale(edge, factor)
        for listener in self._listeners:
            listener.capacity_changed(edge, factor)

    def _happen(self, moment: Moment) -> None:
        self.happen(moment.value)

    def happen(self, made: Happening) -> None:
        """A link or node fails or is repaired, or a link holds otherwise."""
        if made.change == "capacity":
            self.scale_edge(made.number, made.factor)
        elif made.subject == "link":
            (self.fail_edge if made.change == "fails" else self.repair_edge)(made.number)
        else:
            (self.fail_node if made.change == "fails" else self.repair_node)(made.number)
