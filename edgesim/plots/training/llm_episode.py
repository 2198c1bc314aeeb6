"""One large model's training from its event log: the batch over time, changes and failures."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from edgesim.plots.log import Log, read_headline, read_log
from edgesim.plots.style import ACCENT, COLOURS, GREY, INK, figure, save

__all__ = ["draw"]


def draw(folder: Path) -> Path:
    """Draw ``episode.png`` from the folder's ``events.parquet``; returns its path."""
    log = read_log(folder)
    with figure(9.0, 5.0) as drawn:
        drawn.suptitle(read_headline(folder), x=0.01, ha="left")
        above, below = drawn.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        _draw_batches(above, log)
        _draw_costs(below, log)
        below.set_xlabel("time, h")
        return save(drawn, folder / "episode.png")


def _draw_batches(axes: Axes, log: Log) -> None:
    runs = log["event"] == "run"
    hours = np.append(log["time_s"][runs], log["time_s"].max(initial=0.0)) / 3600
    batches = log["batch"][runs].astype(float)
    axes.step(hours, np.append(batches, batches[-1:]), where="post", color=ACCENT)
    lost = log["time_s"][log["event"] == "lost"] / 3600
    for hour in lost:
        axes.axvline(hour, ymax=0.06, color=COLOURS[1], linewidth=2)
    axes.set_yscale("log", base=2)
    if len(batches):
        axes.set_ylim(batches.min() / 2, batches.max() * 2)
    axes.set_ylabel("sequences")
    axes.set_title("Global batch; marks below: nodes that are lost")
    axes.grid(color=GREY, alpha=0.25)


def _draw_costs(axes: Axes, log: Log) -> None:
    runs = log["event"] == "run"
    axes.step(
        log["time_s"][runs] / 3600,
        np.cumsum(log["value"][runs]) / 60,
        where="post",
        color=INK,
    )
    axes.set_title("Time that changes and restarts have taken")
    axes.set_ylabel("minutes")
    axes.grid(color=GREY, alpha=0.25)
