"""Chains under attack, damage against QoE: reads a CSV file."""

from pathlib import Path

from edgesim.plots.policies import colour_of
from edgesim.plots.style import COLOURS, GREY, MARKS, figure, save_both
from edgesim.plots.tables import read

__all__ = ["draw"]


def draw(folder: Path) -> Path:
    """Draw ``figure.png`` and ``figure.svg`` from ``attack.csv``.

    Up is more QoE, left is less damage, false alarms included; grey lines are equal returns.
    """
    rows = read(folder, "attack")
    lost = [row["damage"] + row["false_alarms"] for row in rows]
    with figure(8.0, 5.5) as drawn:
        axes = drawn.subplots()
        for number, (row, cost) in enumerate(zip(rows, lost, strict=True)):
            kind = row["kind"]
            colour = GREY if kind == "point" else colour_of(row["name"], kind)
            if kind == "policy" and colour == GREY:
                colour = COLOURS[number % len(COLOURS)]
            mark = {"point": "x", "agent": MARKS[0]}.get(kind, MARKS[1 + number % (len(MARKS) - 1)])
            axes.errorbar(
                cost,
                row["qoe"],
                xerr=[[row["damage"] - row["damage_low"]], [row["damage_high"] - row["damage"]]],
                yerr=[[row["qoe"] - row["qoe_low"]], [row["qoe_high"] - row["qoe"]]],
                marker=mark,
                markersize=8 if kind == "agent" else 6,
                color=colour,
                linestyle="",
                elinewidth=0.8,
                label=row["name"],
            )
        most = max(row["qoe"] for row in rows)
        right = max(lost) * 1.1
        for level in range(-1, int(most) + 2):
            axes.plot([0, right], [level, level + right], color=GREY, alpha=0.25, linewidth=0.8)
        axes.set_xlim(0, right)
        axes.set_ylim(0, most * 1.15)
        axes.set_xlabel("QoE lost a request to attacks that pass and to false alarms")
        axes.set_ylabel("QoE of a request, mean and 95 % interval")
        axes.legend(fontsize=7, ncols=2, loc="lower right")
        return save_both(drawn, folder)
