"""Links: the topology of switches, what a link carries and loses, the metro backhaul."""

from dataclasses import dataclass

from edgesim.errors import InputError
from edgesim.scenarios.checks import at_least, between, integer_from, interval, period, positive
from edgesim.scenarios.settings import setting

__all__ = ["Backhaul", "Links", "Topology"]


MOST_NODES = 2000
"""Switches of a drawn topology: every pair of them is looked at."""


@dataclass
class Topology:
    """Where the switches and links come from.

    ``source`` is a topohub key (``sndlib/germany50``), a GraphML or GML file, or a generator by
    name (``waxman``, ``gabriel``, ``barabasi_albert``) with ``nodes`` switches drawn by
    ``world_seed`` on a square of ``side_km``.
    """

    source: str = setting(
        "sndlib/germany50",
        "topohub key, .graphml or .gml file, or waxman, gabriel, barabasi_albert",
    )
    nodes: int = setting(50, "switches of a drawn topology")
    side_km: float = setting(600.0, "km; side of the square of a drawn topology", usual=(0.05, 2e4))

    def check(self, at: str) -> None:
        if not isinstance(self.source, str) or not self.source.strip():
            raise InputError(f"{at}.source", self.source, "must name a topology")
        integer_from(f"{at}.nodes", self.nodes, 2, MOST_NODES)
        positive(f"{at}.side_km", self.side_km)


@dataclass
class Links:
    """What a link of the topology is: capacity, propagation, queue, background traffic."""

    capacity_bps: float = setting(
        1e9, "bit/s a direction, for reservations and background together", usual=(1e4, 1e14)
    )
    propagation_ms_per_km: float = setting(
        0.005, "ms/km; propagation along the cable", usual=(0.003, 0.02)
    )
    burst_bytes: float = setting(
        15000.0, "bytes; mean burst of the fluid in the queues", usual=(40, 1e7)
    )
    queue_bursts: int = setting(100, "places of a port's queue", checked=(1, 100_000))
    background_share: list[float] = setting(
        [0.1, 0.5], "share of the capacity that best-effort traffic wants, uniform"
    )
    background_period_s: float = setting(10.0, "s between changes of that share", usual=(0.01, 1e5))
    table: str | None = setting(
        None,
        "CSV or Parquet of single links: source, target and what differs there, such as"
        " capacity_bps, delay_ms, length_km, reserved_bps",
    )

    def check(self, at: str) -> None:
        positive(f"{at}.capacity_bps", self.capacity_bps)
        at_least(f"{at}.propagation_ms_per_km", self.propagation_ms_per_km, 0)
        positive(f"{at}.burst_bytes", self.burst_bytes)
        integer_from(f"{at}.queue_bursts", self.queue_bursts, 1)
        interval(f"{at}.background_share", self.background_share)
        between(f"{at}.background_share", self.background_share[1], 0, 1)
        period(f"{at}.background_period_s", self.background_period_s)


@dataclass
class Backhaul:
    """Metro network between the sites: a planar graph of links, first in first out each way."""

    link_rate_bps: float = setting(
        2e8, "bit/s a link and direction, left to this service", usual=(1e4, 1e14)
    )
    switch_delay_s: float = setting(0.001, "s a hop; a switch hands on a message", usual=(1e-7, 1))
    propagation_s_per_km: float = setting(
        5e-6, "s/km; propagation along the cable", usual=(3e-6, 2e-5)
    )

    def check(self, at: str) -> None:
        positive(f"{at}.link_rate_bps", self.link_rate_bps)
        at_least(f"{at}.switch_delay_s", self.switch_delay_s, 0)
        at_least(f"{at}.propagation_s_per_km", self.propagation_s_per_km, 0)
