"""An agent that chooses whole chains, while it learns: reads CSV files."""

from pathlib import Path

from edgesim.plots.curves import draw_learning

__all__ = ["draw"]


def draw(folder: Path) -> Path:
    """Draw ``figure.png`` and ``figure.svg`` from ``learning.csv`` and ``policies.csv``."""
    return draw_learning(folder, "return", "return of an episode")
