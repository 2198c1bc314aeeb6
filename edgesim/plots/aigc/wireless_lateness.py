"""Quality of finished tasks against the share of them that is late: reads a CSV file."""

from pathlib import Path
from typing import Any

from matplotlib.ticker import PercentFormatter

from edgesim.plots.style import ACCENT, GREY, INK, MUTED, figure, save_both
from edgesim.plots.tables import read

__all__ = ["draw"]


def draw(folder: Path) -> Path:
    """Draw ``figure.png`` and ``figure.svg`` from ``lateness.csv``: a point an agent or policy."""
    rows = read(folder, "lateness")
    with figure(8.0, 5.0) as drawn:
        axes = drawn.add_subplot()
        for row in rows:
            agent = row["kind"] == "agent"
            colour = ACCENT if agent else INK
            x, y = row["late"], row["quality"]
            across, up = [row["late_low"], row["late_high"]], [row["quality_low"]]
            up.append(row["quality_high"])
            axes.plot(across, [y, y], color=colour, linewidth=1.5, alpha=0.6)
            axes.plot([x, x], up, color=colour, linewidth=1.5, alpha=0.6)
            axes.plot([x], [y], "o", color=colour, markersize=9 if agent else 6)
            left = _crowded(row, rows)
            axes.annotate(
                f"{row['name']}\nreturn {row['return']:.0f}",
                (x, y),
                xytext=(-8 if left else 8, 6),
                textcoords="offset points",
                ha="right" if left else "left",
                color=colour,
                fontsize=9,
            )
        axes.margins(x=0.16, y=0.12)
        axes.grid(color=GREY, alpha=0.25)
        axes.xaxis.set_major_formatter(PercentFormatter(1.0))
        axes.set_xlabel("finished tasks that came late, mean and 95 % interval")
        axes.set_ylabel("quality of a finished task,\nmean and 95 % interval")
        axes.annotate(
            "better ↖",
            (0.01, 0.99),
            xycoords="axes fraction",
            va="top",
            color=MUTED,
        )
        return save_both(drawn, folder)


def _crowded(row: dict[str, Any], rows: list[dict[str, Any]]) -> bool:
    """Whether another point stands where the name to the right of this one would be."""
    wide, high = (
        max(it[key] for it in rows) - min(it[key] for it in rows) for key in ("late", "quality")
    )
    return any(
        0 < other["late"] - row["late"] < 0.2 * wide
        and abs(other["quality"] - row["quality"]) < 0.12 * high
        for other in rows
    )
