"""The world of a scenario of federated learning: its nodes and links, and how fast devices are."""

from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt

from edgesim.importing import load
from edgesim.scenarios.federated.schema import FederatedScenario
from edgesim.scenarios.parts.events import read_events
from edgesim.scenarios.parts.links import Links
from edgesim.twin.core.forking import Shared
from edgesim.twin.core.happenings import Names, happenings
from edgesim.twin.core.streams import Streams
from edgesim.twin.network.message_routes import MessageRoutes
from edgesim.twin.network.network import NetworkWorld
from edgesim.twin.network.wiring import Wiring
from edgesim.twin.radio.pathloss import nlos_path_loss_db, thermal_noise_dbm

__all__ = ["CLOUD", "FederatedWorld"]

Floats = npt.NDArray[np.float64]

CLOUD = 0
"""The node of the cloud; 1 is the gateway before it, where the ways of the factories meet."""

_TENANTS = "edgesim.twin.tenants:tenants_of"  # by name: a family imports no other
_GATEWAY = 1
_FIRST_EDGE = 2
_ACCESS_S = 1e-4  # propagation and switching within a factory [chosen]

# A private cell: 3.5 GHz, an antenna at 10 m, devices at 1.5 m that send 23 dBm, 5 dB of noise in
# the receiver (23 dBm is power class 3 of 3GPP TS 38.101-1; the others [chosen]).
_CARRIER_GHZ, _SITE_M, _DEVICE_M, _SENT_DBM, _NOISE_DB = 3.5, 10.0, 1.5, 23.0, 5.0
_MOST_EFFICIENT = 7.4  # bit/s/Hz of 256-QAM at its highest code rate, TS 38.214 table 5.1.3.1-2


class FederatedWorld(Shared):
    """What stays the same in all episodes of a scenario.

    Nodes are the cloud, a gateway, an edge server a factory, and the devices, factory by factory.
    Devices are numbered from 0; :meth:`node` is the node of one.

    Args:
        scenario: the scenario.

    Attributes:
        factory: factory of each device, shape (devices,).
        access_bps: rate of each device's link, bit/s.
        flops: operations a second of each device.
        network: nodes, links, failures and stated events.
        routes: the ways between any two nodes.
        tenants: others of a preset that live here too, service chains and AIGC users, by the name
            of their workload (:mod:`edgesim.twin.tenants`); empty where none do.

    Raises:
        InputError: an event names what is not there.
    """

    def __init__(self, scenario: FederatedScenario) -> None:
        self.scenario = scenario
        streams = Streams(np.random.SeedSequence(scenario.world_seed))
        devices = scenario.total_devices
        self.factory = np.repeat(np.arange(scenario.factories), scenario.devices)
        self.access_bps = self._access_bps(streams["devices/access"])
        rng = streams["devices/flops"]
        self.flops = _log_uniform(rng, scenario.compute.device_flops, devices)
        links = Links(background_share=list(scenario.network.background_share))
        wiring = Wiring(self._graph(), links)
        self._names = {"link": wiring.edge_names, "node": wiring.node_names}
        plan = happenings(read_events(scenario.events), self._names)
        self.network = NetworkWorld(wiring, links, scenario.failures, plan)
        self.routes: MessageRoutes = self.network.message_routes
        self.tenants: dict[str, Any] = {}
        if scenario.chains.like is not None or scenario.users.like is not None:
            self.tenants = load(_TENANTS)(scenario, self.network, _FIRST_EDGE)
        ends = wiring.ends
        first = _FIRST_EDGE + scenario.factories
        self.edge_links = [link for link, pair in enumerate(ends) if max(pair) >= first]
        self.server_links = [
            link for link, pair in enumerate(ends) if set(pair) == {CLOUD, _GATEWAY}
        ]
        self.wan_links = [
            link
            for link, (one, other) in enumerate(ends)
            if _GATEWAY in (one, other) and _FIRST_EDGE <= max(one, other) < first
        ]

    @property
    def elements(self) -> Names:
        """What there is to fail, by name."""
        return self._names

    @property
    def fragile(self) -> bool:
        """Whether links or nodes can fail."""
        failures = self.scenario.failures
        return (
            bool(self.network.plan)
            or failures.link_mtbf_s is not None
            or (failures.node_mtbf_s is not None)
        )

    def node(self, device: int) -> int:
        """The node of a device."""
        return _FIRST_EDGE + self.scenario.factories + device

    def edge(self, factory: int) -> int:
        """The node of a factory's edge server."""
        return _FIRST_EDGE + factory

    def device_of(self, node: int) -> int:
        """The device at a node."""
        return node - _FIRST_EDGE - self.scenario.factories

    def training_s(self, node: int, batches: int, flops: float) -> float:
        """Time (s) that the device at a node trains."""
        speed = float(self.flops[self.device_of(node)])
        return batches * self.scenario.compute.batch_s + flops / speed

    def alone_s(self, model_bytes: float, batches: int, flops: float) -> Floats:
        """Time (s) of a round of each device, if it were alone: model down, training, model up."""
        nodes = [self.node(device) for device in range(self.scenario.total_devices)]
        ways = np.array([self.routes.delay_s(CLOUD, node, model_bytes) for node in nodes])
        trained = batches * self.scenario.compute.batch_s + flops / self.flops
        return 2 * ways + trained

    def _access_bps(self, rng: np.random.Generator) -> Floats:
        network, devices = self.scenario.network, self.scenario.total_devices
        if network.access == "wired":
            return _log_uniform(rng, network.access_bps, devices)
        band_hz = network.radio_hz / self.scenario.devices
        distance_m = rng.uniform(network.radius_m[0], network.radius_m[1], size=devices)
        loss_db = nlos_path_loss_db(distance_m, _CARRIER_GHZ, _SITE_M, _DEVICE_M)
        snr_db = _SENT_DBM - loss_db - thermal_noise_dbm(band_hz, _NOISE_DB)
        efficiency = np.minimum(np.log2(1 + 10 ** (snr_db / 10)), _MOST_EFFICIENT)
        return np.asarray(band_hz * efficiency, float)

    def _graph(self) -> "nx.Graph[int]":
        network = self.scenario.network
        graph: nx.Graph[int] = nx.Graph()
        graph.add_node(CLOUD, name="cloud", host=1)
        graph.add_node(_GATEWAY, name="gateway")
        graph.add_edge(
            CLOUD, _GATEWAY, length_km=0.0, propagation_s=0.0, capacity_bps=network.cloud_bps
        )
        for factory in range(self.scenario.factories):
            edge = self.edge(factory)
            graph.add_node(edge, name=f"edge {factory}", host=1)
            graph.add_edge(
                _GATEWAY,
                edge,
                length_km=0.0,
                propagation_s=network.wan_delay_s,
                capacity_bps=network.wan_bps,
            )
        for device, rate in enumerate(self.access_bps.tolist()):
            node = self.node(device)
            graph.add_node(node, name=f"device {device}")
            graph.add_edge(
                self.edge(int(self.factory[device])),
                node,
                length_km=0.0,
                propagation_s=_ACCESS_S,
                capacity_bps=rate,
            )
        return graph


def _log_uniform(rng: np.random.Generator, interval: list[float], count: int) -> Floats:
    low, high = np.log(interval)
    return np.asarray(np.exp(rng.uniform(low, high, size=count)), float)
