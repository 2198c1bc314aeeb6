"""One episode of a ring that serves, from its event log: where requests went, which plan ran."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from edgesim.plots.log import Log, read_headline, read_log
from edgesim.plots.style import ACCENT, COLOURS, GREY, figure, save

__all__ = ["draw"]

_WAYS = {"ring": ACCENT, "small model": COLOURS[1], "refuse": COLOURS[2]}


def draw(folder: Path) -> Path:
    """Draw ``episode.png`` from the folder's ``events.parquet``; returns its path."""
    log = read_log(folder)
    with figure(9.0, 5.6) as drawn:
        drawn.suptitle(read_headline(folder), x=0.01, ha="left")
        above, below = drawn.subplots(2, 1, sharex=True)
        _draw_requests(above, log)
        _draw_systems(below, log)
        below.set_xlabel("time, s")
        return save(drawn, folder / "episode.png")


def _draw_requests(axes: Axes, log: Log) -> None:
    for way, colour in _WAYS.items():
        times_s = log["time_s"][log["event"] == way]
        axes.step(
            [0.0, *times_s],
            np.arange(len(times_s) + 1),
            where="post",
            color=colour,
            label=f"{way} ({len(times_s):,})",
        )
    axes.set_ylabel("requests so far")
    axes.set_title("Where requests went")
    axes.grid(axis="y", color=GREY, alpha=0.25)
    axes.legend(loc="upper left", frameon=False)


def _draw_systems(axes: Axes, log: Log) -> None:
    axes.step(log["time_s"], log["system"], where="post", color=ACCENT)
    axes.set_ylabel("number of the plan")
    axes.set_title("The plan that runs")
    axes.grid(axis="y", color=GREY, alpha=0.25)
