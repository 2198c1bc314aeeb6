"""Stage links: a link from each VNF instance of a group to each of the next (arXiv 1804.02099)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.scenarios.sfc.schema import SFCScenario, read_links
from edgesim.twin.core.forking import Rebuilt, Shared
from edgesim.twin.core.happenings import Happening, Names
from edgesim.twin.core.layered import to_go
from edgesim.twin.core.streams import Streams
from edgesim.twin.core.workload import Host
from edgesim.twin.network.network import NetworkWorld
from edgesim.twin.sfc.chain import Chain, QoS, Request
from edgesim.twin.sfc.fabric import ChainListener, Layers, Requests, Reserved
from edgesim.twin.sfc.stage_arrivals import StageArrivals

__all__ = ["StageFabric", "StageWorld"]

FloatArray = npt.NDArray[np.float64]


class StageWorld(Shared):
    """Groups of VNF instances in a fixed order, and the links between neighbours.

    Attributes:
        scenario: the scenario.
        stages: number of groups; one instance of each makes a chain.
        instances: instances a group.
        capacity: bandwidth of the links, shape (stages, instances, instances), index [stage,
            previous instance, next instance] as in :class:`edgesim.twin.sfc.fabric.Layers`.
            Infinite at stage 0, which no link leads to.
        delay_ms: delay of the links, same shape; 0 at stage 0.
        arrivals: where an episode's requests come from (a trace is checked once, here).
        most_bandwidth: most that a request can ask for.
        most_delay_ms: largest bound that a request can state.
        offered_load: bandwidth that running chains would hold on average if all requests were
            admitted, over the capacity of all links of a stage.
    """

    network: NetworkWorld | None = None
    plan: Sequence[Happening] = ()

    @property
    def elements(self) -> Names:
        """Nothing fails."""
        return {}

    def __init__(self, scenario: SFCScenario) -> None:
        assert scenario.groups is not None and scenario.instances is not None
        assert scenario.bandwidth_range is not None and scenario.delay_range_ms is not None
        self.scenario = scenario
        self.stages, self.instances = scenario.groups, scenario.instances
        streams = Streams(np.random.SeedSequence(scenario.world_seed))
        links = {}
        for key, bounds in (
            ("bandwidth", scenario.bandwidth_range),
            ("delay_ms", scenario.delay_range_ms),
        ):
            given = read_links(scenario, key)
            if given is None:
                shape = (self.instances, self.instances, self.stages - 1)
                low, high = int(np.ceil(bounds[0])), int(np.floor(bounds[1]))
                given = streams[key].integers(low, high, size=shape, endpoint=True).astype(float)
            links[key] = given.transpose(2, 1, 0)
        square = (1, self.instances, self.instances)
        self.capacity = np.concatenate([np.full(square, np.inf), links["bandwidth"]])
        self.delay_ms = np.concatenate([np.zeros(square), links["delay_ms"]])
        self.flat_delay_ms: list[float] = self.delay_ms.reshape(-1).tolist()
        self.arrivals = StageArrivals(scenario)
        self.most_bandwidth = self.arrivals.most_bandwidth
        self.most_delay_ms = self.arrivals.most_delay_ms
        of_stage = max(float(self.capacity[1:].sum()) / (self.stages - 1), 1e-9)
        self.offered_load = self.arrivals.mean_held / of_stage

    def requests(self, streams: Streams) -> Requests:
        """See :class:`edgesim.twin.sfc.fabric.World`."""
        return self.arrivals.requests(streams)

    def fabric(self, host: Host, streams: Streams, listener: ChainListener) -> "StageFabric":
        """See :class:`edgesim.twin.sfc.fabric.World`."""
        return StageFabric(self)

    def best_qos(self, request: Request) -> QoS | None:
        """See :class:`edgesim.twin.sfc.fabric.World`."""
        holds = self.capacity >= request.bandwidth
        least_ms = to_go(np.where(holds, self.delay_ms, np.inf))[0].min()
        return QoS(float(least_ms), request.bandwidth, 0.0) if np.isfinite(least_ms) else None


class StageFabric(Rebuilt):
    """What the stage links of one episode still hold; nothing is hidden, nothing fails.

    Attributes:
        residual: bandwidth that each link still holds, shape as ``StageWorld.capacity``.
    """

    views = ("_delay_ms", "_flat", "_layers")

    def __init__(self, world: StageWorld) -> None:
        self.world = world
        self.residual = world.capacity.copy()
        self._width = world.instances
        self.look()

    def look(self) -> None:
        """Have residual and delay at hand as flat tables and as layers."""
        self._flat = self.residual.reshape(-1)
        self._delay_ms = self.world.flat_delay_ms
        self._layers = Layers(self.world.delay_ms, self.residual)

    def layers(self, request: Request) -> Layers:
        """The truth, for any request; ``residual`` changes with the fabric."""
        return self._layers

    def reserved(self) -> Reserved:
        """See :class:`edgesim.twin.sfc.fabric.Fabric`; an instance has no capacity of its own."""
        capacity = np.maximum(self.world.capacity[1:], 1e-9).reshape(-1)
        instances = np.zeros(len(self.residual) * self._width)
        return Reserved(
            1.0 - self.residual[1:].reshape(-1) / capacity,
            instances,
            np.concatenate([capacity, instances + np.inf]),
        )

    def along(self, request: Request, of_links: FloatArray, of_instances: FloatArray) -> FloatArray:
        """See :class:`edgesim.twin.sfc.fabric.Fabric`: a way is one link."""
        stages, width, _ = self.residual.shape
        sums = np.zeros((stages, width, width, of_links.shape[1]))
        sums[1:] = of_links.reshape(stages - 1, width, width, -1)
        sums += of_instances.reshape(stages, 1, width, -1)
        return sums

    def instance(self, stage: int, choice: int, request: Request) -> int:
        """Group after group."""
        return stage * self._width + choice

    def extend(self, chain: Chain, choice: int) -> str | None:
        """See :class:`edgesim.twin.sfc.fabric.Fabric`."""
        choices = chain.choices
        if choices:
            width = self._width
            link = (len(choices) * width + choices[-1]) * width + choice
            if self._flat[link] < chain.request.bandwidth:
                return "bandwidth"
            chain.delay_ms += self._delay_ms[link]
            if chain.delay_ms > chain.request.max_delay_ms:
                return "delay"
        choices.append(choice)
        return None

    def admit(self, chain: Chain) -> str | None:
        """Take the chain's bandwidth from its links; :meth:`extend` has seen that they hold it."""
        self._take(chain, chain.request.bandwidth)
        return None

    def abandon(self, chain: Chain) -> None:
        """Nothing is reserved before admission: no other chain comes in between."""

    def release(self, chain: Chain) -> None:
        """Give the chain's bandwidth back."""
        self._take(chain, -chain.request.bandwidth)

    def qos(self, chain: Chain) -> QoS:
        """What was asked for, at the delay of the chain's links, without loss."""
        return QoS(chain.delay_ms, chain.request.bandwidth, 0.0)

    @property
    def capacities(self) -> list[float]:
        """What the links to each instance carry together, or those from it where that is less."""
        links = self.world.capacity  # [stage, previous, next]
        to = links.sum(axis=1)
        away = np.full_like(to, np.inf)
        away[:-1] = links[1:].sum(axis=2)
        least: list[float] = np.minimum(to, away).ravel().tolist()
        return least

    def words(self, chain: Chain) -> dict[str, Any]:
        """Nothing: the choices say all."""
        return {}

    def resample(self) -> None:
        """Nothing happens by chance."""

    def happen(self, made: Happening) -> None:
        """Nothing happens: the scenario's schema takes no events without a network."""

    def southbound(self) -> tuple[int, int]:
        """No controller, no messages."""
        return 0, 0

    def _take(self, chain: Chain, bandwidth: float) -> None:
        width, flat = self._width, self._flat
        previous = chain.choices[0]
        link_of_stage = width * width
        for choice in chain.choices[1:]:
            flat[link_of_stage + previous * width + choice] -= bandwidth
            link_of_stage += width * width
            previous = choice
