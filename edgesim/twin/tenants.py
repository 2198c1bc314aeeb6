"""Service chains that live on the network of another family: slices, VNF instances, and a rule."""

from dataclasses import replace

import numpy as np

from edgesim.errors import InputError
from edgesim.scenarios import resolve
from edgesim.scenarios.federated.schema import Chains
from edgesim.scenarios.sfc.schema import SFCScenario
from edgesim.twin.core.forking import Shared
from edgesim.twin.core.layered import best_chain
from edgesim.twin.network.network import NetworkWorld
from edgesim.twin.sfc.slice_world import SliceWorld
from edgesim.twin.sfc.workload import SFCWorkload

__all__ = ["Tenants"]

HORIZON_S = 3600.0
"""s for which chains are asked for; a federation is over long before."""


class Tenants(Shared):
    """The chains of a preset on another network, as a workload beside the one that is decided.

    Their ends and their VNF instances are at the servers, the first nodes of the network.

    Args:
        settings: names the preset, and says how many chains ask, how wide, for how long.
        network: nodes and links.
        servers: how many of the first nodes are servers.
        world_seed: draws where the instances stand.

    Attributes:
        world: of the chains.

    Raises:
        InputError: the preset is none of service chains over a network.
    """

    def __init__(
        self, settings: Chains, network: NetworkWorld, servers: int, world_seed: int
    ) -> None:
        assert settings.like is not None
        own = resolve(settings.like, {"world_seed": world_seed})
        if not isinstance(own, SFCScenario) or own.network is None or own.problem != "sfc":
            accepted = "must be a preset of service chains over a network, such as sfc"
            raise InputError("chains.like", settings.like, accepted)
        slices = [
            replace(
                part,
                bandwidth_bps=[settings.bandwidth_share * bps for bps in part.bandwidth_bps],
                holding_s=settings.holding_share * part.holding_s,
            )
            for part in own.network.slices
        ]
        changed = replace(
            own.network,
            arrival_rate_hz=settings.arrival_rate_hz,
            horizon_s=HORIZON_S,
            slices=slices,
            collector=replace(own.network.collector, mode="truth"),
        )
        self.world = SliceWorld(replace(own, network=changed), network)
        self.world.arrivals.nodes = servers

    def workload(self) -> SFCWorkload:
        """The chains of an episode."""
        return SFCWorkload(self.world.scenario, self.world)

    def decide(self, chains: SFCWorkload) -> None:
        """Admit the request at hand along the chain of least delay that holds, if it is in time."""
        request = chains.request
        assert request is not None
        if not chains.chain.choices:
            layers = chains.fabric.layers(request)
            holds = layers.residual >= request.bandwidth
            cost = np.where(holds, layers.delay_ms, np.inf)
            choices, delay_ms = best_chain(cost, 0, 0)
            if delay_ms > request.max_delay_ms:
                chains.reject()
                return
            for choice in choices:
                chains.choose(choice)
                if chains.request is None:
                    break
