"""An episode as a picture: the demand of every cell, and when it slept."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from edgesim.plots.style import ACCENT, GREY, figure, save

__all__ = ["draw", "draw_twin"]


def draw(folder: Path) -> Path:
    """Draw ``episode.png`` from the folder's ``events.parquet``; returns its path."""
    log = pq.read_table(folder / "events.parquet").to_pydict()
    cells = 1 + max(log["cell"], default=0)
    with figure(9.0, 1.2 + 1.1 * cells) as drawn:
        panels = drawn.subplots(cells, 1, sharex=True, squeeze=False).ravel()
        for cell, axes in enumerate(panels):
            rows = [k for k, where in enumerate(log["cell"]) if where == cell]
            hours = np.array([log["time_s"][k] for k in rows]) / 3600.0
            awake = np.array([log["event"][k] == "serve" for k in rows])
            axes.step(hours, [log["value"][k] for k in rows], where="post", color=ACCENT)
            bottom, top = axes.get_ylim()
            axes.fill_between(hours, bottom, top, where=~awake, color=GREY, alpha=0.3, step="post")
            axes.set_ylabel(f"cell {cell}")
        panels[0].set_title("demand, Mbit/s; grey: the cell sleeps")
        panels[-1].set_xlabel("time, h")
        return save(drawn, folder / "episode.png")


def draw_twin(drawn: Any, twin: Any) -> None:
    """Draw the demand of the last interval onto an empty figure."""
    axes = drawn.add_subplot()
    axes.bar(range(len(twin.demand_mbps)), twin.demand_mbps, color=ACCENT)
    axes.set_xlabel("cell")
    axes.set_ylabel("demand, Mbit/s")
