"""Failures: links and nodes that break and are repaired."""

from collections.abc import Callable
from typing import Any

from edgesim.scenarios.parts.failures import Failures
from edgesim.twin.core.clock import Clock, Moment
from edgesim.twin.core.streams import Streams

__all__ = ["FailureProcess"]

Event = Callable[[int], None]


class _Element:
    __slots__ = ("down", "failed", "mtbf_s", "mttr_s", "number", "repaired", "rng")

    def __init__(
        self, number: int, mtbf_s: float, mttr_s: float, failed: Event, repaired: Event, rng: Any
    ) -> None:
        self.number = number
        self.mtbf_s = mtbf_s
        self.mttr_s = mttr_s
        self.failed = failed
        self.repaired = repaired
        self.rng = rng
        self.down = False


class FailureProcess:
    """Every link and every node works for an exponential time, fails, and is repaired after one.

    An element's whole history comes from a stream of its own, ``failures/link/<edge>`` or
    ``failures/node/<node>``: it depends on nothing that happens in the network. Elements fail
    independently; a link can fail while the node at its end is down.

    Args:
        clock: the world's clock.
        failures: mean times between failures (of working time) and to repair.
        edges: number of links (both directions fail together).
        nodes: number of nodes.
        streams: the episode's streams.
        edge_failed: called with the edge's number when a link fails.
        edge_repaired: likewise at its repair.
        node_failed: called with the node when it fails.
        node_repaired: likewise at its repair.

    Attributes:
        link_failures: links that have failed so far.
        node_failures: nodes that have failed so far.
    """

    def __init__(
        self,
        clock: Clock,
        failures: Failures,
        edges: int,
        nodes: int,
        streams: Streams,
        edge_failed: Event,
        edge_repaired: Event,
        node_failed: Event,
        node_repaired: Event,
    ) -> None:
        self._clock = clock
        self.link_failures = 0
        self.node_failures = 0

        self._edge_failed, self._node_failed = edge_failed, node_failed
        self._pending: dict[_Element, Moment] = {}
        edge, node = (self._count_edge, edge_repaired), (self._count_node, node_repaired)
        for kind, count, mtbf_s, mttr_s, (failed, repaired) in (
            ("link", edges, failures.link_mtbf_s, failures.link_mttr_s, edge),
            ("node", nodes, failures.node_mtbf_s, failures.node_mttr_s, node),
        ):
            if mtbf_s is None:
                continue
            for number in range(count):
                rng = streams[f"failures/{kind}/{number}"]
                self._wait(_Element(number, mtbf_s, mttr_s, failed, repaired, rng))

    def resample(self) -> None:
        """Draw anew when each element next fails or is repaired.

        Exponential times have no memory: what is left of one is as long as a new one.
        """
        for element, moment in list(self._pending.items()):
            moment.cancel()
            self._wait(element)

    def _count_edge(self, edge: int) -> None:
        self.link_failures += 1
        self._edge_failed(edge)

    def _count_node(self, node: int) -> None:
        self.node_failures += 1
        self._node_failed(node)

    def _wait(self, element: _Element) -> None:
        mean = element.mttr_s if element.down else element.mtbf_s
        delay_s = element.rng.exponential(mean)
        self._pending[element] = self._clock.after(delay_s, self._turn, element)

    def _turn(self, moment: Any) -> None:
        element: _Element = moment.value
        element.down = not element.down
        (element.failed if element.down else element.repaired)(element.number)
        self._wait(element)
