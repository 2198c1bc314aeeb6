"""A topology as its source states it, before it is checked."""

from dataclasses import dataclass
from typing import Any

__all__ = ["KEY", "Plan", "PlannedLink"]

KEY = "network.topology.source"
"""The key by which a user knows the topology."""


@dataclass
class PlannedLink:
    """A link as its source states it; ends are places in :attr:`Plan.names`."""

    one: int
    other: int
    length_km: Any = None
    capacity_bps: Any = None
    reserved_bps: Any = None


@dataclass
class Plan:
    """A topology as its source states it, unchecked.

    Attributes:
        names: what the source calls each node.
        positions: (lon, lat) in degrees where ``geographic``, else (x, y) in km; None where the
            source gives none.
        links: the links, in the source's order.
    """

    names: list[str]
    positions: list[tuple[Any, Any] | None]
    links: list[PlannedLink]
    geographic: bool = True
