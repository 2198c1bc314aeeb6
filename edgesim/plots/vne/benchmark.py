"""Acceptance of virtual networks beside what was published: reads a CSV file."""

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from edgesim.plots.style import ACCENT, GREY, INK, MUTED, figure, save_both
from edgesim.plots.tables import read

__all__ = ["draw"]

_TITLES = {
    "vne_wx100": "WX100",
    "vne_geant": "GEANT",
    "vne_brain": "BRAIN",
    "vne_latency": "WX100, latency",
}
_COLOURS = {"policy": ACCENT, "bound": MUTED}
_PUBLISHED = "#D55E00"


def draw(folder: Path) -> Path:
    """Draw ``figure.png`` and ``figure.svg`` from ``benchmark.csv``.

    Bars are measured, with their 95 % intervals; diamonds are published.
    """
    rows = read(folder, "benchmark")
    scenarios = list(dict.fromkeys(row["scenario"] for row in rows))
    names = list(dict.fromkeys(row["name"] for row in rows))
    names.sort(key=lambda name: _place(rows, name))
    with figure(10.0, 1.4 + 0.32 * len(names)) as drawn:
        panels = drawn.subplots(1, len(scenarios), squeeze=False, sharey=True)[0]
        for axes, scenario in zip(panels, scenarios, strict=True):
            own = {row["name"]: row for row in rows if row["scenario"] == scenario}
            for place, name in enumerate(names):
                if name in own:
                    _row(axes, place, own[name])
            axes.set_title(_TITLES.get(scenario, scenario))
            axes.set_xlim(0, 1.12)
            axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
            axes.grid(axis="x", color=GREY, alpha=0.25)
        panels[0].set_yticks(range(len(names)), names)
        panels[0].plot([], [], "D", color=_PUBLISHED, markersize=6, label="published")
        panels[0].legend(loc="lower left", bbox_to_anchor=(-0.6, -0.16), frameon=False, fontsize=9)
        drawn.supxlabel("accepted of the virtual networks that arrived (RAC)")
        return save_both(drawn, folder)


def _place(rows: list[dict[str, Any]], name: str) -> float:
    """Where a name stands, from below: by what it reaches in the first scenario that has it."""
    row = next(row for row in rows if row["name"] == name)
    if row["kind"] == "bound":
        return float("inf")
    return float(row["rac"] if row["rac"] is not None else row["published_rac"])


def _row(axes: Axes, place: int, row: dict[str, Any]) -> None:
    if row["rac"] is not None:
        axes.barh(place, row["rac"], color=_COLOURS.get(row["kind"], ACCENT), height=0.7)
        axes.plot([row["rac_low"], row["rac_high"]], [place] * 2, color=INK)
        axes.annotate(
            f"{100 * row['rac']:.1f}",
            (0.02, place),
            va="center",
            fontsize=9,
            color="white",
        )
    if row["published_rac"] is not None:
        axes.plot(row["published_rac"], place, "D", color=_PUBLISHED, markersize=6)
        axes.annotate(
            f"{100 * row['published_rac']:.1f}",
            (row["published_rac"], place),
            xytext=(7, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=_PUBLISHED,
        )
