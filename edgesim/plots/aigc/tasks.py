"""Finished, lost and refused tasks of agents and policies, and quality: reads CSV files."""

from pathlib import Path

from edgesim.plots.style import ACCENT, COLOURS, GREY, INK, figure, save_both
from edgesim.plots.tables import read

__all__ = ["draw"]

_FATES = (("finished", ACCENT), ("lost", COLOURS[1]), ("refused", INK))


def draw(folder: Path) -> Path:
    """Draw ``figure.png`` and ``figure.svg`` from ``tasks.csv``, best return on top."""
    rows = read(folder, "tasks")
    places = range(len(rows) - 1, -1, -1)
    with figure(9.0, 1.5 + 0.36 * len(rows)) as drawn:
        tasks, quality = drawn.subplots(1, 2, sharey=True, width_ratios=(3, 2))
        left = [0.0] * len(rows)
        for fate, colour in _FATES:
            counts = [row[fate] for row in rows]
            tasks.barh(places, counts, left=left, color=colour, height=0.7, label=fate)
            left = [a + b for a, b in zip(left, counts, strict=True)]
        for place, row, end in zip(places, rows, left, strict=True):
            fallen = row["lost"] + row["refused"]
            told = f" {fallen:.0f} lost or refused" if fallen >= 0.5 else ""
            tasks.annotate(told, (end, place), va="center", fontsize=9)
        tasks.set_xlim(0, 1.3 * max(left))
        tasks.set_xlabel("tasks of an episode, mean")
        tasks.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False)
        for place, row in zip(places, rows, strict=True):
            colour = ACCENT if row["kind"] == "agent" else GREY
            ends = [row["quality_low"], row["quality_high"]]
            quality.plot(ends, [place, place], color=colour, linewidth=3)
            quality.plot([row["quality"]], [place], "o", color=colour, markersize=6)
            quality.annotate(f"  {row['quality']:.3f}", (ends[1], place), va="center", fontsize=9)
        quality.margins(x=0.25)
        quality.grid(axis="x", color=GREY, alpha=0.25)
        quality.set_xlabel("quality of a finished task,\nmean and 95 % interval")
        tasks.set_yticks(list(places), [row["name"] for row in rows])
        for tick, row in zip(tasks.get_yticklabels(), rows, strict=True):
            tick.set_color(ACCENT if row["kind"] == "agent" else INK)
        return save_both(drawn, folder)
