"""One AIGC episode from its event log: load of every provider, crashes, and latencies."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from edgesim.plots.heat import draw_heat
from edgesim.plots.log import Log, lines, read_capacities, read_headline, read_log
from edgesim.plots.style import ACCENT, COLOURS, figure, save

__all__ = ["draw", "occupied_steps"]

BINS = 240
LOST = CRASH = "#D55E00"  # Okabe and Ito's vermilion: what went wrong
REFUSED = COLOURS[2]


def draw(folder: Path) -> Path:
    """Draw ``episode.png`` from the folder's ``events.parquet``; returns its path."""
    log, capacities = read_log(folder), read_capacities(folder)
    with figure(9.0, 6.4) as drawn:
        drawn.suptitle(read_headline(folder), x=0.01, ha="left")
        above, below = drawn.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        scale, unit = _time_unit(float(log["time_s"].max(initial=0.0)))
        _draw_loads(drawn, above, log, scale, capacities)
        _draw_latencies(below, log, scale)
        below.set_xlabel(f"time, {unit}")
        return save(drawn, folder / "episode.png")


def occupied_steps(
    log: Log, times_s: npt.NDArray[np.float64], providers: int = 0
) -> npt.NDArray[np.float64]:
    """Steps that run at each provider at the given times, shape (providers, times).

    ``providers`` is how many there are; at least as many as the log tells of.
    """
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
    providers = max(providers, 1 + max((int(place) for _, place, _ in changes), default=0))
    occupied = np.zeros((providers, len(times_s)))
    for time_s, provider, change in changes:
        occupied[provider, np.searchsorted(times_s, time_s) :] += change
    return occupied


def _time_unit(end_s: float) -> tuple[float, str]:
    return (1 / 86400, "days") if end_s > 2 * 86400 else (1.0, "s")


def _draw_loads(
    drawn: Figure,
    axes: Axes,
    log: Log,
    scale: float,
    capacities: npt.NDArray[np.float64] | None,
) -> None:
    times_s = np.linspace(0, float(log["time_s"].max(initial=1.0)), BINS)
    occupied = occupied_steps(log, times_s, 0 if capacities is None else len(capacities))
    draw_heat(drawn, axes, occupied, times_s[-1] * scale, capacities, "denoising steps that run")
    crashed = log["event"] == "crash"
    axes.scatter(
        log["time_s"][crashed] * scale,
        log["provider"][crashed],
        marker="x",
        color=CRASH,
        s=36,
        label=f"crash ({crashed.sum():,})",
    )
    axes.set_title("Denoising steps that run at each provider")
    axes.set_ylabel("provider")
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), frameon=False)


def _draw_latencies(axes: Axes, log: Log, scale: float) -> None:
    done = log["event"] == "finish"
    axes.scatter(
        log["time_s"][done] * scale,
        log["value"][done] * scale,
        s=6,
        color=ACCENT,
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
    axes.set_title("Latency of each result")
    axes.set_ylabel("latency, " + ("s" if scale == 1.0 else "days"))
    axes.set_ylim(bottom=0)
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, frameon=False)
