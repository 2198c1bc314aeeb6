"""Figures on training over a WAN: each reads the CSV file of its recipe."""

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator, ScalarFormatter

from edgesim.plots.style import ACCENT, COLOURS, GREY, MARKS, figure, save_both
from edgesim.plots.tables import read

__all__ = ["draw_events", "draw_idle", "draw_optimality", "draw_scale_out"]

Rows = list[dict[str, Any]]


def draw_scale_out(folder: Path) -> Path:
    """Delay of one that joins against the size, a panel a map, a line a mechanism."""
    rows = read(folder, "scale_out")
    maps = list(dict.fromkeys(row["map"] for row in rows))
    with figure(10.0, 4.0) as drawn:
        panels = drawn.subplots(1, len(maps), squeeze=False, sharey=True)[0]
        for axes, name in zip(panels, maps, strict=True):
            own = [row for row in rows if row["map"] == name]
            _lines(axes, own, "nodes", "delay_s", "mechanism")
            axes.set(title=name, xscale="log", yscale="log", xlabel="institutions that train")
            _sizes(axes, own)
            for numbers in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
                numbers(ScalarFormatter())
        panels[0].set_ylabel("scale-out delay, s")
        panels[-1].legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
        return save_both(drawn, folder)


def draw_events(folder: Path) -> Path:
    """Time in which events are handled, against the longest round trip."""
    rows = read(folder, "events")
    with figure(7.0, 4.2) as drawn:
        axes = drawn.subplots()
        _lines(axes, rows, "longest_trip_ms", "handled_ms", "event")
        axes.axhline(20.0, color=GREY, linestyle="--", linewidth=1)
        axes.annotate("published: 20 ms", (rows[0]["longest_trip_ms"], 21.0), color=GREY)
        axes.set(
            xscale="log",
            yscale="log",
            xlabel="longest round trip between two institutions, ms",
            ylabel="handled in, ms",
        )
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(ScalarFormatter())
            axis.set_minor_formatter(ScalarFormatter())
        axes.legend(frameon=False)
        return save_both(drawn, folder)


def draw_idle(folder: Path) -> Path:
    """Idle time a node and hour against the size."""
    rows = read(folder, "idle")
    with figure(7.0, 4.2) as drawn:
        axes = drawn.subplots()
        _lines(axes, rows, "nodes", "idle_s", "policy")
        axes.set(
            xscale="log",
            yscale="log",
            xlabel="institutions that train at first",
            ylabel="idle time a node and hour, s",
        )
        _sizes(axes, rows)
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_major_formatter(ScalarFormatter())
        axes.yaxis.set_minor_locator(NullLocator())
        axes.legend(frameon=False)
        return save_both(drawn, folder)


def draw_optimality(folder: Path) -> Path:
    """Time of a pull over the fluid's, bars by case and method."""
    rows = read(folder, "optimality")
    cases = list(dict.fromkeys(row["case"] for row in rows))
    methods = list(dict.fromkeys(row["method"] for row in rows))
    with figure(9.0, 4.0) as drawn:
        axes = drawn.subplots()
        width = 0.8 / len(methods)
        for number, method in enumerate(methods):
            own = [row for row in rows if row["method"] == method]
            places = [cases.index(row["case"]) + (number - 1.5) * width for row in own]
            values = [row["over_fluid"] for row in own]
            errors = [
                [row["over_fluid"] - row["over_fluid_low"] for row in own],
                [row["over_fluid_high"] - row["over_fluid"] for row in own],
            ]
            colour = (ACCENT, *COLOURS)[number]
            axes.bar(places, values, width, yerr=errors, color=colour, label=method)
        axes.axhline(1.0, color=GREY, linewidth=1)
        axes.set_xticks(range(len(cases)), cases)
        axes.set_ylabel("time of a pull over the fluid's")
        axes.legend(frameon=False, ncols=2)
        return save_both(drawn, folder)


def _lines(axes: Axes, rows: Rows, x: str, y: str, by: str) -> None:
    """A line with its interval for each name."""
    names = list(dict.fromkeys(row[by] for row in rows))
    for number, name in enumerate(names):
        own = sorted((row for row in rows if row[by] == name), key=lambda row: float(row[x]))
        at = [row[x] for row in own]
        colour = (ACCENT, *COLOURS)[number]
        axes.fill_between(
            at,
            [row[f"{y}_low"] for row in own],
            [row[f"{y}_high"] for row in own],
            color=colour,
            alpha=0.2,
            linewidth=0,
        )
        axes.plot(at, [row[y] for row in own], f"-{MARKS[number]}", color=colour, label=name)
    axes.grid(color=GREY, alpha=0.25)


def _sizes(axes: Axes, rows: Rows) -> None:
    sizes = sorted({int(row["nodes"]) for row in rows})
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.xaxis.set_minor_locator(NullLocator())
