"""Published times of a token beside the twin's: reads a CSV file."""

from pathlib import Path
from typing import Any

from edgesim.plots.style import ACCENT, COLOURS, GREY, MUTED, figure, save_both
from edgesim.plots.tables import read

__all__ = ["draw"]

_SYSTEMS = {"llama.cpp": COLOURS[1], "prima.cpp": ACCENT}


def draw(folder: Path) -> Path:
    """Draw ``figure.png`` and ``figure.svg`` from ``published.csv``: the home cluster's rows.

    Circles are published, dots the twin's; squares are rows that fixed a constant.
    """
    rows = [row for row in read(folder, "published") if row["table"] == "home"]
    models = list(dict.fromkeys(row["model"] for row in rows))
    with figure(9.0, 1.6 + 0.36 * len(models)) as drawn:
        axes = drawn.subplots()
        for row in rows:
            if row["system"] in _SYSTEMS:
                _pair(axes, len(models) - 1 - models.index(row["model"]), row)
        axes.set_yticks(range(len(models)), models[::-1])
        axes.set_xscale("log")
        axes.set_xlabel("ms a token")
        axes.grid(axis="x", color=GREY, alpha=0.25)
        axes.set_title("Published (circles) and in the twin (dots; squares fixed a constant)")
        for system, colour in _SYSTEMS.items():
            axes.plot([], [], "o", color=colour, label=system)
        axes.legend(frameon=False, loc="upper right")
        return save_both(drawn, folder)


def _pair(axes: Any, place: int, row: dict[str, Any]) -> None:
    published, here = float(row["published_ms"]), float(row["here_ms"])
    colour = _SYSTEMS[row["system"]]
    axes.plot([published, here], [place, place], color=MUTED, linewidth=1, zorder=1)
    axes.plot(published, place, "o", markersize=9, markerfacecolor="none", color=colour)
    fixed = row["role"] != "held out"
    axes.plot(here, place, "s" if fixed else "o", markersize=5, color=colour)
