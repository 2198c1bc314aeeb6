"""Time of a decision of every policy and agent: reads a CSV file."""

from pathlib import Path

from edgesim.plots.style import ACCENT, GREY, INK, figure, save_both
from edgesim.plots.tables import read

__all__ = ["draw"]


def draw(folder: Path) -> Path:
    """Draw ``figure.png`` and ``figure.svg`` from ``latency.csv``: a panel a scenario."""
    rows = sorted(read(folder, "latency"), key=lambda row: -row["us"])
    scenarios = sorted({row["scenario"] for row in rows}, reverse=True)
    counts = [sum(row["scenario"] == scenario for row in rows) for scenario in scenarios]
    top = max(row["us"] for row in rows)
    with figure(8.0, 1.2 + 0.32 * max(counts)) as drawn:
        panels = drawn.subplots(1, len(scenarios), squeeze=False)[0]
        for axes, scenario in zip(panels, scenarios, strict=True):
            own = [row for row in rows if row["scenario"] == scenario]
            colours = [ACCENT if row["kind"] == "agent" else GREY for row in own]
            axes.barh(range(len(own)), [row["us"] for row in own], color=colours, height=0.7)
            for place, row in enumerate(own):
                axes.annotate(f" {row['us']:.0f}", (row["us"], place), va="center", fontsize=9)
            axes.set_yticks(range(len(own)), [row["name"] for row in own], fontsize=10)
            for tick, row in zip(axes.get_yticklabels(), own, strict=True):
                tick.set_color(ACCENT if row["kind"] == "agent" else INK)
            axes.set_xlim(0, 1.15 * top)
            axes.set_title(scenario)
            axes.set_xlabel("CPU time a decision,\npolicy and simulation, µs")
        return save_both(drawn, folder)
