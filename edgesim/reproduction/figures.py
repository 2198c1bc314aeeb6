"""Every figure that ``edgesim reproduce`` knows: the registry. A new figure adds one entry here."""

from dataclasses import dataclass

__all__ = ["FIGURES", "Figure"]


@dataclass(frozen=True)
class Figure:
    """A figure and where it is made.

    Attributes:
        name: what the command calls it; its folder has this name.
        title: one line on what it shows.
        recipe: module with ``TRAININGS`` (what must be trained first, a sequence of
            :class:`edgesim.reproduction.budget.Training`) and ``tables(shop, folder)``, which
            writes the CSV files into the folder and returns its findings.
        draw: import string of what draws the folder's ``figure.png`` and ``figure.svg`` from
            those files alone.
    """

    name: str
    title: str
    recipe: str
    draw: str


FIGURES: dict[str, Figure] = {
    figure.name: figure
    for figure in (
        Figure(
            "aigc_learning",
            "aigc_paper: all agents while they learn, beside baselines and bounds",
            "edgesim.reproduction.aigc_learning",
            "edgesim.plots.aigc_learning:draw",
        ),
        Figure(
            "sfc_learning",
            "sfc_paper: QoE and rejections while learning, beside all policies and the bound",
            "edgesim.reproduction.sfc_learning",
            "edgesim.plots.sfc_learning:draw",
        ),
    )
}
