"""Return a request against the number of providers and against load: reads a CSV file."""

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator, PercentFormatter

from edgesim.plots.style import ACCENT, COLOURS, GREY, INK, MARKS, MUTED, figure, save_both
from edgesim.plots.tables import read

__all__ = ["draw"]

_AXES = {"providers": "providers", "load": "load, times the authors' arrival rate"}


def draw(folder: Path) -> Path:
    """Draw ``figure.png`` and ``figure.svg`` from ``scale.csv``: a column an axis."""
    rows = read(folder, "scale")
    names = list(dict.fromkeys(row["name"] for row in rows if row["axis"] == "load"))
    names.sort(key=lambda name: name != "bound")
    first = "maskable_ppo"
    others = [name for name in names if name not in ("bound", first)]
    looks = {name: (COLOURS[k], MARKS[k + 1]) for k, name in enumerate(others)}
    looks |= {"bound": (INK, ""), first: (ACCENT, "o")}
    with figure(9.0, 6.4) as drawn:
        panels = drawn.subplots(2, 2, sharex="col", sharey="row")
        for column, (axis, label) in enumerate(_AXES.items()):
            own = [row for row in rows if row["axis"] == axis]
            above, below = panels[:, column]
            _panel(above, own, names, looks, "paid")
            _panel(below, [row for row in own if row["name"] != "bound"], names, looks, "share")
            below.set_xlabel(label)
            below.set_xscale("log")
            ticks = sorted({row["at"] for row in own})
            below.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
            below.xaxis.set_minor_locator(NullLocator())
        _limit(panels[0, 0], [row["paid"] for row in rows])
        _limit(panels[1, 0], [row["share"] for row in rows])
        panels[1, 1].annotate(
            "lines that leave\ngo on downwards",
            (0.98, 0.97),
            xycoords="axes fraction",
            ha="right",
            va="top",
            fontsize=9,
            color=MUTED,
        )
        panels[0, 0].set_ylabel("return a request,\nmean and 95 % interval")
        panels[1, 0].set_ylabel("share of the bound")
        panels[1, 0].yaxis.set_major_formatter(PercentFormatter(1.0))
        handles, labels = panels[0, 1].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside upper center", ncols=4, frameon=False)
        return save_both(drawn, folder)


def _panel(
    axes: Axes,
    rows: list[dict[str, Any]],
    names: list[str],
    looks: dict[str, tuple[str, str]],
    metric: str,
) -> None:
    for name in names:
        own = sorted((row for row in rows if row["name"] == name), key=lambda row: row["at"])
        if not own:
            continue
        colour, mark = looks[name]
        at = [row["at"] for row in own]
        axes.plot(
            at,
            [row[metric] for row in own],
            color=colour,
            marker=mark,
            linestyle="--" if name == "bound" else "-",
            label=name,
        )
        if f"{metric}_low" in own[0] and name != "bound":
            low, high = ([row[f"{metric}_{end}"] for row in own] for end in ("low", "high"))
            axes.fill_between(at, low, high, color=colour, alpha=0.15, linewidth=0)
    axes.grid(color=GREY, alpha=0.25)


def _limit(axes: Axes, values: list[float]) -> None:
    """From a little below nothing: how far hopeless policies fall is not the question."""
    top = max(values)
    axes.set_ylim(max(min(values), -0.5 * top) - 0.03 * top, 1.05 * top)
