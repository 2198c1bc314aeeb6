"""Radio rate of a user alone as a distribution, and over the map: reads CSV files."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.ticker import PercentFormatter

from edgesim.plots.style import ACCENT, COLOURS, GREY, INK, MUTED, figure, save_both
from edgesim.plots.tables import read

__all__ = ["draw"]

# Column, name, colour, line; height at which the curve is named, and the offset of the name.
_CURVES: tuple[tuple[str, str, str, str, float, dict[str, Any]], ...] = (
    ("down", "down, alone", ACCENT, "-", 0.06, {"xytext": (6, -6), "ha": "left", "va": "top"}),
    ("up", "up, alone", COLOURS[1], "-", 0.3, {"xytext": (-8, 4), "ha": "right"}),
    (
        "down_busy",
        "down, all other\nsites send",
        INK,
        "--",
        0.7,
        {"xytext": (-10, 10), "ha": "right"},
    ),
)


def draw(folder: Path) -> Path:
    """Draw ``figure.png`` and ``figure.svg`` from ``pixels.csv`` and ``sites.csv``."""
    rows, sites = read(folder, "pixels"), read(folder, "sites")
    with figure(9.5, 4.4) as drawn:
        left, right = drawn.subplots(1, 2, width_ratios=(5, 4))
        for name, label, colour, line, height, offset in _CURVES:
            rates = np.sort([row[name] * row["bandwidth_hz"] / 1e6 for row in rows])
            share = np.arange(1, len(rates) + 1) / len(rates)
            left.step(rates, share, where="post", color=colour, linestyle=line, linewidth=2)
            left.annotate(
                label,
                (float(np.interp(height, share, rates)), height),
                textcoords="offset points",
                color=colour,
                **offset,
            )
        top = max(max(row["down"], row["up"]) for row in rows)
        left.annotate(
            f"highest modulation, {top:.3g} bit/s/Hz",
            (top * rows[0]["bandwidth_hz"] / 1e6, 0.62),
            xytext=(4, 0),
            textcoords="offset points",
            rotation=90,
            va="center",
            color=MUTED,
            fontsize=9,
        )
        left.set_xlim(left=0)
        left.set_ylim(0, 1.01)
        left.yaxis.set_major_formatter(PercentFormatter(1.0))
        left.grid(color=GREY, alpha=0.25)
        left.set_xlabel("radio rate of a user, Mbit/s")
        left.set_ylabel("part of the square with less")
        columns = len({row["x_m"] for row in rows})
        values = np.array([row["down_busy"] for row in rows]).reshape(-1, columns)
        side = rows[-1]["x_m"] + rows[0]["x_m"], rows[-1]["y_m"] + rows[0]["y_m"]
        image = right.imshow(
            values, origin="lower", extent=(0, side[0], 0, side[1]), cmap="cividis", vmin=0
        )
        right.scatter(
            [site["x_m"] for site in sites],
            [site["y_m"] for site in sites],
            marker="^",
            s=45,
            color="white",
            edgecolor=INK,
        )
        drawn.colorbar(image, ax=right, label="bit/s/Hz down, all other sites send", shrink=0.85)
        right.set_xlabel("x, m (triangles: sites)")
        right.set_ylabel("y, m")
        return save_both(drawn, folder)
