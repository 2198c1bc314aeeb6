"""Links: the topology of switches, what a link carries and loses, the metro backhaul."""

from dataclasses import dataclass, field

from edgesim.errors import InputError
from edgesim.scenarios.checks import at_least, between, integer_from, interval, positive

__all__ = ["Backhaul", "Links", "Topology"]


@dataclass
class Topology:
    """Where the switches and links come from.

    ``source`` is a topohub key (``sndlib/germany50``), a GraphML or GML file, or a generator by
    name (``waxman``, ``gabriel``, ``barabasi_albert``) with ``nodes`` switches drawn by
    ``world_seed`` on a square of ``side_km``.
    """

    source: str = "sndlib/germany50"
    nodes: int = 50
    side_km: float = 600.0

    def check(self, at: str) -> None:
        if not isinstance(self.source, str) or not self.source.strip():
            raise InputError(f"{at}.source", self.source, "must name a topology")
        integer_from(f"{at}.nodes", self.nodes, 2)
        positive(f"{at}.side_km", self.side_km)


@dataclass
class Links:
    """What a link of the topology is: capacity, propagation, queue, background traffic."""

    capacity_bps: float = 1e9
    propagation_ms_per_km: float = 0.005
    burst_bytes: float = 15000.0
    queue_bursts: int = 100
    background_share: list[float] = field(default_factory=lambda: [0.1, 0.5])
    background_period_s: float = 10.0

    def check(self, at: str) -> None:
        positive(f"{at}.capacity_bps", self.capacity_bps)
        at_least(f"{at}.propagation_ms_per_km", self.propagation_ms_per_km, 0)
        positive(f"{at}.burst_bytes", self.burst_bytes)
        integer_from(f"{at}.queue_bursts", self.queue_bursts, 1)
        interval(f"{at}.background_share", self.background_share)
        between(f"{at}.background_share", self.background_share[1], 0, 1)
        positive(f"{at}.background_period_s", self.background_period_s)


@dataclass
class Backhaul:
    """Metro network between the sites: a planar graph of links, first in first out each way."""

    link_rate_bps: float = 2e8
    switch_delay_s: float = 0.001
    propagation_s_per_km: float = 5e-6

    def check(self, at: str) -> None:
        positive(f"{at}.link_rate_bps", self.link_rate_bps)
        at_least(f"{at}.switch_delay_s", self.switch_delay_s, 0)
        at_least(f"{at}.propagation_s_per_km", self.propagation_s_per_km, 0)
