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
        Figure(
            "sfc_load",
            "QoE against load, holding 1 to 10 times as long as the authors' chains",
            "edgesim.reproduction.sfc_load",
            "edgesim.plots.sfc_load:draw",
        ),
        Figure(
            "sfc_collector",
            "sfc: QoE against the period of the collector, from the truth to 60 s",
            "edgesim.reproduction.sfc_collector",
            "edgesim.plots.sfc_collector:draw",
        ),
        Figure(
            "sfc_measured_delay",
            "measured against true delay of every link, over two topologies",
            "edgesim.reproduction.sfc_measured_delay",
            "edgesim.plots.sfc_measured_delay:draw",
        ),
        Figure(
            "sfc_southbound",
            "southbound messages and bytes: piggybacked on discovery or probed separately",
            "edgesim.reproduction.sfc_southbound",
            "edgesim.plots.sfc_southbound:draw",
        ),
        Figure(
            "sfc_map",
            "sfc: the network by mean load of its links and hosts, under two policies",
            "edgesim.reproduction.sfc_map",
            "edgesim.plots.sfc_map:draw",
        ),
        Figure(
            "sfc_slices",
            "sfc: QoE and rejected share of eMBB, URLLC and mMTC, by policy",
            "edgesim.reproduction.sfc_slices",
            "edgesim.plots.sfc_slices:draw",
        ),
    )
}
