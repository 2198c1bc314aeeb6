"""A Gantt chart of one token on its way around the ring."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.patches import Patch

from edgesim.plots.style import ACCENT, COLOURS, GREY, figure, save
from edgesim.twin.ring.live import Span

__all__ = ["draw"]

_COLOURS = {"compute": ACCENT, "stall": COLOURS[1], "read ahead": COLOURS[3], "hop": GREY}
_WORDS = {
    "compute": "computes",
    "stall": "waits for its disk",
    "read ahead": "reads ahead",
    "hop": "activation in the air",
}


def draw(
    path: Path,
    names: Sequence[str],
    spans: Sequence[Span],
    start_s: float,
    end_s: float,
    title: str,
) -> Path:
    """Draw what each device does while one token is made.

    Args:
        path: the PNG file.
        names: of the devices, by the number that spans have.
        spans: what happened; what lies outside of the token is cut off.
        start_s: when the token begins.
        end_s: when it ends.
        title: the figure's title.
    """
    with figure(10.0, 1.9 + 0.55 * len(names)) as drawn:
        axes = drawn.subplots()
        shown = set()
        for span in spans:
            begin, end = max(span.start_s, start_s), min(span.end_s, end_s)
            if end <= begin:
                continue
            shown.add(span.what)
            # Disks work below their device, which may compute meanwhile
            ahead = span.what == "read ahead"
            axes.broken_barh(
                [(1e3 * (begin - start_s), 1e3 * (end - begin))],
                (span.device + 0.27 if ahead else span.device - 0.38, 0.13 if ahead else 0.6),
                color=_COLOURS[span.what],
                linewidth=0,
            )
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_xlim(0, 1e3 * (end_s - start_s))
        axes.set_xlabel("ms of one token")
        axes.set_title(title)
        handles = [
            Patch(color=_COLOURS[what], label=words)
            for what, words in _WORDS.items()
            if what in shown
        ]
        axes.legend(
            handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.28), ncol=4, frameon=False
        )
        return save(drawn, path)
