"""A picture of a large model's training at one instant: what each option is believed to bring."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from edgesim.plots.panels import panels
from edgesim.plots.style import ACCENT, COLOURS, GREY
from edgesim.twin.training.llm.workload import LLMJob

__all__ = ["draw_goodput", "draw_now", "draw_progress"]


def draw_goodput(axes: Axes, twin: LLMJob, fresh: bool = True) -> None:
    """Goodput against the batch: of the fastest strategy, true and believed, and of the present."""
    speeds = twin.world.speeds(twin.nodes) if twin.nodes else {}
    batches = sorted({setting.batch for setting in speeds})
    drift, critical = twin.world.drift, twin.critical_batch
    best = [max(v for one, v in speeds.items() if one.batch == batch) for batch in batches]
    true = [v * drift.efficiency(b, twin.progress) for b, v in zip(batches, best, strict=True)]
    told = [v / (1 + b / critical) for b, v in zip(batches, best, strict=True)]
    axes.plot(batches, true, "-o", color=ACCENT, label="true noise scale")
    axes.plot(batches, told, "--s", color=COLOURS[1], label="estimated")
    axes.axvline(twin.setting.batch, color=GREY)
    if fresh:
        axes.set_xscale("log", base=2)
        axes.set(xlabel="global batch, sequences", ylabel="useful sequences a second")
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False)


def draw_progress(axes: Axes, twin: LLMJob, fresh: bool = True) -> None:
    """The noise scale over the training, and how far that is."""
    progress = np.linspace(0.0, 1.0, 50)
    axes.plot(progress, 2 * twin.world.drift.noise_scale(progress), "-", color=GREY)
    axes.plot(twin.progress, twin.critical_batch, "o", color=COLOURS[1])
    if fresh:
        axes.set_yscale("log", base=2)
        axes.set(xlabel="progress", ylabel="critical batch, sequences")


def draw_now(figure: Figure, twin: LLMJob) -> None:
    """The whole picture, onto an empty figure or the one of an instant before."""
    (left, right), fresh = panels(figure, 3, 2)
    draw_goodput(left, twin, fresh)
    draw_progress(right, twin, fresh)
    t, p, d, u = twin.setting.strategy
    figure.suptitle(
        f"t = {twin.clock.now / 3600:.1f} h, {100 * twin.progress:.0f} % done, batch "
        f"{twin.setting.batch}, tensor {t}, pipeline {p}, data {d}, micro-batch {u}"
    )
