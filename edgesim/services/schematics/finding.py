"""Finding parts: how well the ink of an image fits the ink of a template, everywhere at once."""

from math import ceil, floor
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from edgesim.services.schematics.templates import Template, templates

__all__ = ["LEAST", "Found", "candidates", "find_parts", "refine_parts"]

Mask = npt.NDArray[np.uint8]
Place = tuple[float, float]

LEAST = 0.85
"""Least share of a template's ink that must be found, and of the ink there that must be its own."""

_AROUND = np.ones((3, 3), dtype=np.uint8)
_APART = 0.3  # of the smaller of two boxes: parts may not overlap by more


class Found(NamedTuple):
    """A part in an image.

    Attributes:
        kind: what it is.
        score: how well it fits, 0 to 1.
        box: x and y of its upper left and lower right corner, px.
        pins: where its pins are, px.
    """

    kind: str
    score: float
    box: tuple[float, float, float, float]
    pins: dict[str, Place]


def find_parts(ink: Mask, unit_px: float, least: float = LEAST) -> list[Found]:
    """The parts of a schematic, the best fit first where several lie on one another.

    See :func:`candidates`.
    """
    return _apart(candidates(ink, unit_px, least))


def candidates(ink: Mask, unit_px: float, least: float = LEAST) -> list[Found]:
    """Whatever could be a part of a schematic, also where several lie on one another.

    At every place two shares are taken: of the template's ink that has ink of the image within a
    pixel, and of the image's ink there that has ink of the template within a pixel. A part fits as
    well as the lesser of them.

    Args:
        ink: 1 where the image is drawn on, shape (height, width).
        unit_px: px a unit.
        least: what a part must fit at least.
    """
    near = np.asarray(cv2.dilate(ink, _AROUND), dtype=np.float32)
    drawn = ink.astype(np.float32)
    total = cv2.integral(drawn)
    found: list[Found] = []
    for template in templates(unit_px):
        high, wide = template.ink.shape
        if high > ink.shape[0] or wide > ink.shape[1]:
            continue
        found += _of(template, near, drawn, total, least)
    return found


def refine_parts(
    ink: Mask, parts: list[Found], unit_px: float, reach: int, least: float = LEAST
) -> list[Found]:
    """What could be a part in a smaller image, placed to the pixel in a larger one.

    Each is looked for again near where it was found, among templates of its kind; what does not fit
    there is left out, and so is the worse of two that overlap. Time grows with their number and not
    with the image.

    Args:
        ink: 1 where the larger image is drawn on, shape (height, width).
        parts: candidates, with boxes in px of the larger image.
        unit_px: px a unit of it.
        reach: px by which a part may lie off.
        least: what it must fit at least.
    """
    found = []
    for part in parts:
        x0, y0 = max(floor(part.box[0]) - reach, 0), max(floor(part.box[1]) - reach, 0)
        x1, y1 = ceil(part.box[2]) + reach, ceil(part.box[3]) + reach
        drawn = np.ascontiguousarray(ink[y0:y1, x0:x1]).astype(np.float32)
        near = np.asarray(cv2.dilate(drawn, _AROUND), dtype=np.float32)
        total = cv2.integral(drawn)
        best: Found | None = None
        for template in templates(unit_px):
            high, wide = template.ink.shape
            if template.kind != part.kind or high > drawn.shape[0] or wide > drawn.shape[1]:
                continue
            for it in _of(template, near, drawn, total, least):
                if best is None or it.score > best.score:
                    best = it
        if best is not None:
            left, top, right, bottom = best.box
            pins = {name: (x + x0, y + y0) for name, (x, y) in best.pins.items()}
            box = (left + x0, top + y0, right + x0, bottom + y0)
            found.append(best._replace(box=box, pins=pins))
    return _apart(found)


def _of(template: Template, near: Any, drawn: Any, total: Any, least: float) -> list[Found]:
    high, wide = template.ink.shape
    # TM_CCORR is the sum of products.
    hit = cv2.matchTemplate(near, template.ink.astype(np.float32), cv2.TM_CCORR)
    own = cv2.matchTemplate(drawn, template.near.astype(np.float32), cv2.TM_CCORR)
    there = (
        total[high:, wide:] - total[:-high, wide:] - total[high:, :-wide] + total[:-high, :-wide]
    )
    score = np.minimum(hit / template.ink.sum(), own / np.maximum(there, 1.0))
    best = cv2.dilate(score.astype(np.float32), np.ones((5, 5), dtype=np.uint8))
    rows, columns = np.nonzero((score >= least) & (score >= best - 1e-6))
    return [
        Found(
            template.kind,
            float(score[row, column]),
            (column, row, column + wide, row + high),
            {name: (x + column, y + row) for name, (x, y) in template.pins.items()},
        )
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
    ]


def _apart(several: list[Found]) -> list[Found]:
    """The best of those that overlap."""
    kept: list[Found] = []
    for found in sorted(several, key=lambda it: -it.score):
        if all(_overlap(found.box, other.box) <= _APART for other in kept):
            kept.append(found)
    return kept


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Common area over the smaller box's."""
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    if wide <= 0 or high <= 0:
        return 0.0
    least = min((it[2] - it[0]) * (it[3] - it[1]) for it in (a, b))
    return wide * high / least
