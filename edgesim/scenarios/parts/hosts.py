"""Hosts of network functions: which VNF instances stand on them, and how fast they are."""

from dataclasses import dataclass

from edgesim.errors import InputError
from edgesim.scenarios.checks import at_least, integer_from, positive
from edgesim.scenarios.settings import setting

__all__ = ["Instances"]

_HOSTS = 15  # chosen: three hosts for each of the five instances of a VNF


@dataclass
class Instances:
    """VNF types, and the instances of each on the NFV nodes.

    ``hosts`` is the number of these nodes; null: 15, or all nodes of a smaller network.
    """

    types: list[str] = setting(["nat", "fw", "tm", "voc", "woc", "idps"], "names of the VNFs")
    per_type: int = setting(5, "instances of each, on different hosts")
    hosts: int | None = setting(
        None, "NFV nodes, drawn by world_seed; null: 15, or all nodes of a smaller network"
    )
    capacity_bps: float = setting(1e9, "bit/s that an instance processes")
    processing_ms: float = setting(0.5, "ms; service of one packet batch by an idle instance")
    queue_packets: int = setting(100, "places of an instance's queue")

    def check(self, at: str) -> None:
        if not self.types or len(set(self.types)) != len(self.types):
            raise InputError(f"{at}.types", self.types, "must be distinct VNF names")
        integer_from(f"{at}.per_type", self.per_type, 1)
        if self.hosts is not None:
            integer_from(f"{at}.hosts", self.hosts, 1)
        hosts = _HOSTS if self.hosts is None else self.hosts
        if self.per_type > hosts:
            raise InputError(
                f"{at}.per_type",
                self.per_type,
                f"instances of a VNF stand on different hosts: at most hosts = {hosts}",
            )
        positive(f"{at}.capacity_bps", self.capacity_bps)
        at_least(f"{at}.processing_ms", self.processing_ms, 0)
        integer_from(f"{at}.queue_packets", self.queue_packets, 1)

    def hosts_of(self, nodes: int) -> int:
        """How many of a network's nodes are hosts.

        Raises:
            InputError: it has fewer nodes than the hosts that are stated, or than instances of a
                VNF.
        """
        hosts = min(_HOSTS, nodes) if self.hosts is None else self.hosts
        if hosts > nodes:
            raise InputError(
                "network.instances.hosts",
                self.hosts,
                f"the topology has only {nodes} nodes to host VNFs",
            )
        if self.per_type > hosts:
            raise InputError(
                "network.instances.per_type",
                self.per_type,
                "instances of a VNF stand on different hosts, and the topology has only"
                f" {nodes} nodes",
            )
        return hosts
