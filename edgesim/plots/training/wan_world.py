"""A picture of training over a WAN at one instant: the backbone, the ring, and who joins."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from edgesim.plots.panels import draw_bars, panels
from edgesim.plots.style import GREY
from edgesim.twin.training.wan.workload import WANTraining

__all__ = ["draw_map", "draw_now", "draw_pulls"]

RING, JOINS, PULLED, DOWN = "#0072B2", "#D55E00", "#56B4E9", "#CC0000"


def draw_map(axes: Axes, twin: WANTraining, fresh: bool = True) -> None:
    """Links of the backbone, those that are cut in red, institutions that train and that join.

    ``fresh``: whether the panel is new, and gets its labels.
    """
    world, links = twin.world, twin.twin.network.links
    nodes = world.map.nodes
    places = np.array([(nodes[node]["x"], nodes[node]["y"]) for node in range(world.first)])
    colours = [GREY if links.edge_up[edge] else DOWN for edge in world.edges]
    ends = np.array(list(world.map.edges)).reshape(-1, 2)
    axes.add_collection(LineCollection(list(places[ends]), colors=colours, linewidths=0.8))
    at = places[world.switches]
    ring = [*twin.present, *twin.present[:1]]
    axes.plot(*at[ring].T, "-", color=RING, alpha=0.35, linewidth=1.2)
    present, joining = twin.present, sorted(twin.joining)
    axes.scatter(at[present, 0], at[present, 1], s=45, color=RING, zorder=3, label="trains")
    axes.scatter(
        at[joining, 0], at[joining, 1], s=70, color=JOINS, marker="D", zorder=4, label="joins"
    )
    for newcomer in twin.newcomers.values():
        for source in [] if newcomer.pull is None else newcomer.pull.sources:
            axes.plot(*at[[source, newcomer.institution]].T, "-", color=JOINS, linewidth=1.0)
    if fresh:
        geographic = world.map.graph.get("positions") == "lonlat"
        axes.set_xlabel("longitude, degrees" if geographic else "x, km")
        axes.set_ylabel("latitude, degrees" if geographic else "y, km")
        axes.margins(0.05)
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False)


def draw_pulls(axes: Axes, twin: WANTraining, fresh: bool = True) -> None:
    """How much of its state each newcomer has.

    ``fresh``: whether the panel is new, and gets its labels.
    """
    size = twin.scenario.training.state_bytes
    rows = list(twin.newcomers.values())
    has = []
    for newcomer in rows:
        lacking = size if newcomer.phase in ("asking", "agreeing", "awaiting") else 0.0
        if newcomer.pull is not None and newcomer.phase == "pulling":
            lacking = newcomer.pull.lacking_bytes()
        has.append(100 * (1 - lacking / size))
    draw_bars(axes, range(len(rows)), has, PULLED)
    axes.set_yticks(range(len(rows)), [f"{row.institution}: {row.phase}" for row in rows])
    if fresh:
        axes.set_xlim(0, 100)
        axes.set_xlabel("of the state that newcomers have, %")


def draw_now(figure: Figure, twin: WANTraining) -> None:
    """The whole picture, onto an empty figure or the one of an instant before."""
    (left, right), fresh = panels(figure, 3, 2)
    draw_map(left, twin, fresh)
    draw_pulls(right, twin, fresh)
    figure.suptitle(
        f"t = {twin.clock.now:,.0f} s, {len(twin.present)} train, "
        f"{twin.steps.count:,} steps of {twin.steps.last_s:.1f} s"
    )
