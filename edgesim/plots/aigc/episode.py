"""One AIGC episode from its event log: load of every provider, crashes, and latencies."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from edgesim.plots.log import Log, lines, read_log

__all__ = ["draw", "occupied_steps"]

BINS = 240
ON_TIME, LOST, REFUSED, CRASH = "#0072B2", "#D55E00", "#CC79A7", "#D55E00"


def draw(folder: Path) -> Path:
    """Draw ``episode.png`` from the folder's ``events.parquet``; returns its path."""
    log = read_log(folder)
    figure = Figure(figsize=(9, 6), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    scale, unit = _time_unit(float(log["time_s"].max(initial=0.0)))
    _draw_loads(figure, above, log, scale)
    _draw_latencies(below, log, scale)
    below.set_xlabel(f"time, {unit}")
    path = folder / "episode.png"
    partial = folder / "episode.png.part"
    figure.savefig(partial, format="png")
    partial.replace(path)
    return path


def occupied_steps(log: Log, times_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Steps that run at each provider at the given times, shape (providers, times)."""
    steps: dict[int, float] = {}
    where: dict[int, int] = {}
    changes: list[tuple[float, int, float]] = []
    for time_s, event, task, provider, value in lines(log):
        if event == "choose":
            steps[task] = value
        elif event == "start":
            where[task] = provider
            changes.append((time_s, provider, steps[task]))
        elif event in ("run over", "finish", "lose") and task in where:
            changes.append((time_s, where.pop(task), -steps[task]))
    providers = 1 + max((int(p) for p in log["provider"]), default=0)
    occupied = np.zeros((providers, len(times_s)))
    for time_s, provider, change in changes:
        occupied[provider, np.searchsorted(times_s, time_s) :] += change
    return occupied


def _time_unit(end_s: float) -> tuple[float, str]:
    return (1 / 86400, "days") if end_s > 2 * 86400 else (1.0, "s")


def _draw_loads(figure: Figure, axes: Axes, log: Log, scale: float) -> None:
    times_s = np.linspace(0, float(log["time_s"].max(initial=1.0)), BINS)
    occupied = occupied_steps(log, times_s)
    rows = len(occupied)
    image = axes.imshow(
        occupied,
        aspect="auto",
        interpolation="nearest",
        cmap="Blues",
        extent=(0.0, times_s[-1] * scale, rows - 0.5, -0.5),
    )
    figure.colorbar(image, ax=axes, label="denoising steps that run", pad=0.01)
    crashed = log["event"] == "crash"
    axes.scatter(
        log["time_s"][crashed] * scale,
        log["provider"][crashed],
        marker="x",
        color=CRASH,
        s=36,
        label=f"crash ({crashed.sum():,})",
    )
    axes.set_ylabel("provider")
    axes.set_yticks(range(0, rows, max(1, rows // 10)))
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), frameon=False)


def _draw_latencies(axes: Axes, log: Log, scale: float) -> None:
    done = log["event"] == "finish"
    axes.scatter(
        log["time_s"][done] * scale,
        log["value"][done] * scale,
        s=6,
        color=ON_TIME,
        label=f"finished ({done.sum():,})",
    )
    for event, colour, label, height in (
        ("lose", LOST, "lost", 0.0),
        ("refuse", REFUSED, "refused", 0.06),
    ):
        struck = log["event"] == event
        axes.plot(
            log["time_s"][struck] * scale,
            np.full(struck.sum(), height),
            "|",
            color=colour,
            markersize=9,
            transform=axes.get_xaxis_transform(),
            clip_on=False,
            label=f"{label} ({struck.sum():,})",
        )
    axes.set_ylabel("latency, " + ("s" if scale == 1.0 else "days"))
    axes.set_ylim(bottom=0)
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, frameon=False)
