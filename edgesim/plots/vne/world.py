"""A picture of virtual networks at one instant: the map by load, and the network at hand on it."""

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from edgesim.plots.panels import draw_bars, panels
from edgesim.twin.vne.request import UNPLACED
from edgesim.twin.vne.workload import VNEWorkload

__all__ = ["draw_map", "draw_now", "draw_running"]

AT_HAND, BAR, ASKED = "#D55E00", "#56B4E9", "#0072B2"
_SHOWN = 12  # running VNs that are listed


def draw_map(axes: Axes, twin: VNEWorkload, fresh: bool = True) -> None:
    """Physical links and nodes, darker the more of them is held; paths of the VN at hand on top.

    ``fresh``: whether the panel is new, and gets its labels and its bar of colours.
    """
    substrate, wiring = twin.substrate, twin.substrate.network.links.wiring
    nodes = twin.world.map.nodes
    places = np.array([(nodes[node]["x"], nodes[node]["y"]) for node in range(wiring.nodes)])
    held = 1.0 - substrate.room_bps() / substrate.capacity_bps
    colours = colormaps["YlGnBu"]
    lines = LineCollection(
        list(places[np.array(list(wiring.edges)).reshape(-1, 2)]),
        colors=colours(0.15 + 0.85 * held),
        linewidths=(0.6 + 2.5 * held).tolist(),
        zorder=1,
    )
    axes.add_collection(lines)
    used = 1.0 - substrate.cpu_left / np.maximum(substrate.cpu, 1.0)
    x, y = places.T
    axes.scatter(x, y, c=used, cmap="YlGnBu", vmin=0, vmax=1, s=30, edgecolor="k", zorder=3)
    embedding = twin.embedding
    for path in embedding.paths:
        way = [places[list(wiring.ends[link])] for link in path or ()]
        axes.add_collection(LineCollection(way, colors=AT_HAND, linewidths=2.0, zorder=2))
    hosts = [host for host in embedding.hosts if host != UNPLACED]
    axes.scatter(
        x[hosts], y[hosts], s=90, facecolor="none", edgecolor=AT_HAND, linewidth=2, zorder=4
    )
    if not fresh:
        return
    bar = ScalarMappable(Normalize(0, 100), colours)
    axes.figure.colorbar(bar, ax=axes, label="utilisation of CPU or bandwidth, %", pad=0.02)
    geographic = twin.world.map.graph.get("positions") == "lonlat"
    unit = ("longitude, degrees", "latitude, degrees") if geographic else ("x, km", "y, km")
    axes.set(xlabel=unit[0], ylabel=unit[1])
    axes.margins(0.04)


def draw_running(axes: Axes, twin: VNEWorkload, fresh: bool = True) -> None:
    """The networks that were accepted last: bandwidth asked for, and taken over all hops.

    ``fresh``: whether the panel is new, and gets its labels and legend.
    """
    shown = list(twin.running.values())[-_SHOWN:]
    rows = range(len(shown))
    draw_bars(axes, rows, [each.hop_bps / 1e6 for each in shown], BAR)
    draw_bars(axes, rows, [each.request.bandwidth_bps / 1e6 for each in shown], ASKED, height=0.4)
    axes.set_yticks(rows, [str(each.request.number) for each in shown])
    most = max((each.hop_bps / 1e6 for each in shown), default=0.0)
    axes.set_xlim(0, 1.05 * most or 1.0)
    if not fresh:
        return
    axes.set_ylim(-0.6, _SHOWN - 0.4)
    axes.set(xlabel="bandwidth, Mbit/s", ylabel="running, by its number")
    kinds = {"taken over all hops": BAR, "asked for": ASKED}
    handles = [Patch(color=colour, label=kind) for kind, colour in kinds.items()]
    axes.legend(
        handles=handles, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False
    )


def draw_now(figure: Figure, twin: VNEWorkload) -> None:
    """The whole picture, onto an empty figure or the one of an instant before."""
    (left, right), fresh = panels(figure, 3, 2)
    draw_map(left, twin, fresh)
    draw_running(right, twin, fresh)
    request = twin.last
    figure.suptitle(
        f"t = {twin.clock.now:,.0f} s, request {request.number}: {request.nodes} nodes, "
        f"{len(request.links)} links, {request.bandwidth_bps / 1e6:,.0f} Mbit/s"
    )
