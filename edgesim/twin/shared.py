"""A world that several families share: AIGC users and service chains in one network."""

from collections.abc import Sequence
from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt

from edgesim.scenarios.shared import SharedScenario
from edgesim.twin.aigc.workload import AIGCWorkload
from edgesim.twin.aigc.world import AIGCWorld
from edgesim.twin.compute.hosts import VNFHosts
from edgesim.twin.core.forking import Shared
from edgesim.twin.core.workload import Workload
from edgesim.twin.network.gabriel import metro_graph
from edgesim.twin.network.network import NetworkWorld
from edgesim.twin.network.service_chain import ServiceChain
from edgesim.twin.network.wiring import Wiring
from edgesim.twin.sfc.slice_fabric import SliceFabric
from edgesim.twin.sfc.slice_world import SliceWorld
from edgesim.twin.sfc.workload import SFCWorkload
from edgesim.twin.twin import Twin

__all__ = ["SharedWorld"]


class SharedWorld(Shared):
    """What stays the same in all episodes of a shared scenario.

    Attributes:
        scenario: the scenario.
        aigc: sites, providers and services.
        sfc: slices, VNF instances and the controller.
        network: the one network: a switch at each site, joined by fibre.

    Raises:
        InputError: more hosts than sites, or a trace that cannot be used.
    """

    def __init__(self, scenario: SharedScenario) -> None:
        self.scenario = scenario
        self.aigc = AIGCWorld(scenario.aigc)
        wireless, settings = scenario.aigc.wireless, scenario.sfc.network
        assert wireless is not None and settings is not None and self.aigc.sites_m is not None
        wiring = Wiring(_fibre(self.aigc.sites_m), settings.links, wireless.backhaul.switch_delay_s)
        self.network = NetworkWorld(wiring, settings.links, settings.failures)
        self.sfc = SliceWorld(scenario.sfc, self.network)
        self.aigc.use_network(self.network)
        plan = [*self.aigc.network_plan, *self.sfc.network_plan]
        self.network.plan = tuple(sorted(plan, key=lambda made: made.time_s))

    def twin(
        self,
        seed: np.random.SeedSequence,
        *,
        record: bool = False,
        families: Sequence[str] = ("aigc", "sfc"),
    ) -> Twin:
        """A twin of this world at the beginning of an episode.

        Args:
            seed: draws what happens in it.
            record: whether to keep an event log.
            families: whose workloads take part. The streams of each are the same with and without
                the others.
        """
        aigc = AIGCWorkload(self.scenario.aigc, self.aigc) if "aigc" in families else None
        chains = SFCWorkload(self.scenario.sfc, self.sfc) if "sfc" in families else None
        workloads: list[Workload[Any, Any]] = [part for part in (aigc, chains) if part is not None]
        twin = Twin(workloads, seed, network=self.network, named=True, record=record)
        if self.scenario.aigc_chain and aigc is not None:
            assert aigc.delivery is not None and twin.network is not None
            settings = self.scenario.sfc.network
            assert settings is not None
            if chains is not None:
                assert isinstance(chains.fabric, SliceFabric)
                hosts = chains.fabric.hosts
            else:
                hosts = VNFHosts(self.sfc.placement, settings.instances)
            types = settings.instances.types
            chain = [types.index(vnf) for vnf in self.scenario.aigc_chain]
            aigc.delivery.carry = ServiceChain(twin.clock, twin.network, hosts, chain).send
        return twin


def _fibre(sites_m: npt.NDArray[np.float64]) -> "nx.Graph[int]":
    """The switches at the sites, and the fibre between them."""
    metro = metro_graph(sites_m)
    graph: nx.Graph[int] = nx.Graph()
    for site, place in metro.nodes(data=True):
        graph.add_node(site, name=f"site {site}", x=place["x_m"] / 1000, y=place["y_m"] / 1000)
    for one, other, edge in metro.edges(data=True):
        graph.add_edge(one, other, length_km=edge["length_m"] / 1000)
    graph.graph["positions"] = "km"
    return graph
