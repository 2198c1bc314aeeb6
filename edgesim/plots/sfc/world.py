"""A picture of a world of service chains at one instant: who is joined to whom, and how full."""

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from edgesim.importing import load
from edgesim.plots.style import bandwidth_unit
from edgesim.twin.sfc.stage_links import StageFabric
from edgesim.twin.sfc.workload import SFCWorkload

__all__ = ["draw_chains", "draw_now", "draw_stages"]

INSTANCE, REQUEST = "#333333", "#D55E00"
_CHAINS = 12  # running chains that are listed


def draw_stages(axes: Axes, twin: SFCWorkload, fabric: StageFabric) -> None:
    """Instances by stage; the links between them, darker the more of them is held."""
    world, colours = fabric.world, colormaps["YlGnBu"]
    for stage in range(1, world.stages):
        held = 1 - fabric.residual[stage] / world.capacity[stage].clip(1e-12)
        for i in range(world.instances):
            for j in range(world.instances):
                share = float(held[i, j])
                axes.plot(
                    [stage - 1, stage],
                    [i, j],
                    color=colours(0.15 + 0.85 * share),
                    linewidth=0.6 + 5 * share,
                    zorder=1 + share,
                )
    for stage in range(world.stages):
        axes.scatter([stage] * world.instances, range(world.instances), color=INSTANCE, zorder=4)
    choices = twin.chain.choices
    axes.plot(range(len(choices)), choices, "o-", color=REQUEST, zorder=5, label="request at hand")
    bar = ScalarMappable(Normalize(0, 1), colours)
    axes.figure.colorbar(bar, ax=axes, label="share of the link that is held", pad=0.02)
    axes.set(xticks=range(world.stages), yticks=range(world.instances))
    axes.set(xlabel="stage", ylabel="instance")
    axes.margins(x=0.08)


def draw_chains(axes: Axes, twin: SFCWorkload) -> None:
    """The running chains that were admitted last: bandwidth and QoE at admission."""
    shown = [chain for chain, _ in twin.running.values()][-_CHAINS:]
    rows = range(len(shown))
    scale, unit = bandwidth_unit(twin.world.most_bandwidth)
    axes.barh(rows, [scale * chain.request.bandwidth for chain in shown], color="#56B4E9")
    for row, chain in zip(rows, shown, strict=True):
        label = f" QoE {chain.qoe:.2f}, {chain.delay_ms:.0f} ms"
        axes.annotate(label, (0, row), va="center", fontsize=8)
    axes.set_yticks(rows, [str(chain.request.number) for chain in shown])
    axes.set(xlabel=f"bandwidth, {unit}" if unit else "bandwidth")
    axes.set(ylabel="running chain, by its request")


def draw_now(figure: Figure, twin: SFCWorkload) -> None:
    """The whole picture, onto an empty figure."""
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    if isinstance(twin.fabric, StageFabric):
        draw_stages(left, twin, twin.fabric)
    else:
        load("edgesim.plots.sfc.slice_world:draw_network")(left, twin)
    draw_chains(right, twin)
    request = twin.last
    scale, unit = bandwidth_unit(twin.world.most_bandwidth)
    left.set_title(
        f"t = {twin.clock.now:,.0f} s   request {request.number}: "
        f"{scale * request.bandwidth:.3g}{unit and f' {unit}'} within "
        f"{request.max_delay_ms:.3g} ms"
    )
