"""A map of slices at one instant: the topology by load, the hosts, and the chain at hand."""

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize

from edgesim.twin.sfc.slice_fabric import SliceFabric
from edgesim.twin.sfc.workload import SFCWorkload

__all__ = ["draw_network"]

SWITCH, HOST, DOWN, CHAIN = "#777777", "#0072B2", "#D55E00", "#009E73"


def draw_network(axes: Axes, twin: SFCWorkload, fresh: bool = True) -> None:
    """Switches and links, coloured by the fuller direction's load; hosts; the running chains' ends.

    Links that are down are dashed. The way of the chain at hand, as far as it is led, is drawn on
    top. ``fresh``: whether the panel is new, and gets its labels, legend and bar of colours.
    """
    fabric: Any = twin.fabric
    assert isinstance(fabric, SliceFabric)
    world, links = fabric.world, fabric.links
    wiring = world.wiring
    nodes = wiring.graph.nodes
    places = np.array([(nodes[node]["x"], nodes[node]["y"]) for node in range(wiring.nodes)])
    load = np.array(links.load_bps) / np.array(wiring.capacity_bps)
    fuller = load.reshape(-1, 2).max(axis=1)
    colours = colormaps["YlOrRd"]
    lines = LineCollection(
        list(places[np.array(list(wiring.edges)).reshape(-1, 2)]),
        colors=colours(0.15 + 0.85 * fuller),
        linewidths=(1 + 3 * fuller).tolist(),
        linestyles=["-" if up else ":" for up in links.edge_up],
        zorder=1,
    )
    axes.add_collection(lines)
    axes.scatter(places[:, 0], places[:, 1], s=10, color=SWITCH, zorder=2)
    hosts = places[world.placement.hosts]
    axes.scatter(hosts[:, 0], hosts[:, 1], s=45, marker="s", color=HOST, zorder=3, label="NFV host")
    down = places[[not up for up in links.node_up]]
    axes.scatter(down[:, 0], down[:, 1], s=60, marker="x", color=DOWN, zorder=4)
    request = twin.last
    ends = places[[request.source, request.destination]]
    axes.scatter(ends[:, 0], ends[:, 1], s=90, marker="*", color=CHAIN, zorder=6, label="request")
    held = twin.chain.held
    if held is not None and held.flow.points:
        way = places[held.flow.points]
        axes.plot(way[:, 0], way[:, 1], "--", color=CHAIN, linewidth=1.5, zorder=5)
    if not fresh:
        return
    bar = ScalarMappable(Normalize(0, 100), colours)
    axes.figure.colorbar(bar, ax=axes, label="utilisation, fuller direction, %", pad=0.02)
    geographic = wiring.graph.graph.get("positions") == "lonlat"
    unit = ("longitude, degrees", "latitude, degrees") if geographic else ("x, km", "y, km")
    axes.set(xlabel=unit[0], ylabel=unit[1])
    if geographic:
        axes.set_aspect(1 / np.cos(np.radians(places[:, 1].mean())))
    axes.margins(0.04)
    axes.legend(loc="upper left", fontsize=8, framealpha=0.8)
