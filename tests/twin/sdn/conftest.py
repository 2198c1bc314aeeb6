"""A network under a controller, as the stories of the SDN controller need it."""

from typing import Any

import networkx as nx
import numpy as np
import pytest

from edgesim.scenarios.parts.links import Links
from edgesim.scenarios.parts.sdn import Controller
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.streams import Streams
from edgesim.twin.network.links import Links as NetworkLinks
from edgesim.twin.network.routing import Routes, Routing
from edgesim.twin.network.wiring import Wiring
from edgesim.twin.sdn.controller import Flow, SDNController
from edgesim.twin.sdn.southbound import ControlChannel, SouthboundTally

QUIET = Links(capacity_bps=1e6, background_share=[0, 0])
# A message takes a second, a rule a tenth.
SLOW = Controller(channel_ms=1000, channel_ms_per_km=0, rule_ms=100)


class Network:
    """A controller whose flows, by name, are written down when something happens to them."""

    def __init__(self, graph: "nx.Graph[int]", config: Controller = SLOW) -> None:
        self.clock = Clock()
        self.wiring = Wiring(graph, QUIET)
        streams = Streams(np.random.SeedSequence(0))
        self.links = NetworkLinks(self.clock, self.wiring, QUIET, streams)
        self.tally = SouthboundTally()
        self.log: list[tuple[str, Any, float]] = []
        self.controller = SDNController(
            self.clock,
            config,
            ControlChannel(self.wiring, config),
            self.tally,
            Routing(Routes(self.wiring, config.routes), self.links),
            **{what: self.notes(what) for what in ("ready", "interrupted", "rerouted", "dropped")},
        )

    def notes(self, what: str) -> Any:
        def note(flow: Flow) -> None:
            self.log.append((what, flow.value, round(self.clock.now, 6)))

        return note

    def connect(self, name: Any, points: list[int], bandwidth_bps: float) -> Flow | None:
        flow = self.controller.open(points[0], bandwidth_bps, name)
        for node in points[1:]:
            if not self.controller.extend(flow, node):
                self.controller.release(flow)
                return None
        self.controller.install(flow)
        return flow

    def edge(self, number: int) -> None:
        links = self.links
        (links.fail_edge if links.edge_up[number] else links.repair_edge)(number)
        self.controller.edges_changed([number])

    def node(self, number: int) -> None:
        links = self.links
        (links.fail_node if links.node_up[number] else links.repair_node)(number)
        self.controller.edges_changed(link >> 1 for link in self.wiring.leaving[number])

    def at(self, time_s: float, act: Any, number: int) -> None:
        self.clock.at(time_s, lambda _: act(number))

    def reserved(self, one: int, other: int) -> float:
        return self.links.reserved_bps[self.wiring.number[one, other]]

    def way(self, flow: Flow) -> list[int]:
        nodes = flow.points[:1]
        for path in flow.paths:
            nodes += [self.wiring.ends[link][1] for link in path]
        return nodes


@pytest.fixture(scope="session")
def controlled() -> type[Network]:
    """The class itself: a world is made of a graph."""
    return Network
