"""Hosts of network functions: which VNF instances stand on them, and how fast they are."""

from dataclasses import dataclass, field

from edgesim.errors import InputError
from edgesim.scenarios.checks import at_least, integer_from, positive

__all__ = ["Instances"]

_HOSTS = 15  # chosen: three hosts for each of the five instances of a VNF


@dataclass
class Instances:
    """VNF types, and the instances of each on the NFV nodes.

    ``hosts`` is the number of these nodes; null: 15, or all nodes of a smaller network.
    """

    types: list[str] = field(default_factory=lambda: ["nat", "fw", "tm", "voc", "woc", "idps"])
    per_type: int = 5
    hosts: int | None = None
    capacity_bps: float = 1e9
    processing_ms: float = 0.5
    queue_packets: int = 100

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
