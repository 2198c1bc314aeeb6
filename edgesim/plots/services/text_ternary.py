"""What ternary rules cost in quality, and how fast packed weights are, from CSV files."""

from pathlib import Path

from edgesim.plots.style import ACCENT, COLOURS, GREY, figure, save_both
from edgesim.plots.tables import read

__all__ = ["draw"]

_KINDS = (
    ("numpy", "fp32 (NumPy)"),
    ("int8", "int8 weights"),
    ("ternary", "ternary"),
    ("ternary_bytes", "ternary, int8 inputs"),
)


def draw(folder: Path) -> Path:
    """Draw ``figure.png`` and ``figure.svg`` from ``differences.csv`` and ``speed.csv``."""
    differences, speed = read(folder, "differences"), read(folder, "speed")
    with figure(10.0, 4.2) as drawn:
        left, right = drawn.subplots(1, 2, width_ratios=(1, 1.4))
        names = [row["rule"] for row in differences]
        left.axvline(0, color=GREY, linewidth=1)
        left.errorbar(
            [row["mean"] for row in differences],
            range(len(names)),
            xerr=[row["half"] for row in differences],
            fmt="o",
            color=ACCENT,
            capsize=3,
        )
        left.set_yticks(range(len(names)), names)
        left.set_xlabel("nats a character, less AbsMean's")
        left.set_title("paired by seed, 95 % interval", fontsize=11)
        places = range(len(speed))
        for colour, (kind, label) in zip(COLOURS, _KINDS, strict=False):
            right.plot(places, [row[kind] for row in speed], "o-", color=colour, label=label)
        right.axhline(1, color=GREY, linewidth=1)
        sizes = [f"{row['out']:.0f}×{row['in']:.0f}" for row in speed]
        right.set_xticks(places, sizes, rotation=30, ha="right")
        right.set_ylabel("times as fast as torch's fp32")
        right.set_title("product with one token, one thread", fontsize=11)
        right.legend(fontsize=8, frameon=False)
        return save_both(drawn, folder)
