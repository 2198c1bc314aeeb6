"""Time of a measured service's batches against work and batch size, with the affine model."""

from pathlib import Path

import numpy as np

from edgesim.plots.services.labels import items_label, work_label
from edgesim.plots.style import COLOURS, INK, figure, save
from edgesim.profiles.profile import load_profile

__all__ = ["draw"]


def draw(folder: Path) -> Path:
    """Draw ``latency.png`` of a calibration's folder, from its ``profile.json`` alone.

    Points are single runs, lines the affine model. Where items differ, runs are shown as of a mean
    item.

    Returns:
        path of the picture.

    Raises:
        InputError: there is no profile, or it cannot be read.
    """
    profile = load_profile(folder / "profile.json")
    latency = profile.latency
    batches = sorted({sample.batch for sample in latency.samples})
    timed = sorted({sample.work for sample in latency.samples})
    with figure(10.0, 4.0) as drawn:
        left, right = drawn.subplots(1, 2)
        at = np.array([0, max(timed)])
        for k, batch in enumerate(batches):
            colour = COLOURS[k % len(COLOURS)]
            lines = [latency.affine.seconds(steps, batch) for steps in at]
            left.plot(at, lines, color=colour, linewidth=1.5, label=f"batch {batch}")
        for k, steps in enumerate(timed):
            colour = COLOURS[k % len(COLOURS)]
            lines = [latency.affine.seconds(steps, batch) / batch for batch in batches]
            label = f"{steps:g} {profile.unit}s"
            right.plot(batches, lines, color=colour, linewidth=1.5, label=label)
        for sample in latency.runs():
            runs = np.asarray(sample.seconds)
            of_batch = COLOURS[batches.index(sample.batch) % len(COLOURS)]
            of_steps = COLOURS[timed.index(sample.work) % len(COLOURS)]
            left.plot([sample.work] * len(runs), runs, "o", color=of_batch, markersize=4)
            each = runs / sample.batch
            right.plot([sample.batch] * len(runs), each, "o", color=of_steps, markersize=4)
        clock = "CPU seconds" if latency.clock == "cpu" else "seconds"
        left.set_xlabel(work_label(profile))
        left.set_ylabel(f"{clock} of a batch")
        right.set_xlabel(f"{items_label(profile)}s of a batch")
        right.set_ylabel(f"{clock} an {items_label(profile)}")
        right.set_xticks(batches)
        for axes in (left, right):
            axes.set_ylim(bottom=0)
            axes.legend(fontsize=9, frameon=False)
        left.set_title(
            f"{profile.name}: affine model, R² {latency.affine.r2:.4f}, threads: {latency.threads}",
            fontsize=11,
            color=INK,
        )
        return save(drawn, folder / "latency.png")
