"""Chains under attack, damage against QoE as damage's price grows: reads CSV files."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullLocator

from edgesim.plots.style import ACCENT, COLOURS, GREY, INK, MARKS, figure, save_both
from edgesim.plots.tables import read

__all__ = ["draw"]

Row = dict[str, Any]


def draw(folder: Path) -> Path:
    """Draw ``figure.png`` and ``figure.svg`` from ``curves.csv``, ``bound.csv``, ``points.csv`` and
    ``differences.csv``.

    Left: what is served against what passes, both at a price of 1; up and left is better. Right:
    the return a request less load_aware's on the same episodes, against the price.
    """
    curves, bound = read(folder, "curves"), read(folder, "bound")
    points, differences = read(folder, "points"), read(folder, "differences")
    names = list(dict.fromkeys(row["name"] for row in curves))
    looks = {name: _look(name, number) for number, name in enumerate(names)}
    with figure(11.0, 5.2) as drawn:
        left, right = drawn.subplots(1, 2, width_ratios=(1.25, 1))
        _plane(left, curves, points, bound, looks)
        looks["bound"] = (INK, "")
        _paired(right, differences, looks)
        return save_both(drawn, folder)


def _look(name: str, number: int) -> tuple[str, str]:
    """Colour and mark of a curve."""
    if name == "least_squares":
        return ACCENT, MARKS[0]
    return COLOURS[number % len(COLOURS)], MARKS[1 + number % (len(MARKS) - 1)]


def _plane(
    axes: Axes, curves: list[Row], points: list[Row], bound: list[Row], looks: dict[str, Any]
) -> None:
    least = 0.5 * min(row["passed"] for row in curves)
    most = 1.6 * max(row["passed"] for row in curves)
    x = np.geomspace(least, most, 200)
    lines = [row["worth"] + row["price"] * x for row in bound]
    axes.plot(x, np.min(lines, axis=0), "--", color=INK, linewidth=1.2, label="bound")
    for row in points:
        axes.plot(row["passed"], row["served"], "x", color=GREY, markersize=7)
    axes.plot([], [], "x", color=GREY, label="one operating point, price 1")
    for name, (colour, mark) in looks.items():
        own = [row for row in curves if row["name"] == name]
        axes.errorbar(
            [row["passed"] for row in own],
            [row["served"] for row in own],
            yerr=[_ends(row, "served")[0] for row in own],
            fmt=f"{mark}-",
            color=colour,
            markersize=5,
            linewidth=1.6,
            elinewidth=0.5,
            label=name,
        )
    axes.set_xscale("log")
    axes.set_xlim(least, most)
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda lost, _: f"{lost:g}"))
    axes.set_xlabel("damage a request, at a price of 1")
    axes.set_ylabel("QoE of a request, less false alarms; 95 % interval")
    axes.legend(fontsize=7.5, frameon=False, loc="center left")


def _paired(axes: Axes, rows: list[Row], looks: dict[str, Any]) -> None:
    axes.axhline(0, color=GREY, linewidth=1)
    for name in dict.fromkeys(row["name"] for row in rows):
        own = [row for row in rows if row["name"] == name]
        colour, mark = looks[name]
        prices = [row["price"] for row in own]
        axes.fill_between(
            prices,
            [row["less_low"] for row in own],
            [row["less_high"] for row in own],
            color=colour,
            alpha=0.15,
            linewidth=0,
        )
        line = "--" if name == "bound" else "-"
        axes.plot(prices, [row["less"] for row in own], f"{mark}{line}", color=colour, label=name)
    axes.set_xscale("log")
    # Differences near nothing and of some units of QoE are both to be seen.
    axes.set_yscale("symlog", linthresh=0.1)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda more, _: f"{more:+g}" if more else "0"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(sorted({row["price"] for row in rows}))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda price, _: f"{price:g}"))
    axes.set_xlabel("price of damage, times the preset's")
    axes.set_ylabel("return a request less load_aware's, paired, 95 %")


def _ends(row: Row, name: str) -> tuple[float, float]:
    """Half of the interval of a column, as drawn."""
    half = (row[f"{name}_high"] - row[f"{name}_low"]) / 2
    return half, half
