"""One experiment of federated learning from its log: who trained when, how long rounds took."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from edgesim.plots.log import Log, read_headline, read_log
from edgesim.plots.style import ACCENT, COLOURS, GREY, figure, save

__all__ = ["draw", "durations"]

DROPPED = COLOURS[1]


def draw(folder: Path) -> Path:
    """Draw ``episode.png`` from the folder's ``events.parquet``; returns its path."""
    log = read_log(folder)
    with figure(9.0, 6.0) as drawn:
        drawn.suptitle(read_headline(folder), x=0.01, ha="left")
        above, below = drawn.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        _draw_devices(above, log)
        _draw_rounds(below, log)
        below.set_xlabel("time, s")
        return save(drawn, folder / "episode.png")


def durations(log: Log) -> tuple[list[float], list[float]]:
    """When each round began, s, and how long it took, s; rounds that are over."""
    begun = {
        int(round_): float(time_s)
        for time_s, event, round_ in zip(log["time_s"], log["event"], log["round"], strict=True)
        if event == "begin"
    }
    over = [
        (begun[int(round_)], float(time_s) - begun[int(round_)])
        for time_s, event, round_ in zip(log["time_s"], log["event"], log["round"], strict=True)
        if event == "over"
    ]
    return [begin for begin, _ in over], [length for _, length in over]


def _draw_devices(axes: Axes, log: Log) -> None:
    for event, colour, label in (("trained", ACCENT, "in the mean"), ("dropped", DROPPED, "not")):
        there = log["event"] == event
        axes.plot(
            log["value"][there],
            log["node"][there],
            ".",
            color=colour,
            markersize=3,
            label=f"{label} ({int(there.sum()):,})",
        )
    axes.set_ylabel("device")
    axes.set_title("Devices, when their part of a round was over")
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False)


def _draw_rounds(axes: Axes, log: Log) -> None:
    begun, lengths = durations(log)
    axes.bar(begun, lengths, np.maximum(lengths, 1e-9), align="edge", color=ACCENT, alpha=0.7)
    axes.set_ylabel("length, s")
    axes.set_title("Rounds")
    axes.grid(axis="y", color=GREY, alpha=0.25)
