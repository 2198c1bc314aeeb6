"""What the collector measures of links against what they truly take: reads a CSV file."""

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator, PercentFormatter

from edgesim.plots.style import ACCENT, COLOURS, GREY, INK, MARKS, figure, save_both
from edgesim.plots.tables import read

__all__ = ["draw"]

_BAND = 0.05
_TICKS_MS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)


def draw(folder: Path) -> Path:
    """Draw ``figure.png`` and ``figure.svg`` from ``links.csv``.

    Left measured against true delay, right the error against the link's load: means over the
    longest of the episodes.
    """
    rows = read(folder, "links")
    rows = [row for row in rows if row["horizon_s"] == max(other["horizon_s"] for other in rows)]
    topologies = list(dict.fromkeys(row["topology"] for row in rows))
    with figure(10.0, 5.0) as drawn:
        left, right = drawn.subplots(1, 2)
        low = 0.9 * min(row["true_ms"] for row in rows)
        high = 1.1 * max(row["true_ms"] for row in rows)
        left.plot([low, high], [low, high], color=INK, linewidth=1)
        bands = [(low * (1 + off), high * (1 + off)) for off in (-_BAND, _BAND)]
        left.fill_between(
            [low, high], *bands, color=GREY, alpha=0.35, linewidth=0, label=f"±{_BAND:.0%}"
        )
        right.axhspan(-_BAND, _BAND, color=GREY, alpha=0.35, linewidth=0)
        right.axhline(0, color=INK, linewidth=1)
        looks = zip((ACCENT, COLOURS[1], COLOURS[0]), MARKS, strict=False)
        for topology, (colour, mark) in zip(topologies, looks, strict=False):
            own = [row for row in rows if row["topology"] == topology]
            _links(left, right, own, colour, mark, topology.rpartition("/")[2])
        _delays(left, low, high)
        left.legend(loc="upper left", frameon=False)
        right.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        right.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        right.set_xlabel("mean load of the link")
        right.set_ylabel("error of the mean delay (filled: 1 ms and more)")
        return save_both(drawn, folder)


def _delays(axes: Axes, low: float, high: float) -> None:
    ticks = [tick for tick in _TICKS_MS if low <= tick <= high]
    for axis, scale in ((axes.xaxis, axes.set_xscale), (axes.yaxis, axes.set_yscale)):
        scale("log")
        axis.set_minor_locator(NullLocator())
        axis.set_major_locator(FixedLocator(ticks))
        axis.set_major_formatter(FuncFormatter(lambda ms, _: f"{ms:g}"))
    axes.set_xlim(low, high)
    axes.set_xlabel("true delay of the link, mean, ms")
    axes.set_ylabel("measured delay of the link, mean, ms")


def _links(
    left: Axes, right: Axes, rows: list[dict[str, Any]], colour: str, mark: str, label: str
) -> None:
    true_ms = [row["true_ms"] for row in rows]
    left.scatter(
        true_ms,
        [row["measured_ms"] for row in rows],
        s=14,
        marker=mark,
        color=colour,
        alpha=0.7,
        label=label,
    )
    right.scatter(
        [row["load"] for row in rows],
        [row["measured_ms"] / row["true_ms"] - 1 for row in rows],
        s=18,
        marker=mark,
        facecolors=[colour if ms >= 1 else "none" for ms in true_ms],
        edgecolors=colour,
        linewidths=0.8,
        zorder=3,
    )
