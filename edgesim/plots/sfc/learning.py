"""Agents of the authors' service chains while they learn, QoE and rejections: reads CSV files."""

from pathlib import Path

from matplotlib.ticker import PercentFormatter

from edgesim.plots.curves import learning_panel
from edgesim.plots.style import figure, save_both

__all__ = ["draw"]

_MOST = 0.35  # rejected share; more only in the first moments


def draw(folder: Path) -> Path:
    """Draw ``figure.png`` and ``figure.svg`` from ``learning.csv`` and ``policies.csv``."""
    with figure(9.0, 9.0) as drawn:
        above, below = drawn.subplots(2, 1, sharex=True)
        learning_panel(above, folder, "qoe", "QoE of a request")
        learning_panel(
            below,
            folder,
            "rejected",
            "rejected requests",
            limits=(-0.01, _MOST),
            form="{:.1%}",
        )
        above.set_xlabel("")
        below.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        return save_both(drawn, folder)
