"""What codecs cost and hide: reads a CSV file."""

from pathlib import Path

from edgesim.plots.style import ACCENT, COLOURS, GREY, MARKS, figure, save_both
from edgesim.plots.tables import read

__all__ = ["draw"]


def draw(folder: Path) -> Path:
    """Draw ``figure.png`` and ``figure.svg`` from ``codecs.csv``.

    To the left is what hides an image from the server, above what learns well.
    """
    rows = read(folder, "codecs")
    with figure(9.0, 4.2) as drawn:
        left, right = drawn.subplots(1, 2, sharey=True)
        for number, row in enumerate(rows):
            name = " ".join(filter(None, (row["codec"], row["server"])))
            colour = ACCENT if row["codec"].startswith("ega") else COLOURS[number % len(COLOURS)]
            style = {"color": colour, "markersize": 9}
            mark = MARKS[number % len(MARKS)]
            left.plot(row["similarity"], row["accuracy"], mark, label=name, **style)
            right.plot(row["up_mb"], row["accuracy"], mark, **style)
        left.set(xlabel="likeness of the image that the server reads", ylabel="accuracy")
        right.set(xlabel="MB that devices sent")
        right.set_xscale("log")
        right.xaxis.set_major_formatter("{x:g}")
        right.xaxis.set_minor_formatter("{x:g}")
        for axes in (left, right):
            axes.grid(color=GREY, alpha=0.25)
        drawn.legend(loc="outside lower center", ncols=4, frameon=False)
        return save_both(drawn, folder)
