"""What the attributes of nodes and links in a topology file mean, by name and unit."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from edgesim.twin.network.units import Quantity, bit_rate, duration, km_of, length, rate_of, time_of

__all__ = ["Attributes", "link_figures", "plain"]

Attributes = dict[str, Any]
"""Attributes by their names in small letters, see :func:`plain`."""

_KINDS: dict[str, tuple[Quantity, Any]] = {
    "capacity": (bit_rate, rate_of),
    "delay": (duration, time_of),
    "length": (length, km_of),
}
_FIELDS = {
    "length": "length_km",
    "delay": "delay_s",
    "capacity": "capacity_bps",
    "capacity_back": "capacity_back_bps",
    "reserved_capacity": "reserved_bps",
    "reserved_capacity_back": "reserved_back_bps",
}
_ZOO_UNITS = {"k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}
_BACK = re.compile(r"_?(back|bkwd|bwd|backward|reverse)(?=_|$|cap)")
_FORTH = re.compile(r"_?(fwd|forward)(?=_|$|cap)")


class LinkFigures(NamedTuple):
    """What the attributes of a link say.

    Attributes:
        figures: by the names of :class:`edgesim.twin.network.plan.PlannedLink`: km, bit/s, s.
        used: the attributes that were understood.
        unitless: those that would have been if they had a unit.
    """

    figures: dict[str, Any]
    used: frozenset[str]
    unitless: frozenset[str]


def plain(attributes: Mapping[Any, Any]) -> Attributes:
    """Attributes by their names in small letters, words joined by ``_``.

    ``Capacity (Mbit/s)`` is ``capacity_mbit_s``. Of names that are then the same the first counts.
    """
    found: Attributes = {}
    for key, value in attributes.items():
        found.setdefault(re.sub(r"[^a-z0-9]+", "_", str(key).lower()).strip("_"), value)
    return found


def link_figures(link: Attributes, graph: Attributes) -> LinkFigures:
    """Capacity, delay and length of a link.

    A unit stands in the name (``capacity_mbps``), in the value (``"2.5 Gbps"``), or in another
    attribute of the link or the graph (``capacity_unit "Mbps"``, as FNSS writes it). Where several
    attributes state the same, the one that is named as edgesim names it counts, then the first.

    Args:
        link: its attributes, by :func:`plain`.
        graph: those of the graph.

    Returns:
        the figures; a value that is no number stands there as it is.
    """
    stated: dict[str, Any] = {}
    used: set[str] = set()
    unitless: set[str] = set()
    for name in sorted(link, key=_own_names_first):
        kind, bare = _kind_of(name)
        if kind is None:
            continue
        value = _value(
            kind.removeprefix("reserved_").removesuffix("_back"), bare, link, name, graph
        )
        if value is None:
            unitless.add(name)
        elif kind not in stated:
            stated[kind] = value
            used.add(name)
    if "capacity" not in stated:
        raw, speed = link.get("linkspeedraw"), link.get("linkspeed")
        unit = _ZOO_UNITS.get(str(link.get("linkspeedunits", "")).strip().lower()[:1])
        if raw is not None:
            stated["capacity"] = raw
            used |= {"linkspeedraw", "linkspeed", "linkspeedunits"} & link.keys()
        elif speed is not None and unit is not None:
            stated["capacity"] = _times(speed, unit)
            used |= {"linkspeed", "linkspeedunits"}
    used |= {name for name in link if name.endswith("_unit") and name[:-5] in used}
    figures = {_FIELDS[kind]: value for kind, value in stated.items()}
    return LinkFigures(figures, frozenset(used), frozenset(unitless - used))


def _own_names_first(name: str) -> bool:
    """Sorts the names of the documentation to the front; the others stay in the file's order."""
    return name not in ("length_km", "capacity_bps", "reserved_bps", "delay_s", "delay_ms")


def _kind_of(name: str) -> tuple[str | None, str]:
    """Which quantity an attribute is, and its name without what tells the direction."""
    bare, back = _BACK.subn("", name)
    bare = _FORTH.sub("", bare)
    held = bare.startswith("reserved")
    if held:  # reserved_bps, reserved_mbps, reserved_capacity_bps
        bare = "capacity" + bare.removeprefix("reserved").replace("_capacity", "", 1)
    if bare in ("linkspeed", "linkspeedraw", "linkspeedunits"):
        return None, bare
    for kind, (quantity, _) in _KINDS.items():
        try:
            quantity.factor(bare)
        except KeyError:
            continue
        found = ("reserved_" if held else "") + kind + ("_back" if back else "")
        return (found, bare) if found in _FIELDS else (None, bare)
    return None, bare


def _value(kind: str, bare: str, link: Attributes, name: str, graph: Attributes) -> Any:
    """A value in the unit of the twin; None where no unit is stated."""
    quantity, of_text = _KINDS[kind]
    value = link[name]
    if isinstance(value, str):
        figure = of_text(value)
        if figure is not None:
            return figure
    factor = quantity.factor(bare)
    if factor is None:
        unit = link.get(f"{name}_unit", graph.get(f"{name}_unit"))
        if unit is None:
            return None
        factor = of_text(f"1 {str(unit).strip()}")
        if factor is None:
            return None
    return _times(value, factor)


def _times(value: Any, factor: float) -> Any:
    """A number, or text of one, times a factor; anything else as it is, for the map to refuse."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return value
    if isinstance(value, bool) or not isinstance(value, int | float) or factor == 1.0:
        return value
    return value * factor
