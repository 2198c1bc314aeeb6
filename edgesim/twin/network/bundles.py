"""Links between the same two nodes, made one link: what both directions hold together."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from edgesim.errors import InputError
from edgesim.twin.network.plan import Plan, PlannedLink

__all__ = ["Bundle", "bundled", "called", "figure"]


@dataclass
class Bundle:
    """All links between two nodes.

    Attributes:
        low, high: the nodes, the one with the smaller number first.
        links: the links, in the source's order.
    """

    low: int
    high: int
    links: list[PlannedLink] = field(default_factory=list)

    def figures(self, plan: Plan, source: str) -> dict[str, Any]:
        """Capacity, reservation and propagation, as edges of a topology have them.

        ``capacity_back_bps`` and ``reserved_back_bps`` are there where the way back differs; None
        where nothing is stated of it. Of several links the capacities that are stated are added
        up, and so are the reservations; the propagation is that of the quickest.

        Raises:
            InputError: a figure is none.
        """
        found: dict[str, Any] = {}
        accepted = "must be a finite number above 0"
        there, back = (
            self._sum(plan, f"{source}: capacity_bps", back, _capacity, accepted, 1e-300)
            for back in (False, True)
        )
        _take(found, "capacity", there, back)
        accepted = "must be a finite number of at least 0"
        there, back = (
            self._sum(plan, f"{source}: reserved_bps", back, _reserved, accepted, 0.0)
            for back in (False, True)
        )
        _take(found, "reserved", there, back)
        delays = [
            figure(
                f"{source}: delay of link {called(plan, link)}",
                link.delay_s,
                "must be a finite time of at least 0",
                low=0.0,
            )
            for link in self.links
            if link.delay_s is not None
        ]
        if delays:
            found["propagation_s"] = min(delays)
        return found

    def one_way(self) -> bool:
        """Whether all of them lead in one direction."""
        return all(link.one_way for link in self.links) and len({x.one for x in self.links}) == 1

    def parallel(self) -> bool:
        """Whether one direction is led by several links."""
        forth = sum(not link.one_way or link.one == self.low for link in self.links)
        back = sum(not link.one_way or link.one == self.high for link in self.links)
        return max(forth, back) > 1

    def _sum(
        self,
        plan: Plan,
        what: str,
        back: bool,
        stated: Callable[[PlannedLink, bool], Any],
        accepted: str,
        low: float,
    ) -> float | None:
        """What the links state of one direction, added up; None where none states anything."""
        start = self.high if back else self.low
        both = self.one_way()  # one direction stands for the other
        values = [
            figure(f"{what} of link {called(plan, link)}", value, accepted, low=low)
            for link in self.links
            for value in [stated(link, link.one != start)]
            if value is not None and (not link.one_way or link.one == start or both)
        ]
        return sum(values) if values else None


def bundled(plan: Plan, notes: list[str]) -> list[Bundle]:
    """The links of a plan by their ends, in the order of their first ones, without loops.

    What is made of parallel links, of links that are stated in one direction alone, and of those
    whose directions differ, is added to the notes.
    """
    bundles: dict[tuple[int, int], Bundle] = {}
    loops = 0
    for link in plan.links:
        if link.one == link.other:
            loops += 1
            continue
        ends = (min(link.one, link.other), max(link.one, link.other))
        bundles.setdefault(ends, Bundle(*ends)).links.append(link)
    found = list(bundles.values())
    parallel = sum(bundle.parallel() for bundle in found)
    if loops:
        notes.append(f"links from a node to itself left out: {loops}")
    if parallel:
        notes.append(
            f"parallel links between {parallel} pair{'s' if parallel > 1 else ''} of nodes made one"
            " link each, with the sum of their stated capacities and the shortest length"
        )
    one_way = sum(bundle.one_way() for bundle in found)
    if one_way:
        notes.append(f"links stated in one direction alone, taken both ways: {one_way}")
    return found


def called(plan: Plan, link: PlannedLink) -> str:
    """A link as messages call it: by the names of its ends."""
    return f"{plan.names[link.one]!r} – {plan.names[link.other]!r}"


def figure(what: str, value: Any, accepted: str, low: float | None = None) -> float:
    """A finite number of at least ``low``.

    Raises:
        InputError: it is none.
    """
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        raise InputError(what, value, accepted) from None
    if not isfinite(found) or (low is not None and found < low):
        raise InputError(what, value, accepted)
    return found


def _capacity(link: PlannedLink, against: bool) -> Any:
    if against and not link.one_way and link.capacity_back_bps is not None:
        return link.capacity_back_bps
    return link.capacity_bps


def _reserved(link: PlannedLink, against: bool) -> Any:
    if against and not link.one_way and link.reserved_back_bps is not None:
        return link.reserved_back_bps
    return link.reserved_bps


def _take(found: dict[str, Any], what: str, there: float | None, back: float | None) -> None:
    """Both directions, or one for both; None for the way back is the scenario's own figure."""
    if there is not None:
        found[f"{what}_bps"] = there
    if back != there:
        found[f"{what}_back_bps"] = back
