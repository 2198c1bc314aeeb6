"""One episode of training over a WAN from its event log: who trains, who joins, what happens."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from edgesim.plots.log import Log, read_headline, read_log
from edgesim.plots.style import ACCENT, COLOURS, GREY, INK, figure, save

__all__ = ["draw", "joining"]

_MARKS = {"leave": COLOURS[1], "crash": COLOURS[1], "disconnect": GREY, "connect": GREY}


def draw(folder: Path) -> Path:
    """Draw ``episode.png`` from the folder's ``events.parquet``; returns its path."""
    log = read_log(folder)
    with figure(9.0, 6.0) as drawn:
        drawn.suptitle(read_headline(folder), x=0.01, ha="left")
        above, below = drawn.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        _draw_joining(above, log)
        _draw_training(below, log)
        below.set_xlabel("time, s")
        return save(drawn, folder / "episode.png")


def joining(log: Log) -> list[tuple[int, float, float, float]]:
    """Of each institution that asked: who, when, when it had the state, and when it trained.

    Times that are not told of are NaN.
    """
    found: list[tuple[int, float, float, float]] = []
    open_rows: dict[int, int] = {}
    for time_s, event, who in zip(log["time_s"], log["event"], log["institution"], strict=True):
        if event == "ask":
            open_rows[int(who)] = len(found)
            found.append((int(who), float(time_s), np.nan, np.nan))
        elif event == "pulled":
            row = found[open_rows[int(who)]]
            found[open_rows[int(who)]] = (*row[:2], float(time_s), np.nan)
        elif event == "join":
            row = found[open_rows.pop(int(who))]
            found[len(found) - 1 if row is found[-1] else found.index(row)] = (
                *row[:3],
                float(time_s),
            )
    return found


def _draw_joining(axes: Axes, log: Log) -> None:
    end_s = float(log["time_s"].max(initial=0.0))
    for place, (_, asked_s, pulled_s, joined_s) in enumerate(joining(log)):
        last_s = end_s if np.isnan(joined_s) else joined_s
        has_s = last_s if np.isnan(pulled_s) else pulled_s
        axes.barh(place, has_s - asked_s, left=asked_s, color=ACCENT, height=0.6)
        axes.barh(place, last_s - has_s, left=has_s, color=COLOURS[1], height=0.6)
    rows = joining(log)
    axes.set_yticks(range(len(rows)), [f"{row[0]}" for row in rows], fontsize=8)
    axes.set_ylabel("institution")
    axes.set_title("Joining: until the state is there (blue), and until the first step")
    axes.grid(axis="x", color=GREY, alpha=0.25)


def _draw_training(axes: Axes, log: Log) -> None:
    events = log["event"]
    gone = (events == "handled") & np.isin(log["what"], ("leave", "crash"))
    changes = (events == "join").astype(float) - gone
    axes.step(log["time_s"], np.cumsum(changes), where="post", color=INK)
    for event, colour in _MARKS.items():
        for time_s in log["time_s"][events == event]:
            axes.axvline(time_s, ymax=0.06, color=colour, linewidth=1.5)
    axes.set_title("Institutions that train, beside those at first; red: leaves, grey: links")
    axes.set_ylabel("institutions")
    axes.grid(axis="y", color=GREY, alpha=0.25)
