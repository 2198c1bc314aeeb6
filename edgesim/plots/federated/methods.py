"""Accuracy over rounds, seconds and bytes, of all methods: reads CSV files."""

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from edgesim.plots.style import ACCENT, COLOURS, GREY, figure, save_both
from edgesim.plots.tables import read

__all__ = ["draw"]

_PANELS = {"round": "round", "time_s": "time, s", "server_mb": "MB over the cloud's own link"}
_ABLATIONS = ("FedGS, random a round", "FedGS, greedy + swaps", "FedGSP, random groups", "FedProx")
_ABOUT = "FedGS"


def draw(folder: Path) -> Path:
    """Draw ``figure.png`` and ``figure.svg`` from ``curves.csv``; ablations stand in the tables."""
    rows = read(folder, "curves")
    names = [name for name in dict.fromkeys(row["name"] for row in rows) if name not in _ABLATIONS]
    with figure(11.0, 4.6) as drawn:
        panels = drawn.subplots(1, len(_PANELS), sharey=True)
        for axes, (key, label) in zip(panels, _PANELS.items(), strict=True):
            for number, name in enumerate(names):
                own = [row for row in rows if row["name"] == name]
                _line(axes, number, name, own, key)
            axes.set_xlabel(label)
            axes.grid(color=GREY, alpha=0.25)
            if key != "round":
                axes.set_xscale("log")
        panels[0].set_ylabel("accuracy on test images")
        handles, labels = panels[0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
        return save_both(drawn, folder)


def _line(axes: Axes, number: int, name: str, own: list[dict[str, Any]], key: str) -> None:
    about = name == _ABOUT
    shown = own if key == "round" else own[1:]  # nothing has been sent before the first round
    axes.plot(
        [row[key] for row in shown],
        [row["accuracy"] for row in shown],
        color=ACCENT if about else COLOURS[number % len(COLOURS)],
        linewidth=2.4 if about else 1.3,
        linestyle="--" if number >= len(COLOURS) else "-",
        label=name,
    )
