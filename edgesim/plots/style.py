"""How every figure looks: colours that colour-blind readers can tell apart, one size, one font."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from edgesim.files import replacing

__all__ = [
    "ACCENT",
    "COLOURS",
    "GREY",
    "INK",
    "MARKS",
    "MUTED",
    "PAPER",
    "bandwidth_unit",
    "figure",
    "house",
    "save",
    "save_both",
    "spread",
]

COLOURS = (
    "#009E73",
    "#E69F00",
    "#CC79A7",
    "#56B4E9",
    "#8C6D31",
    "#000000",
    "#7F7F7F",
    "#B2A100",
)
"""After Okabe and Ito's palette, without the two that are kept for :data:`ACCENT` and bounds."""

ACCENT = "#0072B2"
"""The one thing that a figure is about."""

GREY, INK = "#9A9A9A", "#333333"
"""Lines of lesser importance; axes and text."""

MUTED = "#6B6B6B"
"""Grey words: as light as can be read on white (contrast 5 to 1)."""

MARKS = "osD^vPX*"
"""What tells lines apart besides their colours, in the order in which they are used."""

PAPER = "#FFFFFF"
"""The ground of every figure. It is drawn, so that a figure can be read on a dark page too."""

_RC: dict[Any, Any] = {
    "axes.facecolor": PAPER,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 12,
    "figure.constrained_layout.use": True,
    "figure.facecolor": PAPER,
    "font.size": 11,
    "savefig.dpi": 150,
    "savefig.facecolor": PAPER,
    "svg.hashsalt": "edgesim",  # equal figures are equal files
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def bandwidth_unit(most: float) -> tuple[float, str]:
    """Factor and unit in which bandwidths up to ``most`` are shown; bare numbers have no unit."""
    return (1e-6, "Mbit/s") if most >= 1e6 else (1.0, "")


@contextmanager
def house() -> Iterator[None]:
    """The house style, for figures that are made within or drawn onto."""
    with plt.rc_context(_RC):
        yield


@contextmanager
def figure(width_in: float = 8.0, height_in: float = 4.5) -> Iterator[Figure]:
    """An empty figure in the house style; it is closed at the end.

    The default is legible at the width of a README (about 800 pixels).
    """
    with house():
        drawn = plt.figure(figsize=(width_in, height_in))
        try:
            yield drawn
        finally:
            plt.close(drawn)


def save(drawn: Figure, path: Path) -> Path:
    """Write a figure as PNG under another name and rename it; returns ``path``."""
    with replacing(path) as part:
        # No software version and no date in the file: equal figures are equal files.
        drawn.savefig(part, metadata={"Software": None})
    return path


def save_both(drawn: Figure, folder: Path) -> Path:
    """Write a figure as ``figure.png`` and ``figure.svg`` of a folder; returns the PNG's path."""
    with replacing(folder / "figure.svg") as part:
        drawn.savefig(part, metadata={"Creator": None, "Date": None})
    return save(drawn, folder / "figure.png")


def spread(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places of labels, at least ``gap`` apart within [``low``, ``high``], near where they belong.

    Args:
        places: where each label would stand; the order is kept.
        gap: least distance between two labels.
        low: lowest place.
        high: highest place. Where not all fit, labels close up evenly.
    """
    if not places:
        return []
    gap = min(gap, (high - low) / max(len(places) - 1, 1))
    order = sorted(range(len(places)), key=lambda k: places[k])
    blocks: list[tuple[float, list[int]]] = []  # place of the lowest label, labels from below
    for k in order:
        start, members = min(max(places[k], low), high), [k]
        while blocks and blocks[-1][0] + gap * len(blocks[-1][1]) > start + 1e-12:
            _, before = blocks.pop()
            members = before + members
            # Least squares: the block stands where its labels' wishes are on average.
            start = sum(places[m] - gap * i for i, m in enumerate(members)) / len(members)
            start = min(max(start, low), high - gap * (len(members) - 1))
        blocks.append((start, members))
    spaced = [0.0] * len(places)
    for start, members in blocks:
        for i, k in enumerate(members):
            spaced[k] = start + gap * i
    return spaced
