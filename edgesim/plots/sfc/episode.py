"""One episode of service chains from its event log: load of the instances, QoE, rejections."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from edgesim.plots.heat import draw_heat
from edgesim.plots.log import Log, lines, read_capacities, read_headline, read_log
from edgesim.plots.style import ACCENT, COLOURS, GREY, bandwidth_unit, figure, save

__all__ = ["carried", "draw"]

BINS = 400
DROPPED, REJECTED = COLOURS[2], COLOURS[1]


def draw(folder: Path) -> Path:
    """Draw ``episode.png`` from the folder's ``events.parquet``; returns its path."""
    log, capacities = read_log(folder), read_capacities(folder)
    with figure(9.0, 6.4) as drawn:
        drawn.suptitle(read_headline(folder), x=0.01, ha="left")
        above, below = drawn.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        _draw_loads(drawn, above, log, capacities)
        _draw_qoe(below, log)
        below.set_xlabel("time, s")
        return save(drawn, folder / "episode.png")


def carried(
    log: Log, times_s: npt.NDArray[np.float64], instances: int = 0
) -> npt.NDArray[np.float64]:
    """Bandwidth of the chains through each instance at the given times.

    Shape (instances, times), in the unit of the requests. ``instances`` is how many there are; at
    least as many as the log tells of.
    """
    bandwidth: dict[int, float] = {}
    chosen: dict[int, list[int]] = {}
    changes: list[tuple[float, list[int], float]] = []
    for time_s, event, request, instance, value in lines(log):
        if event == "arrive":
            bandwidth[request] = value
            chosen[request] = []
        elif event == "choose":
            chosen[request].append(instance)
        elif event == "accept":
            changes.append((time_s, chosen[request], bandwidth[request]))
        elif event in ("release", "drop"):
            changes.append((time_s, chosen[request], -bandwidth[request]))
    told = 1 + max((max(places) for places in chosen.values() if places), default=0)
    instances = max(instances, told)
    load = np.zeros((instances, len(times_s)))
    for time_s, places, change in changes:
        load[places, np.searchsorted(times_s, time_s) :] += change
    return load


def _draw_loads(
    drawn: Figure, axes: Axes, log: Log, capacities: npt.NDArray[np.float64] | None
) -> None:
    times_s = np.linspace(0, max(float(log["time_s"].max(initial=0.0)), 1e-9), BINS)
    load = carried(log, times_s, 0 if capacities is None else len(capacities))
    scale, unit = bandwidth_unit(load.max(initial=0.0))
    most = None if capacities is None else capacities * scale
    label = f"{unit or 'bandwidth'} through the instance"
    draw_heat(drawn, axes, load * scale, times_s[-1], most, label)
    axes.set_ylabel("VNF instance")
    axes.set_title("Bandwidth of the chains through each VNF instance")


def _draw_qoe(axes: Axes, log: Log) -> None:
    accepted = log["event"] == "accept"
    qoe = log["value"][accepted]
    axes.scatter(
        log["time_s"][accepted], qoe, s=12, color=ACCENT, label=f"admitted ({accepted.sum():,})"
    )
    if len(qoe):
        axes.axhline(qoe.mean(), color=GREY, linewidth=1, zorder=0)
    rejected = np.char.startswith(log["event"].astype(str), "reject")
    for struck, colour, label, height in (
        (rejected, REJECTED, "rejected", 0.0),
        (log["event"] == "drop", DROPPED, "dropped", 0.06),
    ):
        if not struck.any():
            continue
        axes.plot(
            log["time_s"][struck],
            np.full(struck.sum(), height),
            "|",
            color=colour,
            markersize=10,
            markeredgewidth=2,
            transform=axes.get_xaxis_transform(),
            clip_on=False,
            label=f"{label} ({struck.sum():,})",
        )
    axes.set_title("QoE of each chain")
    axes.set_ylabel("QoE at admission")
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, frameon=False)
