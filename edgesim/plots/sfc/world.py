"""A picture of a world of service chains at one instant: who is joined to whom, and how full."""

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from edgesim.importing import load
from edgesim.plots.panels import draw_bars, panels
from edgesim.plots.style import bandwidth_unit
from edgesim.twin.sfc.stage_links import StageFabric
from edgesim.twin.sfc.workload import SFCWorkload

__all__ = ["draw_chains", "draw_now", "draw_stages"]

INSTANCE, REQUEST = "#333333", "#D55E00"
_CHAINS = 12  # running chains that are listed


def draw_stages(axes: Axes, twin: SFCWorkload, fabric: StageFabric, fresh: bool = True) -> None:
    """Instances by stage; the links between them, darker the more of them is held.

    ``fresh``: whether the panel is new, and gets its labels and its bar of colours.
    """
    world, colours = fabric.world, colormaps["YlGnBu"]
    stages, before, after = np.indices((world.stages - 1, world.instances, world.instances))
    held = (1 - fabric.residual[1:] / world.capacity[1:].clip(1e-12)).ravel()
    ways = np.stack([stages, before, stages + 1, after], axis=-1).reshape(-1, 2, 2)
    order = np.argsort(held)  # the fullest on top
    axes.add_collection(
        LineCollection(
            list(ways[order]),
            colors=colours(0.15 + 0.85 * held[order]),
            linewidths=0.6 + 5 * held[order],
            zorder=1,
        )
    )
    stage, instance = np.indices((world.stages, world.instances)).reshape(2, -1)
    axes.scatter(stage, instance, color=INSTANCE, zorder=4)
    choices = twin.chain.choices
    axes.plot(range(len(choices)), choices, "o-", color=REQUEST, zorder=5, label="request at hand")
    if not fresh:
        return
    bar = ScalarMappable(Normalize(0, 100), colours)
    axes.figure.colorbar(bar, ax=axes, label="utilisation of the link, %", pad=0.02)
    axes.set(xticks=range(world.stages), yticks=range(world.instances))
    axes.set(xlabel="stage", ylabel="instance")
    axes.margins(x=0.08)


def draw_chains(axes: Axes, twin: SFCWorkload, fresh: bool = True) -> None:
    """The running chains that were admitted last: bandwidth and QoE at admission.

    ``fresh``: whether the panel is new, and gets its labels.
    """
    shown = [chain for chain, _ in twin.running.values()][-_CHAINS:]
    rows = range(len(shown))
    scale, unit = bandwidth_unit(twin.world.most_bandwidth)
    draw_bars(axes, rows, [scale * chain.request.bandwidth for chain in shown], "#56B4E9")
    for row, chain in zip(rows, shown, strict=True):
        label = f" QoE {chain.qoe:.2f}, {chain.delay_ms:.0f} ms"
        axes.text(0, row, label, va="center", fontsize=8)
    axes.set_yticks(rows, [str(chain.request.number) for chain in shown])
    if not fresh:
        return
    axes.set(xlim=(0, scale * twin.world.most_bandwidth), ylim=(-0.6, _CHAINS - 0.4))
    axes.set(xlabel=f"bandwidth, {unit}" if unit else "bandwidth")
    axes.set(ylabel="running chain, by its request")


def draw_now(figure: Figure, twin: SFCWorkload) -> None:
    """The whole picture, onto an empty figure or the one of an instant before."""
    (left, right), fresh = panels(figure, 3, 2)
    if isinstance(twin.fabric, StageFabric):
        draw_stages(left, twin, twin.fabric, fresh)
    else:
        load("edgesim.plots.sfc.slice_world:draw_network")(left, twin, fresh)
    draw_chains(right, twin, fresh)
    request = twin.last
    scale, unit = bandwidth_unit(twin.world.most_bandwidth)
    figure.suptitle(
        f"t = {twin.clock.now:,.0f} s, request {request.number}: "
        f"{scale * request.bandwidth:.3g}{unit and f' {unit}'} within "
        f"{request.max_delay_ms:.3g} ms"
    )
