"""Slices over a topology whose chains inspect their flows: the world and the fabric."""

import numpy as np
import numpy.typing as npt

from edgesim.scenarios.sfc.attack_schema import AttackScenario
from edgesim.twin.compute.hosts import VNFHosts
from edgesim.twin.core.streams import Streams
from edgesim.twin.core.workload import Host
from edgesim.twin.network.network import NetworkWorld
from edgesim.twin.sfc.bursts import mean_shares
from edgesim.twin.sfc.chain import Chain, QoS, Request
from edgesim.twin.sfc.fabric import ChainListener
from edgesim.twin.sfc.inspection import Point, read_points
from edgesim.twin.sfc.slice_fabric import SliceFabric
from edgesim.twin.sfc.slice_world import SliceWorld

__all__ = ["AttackFabric", "AttackWorld"]


class AttackWorld(SliceWorld):
    """What stays the same in all episodes of service chains under attack.

    Args:
        scenario: the scenario.
        shared: see :class:`edgesim.twin.sfc.slice_world.SliceWorld`.

    Attributes:
        operating_points: what the scenario states.
        inspects: the number of the VNF that inspects.
        damage: QoE that a flow of each kind costs which passes, shape (kinds,).
        shares: of attacks of each kind among a slice's flows over long times, (slices, kinds).

    Raises:
        InputError: also for a profile that cannot be used.
    """

    def __init__(self, scenario: AttackScenario, shared: NetworkWorld | None = None) -> None:
        super().__init__(scenario, shared)
        network, self.attacks = scenario.network, scenario.attacks
        assert network is not None
        self.operating_points = read_points(scenario)
        self.inspects = network.instances.types.index(self.attacks.vnf)
        self.damage = self.attacks.price * np.array([kind.damage for kind in self.attacks.kinds])
        self.shares = mean_shares(scenario)
        self._capacity_bps = float(network.instances.capacity_bps)

    def flows_hz(self, request: Request) -> float:
        """Flows a second of a chain, 1/s."""
        return request.bandwidth / (8 * self.attacks.flow_bytes)

    def taken(self, point: Point) -> float:
        """How many times a chain's bandwidth it takes of an instance that inspects it.

        Forwarding takes the bandwidth once. Inspection takes CPU: flows a second times seconds a
        flow, over the cores of the instance, is the share of its capacity that is taken besides.
        """
        flow_bits = 8 * self.attacks.flow_bytes
        return 1.0 + point.flow_s / flow_bits * self._capacity_bps / self.attacks.cores

    def foreseen(self, request: Request, point: Point) -> tuple[float, float]:
        """Damage of what passes and of false alarms that a chain is expected to have over its life,
        from what is known of the slices over long times; QoE.
        """
        shares = self.shares[request.kind]
        holding_s = self.slice_holding_s[request.kind]
        flows = self.flows_hz(request) * holding_s
        passes = float((shares * point.missed) @ self.damage)
        stopped = (1.0 - float(shares.sum())) * point.false_alarms * self.attacks.false_alarm
        return flows * passes, flows * stopped

    @property
    def slice_holding_s(self) -> list[float]:
        """Mean life of the chains of each slice, s."""
        network = self.scenario.network
        assert network is not None
        return [part.holding_s for part in network.slices]

    def fabric(self, host: Host, streams: Streams, listener: ChainListener) -> "AttackFabric":
        """See :class:`edgesim.twin.sfc.fabric.World`."""
        return AttackFabric(self, host, streams, listener)


class _InspectingHosts(VNFHosts):
    """Instances some of which take more of their capacity than a chain's bandwidth.

    Attributes:
        load: how many times the bandwidth of the chain at hand an inspecting instance takes.
    """

    __slots__ = ("_inspecting", "load")

    def __init__(self, world: AttackWorld) -> None:
        network = world.scenario.network
        assert network is not None
        super().__init__(world.placement, network.instances)
        self._inspecting = frozenset(world.placement.of_type[world.inspects])
        self.load = 1.0

    def fits(self, instance: int, bandwidth_bps: float) -> bool:
        return super().fits(instance, self._taken(instance, bandwidth_bps))

    def reserve(self, instance: int, bandwidth_bps: float) -> None:
        # VNFHosts.reserve asks fits() again, which would count the load twice.
        taken, load = self._taken(instance, bandwidth_bps), self.load
        self.load = 1.0
        super().reserve(instance, taken)
        self.load = load

    def release(self, instance: int, bandwidth_bps: float) -> None:
        super().release(instance, self._taken(instance, bandwidth_bps))

    def inspects(self, instance: int) -> bool:
        """Whether an instance inspects flows."""
        return instance in self._inspecting

    def _taken(self, instance: int, bandwidth_bps: float) -> float:
        return bandwidth_bps * self.load if instance in self._inspecting else bandwidth_bps


class AttackFabric(SliceFabric):
    """One episode of slices whose chains inspect their flows.

    Attributes:
        point: the operating point of each chain, by its request's number.
    """

    world: AttackWorld
    hosts: _InspectingHosts

    def __init__(
        self, world: AttackWorld, host: Host, streams: Streams, listener: ChainListener
    ) -> None:
        super().__init__(world, host, streams, listener)
        self.hosts = _InspectingHosts(world)
        self.look()
        self.point: dict[int, Point] = {}

    def room_bps(self, request: Request) -> npt.NDArray[np.float64]:
        """What each inspecting instance of a request's chain has left, shape (instances,)."""
        chain = self.world.chains[request.kind]
        places = self.world.instances_of[request.kind][chain.index(self.world.inspects)]
        _, ceiling, reserved = self._of_instances
        room: npt.NDArray[np.float64] = np.maximum(ceiling[places] - reserved[places], 0.0)
        return room

    def extend(self, chain: Chain, choice: int) -> str | None:
        """See :class:`edgesim.twin.sfc.slice_fabric.SliceFabric`; inspection takes its time."""
        request = chain.request
        point = self.point[request.number]
        self.hosts.load = self.world.taken(point)
        inspects = self.world.chains[request.kind][len(chain.choices)] == self.world.inspects
        reason = super().extend(chain, choice)
        if inspects and reason in (None, "delay"):
            chain.delay_ms += point.wait_ms(self.world.flows_hz(request))
            return "delay" if chain.delay_ms > request.max_delay_ms else reason
        return reason

    def qos(self, chain: Chain) -> QoS:
        """See :class:`edgesim.twin.sfc.fabric.Fabric`."""
        qos = super().qos(chain)
        wait_ms = self.point[chain.request.number].wait_ms(self.world.flows_hz(chain.request))
        return qos._replace(delay_ms=qos.delay_ms + wait_ms)

    def taken_bps(self, chain: Chain, instance: int) -> float:
        """See :class:`edgesim.twin.sfc.slice_fabric.SliceFabric`; inspection takes CPU as well."""
        inspects = self.hosts.inspects(instance)
        times = self.world.taken(self.point[chain.request.number]) if inspects else 1.0
        return float(chain.request.bandwidth * times)

    def _free_instances(self, chain: Chain) -> None:
        self.hosts.load = self.world.taken(self.point[chain.request.number])
        super()._free_instances(chain)
