"""One episode of virtual networks from its event log: who hosts how much, and who is rejected."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from edgesim.plots.heat import draw_heat
from edgesim.plots.log import Log, lines, read_capacities, read_headline, read_log
from edgesim.plots.style import ACCENT, COLOURS, GREY, figure, save

__all__ = ["draw", "hosted"]

BINS = 400
REJECTED = COLOURS[1]


def draw(folder: Path) -> Path:
    """Draw ``episode.png`` from the folder's ``events.parquet``; returns its path."""
    log, capacities = read_log(folder), read_capacities(folder)
    with figure(9.0, 6.4) as drawn:
        drawn.suptitle(read_headline(folder), x=0.01, ha="left")
        above, below = drawn.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        _draw_hosts(drawn, above, log, capacities)
        _draw_running(below, log)
        below.set_xlabel("time, s")
        return save(drawn, folder / "episode.png")


def hosted(log: Log, times_s: npt.NDArray[np.float64], nodes: int = 0) -> npt.NDArray[np.float64]:
    """CPU units of accepted networks that each physical node hosts at the given times.

    Shape (nodes, times). ``nodes`` is how many there are; at least as many as the log tells of. A
    log without a column ``cpu_units`` (before edgesim 0.3) is counted in virtual nodes.
    """
    units = log.get("cpu_units", np.ones(len(log["time_s"])))
    chosen: dict[int, list[tuple[int, float]]] = {}
    changes: list[tuple[float, list[tuple[int, float]], float]] = []
    for (time_s, event, request, node, _), cpu in zip(lines(log), units, strict=True):
        if event == "arrive":
            chosen[request] = []
        elif event == "choose":
            chosen[request].append((int(node), float(cpu)))
        elif event == "accept":
            changes.append((time_s, chosen[request], 1.0))
        elif event in ("release", "drop"):
            changes.append((time_s, chosen[request], -1.0))
    told = 1 + max((node for hosts in chosen.values() for node, _ in hosts), default=0)
    held = np.zeros((max(nodes, told), len(times_s)))
    for time_s, hosts, sign in changes:
        since = np.searchsorted(times_s, time_s)
        for node, cpu in hosts:
            held[node, since:] += sign * cpu
    return held


def _draw_hosts(
    drawn: Figure, axes: Axes, log: Log, capacities: npt.NDArray[np.float64] | None
) -> None:
    times_s = np.linspace(0, max(float(log["time_s"].max(initial=0.0)), 1e-9), BINS)
    held = hosted(log, times_s, 0 if capacities is None else len(capacities))
    draw_heat(drawn, axes, held, times_s[-1], capacities, "virtual nodes hosted")
    axes.set_ylabel("physical node")
    axes.set_title("CPU of each physical node that virtual networks hold")


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
    axes.set_title("Virtual networks that run")
    axes.set_ylabel("virtual networks")
    axes.grid(axis="y", color=GREY, alpha=0.25)
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False)
