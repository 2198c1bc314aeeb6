"""Schematics to netlists: parts are found, their bodies taken away, and what is left are nets."""

from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from edgesim.errors import InputError
from edgesim.files import is_file
from edgesim.services.schematics.drawing import LINE_UNITS
from edgesim.services.schematics.finding import (
    LEAST,
    Found,
    candidates,
    find_parts,
    refine_parts,
)
from edgesim.services.schematics.netlist import Part
from edgesim.services.schematics.wires import find_crossings, nets_of

__all__ = [
    "Reading",
    "estimated_unit_px",
    "ink_of",
    "line_px",
    "read_image",
    "read_schematic",
    "with_nets",
]

Gray = npt.NDArray[np.uint8]

NOMINAL_PX = 32.0
"""px a unit at which parts are looked for at full size, and nets are followed."""

_COARSE_LEAST = 0.92  # what a candidate must fit in a smaller image
_MOST = 128  # candidates, the best, that are looked at again at full size [chosen]


class Reading(NamedTuple):
    """What was read of a schematic.

    Attributes:
        found: its parts and grounds, in px of the image.
        netlist: its parts with their nets.
        crossings: where wires cross without joining, x and y.
    """

    found: list[Found]
    netlist: list[Part]
    crossings: list[tuple[float, float]]


def read_image(path: str | Path) -> Gray:
    """An image file as shades of grey, shape (height, width), 0 is black.

    Raises:
        InputError: there is no such file, or it holds no image.
    """
    file = Path(path)
    if not is_file(file):
        raise InputError("schematic", str(path), "there is no such file")
    content = np.frombuffer(file.read_bytes(), dtype=np.uint8)
    image = None
    if content.size:
        # What is wrong is said below, in one line
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        try:
            image = cv2.imdecode(content, cv2.IMREAD_GRAYSCALE)
        except cv2.error:
            image = None
    if image is None or not image.size:
        raise InputError(
            "schematic", str(path), "must be an image that can be read (PNG, JPEG, ...)"
        )
    return np.asarray(image, dtype=np.uint8)


