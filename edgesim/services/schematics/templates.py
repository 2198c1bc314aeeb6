"""How each part looks: drawn by schemdraw once a size, in every direction it can have."""

from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from edgesim.services.schematics.drawing import element, render

__all__ = ["Template", "forget", "templates"]

Mask = npt.NDArray[np.uint8]
Place = tuple[float, float]


class Template(NamedTuple):
    """A part in one direction.

    Attributes:
        kind: what part it is; ``ground`` is none.
        ink: 1 where it is drawn, shape (height, width).
        near: 1 within a pixel of that.
        pins: where its pins lie, x and y from the upper left corner, px.
    """

    kind: str
    ink: Mask
    near: Mask
    pins: dict[str, Place]


_LEAST_PX = 32.0  # px a unit at which templates are drawn; smaller ones are scaled from there
_TURNS = (0, 90, 180, 270)
_PINS = {  # of an element drawn from (0, 0) along x: its body lies between 1 and 2 units
    "R": {"1": (1.0, 0.0), "2": (2.0, 0.0)},
    "C": {"1": (1.0, 0.0), "2": (2.0, 0.0)},
    "L": {"1": (1.0, 0.0), "2": (2.0, 0.0)},
    "D": {"1": (1.0, 0.0), "2": (2.0, 0.0)},
    "V": {"1": (1.0, 0.0), "2": (2.0, 0.0)},
    "I": {"1": (1.0, 0.0), "2": (2.0, 0.0)},
}
_BODY = {"R": 0.30, "C": 0.30, "L": 0.42, "D": 0.30, "V": 0.55, "I": 0.55}  # half its width, units


def forget() -> None:
    """Draw the templates anew when they are next asked for."""
    _drawn.cache_clear()
    templates.cache_clear()


@cache
def templates(unit_px: float) -> tuple[Template, ...]:
    """All parts at a size, every one that looks different.

    Args:
        unit_px: px a unit of schemdraw.
    """
    found: list[Template] = []
    for kind in _PINS:
        for turn in _TURNS:
            _add(found, _two_pins(kind, turn, unit_px))
    for kind in ("NMOS", "PMOS"):
        for mirrored in (False, True):
            found.append(_transistor(kind, mirrored, unit_px))
    found.append(_ground(unit_px))
    return tuple(found)


def _add(found: list[Template], new: Template) -> None:
    """A part that looks the same turned by half a circle is there once where its pins are alike."""
    for old in found:
        same = old.kind == new.kind and old.ink.shape == new.ink.shape
        if same and new.kind in ("R", "C", "L") and (old.ink != new.ink).mean() < 0.02:
            return
    found.append(new)


@cache
def _drawn(kind: str, way: int, unit_px: float) -> tuple[Mask, Place]:
    """A part drawn alone, see :func:`edgesim.services.schematics.drawing.render`.

    Args:
        kind: what it is.
        way: degrees that a part of two pins is turned by; whether a transistor is mirrored.
        unit_px: px a unit.
    """
    import schemdraw

    part = element(kind)
    if kind in _PINS:
        angle = np.deg2rad(way)
        part = part.endpoints((0.0, 0.0), (3 * np.cos(angle), 3 * np.sin(angle)))
    else:
        part = part.at((0.0, 0.0))
        if kind != "ground":
            part = part.theta(0) if way else part.theta(180).flip()
    drawing = schemdraw.Drawing(show=False)
    drawing += part
    return render(drawing, unit_px)


def _cut(
    kind: str,
    way: int,
    unit_px: float,
    box: tuple[float, float, float, float],
    pins: dict[str, Place],
) -> tuple[Mask, dict[str, Place]]:
    """What of a part lies in a box (left, top, right, bottom; units), and the pins in it."""
    drawn_px = max(unit_px, _LEAST_PX)
    image, (left, top) = _drawn(kind, way, drawn_px)
    x0, y0 = round((box[0] - left) * drawn_px), round((top - box[1]) * drawn_px)
    x1, y1 = round((box[2] - left) * drawn_px), round((top - box[3]) * drawn_px)
    part = image[max(y0, 0) : y1, max(x0, 0) : x1]
    level, scale = 127.0, unit_px / drawn_px
    if scale < 1:  # as an image is seen that is made smaller: its thin lines are grey
        wide, high = max(round(part.shape[1] * scale), 1), max(round(part.shape[0] * scale), 1)
        part = np.asarray(cv2.resize(part, (wide, high), interpolation=cv2.INTER_AREA))
        level, _ = cv2.threshold(part, 0, 1, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    ink = (part <= level).astype(np.uint8)
    return ink, {
        name: (
            ((x - left) * drawn_px - max(x0, 0)) * scale,
            ((top - y) * drawn_px - max(y0, 0)) * scale,
        )
        for name, (x, y) in pins.items()
    }


def _made(kind: str, ink: Mask, pins: dict[str, Place]) -> Template:
    return Template(kind, ink, np.asarray(cv2.dilate(ink, _AROUND), dtype=np.uint8), pins)


_AROUND = np.ones((3, 3), dtype=np.uint8)


def _two_pins(kind: str, turn: int, unit_px: float) -> Template:
    angle = np.deg2rad(turn)
    along = np.array([np.cos(angle), np.sin(angle)])
    pins = {name: tuple(x * along) for name, (x, _) in _PINS[kind].items()}
    # The body and a little of its leads, which tell where it ends.
    first, last, half = 0.85 * along, 2.15 * along, np.abs(along[::-1]) * _BODY[kind]
    low, high = np.minimum(first, last) - half, np.maximum(first, last) + half
    box = (float(low[0]), float(high[1]), float(high[0]), float(low[1]))
    places = {k: (float(x), float(y)) for k, (x, y) in pins.items()}
    return _made(kind, *_cut(kind, turn, unit_px, box, places))


def _transistor(kind: str, mirrored: bool, unit_px: float) -> Template:
    names = ("Drain", "Source") if kind == "NMOS" else ("Source", "Drain")
    side = 1.0 if mirrored else -1.0
    pins = {names[0]: (0.0, 0.0), names[1]: (0.0, -1.5), "Gate": (side * 1.367, -0.75)}
    box = (-1.42, 0.0, 0.06, -1.5) if not mirrored else (-0.06, 0.0, 1.42, -1.5)
    return _made(kind, *_cut(kind, int(mirrored), unit_px, box, pins))


def _ground(unit_px: float) -> Template:
    box = (-0.3, 0.0, 0.3, -0.7)
    return _made("ground", *_cut("ground", 0, unit_px, box, {"1": (0.0, 0.0)}))
