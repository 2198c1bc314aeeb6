"""How far planners end from the best plan on random clusters: reads a CSV file."""

from pathlib import Path
from typing import Any

import numpy as np

from edgesim.plots.style import ACCENT, COLOURS, GREY, figure, save_both
from edgesim.plots.tables import read

__all__ = ["draw"]

_PANELS = {
    "stated": ("of its own objective's optimum", ("code", "paper")),
    "simulated": ("of the best in the ring's simulation", ("code", "paper", "optimum", "cycle")),
}
_LINES = {
    "code": ("Halda, its code's beginning", COLOURS[1], "-"),
    "paper": ("Halda, its paper's beginning", COLOURS[2], "--"),
    "optimum": ("optimum of its objective", COLOURS[0], "-."),
    "cycle": ("optimum of cycle time", ACCENT, ":"),
}


def draw(folder: Path) -> Path:
    """Draw ``figure.png`` and ``figure.svg`` from ``optimality.csv``."""
    rows = read(folder, "optimality")
    with figure(10.0, 4.4) as drawn:
        panels = drawn.subplots(1, 2, sharey=True)
        for axes, (what, (words, planners)) in zip(panels, _PANELS.items(), strict=True):
            for planner in planners:
                _share(axes, [float(row[f"{what}_{planner}"]) for row in rows], planner)
            axes.set_xscale("log")
            axes.set_xlim(left=0.97)
            axes.set_xlabel(f"time of a token, in times {words}")
            axes.grid(color=GREY, alpha=0.25)
        panels[0].set_ylabel("share of clusters up to there")
        panels[1].legend(frameon=False, loc="lower right")
        panels[0].set_title(f"{len(rows)} random clusters")
        return save_both(drawn, folder)


def _share(axes: Any, ratios: list[float], planner: str) -> None:
    label, colour, style = _LINES[planner]
    there = np.sort([ratio for ratio in ratios if np.isfinite(ratio)])
    share = np.arange(1, len(there) + 1) / len(ratios)
    axes.step([1.0, *there], [0.0, *share], where="post", color=colour, ls=style, label=label)
