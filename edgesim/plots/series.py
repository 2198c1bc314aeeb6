"""Series over time of one episode: how full each thing was, and how long it took."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from edgesim.plots.style import COLOURS, GREY, INK, figure, save

__all__ = ["draw"]

_MOST = 16  # things of a kind that a panel names: the fullest
_LINES = 4  # of which latencies are drawn
_WORDS = {
    "link": "links",
    "slice": "slices",
    "provider": "providers",
    "cell": "cells",
    "host": "hosts",
    "node": "nodes",
}

Floats = npt.NDArray[np.float64]


def draw(folder: Path) -> Path:
    """Draw ``series.png`` from the folder's ``series.parquet``; returns its path.

    A row of panels a kind of things: how full they are, the fullest on top, and the latency of the
    fullest, the 95th percentile with a band from the median to the 99th. Lines mark stated events,
    where ``events.parquet`` tells of some.
    """
    table = pq.read_table(folder / "series.parquet")
    columns = {name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names}
    kinds = list(dict.fromkeys(columns["kind"].tolist()))
    marks = _marks(folder)
    parts = [_Part(columns, kind) for kind in kinds]
    heights = [1.2 + 0.17 * min(len(part.names), _MOST) for part in parts]
    with figure(12.0, sum(heights) + 0.4) as drawn:
        panels = drawn.subplots(
            len(parts), 2, squeeze=False, sharex=True, height_ratios=heights, width_ratios=(3, 2)
        )
        for part, (left, right) in zip(parts, panels, strict=True):
            _draw_load(drawn, left, part)
            _draw_latency(right, part)
            for axes in (left, right):
                for time_s, _ in marks:
                    axes.axvline(time_s, color=INK, linewidth=0.8, linestyle=":")
        for axes in panels[-1]:
            axes.set_xlabel("time, s")
        if marks:
            told = "; ".join(f"{time_s:g} s: {what}" for time_s, what in marks[:4])
            more = "" if len(marks) <= 4 else f"; {len(marks) - 4} more"
            drawn.suptitle(f"dotted: {told}{more}", fontsize=9, x=0.01, ha="left")
        return save(drawn, folder / "series.png")


class _Part:
    """The series of one kind of things, shape (rows, things) each."""

    def __init__(self, columns: dict[str, npt.NDArray[Any]], kind: str) -> None:
        own = columns["kind"] == kind
        self.kind = kind
        names = columns["name"][own].tolist()
        count = len(dict.fromkeys(names))
        self.times: Floats = columns["time_s"][own][::count]
        self.end_s = float(self.times[-1] + columns["length_s"][own][0])
        figures = {
            name: column[own].astype(float).reshape(-1, count)
            for name, column in columns.items()
            if name not in ("time_s", "length_s", "kind", "name")
        }
        with np.errstate(invalid="ignore"):
            full = np.nan_to_num(np.nanmean(figures["load"], axis=0))
        order = np.argsort(-full, kind="stable")
        self.names = [names[place] for place in order]
        self.figures = {name: column[:, order] for name, column in figures.items()}


def _draw_load(drawn: Figure, axes: Axes, part: _Part) -> None:
    load = part.figures["load"][:, :_MOST].T
    share = part.kind != "slice"
    image = axes.imshow(
        load,
        aspect="auto",
        interpolation="nearest",
        cmap="YlOrRd",
        vmin=0.0,
        vmax=max(1.0, float(np.nanmax(load, initial=0.0))) if share else None,
        extent=(0.0, part.end_s, len(load) - 0.5, -0.5),
    )
    label = "in use" if share else "chains"
    style = PercentFormatter(1.0, decimals=0) if share else None
    drawn.colorbar(image, ax=axes, label=label, pad=0.01, format=style)
    axes.set_yticks(range(len(load)), part.names[: len(load)], fontsize=8)
    count = len(part.names)
    more = f": the {_MOST} fullest of {count}" if count > _MOST else ""
    axes.set_title(f"{_WORDS.get(part.kind, part.kind)}{more}", fontsize=10)


def _draw_latency(axes: Axes, part: _Part) -> None:
    p50, p95, p99 = (part.figures[f"latency_p{share}_s"] for share in (50, 95, 99))
    known = [k for k in range(len(part.names)) if not np.isnan(p95[:, k]).all()][:_LINES]
    if not known:
        axes.set_axis_off()
        return
    worst = float(np.nanmax(p99[:, known]))
    scale, unit = (1.0, "s") if worst >= 1 else (1000.0, "ms")
    middle = part.times + (part.end_s - part.times[-1]) / 2
    for colour, k in zip(COLOURS, known, strict=False):
        axes.fill_between(
            middle, p50[:, k] * scale, p99[:, k] * scale, color=colour, alpha=0.2, linewidth=0
        )
        axes.plot(middle, p95[:, k] * scale, color=colour, linewidth=1.2, label=part.names[k])
    axes.set_ylabel(f"latency, {unit}", fontsize=9)
    axes.set_ylim(0, 1.3 * worst * scale)  # room for the legend
    axes.grid(axis="y", color=GREY, alpha=0.25)
    axes.legend(fontsize=7, frameon=False, loc="upper left", ncols=2)
    axes.set_title("95th percentile; band: median to 99th", fontsize=9)


def _marks(folder: Path) -> list[tuple[float, str]]:
    """Stated events of the episode, each with its time."""
    path = folder / "events.parquet"
    if not path.is_file():
        return []
    table = pq.read_table(path)
    if "element" not in table.column_names:
        return []
    rows = table.select(["time_s", "event", "element"]).to_pylist()
    return [
        (row["time_s"], f"{row['element']} {row['event'].split(' ', 1)[-1]}")
        for row in rows
        if row["element"] is not None
    ]
