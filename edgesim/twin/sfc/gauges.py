"""The series of slices, and of the hosts of their VNF instances."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from edgesim.twin.compute.hosts import VNFHosts
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.log import EventLog
from edgesim.twin.core.series import Marks
from edgesim.twin.sfc.chain import Chain
from edgesim.twin.sfc.fabric import Fabric

__all__ = ["HostGauge", "SliceGauge"]

Floats = npt.NDArray[np.float64]

_EVERY = 20  # looks: what each chain gets takes long to work out


class _Chains(Protocol):
    """Whose chains: a workload."""

    clock: Clock
    running: dict[int, tuple[Chain, float]]
    fabric: Fabric


class SliceGauge:
    """Looks at the chains of every slice: how many run, what they hold, how long they truly take.

    Args:
        workload: whose chains.
        names: of the slices.
        log: its event log.

    Attributes:
        kind: ``"slice"``.
        names: of the slices.
    """

    kind = "slice"

    def __init__(self, workload: _Chains, names: Sequence[str], log: EventLog) -> None:
        self._workload, self._log = workload, log
        self._looks = 0
        self._delays: list[tuple[float, int, float]] = []
        self.names = names

    def read(self) -> Mapping[str, Floats]:
        """See :class:`edgesim.twin.core.series.Gauge`."""
        workload = self._workload
        running, held = np.zeros(len(self.names)), np.zeros(len(self.names))
        for chain, _ in workload.running.values():
            running[chain.request.kind] += 1.0
            held[chain.request.kind] += chain.request.bandwidth
        if self._looks % _EVERY == 0:
            now = workload.clock._now
            for chain, _ in workload.running.values():
                qos = workload.fabric.qos(chain)
                if qos.bandwidth > 0:  # one that is interrupted has no latency
                    self._delays.append((now, chain.request.kind, qos.delay_ms / 1000))
        self._looks += 1
        return {"load": running, "load_bps": held}

    def marks(self) -> Sequence[Marks]:
        """Latencies of running chains; chains rejected and dropped."""
        kinds = {name: number for number, name in enumerate(self.names)}
        slices: dict[int, int] = {}
        drops: list[tuple[float, int, float]] = []
        for number, row in enumerate(self._log.rows):
            if row[1] == "arrive":
                slices[row[2]] = kinds[self._log.said(number)["slice"]]
            elif row[1] == "drop" or row[1].startswith("reject"):
                drops.append((row[0], slices[row[2]], 1.0))
        return (Marks.of("latency_s", self._delays), Marks.of("drops", drops))


class HostGauge:
    """Looks at the nodes with VNF instances: what is held of them, and how long they process.

    Args:
        hosts: the instances.
        nodes: names of all nodes.

    Attributes:
        kind: ``"host"``.
        names: of the nodes with instances.
    """

    kind = "host"

    def __init__(self, hosts: VNFHosts, nodes: Sequence[str]) -> None:
        self._hosts = hosts
        placement = hosts.placement
        self.names: Sequence[str] = [nodes[node] for node in placement.hosts]
        place = {node: number for number, node in enumerate(placement.hosts)}
        self._host = np.array([place[node] for node in placement.node])
        self._there = np.array([vnf >= 0 for vnf in placement.vnf], dtype=float)
        there = np.bincount(self._host, weights=self._there, minlength=len(place))
        self._instances = np.maximum(there, 1.0)

    def read(self) -> Mapping[str, Floats]:
        """See :class:`edgesim.twin.core.series.Gauge`."""
        hosts, count = self._hosts, len(self.names)
        reserved, capacity = np.frombuffer(hosts.reserved_bps), np.frombuffer(hosts.capacity_bps)
        held, whole, delay_s = (
            np.bincount(self._host, weights=column, minlength=count).astype(float)
            for column in (reserved, capacity, np.frombuffer(hosts.delay_s) * self._there)
        )
        return {
            "load": held / np.maximum(whole, 1.0),
            "load_bps": held,
            "latency_s": delay_s / self._instances,
        }

    def marks(self) -> Sequence[Marks]:
        """Nothing happens to a host at a single time."""
        return ()
