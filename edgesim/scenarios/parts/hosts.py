"""Hosts of network functions: which VNF instances stand on them, and how fast they are."""

from dataclasses import dataclass
from typing import Any

from edgesim.errors import InputError
from edgesim.scenarios.checks import at_least, integer_from, positive
from edgesim.scenarios.settings import setting

__all__ = ["Instances"]

_HOSTS = 15  # chosen: three hosts for each of the five instances of a VNF
_PER_TYPE = 5  # of the setting of arXiv 1804.02099


@dataclass
class Instances:
    """VNF types, and the instances of each on the NFV nodes.

    ``hosts`` is the number of these nodes; null: 15, or all nodes of a smaller network. Where a
    topology file marks nodes as hosts, or says which VNFs stand on them, these are they.
    """

    types: list[str] = setting(["nat", "fw", "tm", "voc", "woc", "idps"], "names of the VNFs")
    per_type: int | None = setting(
        None, "instances of each, on different hosts; null: 5, or as many as there are hosts"
    )
    hosts: int | None = setting(
        None, "NFV nodes, drawn by world_seed; null: 15, or all nodes of a smaller network"
    )
    placement: Any = setting(
        None,
        "list of {node, vnf, capacity_bps, processing_ms}, or a CSV or Parquet table of them, the"
        " last two optional; null: as a topology file says, or drawn",
    )
    capacity_bps: float = setting(1e9, "bit/s that an instance processes", usual=(1e4, 1e14))
    processing_ms: float = setting(
        0.5, "ms; service of one packet batch by an idle instance", usual=(1e-4, 1e4)
    )
    queue_packets: int = setting(100, "places of an instance's queue", checked=(1, 100_000))

    def check(self, at: str) -> None:
        texts = all(isinstance(name, str) for name in self.types)
        if not self.types or not texts or len(set(self.types)) != len(self.types):
            raise InputError(f"{at}.types", self.types, "must be distinct VNF names")
        if self.hosts is not None:
            integer_from(f"{at}.hosts", self.hosts, 1)
        if self.per_type is not None:
            integer_from(f"{at}.per_type", self.per_type, 1)
            hosts = _HOSTS if self.hosts is None else self.hosts
            if self.per_type > hosts and self.placement is None:
                raise InputError(
                    f"{at}.per_type",
                    self.per_type,
                    f"instances of a VNF stand on different hosts: at most hosts = {hosts}",
                )
        if self.placement is not None and not isinstance(self.placement, str | list | tuple):
            accepted = "must be a list of {node, vnf}, or a CSV or Parquet table"
            raise InputError(f"{at}.placement", self.placement, accepted)
        for key in ("per_type", "hosts"):
            if self.placement is not None and getattr(self, key) is not None:
                accepted = "must be null where the placement is stated"
                raise InputError(f"{at}.{key}", getattr(self, key), accepted)
        positive(f"{at}.capacity_bps", self.capacity_bps)
        at_least(f"{at}.processing_ms", self.processing_ms, 0)
        integer_from(f"{at}.queue_packets", self.queue_packets, 1)

    @property
    def usual(self) -> int:
        """Instances of each VNF where there are hosts enough."""
        return _PER_TYPE if self.per_type is None else self.per_type

    def hosts_of(self, nodes: int) -> int:
        """How many of a network's nodes are hosts.

        Args:
            nodes: those that may be.

        Raises:
            InputError: there are fewer than the hosts that are stated, or than instances of a VNF.
        """
        hosts = min(_HOSTS, nodes) if self.hosts is None else self.hosts
        if hosts > nodes:
            raise InputError(
                "network.instances.hosts",
                self.hosts,
                f"the topology has only {nodes} nodes to host VNFs",
            )
        if self.per_type is not None and self.per_type > hosts:
            raise InputError(
                "network.instances.per_type",
                self.per_type,
                "instances of a VNF stand on different hosts, and the topology has only"
                f" {nodes} nodes",
            )
        return hosts
