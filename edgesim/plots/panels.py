"""Panels that are drawn onto again and again: to make axes and ticks takes longer than that."""

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

__all__ = ["draw_bars", "kept", "panels"]

_KEPT: WeakKeyDictionary[Figure, list[Axes]] = WeakKeyDictionary()


def panels(figure: Figure, *ratios: float) -> tuple[list[Axes], bool]:
    """A row of panels, made in the first call on a figure and only emptied in the next ones.

    Args:
        figure: an empty figure, or one that this function has seen.
        ratios: the widths of the panels, one to another.

    Returns:
        the panels, and whether they are new: what stays the same from frame to frame (labels,
        legends, bars of colours) is drawn onto new ones alone.
    """
    there = _KEPT.get(figure)
    if there is None or len(there) != len(ratios):
        figure.clear()
        made = figure.subplots(1, len(ratios), width_ratios=ratios, squeeze=False)
        _KEPT[figure] = list(made[0])
        return _KEPT[figure], True
    for axes in there:
        for artist in (*axes.lines, *axes.collections, *axes.patches, *axes.texts):
            artist.remove()
        axes.dataLim.set(Bbox.null())
        axes.ignore_existing_data_limits = True
    return there, False


def kept(figure: Figure) -> bool:
    """Whether a figure has panels that are drawn onto again."""
    return figure in _KEPT


def draw_bars(
    axes: Axes,
    rows: Any,
    widths: Any,
    colours: Any,
    *,
    left: Any = 0.0,
    height: float = 0.8,
) -> None:
    """Horizontal bars as one artist, which is drawn several times as fast as one a bar.

    Args:
        axes: where to.
        rows: where the middle of each bar is.
        widths: their lengths.
        colours: one, or one a bar.
        left: where they begin, one or one a bar.
        height: their thickness.
    """
    count = len(rows)
    if count == 0:
        return
    begin = np.broadcast_to(np.asarray(left, dtype=float), count)
    end = begin + np.broadcast_to(np.asarray(widths, dtype=float), count)
    low, high = np.asarray(rows) - height / 2, np.asarray(rows) + height / 2
    corners = [(begin, low), (end, low), (end, high), (begin, high)]
    places = np.stack([np.stack(corner, axis=-1) for corner in corners], axis=1)
    axes.add_collection(PolyCollection(list(places), facecolors=colours, linewidths=0))
