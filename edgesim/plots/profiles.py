"""Performance profiles of policies over worlds: reads profiles.csv."""

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from edgesim.plots.style import ACCENT, COLOURS, GREY, MARKS, figure, save
from edgesim.plots.tables import read

__all__ = ["draw"]


def draw(folder: Path) -> Path:
    """Draw ``profiles.png`` of a folder from its ``profiles.csv``, one panel a scenario."""
    rows = read(folder, "profiles")
    scenarios = list(dict.fromkeys(row["scenario"] for row in rows))
    with figure(6.2 * len(scenarios) + 0.4, 4.2) as drawn:
        panels = drawn.subplots(1, len(scenarios), squeeze=False).ravel()
        for axes, scenario in zip(panels, scenarios, strict=True):
            _panel(axes, [row for row in rows if row["scenario"] == scenario])
            axes.set_title(scenario)
        return save(drawn, folder / "profiles.png")


def _panel(axes: Axes, rows: list[dict[str, Any]]) -> None:
    names = list(dict.fromkeys(row["policy"] for row in rows))
    for place, name in enumerate(names):
        own = [row for row in rows if row["policy"] == name]
        colour = (ACCENT, *COLOURS)[place % (1 + len(COLOURS))]
        at = [row["shortfall"] for row in own]
        low, high = ([row[end] for row in own] for end in ("low", "high"))
        axes.fill_between(at, low, high, step="post", color=colour, alpha=0.12, linewidth=0)
        axes.step(
            at,
            [row["share"] for row in own],
            where="post",
            color=colour,
            marker=MARKS[place % len(MARKS)],
            markevery=(3 + 3 * place, 15),
            linewidth=1.8,
            label=name,
        )
    axes.set_xlim(0.0, max(row["shortfall"] for row in rows))
    axes.set_ylim(0.0, 1.02)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_xlabel("behind the best policy of the world by at most")
    axes.set_ylabel("share of the worlds, 95 % interval")
    axes.grid(color=GREY, alpha=0.25)
    axes.legend(frameon=False, loc="lower right")
