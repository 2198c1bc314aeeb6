"""Hosts of network functions: which VNF instances stand on them, and how fast they are."""

from dataclasses import dataclass, field

from edgesim.errors import InputError
from edgesim.scenarios.checks import at_least, integer_from, positive

__all__ = ["Instances"]


@dataclass
class Instances:
    """VNF types, and the instances of each on the NFV nodes."""

    types: list[str] = field(default_factory=lambda: ["nat", "fw", "tm", "voc", "woc", "idps"])
    per_type: int = 5
    hosts: int = 15
    capacity_bps: float = 1e9
    processing_ms: float = 0.5
    queue_packets: int = 100

    def check(self, at: str) -> None:
        if not self.types or len(set(self.types)) != len(self.types):
            raise InputError(f"{at}.types", self.types, "must be distinct VNF names")
        integer_from(f"{at}.per_type", self.per_type, 1)
        integer_from(f"{at}.hosts", self.hosts, 1)
        if self.per_type > self.hosts:
            raise InputError(
                f"{at}.per_type",
                self.per_type,
                f"instances of a VNF stand on different hosts: at most hosts = {self.hosts}",
            )
        positive(f"{at}.capacity_bps", self.capacity_bps)
        at_least(f"{at}.processing_ms", self.processing_ms, 0)
        integer_from(f"{at}.queue_packets", self.queue_packets, 1)
