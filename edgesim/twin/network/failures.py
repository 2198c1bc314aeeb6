"""Failures: links and nodes that break and are repaired."""

from collections.abc import Callable

import numpy as np

from edgesim.scenarios.parts.failures import Failures
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.outages import Law, Outages
from edgesim.twin.core.streams import Streams

__all__ = ["FailureProcess"]

Event = Callable[[int], None]


class FailureProcess:
    """Every link and every node works for a Weibull time, fails, and is repaired after one.

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
        self.link_failures = 0
        self.node_failures = 0
        self._edge_failed, self._node_failed = edge_failed, node_failed
        self._outages = Outages(clock)
        self._edge_repaired, self._node_repaired = edge_repaired, node_repaired
        for kind, count, mtbf_s, mttr_s, ends in (
            ("link", edges, failures.link_mtbf_s, failures.link_mttr_s, self._edge),
            ("node", nodes, failures.node_mtbf_s, failures.node_mttr_s, self._node),
        ):
            if mtbf_s is not None:
                prefix = f"failures/{kind}/"
                work = Law(mtbf_s, failures.shape)
                repair = Law(mttr_s, failures.repair_shape)
                self._outages.add_all(count, prefix, streams, work, repair, ends)

    def resample(self) -> None:
        """Draw anew when each element next fails or is repaired."""
        self._outages.resample()

    def _edge(self, number: int, rng: np.random.Generator) -> tuple[Event, Event]:
        return self._count_edge, self._edge_repaired

    def _node(self, number: int, rng: np.random.Generator) -> tuple[Event, Event]:
        return self._count_node, self._node_repaired

    def _count_edge(self, edge: int) -> None:
        self.link_failures += 1
        self._edge_failed(edge)

    def _count_node(self, node: int) -> None:
        self.node_failures += 1
        self._node_failed(node)
