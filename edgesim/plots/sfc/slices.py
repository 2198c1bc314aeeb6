"""What each slice gets of each policy: reads a CSV file."""

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from edgesim.plots.policies import colour_of
from edgesim.plots.style import GREY, figure, save_both
from edgesim.plots.tables import read

__all__ = ["draw"]

_NAMES = {"embb": "eMBB", "urllc": "URLLC", "mmtc": "mMTC"}


def draw(folder: Path) -> Path:
    """Draw ``figure.png`` and ``figure.svg`` from ``slices.csv``."""
    rows = read(folder, "slices")
    slices = list(dict.fromkeys(row["slice"] for row in rows))
    policies = list(dict.fromkeys(row["name"] for row in rows))
    with figure(10.0, 1.6 + 0.75 * len(policies)) as drawn:
        panels = drawn.subplots(2, len(slices), squeeze=False, sharey=True, sharex="row")
        for column, part in enumerate(slices):
            own = [row for row in rows if row["slice"] == part]
            _bars(panels[0, column], own, "qoe", "{:.2f}")
            _bars(panels[1, column], own, "rejected", "{:.1%}")
            panels[0, column].set_title(_NAMES.get(part, part))
            panels[0, column].set_xlabel("QoE of a request")
            panels[1, column].set_xlabel("rejected requests")
            panels[1, column].xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        return save_both(drawn, folder)


def _bars(axes: Axes, rows: list[dict[str, Any]], metric: str, form: str) -> None:
    """The order of the table from below, with the 95 % interval and the mean."""
    for place, row in enumerate(rows):
        axes.barh(place, row[metric], color=colour_of(row["name"], row["kind"]), height=0.7)
        axes.plot([row[f"{metric}_low"], row[f"{metric}_high"]], [place] * 2, color="black")
        axes.annotate(
            form.format(row[metric]),
            (max(row[metric], row[f"{metric}_high"], 0.0), place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
        )
    axes.set_yticks(range(len(rows)), [row["name"] for row in rows])
    axes.axvline(0, color=GREY, linewidth=1)
    axes.margins(x=0.22)
