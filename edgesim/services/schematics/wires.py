"""From ink to nets: what is left when the bodies of the parts are taken away hangs together."""

from collections.abc import Sequence
from typing import Any

import cv2
import networkx as nx
import numpy as np
import numpy.typing as npt

from edgesim.services.schematics.finding import Found

__all__ = ["find_crossings", "nets_of"]

Mask = npt.NDArray[np.uint8]
Place = tuple[float, float]


def find_crossings(ink: Mask, unit_px: float) -> list[tuple[int, int]]:
    """Where a horizontal and a vertical wire cross without a dot, as x and y.

    Both go on for a third of a unit to either side, and there is no disc of ink wider than a line.
    """
    reach = max(round(unit_px / 3), 4)
    across = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, 2 * reach + 1), dtype=np.uint8))
    down = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((2 * reach + 1, 1), dtype=np.uint8))
    both = cv2.bitwise_and(across, down)
    count, _, _, centres = cv2.connectedComponentsWithStats(both, connectivity=8)
    width = max(round(unit_px / 8), 3)  # a dot is 0.15 units across, a line 0.06
    dots: Any = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((width, width), dtype=np.uint8))
    found = []
    for x, y in np.rint(centres[1:count]).astype(int).tolist():
        if _near(dots, x, y, width):
            continue
        sides = [(x - reach, y), (x + reach, y), (x, y - reach), (x, y + reach)]
        if all(_near(ink, px, py, 1) for px, py in sides):
            found.append((x, y))
    return found


def nets_of(
    ink: Mask,
    parts: Sequence[Found],
    unit_px: float,
    crossings: Sequence[tuple[int, int]] | None = None,
) -> list[dict[str, int]]:
    """The number of the net that each pin of each part hangs on.

    Args:
        ink: 1 where the image is drawn on, shape (height, width).
        parts: the parts, ground among them.
        unit_px: px a unit.
        crossings: wires that cross without joining; None: they are found.

    Returns:
        of each part, by the pin's name; all grounds are net 0.
    """
    if crossings is None:
        crossings = find_crossings(ink, unit_px)
    left = ink.copy()
    for part in parts:
        _erase(left, part)
    gap = max(round(unit_px / 16), 2)
    for x, y in crossings:
        left[max(y - gap, 0) : y + gap + 1, max(x - gap, 0) : x + gap + 1] = 0
    labels: Any = cv2.connectedComponents(left, connectivity=8)[1]
    joined: nx.Graph[object] = nx.Graph()
    for x, y in crossings:
        for a, b in (((x - gap - 1, y), (x + gap + 1, y)), ((x, y - gap - 1), (x, y + gap + 1))):
            ends = [_label(labels, place, 1) for place in (a, b)]
            if all(ends):
                joined.add_edge(*ends)
    _join_pins(joined, labels, parts, max(round(unit_px / 6), 3))
    net: dict[object, int] = {}
    for number, together in enumerate(nx.connected_components(joined), start=1):
        net.update(dict.fromkeys(together, 0 if "ground" in together else number))
    return [{name: net[(number, name)] for name in it.pins} for number, it in enumerate(parts)]


def _join_pins(
    joined: "nx.Graph[object]", labels: npt.NDArray[np.int32], parts: Sequence[Found], reach: int
) -> None:
    """Join each pin with the wire at it, with pins that touch it, and ground with ground."""
    pins = [(number, name, at) for number, it in enumerate(parts) for name, at in it.pins.items()]
    for number, name, at in pins:
        joined.add_node((number, name))
        label = _label(labels, at, reach)
        if label:
            joined.add_edge((number, name), label)
        for other, its, where in pins:  # two bodies that touch leave no wire between their pins
            apart = np.hypot(at[0] - where[0], at[1] - where[1])
            if (other, its) > (number, name) and apart < reach:
                joined.add_edge((number, name), (other, its))
        if parts[number].kind == "ground":
            joined.add_edge((number, name), "ground")


def _erase(ink: Mask, part: Found) -> None:
    """Take the body of a part away: what lies between its pins, not the wires outside."""
    x0, y0, x1, y1 = (round(value) for value in part.box)
    xs, ys = zip(*part.pins.values(), strict=True)
    if part.kind == "ground":
        y0 = max(y0, round(ys[0]) + 2)
    elif len(part.pins) == 2:
        # A box may hold a little of the leads.
        if abs(xs[0] - xs[1]) > abs(ys[0] - ys[1]):
            x0, x1 = round(min(xs)) + 1, round(max(xs))
        else:
            y0, y1 = round(min(ys)) + 1, round(max(ys))
    else:
        y0, y1 = y0 + 2, y1 - 2
    ink[max(y0, 0) : y1, max(x0, 0) : x1] = 0


def _near(ink: Mask, x: float, y: float, reach: int) -> bool:
    column, row = round(x), round(y)
    window = ink[max(row - reach, 0) : row + reach + 1, max(column - reach, 0) : column + reach + 1]
    return bool(window.any())


def _label(labels: npt.NDArray[np.int32], place: Place, reach: int) -> int:
    """The label nearest to a place, within reach; 0 where there is none."""
    column, row = round(place[0]), round(place[1])
    top, first = max(row - reach, 0), max(column - reach, 0)
    window = labels[top : row + reach + 1, first : column + reach + 1]
    rows, columns = np.nonzero(window)
    if not len(rows):
        return 0
    far = np.hypot(rows + top - place[1], columns + first - place[0])
    nearest = int(far.argmin())
    return int(window[rows[nearest], columns[nearest]])
