"""QoE of service chains against the collector's period: reads a CSV file."""

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullLocator

from edgesim.plots.style import GREY, figure, save_both
from edgesim.plots.sweep import sweep_panel
from edgesim.plots.tables import read

__all__ = ["draw"]


def draw(folder: Path) -> Path:
    """Draw ``figure.png`` and ``figure.svg`` from ``collector.csv``.

    Left the QoE, right what of it is lost against the truth on the same episodes.
    """
    rows = read(folder, "collector")
    # The truth stands left of the shortest period, as far as that from the next.
    periods = sorted({row["period_s"] for row in rows})
    first = periods[1] ** 2 / periods[2] if len(periods) > 2 else 0.5
    places = {period: period or first for period in periods}
    shown = [{**row, "place": places[row["period_s"]]} for row in rows]
    with figure(10.0, 5.0) as drawn:
        left, right = drawn.subplots(1, 2)
        sweep_panel(left, shown, "place", "qoe", limits=_limits(rows, "qoe"))
        left.set_ylabel("QoE of a request, mean and 95 % interval")
        sweep_panel(
            right, shown, "place", "qoe_lost", limits=_limits(rows, "qoe_lost"), labels=False
        )
        right.axhline(0, color=GREY, linewidth=1, zorder=0)
        right.set_ylabel("QoE lost against the truth")
        for axes in (left, right):
            _periods(axes, places)
        return save_both(drawn, folder)


def _limits(rows: list[dict[str, Any]], metric: str) -> tuple[float, float]:
    low = min(row[f"{metric}_low"] for row in rows)
    high = max(row[f"{metric}_high"] for row in rows)
    room = 0.05 * (high - low) or 0.1
    return low - room, high + room


def _periods(axes: Axes, places: dict[float, float]) -> None:
    named = {place: f"{period:g}" if period else "truth" for period, place in places.items()}
    axes.set_xscale("log")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(list(named))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda place, _: named.get(place, f"{place:g}")))
    axes.set_xlabel("period of the collector, s")
