"""Policies against a quantity that was swept: a line each, with its interval and its name."""

from typing import Any

from matplotlib.axes import Axes

from edgesim.plots.curves import End, label_ends
from edgesim.plots.policies import colour_of, mark_of

__all__ = ["sweep_panel"]


def sweep_panel(
    axes: Axes,
    rows: list[dict[str, Any]],
    x: str,
    metric: str,
    *,
    limits: tuple[float, float],
    labels: bool = True,
    joined: bool = True,
) -> None:
    """Draw a metric with its 95 % interval against ``x``, a line a name.

    Args:
        axes: the panel.
        rows: with ``name``, ``kind``, ``x`` and ``metric``, ``<metric>_low``, ``<metric>_high``.
        x: column of the swept quantity.
        metric: column of what is shown.
        limits: of the y axis; names of lines that end outside stand at its edge.
        labels: name the lines at their right end.
        joined: draw agents as lines too; False where each place has an agent of its own.
    """
    ends: list[End] = []
    for name in dict.fromkeys(row["name"] for row in rows):
        own = sorted((row for row in rows if row["name"] == name), key=lambda row: row[x])
        kind = own[0]["kind"]
        colour, mark, places = colour_of(name, kind), mark_of(name, kind), [row[x] for row in own]
        low = [row[f"{metric}_low"] for row in own]
        high = [row[f"{metric}_high"] for row in own]
        mean = [row[metric] for row in own]
        if kind == "agent" and not joined:
            axes.vlines(places, low, high, color=colour, linewidth=2.2, alpha=0.6, zorder=3)
            axes.plot(places, mean, "o", color=colour, zorder=3)
        else:
            axes.fill_between(places, low, high, color=colour, alpha=0.15, linewidth=0)
            agent = kind == "agent"
            axes.plot(
                places,
                mean,
                linestyle="--" if kind == "bound" else "-",
                marker=mark,
                markersize=6 if agent else 4.5,
                color=colour,
                linewidth=2.2 if agent else 1.6,
                zorder=3 if agent else 2,
            )
        ends.append((own[-1][metric], name, colour, mark))
    axes.set_ylim(limits)
    if labels:
        label_ends(axes, ends)
