"""Map of the network with who serves whom under two policies: reads CSV files."""

from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.patheffects import withStroke

from edgesim.plots.style import GREY, INK, figure, save_both
from edgesim.plots.tables import read

__all__ = ["draw"]

_LINES = 300  # of the requests: more hide the network


def draw(folder: Path) -> Path:
    """Draw ``figure.png`` and ``figure.svg`` from ``sites``, ``links`` and ``requests.csv``."""
    sites, links, requests = (read(folder, name) for name in ("sites", "links", "requests"))
    policies = list(dict.fromkeys(row["policy"] for row in requests))
    qualities = [site["quality"] for site in sites]
    shades = Normalize(min(qualities), max(qualities))
    colours = ScalarMappable(shades, matplotlib.colormaps["viridis_r"])
    with figure(9.5, 6.2) as drawn:
        panels = drawn.subplots(1, len(policies), sharex=True, sharey=True, squeeze=False)[0]
        for axes, policy in zip(panels, policies, strict=True):
            own = [row for row in requests if row["policy"] == policy]
            _panel(axes, sites, links, own, colours)
            axes.set_title(policy)
            axes.set_xlabel("x, m")
        panels[0].set_ylabel("y, m")
        drawn.colorbar(
            colours,
            ax=list(panels),
            location="bottom",
            aspect=60,
            label="hidden quality of the provider, mean over the steps asked"
            " (area of a site: requests served)",
        )
        return save_both(drawn, folder)


def _panel(
    axes: Axes,
    sites: list[dict[str, Any]],
    links: list[dict[str, Any]],
    requests: list[dict[str, Any]],
    colours: ScalarMappable,
) -> None:
    place = {site["site"]: (site["x_m"], site["y_m"]) for site in sites}
    shade = {site["site"]: colours.to_rgba(site["quality"]) for site in sites}
    fibre = [(place[link["one"]], place[link["other"]]) for link in links]
    axes.add_collection(LineCollection(fibre, colors=GREY, linewidths=2.5, alpha=0.45, zorder=1))
    shown = requests[:: max(1, -(-len(requests) // _LINES))]
    ways = [((row["x_m"], row["y_m"]), place[row["provider"]]) for row in shown]
    tints = [shade[row["provider"]] for row in shown]
    axes.add_collection(LineCollection(ways, colors=tints, linewidths=0.7, alpha=0.45, zorder=2))
    axes.scatter(
        [row["x_m"] for row in shown], [row["y_m"] for row in shown], s=5, c=tints, zorder=3
    )
    for site, at in place.items():
        served = sum(row["provider"] == site for row in requests)
        axes.scatter(
            at[0],
            at[1],
            s=30 + 1500 * served / len(requests),
            color=shade[site],
            edgecolor=INK,
            linewidth=0.8,
            zorder=4,
        )
        axes.annotate(
            f"{site:.0f}",
            at,
            xytext=(6, 6),
            textcoords="offset points",
            fontsize=9,
            fontweight="bold",
            path_effects=[withStroke(linewidth=2.5, foreground="white")],
            zorder=5,
        )
    axes.set_aspect("equal")
