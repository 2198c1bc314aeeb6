"""A picture of an AIGC world at one instant: who runs what, and, with a network, where."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from edgesim.plots.panels import draw_bars, panels
from edgesim.twin.aigc.workload import AIGCWorkload

__all__ = ["draw_loads", "draw_map", "draw_now"]

_LEGEND: dict[str, Any] = {
    "loc": "lower center",
    "bbox_to_anchor": (0.5, 1.0),
    "ncols": 4,
    "frameon": False,
    "fontsize": 8,
}
# Okabe and Ito's colours: told apart by colour-blind eyes too.
FREE, TAKEN, PROMISED, DOWN, REQUEST = "#E5E5E5", "#0072B2", "#56B4E9", "#D55E00", "#009E73"


def draw_loads(axes: Axes, twin: AIGCWorkload, fresh: bool = True) -> None:
    """One bar a provider: capacity, steps that run, steps promised to tasks under way.

    ``fresh``: whether the panel is new, and gets its labels and legend.
    """
    count = twin.world.sites  # each provider once, whatever variants it has
    capacity = twin.world.capacity[:count]
    running = np.array([p.capacity - p.available for p in twin.providers[:count]])
    promised = np.maximum(capacity - twin.available[:count] - running, 0)
    rows = np.arange(count)
    draw_bars(axes, rows, capacity, np.where(twin.up[:count], FREE, DOWN).tolist())
    draw_bars(axes, rows, running, TAKEN)
    draw_bars(axes, rows, promised, PROMISED, left=running)
    if not fresh:
        return
    axes.set(xlim=(0, 1.02 * capacity.max()), ylim=(len(capacity) - 0.5, -0.5))
    axes.set_yticks(rows[:: max(1, -(-len(rows) // 10))])
    axes.set(xlabel="denoising steps held at once", ylabel="provider")
    kinds = {"capacity": FREE, "running": TAKEN, "on the way": PROMISED, "down": DOWN}
    handles = [Patch(color=colour, label=kind) for kind, colour in kinds.items()]
    axes.legend(handles=handles, **_LEGEND)


def draw_map(axes: Axes, twin: AIGCWorkload, fresh: bool = True) -> None:
    """Sites, links and users on the square; the request at hand and the site that serves it.

    ``fresh``: whether the panel is new, and gets its labels and legend.
    """
    delivery, world = twin.delivery, twin.world
    assert delivery is not None and world.sites_m is not None and world.scenario.wireless
    sites, now = world.sites_m, twin.clock.now
    links = sites[np.array(list(delivery.network.world.wiring.edges)).reshape(-1, 2)]
    axes.add_collection(LineCollection(list(links), colors="#BBBBBB", linewidths=1, zorder=1))
    shown = range(min(world.scenario.users, 300))
    places = np.array([delivery.users.position(user, now) for user in shown])
    axes.scatter(places[:, 0], places[:, 1], s=3, color="#999999", zorder=2, label="users")
    load = (1 - np.clip(twin.available / world.capacity, 0, 1))[: world.sites]
    colours = [DOWN if not up else TAKEN for up in twin.up[: world.sites]]
    axes.scatter(
        sites[:, 0],
        sites[:, 1],
        s=60 + 240 * load,
        color=colours,
        alpha=0.85,
        zorder=3,
        label="sites",
    )
    for number, (x, y) in enumerate(sites):
        axes.text(x, y, str(number), ha="center", va="center", fontsize=7, color="white")
    x, y = delivery.position_m(twin.last)
    serving = sites[delivery.radio.serving(x, y)]
    axes.plot([x, serving[0]], [y, serving[1]], color=REQUEST, linewidth=1.5, zorder=4)
    axes.scatter([x], [y], marker="*", s=140, color=REQUEST, zorder=5, label="request")
    if not fresh:
        return
    side = world.scenario.wireless.side_m
    limits = (-0.04 * side, 1.04 * side)
    axes.set(xlim=limits, ylim=limits, xlabel="x, m", ylabel="y, m", aspect="equal")
    axes.legend(**_LEGEND)


def draw_now(figure: Figure, twin: AIGCWorkload) -> None:
    """The whole picture, onto an empty figure or the one of an instant before."""
    if twin.delivery is None:
        (only,), fresh = panels(figure, 1)
        draw_loads(only, twin, fresh)
    else:
        (left, right), fresh = panels(figure, 1, 1)
        draw_map(left, twin, fresh)
        draw_loads(right, twin, fresh)
    figure.suptitle(f"t = {twin.clock.now:,.0f} s, request {twin.last.number}")
