"""Who lives on the network of a federation besides, each with a rule that decides for it.

Service chains with their slices and VNF instances, and AIGC users with their providers.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from edgesim.errors import InputError
from edgesim.scenarios import resolve
from edgesim.scenarios.aigc.schema import AIGCScenario
from edgesim.scenarios.federated.schema import Chains, FederatedScenario, Users
from edgesim.scenarios.sfc.schema import SFCScenario
from edgesim.twin.aigc.workload import AIGCWorkload
from edgesim.twin.aigc.world import AIGCWorld
from edgesim.twin.core.forking import Shared
from edgesim.twin.core.layered import best_chain
from edgesim.twin.network.network import NetworkWorld
from edgesim.twin.sfc.slice_world import SliceWorld
from edgesim.twin.sfc.workload import SFCWorkload

__all__ = ["AIGCUsers", "Tenants", "tenants_of"]

HORIZON_S = 3600.0
"""s for which chains and images are asked for; a federation is over long before."""


def tenants_of(
    scenario: FederatedScenario, network: NetworkWorld, first_edge: int
) -> "dict[str, Tenants | AIGCUsers]":
    """Who lives on a federation's network besides, by the name of the workload.

    Args:
        scenario: the federation's.
        network: nodes and links.
        first_edge: the node of the first factory's edge server; the others follow.

    Raises:
        InputError: a preset that cannot live there.
    """
    found: dict[str, Tenants | AIGCUsers] = {}
    factories, seed = scenario.factories, scenario.world_seed
    if scenario.chains.like is not None:
        found["sfc"] = Tenants(scenario.chains, network, first_edge + factories, seed)
    if scenario.users.like is not None:
        found["aigc"] = AIGCUsers(scenario.users, network, first_edge, factories, seed)
    return found


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


class AIGCUsers(Shared):
    """The AIGC users of a preset on another network, as a workload beside the one that is decided.

    At each of some nodes stands a provider, and a cell through which users nearby send and get
    their images. What the preset states of its own network, of events and of faults is not used.

    Args:
        settings: names the preset, and says how many requests there are.
        network: nodes and links.
        first: the node of the first provider; the others follow.
        count: how many there are.
        world_seed: draws providers, places and streets.

    Attributes:
        world: of users and providers.

    Raises:
        InputError: the preset is none of AIGC users over a network.
    """

    def __init__(
        self, settings: Users, network: NetworkWorld, first: int, count: int, world_seed: int
    ) -> None:
        assert settings.like is not None
        own: Any = resolve(settings.like, {"world_seed": world_seed})
        if not isinstance(own, AIGCScenario) or own.wireless is None:
            accepted = "must be a preset of AIGC users over a network, such as aigc"
            raise InputError("users.like", settings.like, accepted)
        changed = replace(
            own,
            arrival_rate_hz=settings.arrival_rate_hz,
            horizon_s=HORIZON_S,
            provider_count=count,
            providers=None,
            trace=None,
            events=None,
            faults=None,
        )
        plan = network.plan  # of the federation's events
        self.world = AIGCWorld(changed)
        self.world.use_network(network, first)
        network.plan = plan

    def workload(self) -> AIGCWorkload:
        """The users of an episode."""
        return AIGCWorkload(self.world.scenario, self.world)

    def decide(self, users: AIGCWorkload) -> None:
        """Send the request at hand where its result is expected the soonest, of those with room.

        Where none has room it is sent all the same, and refused.
        """
        seconds = users.expected_latency_s()
        fits = users.fits()
        if fits.any():
            seconds = np.where(fits, seconds, np.inf)
        users.choose(int(seconds.argmin()))
