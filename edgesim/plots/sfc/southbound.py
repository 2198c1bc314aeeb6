"""Southbound messages and bytes of measuring against its period: reads a CSV file."""

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullLocator

from edgesim.plots.style import ACCENT, COLOURS, GREY, INK, figure, save_both
from edgesim.plots.tables import read

__all__ = ["draw"]

_LINES = {
    ("separate", "measuring"): ("separate probing", COLOURS[1], "s-"),
    ("piggyback", "measuring"): ("piggyback", ACCENT, "o-"),
    ("discovery", "measuring"): ("discovery alone", INK, "--"),
    ("piggyback", "rules"): ("rules of the chains", GREY, "-"),
    ("piggyback", "echoes"): ("echoes", GREY, ":"),
}


def draw(folder: Path) -> Path:
    """Draw ``figure.png`` and ``figure.svg`` from ``southbound.csv``."""
    rows = read(folder, "southbound")
    with figure(10.0, 4.8) as drawn:
        left, right = drawn.subplots(1, 2)
        _panel(left, rows, "messages_per_s", 1.0, "southbound messages a second")
        _panel(right, rows, "bytes_per_s", 0.001, "southbound kB a second")
        lines, names = left.get_legend_handles_labels()
        drawn.legend(lines, names, loc="outside upper center", ncols=5, frameon=False)
        return save_both(drawn, folder)


def _panel(axes: Axes, rows: list[dict[str, Any]], column: str, scale: float, label: str) -> None:
    periods = sorted({row["period_s"] for row in rows})
    for (mode, purpose), (name, colour, style) in _LINES.items():
        own = sorted(
            (row["period_s"], scale * row[column])
            for row in rows
            if (row["mode"], row["purpose"]) == (mode, purpose)
        )
        axes.plot(*zip(*own, strict=True), style, color=colour, label=name, markersize=5)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(periods)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.grid(axis="y", color=GREY, alpha=0.25)
    axes.set_xlabel("period of the collector, s")
    axes.set_ylabel(label)
