"""QoE of the authors' service chains against load: reads a CSV file."""

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullLocator

from edgesim.plots.policies import colour_of, mark_of
from edgesim.plots.style import GREY, figure, save_both
from edgesim.plots.sweep import sweep_panel
from edgesim.plots.tables import read

__all__ = ["draw"]

_FAR = "random"  # some four below the bound at any load


def draw(folder: Path) -> Path:
    """Draw ``figure.png`` and ``figure.svg`` from ``load.csv``.

    Left the QoE, right what lacks to the bound, on which policies near it can be told apart.
    """
    rows = read(folder, "load")
    best = max(row["qoe"] for row in rows)
    worst = min(row["qoe"] for row in rows if row["name"] in ("violent", "greedy"))
    with figure(10.0, 5.0) as drawn:
        left, right = drawn.subplots(1, 2)
        limits = (worst - 0.25 * (best - worst), best + 0.05 * (best - worst))
        sweep_panel(left, rows, "load", "qoe", limits=limits, joined=False)
        left.set_ylabel("QoE of a request, mean and 95 % interval")
        _shortfall(right, rows)
        for axes in (left, right):
            _times(axes, sorted({row["load"] for row in rows}))
        return save_both(drawn, folder)


def _shortfall(axes: Axes, rows: list[dict[str, Any]]) -> None:
    bound = {row["load"]: row["qoe"] for row in rows if row["kind"] == "bound"}
    shown = [row for row in rows if row["kind"] != "bound" and row["name"] != _FAR]
    for name in dict.fromkeys(row["name"] for row in shown):
        own = sorted((row for row in rows if row["name"] == name), key=lambda row: row["load"])
        agent = own[0]["kind"] == "agent"
        axes.plot(
            [row["load"] for row in own],
            [bound[row["load"]] - row["qoe"] for row in own],
            linestyle="" if agent else "-",
            marker=mark_of(name, own[0]["kind"]),
            markersize=6 if agent else 4.5,
            color=colour_of(name, own[0]["kind"]),
            linewidth=2.2 if agent else 1.6,
            zorder=3 if agent else 2,
        )
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda lost, _: f"{lost:g}"))
    axes.set_ylabel("QoE short of the bound")
    axes.grid(axis="y", color=GREY, alpha=0.25)


def _times(axes: Axes, loads: list[float]) -> None:
    axes.set_xscale("log")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(loads)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda load, _: f"{load:g}×"))
    axes.set_xlabel("holding time, times the authors'")
