"""A topology as its source states it, before it is checked."""

from dataclasses import dataclass, field
from typing import Any

__all__ = ["KEY", "Plan", "PlannedLink"]

KEY = "network.topology.source"
"""The key by which a user knows the topology."""


@dataclass
class PlannedLink:
    """A link as its source states it; ends are places in :attr:`Plan.names`.

    Attributes:
        one, other: where it begins and ends.
        length_km: along the cable.
        capacity_bps: each way, or from ``one`` to ``other`` where ``capacity_back_bps`` is given or
            the link is ``one_way``.
        reserved_bps: what others hold of it, likewise.
        delay_s: propagation along it.
        capacity_back_bps, reserved_back_bps: from ``other`` to ``one``, where that differs.
        one_way: whether it is one direction of a link.
    """

    one: int
    other: int
    length_km: Any = None
    capacity_bps: Any = None
    reserved_bps: Any = None
    delay_s: Any = None
    capacity_back_bps: Any = None
    reserved_back_bps: Any = None
    one_way: bool = False


@dataclass
class Plan:
    """A topology as its source states it, unchecked.

    Attributes:
        names: what the source calls each node.
        positions: (lon, lat) in degrees where ``geographic``, else (x, y) in km; None where the
            source gives none.
        links: the links, in the source's order.
        geographic: what positions are.
        ids: the id of each node in a file; None for other sources.
        hosting: what a file says of each node as a host of network functions, see
            :class:`edgesim.twin.compute.stated.Stated`.
        notes: what was assumed or left out when the source was read.
    """

    names: list[str]
    positions: list[tuple[Any, Any] | None]
    links: list[PlannedLink]
    geographic: bool = True
    ids: list[str] | None = None
    hosting: list[dict[str, Any]] | None = None
    notes: list[str] = field(default_factory=list)
