"""What looking ahead gains, and what a decision then costs: reads planner.csv."""

from pathlib import Path

from matplotlib.ticker import PercentFormatter

from edgesim.plots.style import ACCENT, COLOURS, GREY, INK, MARKS, figure, save_both
from edgesim.plots.tables import read

__all__ = ["draw"]


def draw(folder: Path) -> Path:
    """Draw ``figure.png`` and ``figure.svg`` from ``planner.csv``."""
    rows = read(folder, "planner")
    names = list(dict.fromkeys(row["name"] for row in rows))
    most = max(row["futures"] for row in rows)
    with figure(9.0, 4.2) as drawn:
        gain, cost = drawn.subplots(1, 2)
        for place, name in enumerate(names):
            colour = (ACCENT, *COLOURS)[place % (1 + len(COLOURS))]
            own = [row for row in rows if row["name"] == name]
            at = [row["futures"] for row in own]
            low, high = ([row[f"share_{end}"] for row in own] for end in ("low", "high"))
            look = {"color": colour, "marker": MARKS[place % len(MARKS)], "linewidth": 1.8}
            gain.fill_between(at, low, high, color=colour, alpha=0.13, linewidth=0)
            gain.plot(at, [row["share"] for row in own], label=name, **look)
            cost.plot(at, [row["decision_ms"] for row in own], label=name, **look)
        gain.axhline(0.0, color=INK, linewidth=1)
        gain.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        gain.set_ylabel("share of the gap to the bound")
        cost.set_yscale("log")
        cost.set_ylabel("CPU time of a decision, ms")
        for axes in (gain, cost):
            axes.set_xlabel("futures a candidate (0: the base alone)")
            axes.set_xlim(-0.02 * most, 1.04 * most)
            axes.grid(color=GREY, alpha=0.25)
        handles, labels = gain.get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False)
        return save_both(drawn, folder)
