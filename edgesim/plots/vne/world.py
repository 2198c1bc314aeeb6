"""A picture of virtual networks at one instant: the map by load, and the network at hand on it."""

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from edgesim.twin.vne.request import UNPLACED
from edgesim.twin.vne.workload import VNEWorkload

__all__ = ["draw_map", "draw_now", "draw_running"]

AT_HAND, BAR = "#D55E00", "#56B4E9"
_SHOWN = 12  # running VNs that are listed


def draw_map(axes: Axes, twin: VNEWorkload) -> None:
    """Physical links and nodes, darker the more of them is held; paths of the VN at hand on top."""
    substrate, wiring = twin.substrate, twin.substrate.network.links.wiring
    nodes = twin.world.map.nodes
    places = np.array([(nodes[node]["x"], nodes[node]["y"]) for node in range(wiring.nodes)])
    held = 1.0 - substrate.room_bps() / substrate.capacity_bps
    colours = colormaps["YlGnBu"]
    lines = LineCollection(
        [places[list(ends)] for ends in wiring.edges],
        colors=[colours(0.15 + 0.85 * share) for share in held.tolist()],
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
    bar = ScalarMappable(Normalize(0, 1), colours)
    axes.figure.colorbar(bar, ax=axes, label="share of CPU or bandwidth that is held", pad=0.02)
    geographic = twin.world.map.graph.get("positions") == "lonlat"
    unit = ("longitude, degrees", "latitude, degrees") if geographic else ("x, km", "y, km")
    axes.set(xlabel=unit[0], ylabel=unit[1])
    axes.margins(0.04)


def draw_running(axes: Axes, twin: VNEWorkload) -> None:
    """The networks that were accepted last: bandwidth asked for, and taken over all hops."""
    shown = list(twin.running.values())[-_SHOWN:]
    rows = range(len(shown))
    axes.barh(rows, [each.hop_bps / 1e6 for each in shown], color=BAR, label="taken over all hops")
    asked = [each.request.bandwidth_bps / 1e6 for each in shown]
    axes.barh(rows, asked, height=0.4, color="#0072B2", label="asked for")
    axes.set_yticks(rows, [str(each.request.number) for each in shown])
    axes.set(xlabel="bandwidth, Mbit/s", ylabel="running, by its number")
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False)


def draw_now(figure: Figure, twin: VNEWorkload) -> None:
    """The whole picture, onto an empty figure."""
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    draw_map(left, twin)
    draw_running(right, twin)
    request = twin.last
    left.set_title(
        f"t = {twin.clock.now:,.0f} s   request {request.number}: {request.nodes} nodes, "
        f"{len(request.links)} links, {request.bandwidth_bps / 1e6:,.0f} Mbit/s"
    )
