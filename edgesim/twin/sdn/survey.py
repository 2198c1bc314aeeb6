"""What the controller knows of many ways at once: room by its ledger, the rest as measured."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgesim.twin.core.compiled import compiled
from edgesim.twin.core.forking import Rebuilt
from edgesim.twin.network.routing import Bundle, Routing
from edgesim.twin.sdn.link_view import LinkView

__all__ = ["UNREACHABLE_MS", "Survey"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

UNREACHABLE_MS = 1e6
"""Delay of a way that does not exist."""

_ROOMY = 1e15  # room of the way from a host to itself, which no link limits


class Survey(Rebuilt):
    """The ways that a chain could take, each as the controller would lead it.

    Between two nodes that is the first of the k shortest paths with room, or where none has room
    the shortest, with nothing left on it.

    Args:
        routing: the routes, and the links with their reservations.
        view: delays and losses of the links, as measured.
    """

    views = ("_tables",)

    def __init__(self, routing: Routing, view: LinkView) -> None:
        self._routing = routing
        self._view = view
        self.look()

    def look(self) -> None:
        """Have the figures of the links at hand as arrays."""
        links = self._routing.links
        view = self._view.tables()
        self._tables = (
            np.frombuffer(links.reserved_bps),
            np.frombuffer(links.ceiling_bps),
            view.delay_s,
            view.loss,
        )

    def between(self, points: Sequence[tuple[int, ...]], bandwidth_bps: float) -> Floats:
        """Figures of all ways from each of some nodes to each of the next.

        Args:
            points: nodes, one tuple after the other: at least two.
            bandwidth_bps: what is to be carried.

        Returns:
            shape (3, ways): delay (ms), room (bit/s) and loss (0 to 1). The ways from the first
            tuple to the second come first, source by source, then those from there to the third.
        """
        self._view.update()
        bundles = self._bundles(points)
        figures = np.empty((3, sum([len(ways) - 1 for ways, _, _ in bundles])))
        first = 0
        for bundle in bundles:
            _add_up(figures, first, bandwidth_bps, *bundle, *self._tables)
            first += len(bundle[0]) - 1
        return figures

    def along(
        self, points: Sequence[tuple[int, ...]], bandwidth_bps: float, of_links: Floats
    ) -> Floats:
        """Sums of some figures of the links over the same ways.

        Args:
            points: as of :meth:`between`.
            bandwidth_bps: what is to be carried.
            of_links: the figures, shape (links, kinds).

        Returns:
            shape (ways, kinds).
        """
        bundles = self._bundles(points)
        sums = np.zeros((sum([len(ways) - 1 for ways, _, _ in bundles]), of_links.shape[1]))
        first = 0
        for bundle in bundles:
            _add_along(sums, first, bandwidth_bps, of_links, *bundle, *self._tables[:2])
            first += len(bundle[0]) - 1
        return sums

    def _bundles(self, points: Sequence[tuple[int, ...]]) -> list[Bundle]:
        # The ends differ from request to request, what lies between comes again.
        parts = (points[:2], points[1:-1], points[-2:]) if len(points) > 2 else (points,)
        return [self._routing.bundle(tuple(part)) for part in parts if len(part) > 1]


@compiled()
def _add_up(
    figures: Floats,
    first: int,
    bandwidth_bps: float,
    ways: Ints,
    paths: Ints,
    links: Ints,
    reserved_bps: Floats,
    ceiling_bps: Floats,
    delay_s: Floats,
    loss: Floats,
) -> None:
    """Write the figures of a bundle's ways into the columns from ``first`` on."""
    for way in range(len(ways) - 1):
        delay_ms, left_bps, lost = UNREACHABLE_MS, 0.0, 1.0
        chosen = ways[way]
        for path in range(ways[way], ways[way + 1]):
            room = _ROOMY
            for at in range(paths[path], paths[path + 1]):
                room = min(room, ceiling_bps[links[at]] - reserved_bps[links[at]])
            if room >= bandwidth_bps:
                chosen, left_bps = path, room
                break
        if ways[way] < ways[way + 1]:
            total_s, kept = 0.0, 1.0
            for at in range(paths[chosen], paths[chosen + 1]):
                total_s += delay_s[links[at]]
                kept *= 1.0 - loss[links[at]]
            delay_ms, lost = 1000 * total_s, 1.0 - kept
        place = first + way
        figures[0, place], figures[1, place], figures[2, place] = delay_ms, left_bps, lost


@compiled()
def _add_along(
    sums: Floats,
    first: int,
    bandwidth_bps: float,
    of_links: Floats,
    ways: Ints,
    paths: Ints,
    links: Ints,
    reserved_bps: Floats,
    ceiling_bps: Floats,
) -> None:
    """Add up what a bundle's ways cross, into the rows from ``first`` on; the paths are chosen as
    in :func:`_add_up`.
    """
    for way in range(len(ways) - 1):
        chosen = ways[way]
        for path in range(ways[way], ways[way + 1]):
            room = _ROOMY
            for at in range(paths[path], paths[path + 1]):
                room = min(room, ceiling_bps[links[at]] - reserved_bps[links[at]])
            if room >= bandwidth_bps:
                chosen = path
                break
        if ways[way] < ways[way + 1]:
            for at in range(paths[chosen], paths[chosen + 1]):
                for kind in range(of_links.shape[1]):
                    sums[first + way, kind] += of_links[links[at], kind]
