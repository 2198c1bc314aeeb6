"""Label divergence of devices that train together: reads a CSV file."""

from pathlib import Path

from edgesim.plots.style import ACCENT, GREY, MUTED, figure, save_both
from edgesim.plots.tables import read

__all__ = ["draw"]


def draw(folder: Path) -> Path:
    """Draw ``figure.png`` and ``figure.svg`` from ``groups.csv``."""
    rows = read(folder, "groups")
    rows.sort(key=lambda row: -float(row["distance"]))
    with figure(7.0, 3.6) as drawn:
        axes = drawn.subplots()
        colours = [MUTED if "random" in row["name"] else ACCENT for row in rows]
        bars = axes.barh(range(len(rows)), [row["distance"] for row in rows], color=colours)
        axes.bar_label(bars, fmt="%.3f", padding=3, fontsize=8)
        axes.set_yticks(range(len(rows)), [row["name"] for row in rows])
        axes.set(xlabel="L2 distance of label shares to everybody's")
        axes.grid(axis="x", color=GREY, alpha=0.25)
        return save_both(drawn, folder)
