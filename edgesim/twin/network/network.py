"""The network of an episode: links, what crosses them, and what fails."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Protocol

from edgesim.scenarios.parts.failures import Failures
from edgesim.scenarios.parts.links import Backhaul
from edgesim.scenarios.parts.links import Links as LinkSettings
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.forking import Shared
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
    """Who is told of failures and repairs, after the links know."""

    def edge_failed(self, edge: int) -> None: ...

    def edge_repaired(self, edge: int) -> None: ...

    def node_failed(self, node: int) -> None: ...

    def node_repaired(self, node: int) -> None: ...


class NetworkWorld(Shared):
    """What stays the same of a network in all episodes.

    Args:
        wiring: nodes and links.
        links: queues and background traffic of the links.
        failures: how links and nodes fail.
    """

    def __init__(self, wiring: Wiring, links: LinkSettings, failures: Failures) -> None:
        self.wiring = wiring
        self.links = links
        self.failures = failures

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
        """A cable breaks, both ways."""
        self.links.fail_edge(edge)
        for listener in self._listeners:
            listener.edge_failed(edge)

    def repair_edge(self, edge: int) -> None:
        """A cable is whole again."""
        self.links.repair_edge(edge)
        for listener in self._listeners:
            listener.edge_repaired(edge)

    def fail_node(self, node: int) -> None:
        """A node fails, and all its links with it."""
        self.links.fail_node(node)
        for listener in self._listeners:
            listener.node_failed(node)

    def repair_node(self, node: int) -> None:
        """A node works again."""
        self.links.repair_node(node)
        for listener in self._listeners:
            listener.node_repaired(node)
