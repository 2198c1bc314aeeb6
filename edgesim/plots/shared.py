"""What AIGC users and service chains lose by each other: reads a CSV file."""

from pathlib import Path

from edgesim.plots.style import GREY, figure, save_both
from edgesim.plots.tables import read

__all__ = ["draw"]

_PANELS = (
    ("aigc", "return", "return of the AIGC users"),
    ("aigc", "latency_s", "latency of a result, s"),
    ("sfc", "qoe", "QoE of a request for a chain"),
)


def draw(folder: Path) -> Path:
    """Draw ``figure.png`` and ``figure.svg`` from ``shared.csv``."""
    rows = [row for row in read(folder, "shared") if row["kind"] == "policy"]
    with figure(10.0, 3.2) as drawn:
        for axes, (family, metric, title) in zip(
            drawn.subplots(1, len(_PANELS)), _PANELS, strict=True
        ):
            own = [row for row in rows if row["family"] == family]
            for place, row in enumerate(own):
                axes.barh(place, row[metric], color=f"C{place}", height=0.7)
                low, high = row[f"{metric}_low"], row[f"{metric}_high"]
                axes.plot([low, high], [place] * 2, color="black")
                axes.annotate(
                    f"{row[metric]:.2f}",
                    (high, place),
                    xytext=(4, 0),
                    textcoords="offset points",
                    va="center",
                    fontsize=9,
                )
            names = [row["name"].replace(", ", ",\n") for row in own]
            axes.set_yticks(range(len(own)), names if axes.get_subplotspec().is_first_col() else [])
            axes.invert_yaxis()
            axes.set_title(title, fontsize=10)
            axes.axvline(0, color=GREY, linewidth=1)
            axes.margins(x=0.25)
        return save_both(drawn, folder)
