"""One episode of virtual networks from its event log: who hosts how much, and who is rejected."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from edgesim.plots.log import Log, lines, read_log
from edgesim.plots.style import ACCENT, COLOURS, GREY, figure, save

__all__ = ["draw", "hosted"]

BINS = 400
REJECTED = COLOURS[1]


def draw(folder: Path) -> Path:
    """Draw ``episode.png`` from the folder's ``events.parquet``; returns its path."""
    log = read_log(folder)
    with figure(9.0, 6.0) as drawn:
        above, below = drawn.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        _draw_hosts(drawn, above, log)
        _draw_running(below, log)
        below.set_xlabel("time, s")
        return save(drawn, folder / "episode.png")


def hosted(log: Log, times_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Virtual nodes of accepted networks that each physical node hosts at the given times.

    Shape (nodes, times).
    """
    chosen: dict[int, list[int]] = {}
    changes: list[tuple[float, list[int], float]] = []
    for time_s, event, request, node, _ in lines(log):
        if event == "arrive":
            chosen[request] = []
        elif event == "choose":
            chosen[request].append(node)
        elif event == "accept":
            changes.append((time_s, chosen[request], 1.0))
        elif event == "release":
            changes.append((time_s, chosen[request], -1.0))
    nodes = 1 + max((max(hosts) for hosts in chosen.values() if hosts), default=0)
    count = np.zeros((nodes, len(times_s)))
    for time_s, hosts, change in changes:
        count[hosts, np.searchsorted(times_s, time_s) :] += change
    return count


def _draw_hosts(drawn: Figure, axes: Axes, log: Log) -> None:
    times_s = np.linspace(0, max(float(log["time_s"].max(initial=0.0)), 1e-9), BINS)
    count = hosted(log, times_s)
    image = axes.imshow(
        count,
        aspect="auto",
        interpolation="nearest",
        cmap="Blues",
        extent=(0.0, times_s[-1], len(count) - 0.5, -0.5),
    )
    drawn.colorbar(image, ax=axes, label="virtual nodes hosted", pad=0.01)
    axes.set_ylabel("physical node")
    axes.set_title("Virtual nodes on each physical node")


def _draw_running(axes: Axes, log: Log) -> None:
    accepted, released = log["event"] == "accept", log["event"] == "release"
    rejected = np.char.startswith(log["event"].astype(str), "reject")
    changes = accepted.astype(float) - released
    axes.step(
        log["time_s"],
        np.cumsum(changes),
        where="post",
        color=ACCENT,
        label=f"running ({accepted.sum():,} accepted)",
    )
    axes.plot(
        log["time_s"][rejected],
        np.zeros(rejected.sum()),
        "|",
        color=REJECTED,
        markersize=10,
        markeredgewidth=1,
        transform=axes.get_xaxis_transform(),
        clip_on=False,
        label=f"rejected ({rejected.sum():,})",
    )
    axes.set_ylabel("virtual networks")
    axes.grid(axis="y", color=GREY, alpha=0.25)
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False)
