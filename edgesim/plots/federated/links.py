"""Seconds a round by what binds: reads a CSV file."""

from pathlib import Path

import numpy as np

from edgesim.plots.style import ACCENT, COLOURS, GREY, figure, save_both
from edgesim.plots.tables import read

__all__ = ["draw"]


def draw(folder: Path) -> Path:
    """Draw ``figure.png`` and ``figure.svg`` from ``links.csv``."""
    rows = read(folder, "links")
    regimes = list(dict.fromkeys(row["regime"] for row in rows))
    names = list(dict.fromkeys(row["name"] for row in rows))
    with figure(8.0, 3.8) as drawn:
        axes = drawn.subplots()
        width = 0.8 / len(names)
        for number, name in enumerate(names):
            own = {row["regime"]: row["round_s"] for row in rows if row["name"] == name}
            places = np.arange(len(regimes)) + (number - (len(names) - 1) / 2) * width
            colour = ACCENT if number == 0 else COLOURS[number]
            bars = axes.bar(places, [own[it] for it in regimes], width, color=colour, label=name)
            axes.bar_label(bars, fmt="%.2g", fontsize=8)
        axes.set_xticks(
            range(len(regimes)), [f"{it} binds" if it[0] == "t" else it for it in regimes]
        )
        axes.set_yscale("log")
        axes.set(ylabel="s a round")
        axes.grid(axis="y", color=GREY, alpha=0.25)
        axes.legend(frameon=False, ncols=3, loc="lower right", bbox_to_anchor=(1.0, 1.0))
        return save_both(drawn, folder)