def ink_of(image: Gray) -> Gray:
    """1 where an image is drawn on: what is darker than a threshold by Otsu's method (1979).

    Raises:
        InputError: it is no drawing of dark lines on light paper.
    """
    if image.ndim != 2 or min(image.shape) < 8:
        raise InputError("schematic", f"shape {image.shape}", "must be an image of 8 x 8 or more")
    _, ink = cv2.threshold(image, 0, 1, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    share = float(ink.mean())
    spread = int(image.max()) - int(image.min())
    if spread < 32 or not 0 < share < 0.35:
        accepted = "must be dark lines on light paper: there is no schematic in it"
        raise InputError("schematic", f"{share:.0%} of it is dark", accepted)
    return np.asarray(ink, dtype=np.uint8)


def line_px(image: Gray) -> float:
    """Width of the lines of a drawing, px and parts of it: the median darkness across long lines.

    Raises:
        InputError: there are no long straight lines.
    """
    ink = ink_of(image)
    dark = (255.0 - image) / max(255.0 - float(image.min()), 1.0)
    long = max(min(image.shape) // 10, 9)
    widths: list[float] = []
    for picture, mask in ((dark, ink), (dark.T, ink.T)):
        lines = cv2.morphologyEx(
            np.ascontiguousarray(mask), cv2.MORPH_OPEN, np.ones((1, long), dtype=np.uint8)
        )
        rows, columns = np.nonzero(lines)
        step = max(len(rows) // 400, 1)
        for row, column in zip(rows[::step].tolist(), columns[::step].tolist(), strict=True):
            across = picture[max(row - 6, 0) : row + 7, column]
            widths.append(float(across.sum()))
    if not widths:
        raise InputError("schematic", "no long line", "must have wires: long straight lines")
    return float(np.median(widths))


def read_schematic(
    image: Gray,
    unit_px: float | None = None,
    detector_px: float = NOMINAL_PX,
    least: float = LEAST,
) -> Reading:
    """Read a schematic that schemdraw could have drawn.

    Args:
        image: shades of grey, shape (height, width).
        unit_px: px a unit of it; None: see :func:`estimated_unit_px`.
        detector_px: px a unit at which parts are looked for. Below :data:`NOMINAL_PX` they are
            looked for in an image scaled to that, and the best candidates again at full size: less
            is quicker and finds less.
        least: how well a part must fit, see :func:`edgesim.services.schematics.finding.find_parts`.

    Raises:
        InputError: there is no schematic in the image.
    """
    ink_of(image)  # refuses what is none
    unit = estimated_unit_px(image) if unit_px is None else unit_px
    scale = max(detector_px, NOMINAL_PX) / unit
    if not 0.02 <= scale <= 50:
        raise InputError("schematic", f"{unit:.3g} px a unit", "cannot be read at that size")
    seen, scale = _scaled(image, scale)
    ink, seen_px = ink_of(seen), max(detector_px, NOMINAL_PX)
    if detector_px < NOMINAL_PX:
        parts = _coarse_to_fine(seen, ink, detector_px, least)
    else:
        parts = find_parts(ink, detector_px, least)
    crossings = find_crossings(ink, seen_px)
    nets = nets_of(ink, parts, seen_px, crossings)
    found = [
        it._replace(
            box=(it.box[0] / scale, it.box[1] / scale, it.box[2] / scale, it.box[3] / scale),
            pins={name: (x / scale, y / scale) for name, (x, y) in it.pins.items()},
        )
        for it in parts
    ]
    places = [(x / scale, y / scale) for x, y in crossings]
    return Reading(found, with_nets(parts, nets), places)


def _coarse_to_fine(seen: Gray, ink: Gray, detector_px: float, least: float) -> list[Found]:
    """Parts of an image of :data:`NOMINAL_PX` a unit, looked for in a smaller one first."""
    small, scale = _scaled(seen, detector_px / NOMINAL_PX)
    likely = candidates(ink_of(small), detector_px, _COARSE_LEAST)
    likely = sorted(likely, key=lambda it: -it.score)[:_MOST]
    boxes = [
        it._replace(
            box=(it.box[0] / scale, it.box[1] / scale, it.box[2] / scale, it.box[3] / scale)
        )
        for it in likely
    ]
    # A pixel of the smaller image, and what templates and images are rounded by.
    return refine_parts(ink, boxes, NOMINAL_PX, ceil(1.0 / scale) + 2, least)


_USUAL = (1.0, 1.27)
"""Of the unit by the width of lines: schemdraw's own lines, and lines 3/4 as wide."""

_FACTORS = 0.7 * 1.055 ** np.arange(17)
"""Others that are tried where none of the usual fits: 0.7 to 1.65 times it."""

_COARSE_PX = 20.0  # px a unit at which these are tried
_SURE = 0.92  # mean fit of the parts that are found


def estimated_unit_px(image: Gray) -> float:
    """Pixels a unit of a drawing: where parts fit best, near what the width of its lines says.

    Parts count by their ink. Capacitors do not count: two short lines are found anywhere.

    Raises:
        InputError: there are no long straight lines, or nothing fits at any size.
    """
    by_line = line_px(image) / LINE_UNITS

    def fits(unit: float, at_px: float) -> tuple[float, float]:
        seen, _ = _scaled(image, at_px / unit)
        found = [it for it in find_parts(ink_of(seen), at_px) if it.kind != "C"]
        areas = [(it.box[2] - it.box[0]) * (it.box[3] - it.box[1]) for it in found]
        mass = sum(area * it.score**8 for area, it in zip(areas, found, strict=True))
        return mass / at_px**2, float(np.mean([it.score for it in found])) if found else 0.0

    usual = [(fits(by_line * factor, NOMINAL_PX), by_line * factor) for factor in _USUAL]
    (mass, mean), unit = max(usual)
    if mean < _SURE:
        marks = [(fits(by_line * factor, _COARSE_PX), by_line * factor) for factor in _FACTORS]
        coarse = max(marks)[1]
        fine = [coarse * factor for factor in (0.97, 1.0, 1.03)]
        (mass, _), unit = max([*usual, *((fits(it, NOMINAL_PX), it) for it in fine)])
    if not mass:
        raise InputError("schematic", "no part", "must have parts as schemdraw draws them")
    return unit


def _scaled(image: Gray, scale: float) -> tuple[Gray, float]:
    """An image of another size, and how many times larger it is; as it is where that is near."""
    if abs(scale - 1.0) <= 0.03:
        return image, 1.0
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    seen = cv2.resize(image, None, fx=scale, fy=scale, interpolation=method)
    return np.asarray(seen, dtype=np.uint8), scale


def with_nets(parts: Sequence[Found], nets: Sequence[dict[str, int]]) -> list[Part]:
    """The netlist of found parts; ground is net ``0``."""
    counts: dict[str, int] = {}
    netlist = []
    for it, of in zip(parts, nets, strict=True):
        if it.kind == "ground":
            continue
        counts[it.kind] = counts.get(it.kind, 0) + 1
        pins = {pin: "0" if net == 0 else f"n{net}" for pin, net in of.items()}
        netlist.append(Part(it.kind, pins, f"{it.kind}{counts[it.kind]}"))
    return netlist
