"""Maps of a network by mean load of its links and hosts: reads CSV files."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize

from edgesim.plots.style import GREY, INK, figure, save_both
from edgesim.plots.tables import read

__all__ = ["draw"]

_LINKS, _HOSTS = colormaps["YlOrRd"], colormaps["GnBu"]
_NAMED = 4  # hosts whose names stand beside them


def draw(folder: Path) -> Path:
    """Draw ``figure.png`` and ``figure.svg`` from ``nodes.csv`` and ``links.csv``."""
    nodes, links = read(folder, "nodes"), read(folder, "links")
    policies = list(dict.fromkeys(row["policy"] for row in nodes))
    scales = (_scale(links), _scale(nodes))
    with figure(5.0 * len(policies), 5.8) as drawn:
        panels = drawn.subplots(1, len(policies), squeeze=False, sharex=True, sharey=True)[0]
        for axes, policy in zip(panels, policies, strict=True):
            own_nodes = [row for row in nodes if row["policy"] == policy]
            own_links = [row for row in links if row["policy"] == policy]
            _map(axes, own_nodes, own_links, *scales)
            axes.set_title(policy)
        panels[0].set_ylabel(_units(nodes)[1])
        bars = (
            (scales[0], _LINKS, "mean load of a cable's fuller direction"),
            (scales[1], _HOSTS, "mean share of a host's processing that chains hold"),
        )
        for (scale, colours, label), axes in zip(bars, (panels[0], panels[-1]), strict=True):
            drawn.colorbar(
                ScalarMappable(scale, colours),
                ax=axes,
                location="bottom",
                label=label,
                format="{x:.0%}",
                aspect=30,
            )
        return save_both(drawn, folder)


def _scale(rows: list[dict[str, Any]]) -> Normalize:
    return Normalize(0, max(row["load"] for row in rows if row["load"] is not None))


def _units(nodes: list[dict[str, Any]]) -> tuple[str, str]:
    if nodes[0]["positions"] == "lonlat":
        return "longitude, degrees", "latitude, degrees"
    return "x, km", "y, km"


def _map(
    axes: Axes,
    nodes: list[dict[str, Any]],
    links: list[dict[str, Any]],
    link_scale: Normalize,
    host_scale: Normalize,
) -> None:
    places = {row["node"]: (row["x"], row["y"]) for row in nodes}
    load = np.array([row["load"] for row in links])
    # Full links on top, and on a dark line, so that pale ones are seen on white.
    order = np.argsort(load)
    lines = [(places[links[k]["source"]], places[links[k]["target"]]) for k in order]
    width = 1.5 + 3.5 * link_scale(load[order])
    axes.add_collection(LineCollection(lines, colors=GREY, linewidths=width + 1.0, zorder=1))
    axes.add_collection(
        LineCollection(lines, colors=_LINKS(link_scale(load[order])), linewidths=width, zorder=2)
    )
    switches = [row for row in nodes if row["load"] is None]
    axes.scatter(
        [row["x"] for row in switches], [row["y"] for row in switches], s=10, color=INK, zorder=3
    )
    hosts = [row for row in nodes if row["load"] is not None]
    axes.scatter(
        [row["x"] for row in hosts],
        [row["y"] for row in hosts],
        s=75,
        marker="s",
        c=[_HOSTS(host_scale(row["load"])) for row in hosts],
        edgecolors=INK,
        zorder=4,
    )
    for row in sorted(hosts, key=lambda row: -row["load"])[:_NAMED]:
        axes.annotate(
            f"{row['name']} {row['load']:.0%}",
            (row["x"], row["y"]),
            xytext=(7, 5),
            textcoords="offset points",
            fontsize=9,
            zorder=5,
            bbox={"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.75},
        )
    if nodes[0]["positions"] == "lonlat":
        axes.set_aspect(1 / np.cos(np.radians(np.mean([row["y"] for row in nodes]))))
    else:
        axes.set_aspect("equal")
    axes.margins(0.05)
    axes.set_xlabel(_units(nodes)[0])
