"""Cost of a decision against the size of the world: reads the JSON of ``edgesim benchmark``."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from edgesim.errors import InputError
from edgesim.plots.style import ACCENT, COLOURS, GREY, INK, figure, save

__all__ = ["draw"]

_AXES = ("worlds", "providers", "users", "nodes", "transfers")


def draw(path: Path) -> Path:
    """Draw ``<name>.png`` beside a benchmark's ``<name>.json``: a log-log panel an axis.

    Raises:
        InputError: the file cannot be read, or holds no sizes.
    """
    try:
        rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["rows"]
        axes = [axis for axis in _AXES if any(row["axis"] == axis for row in rows)]
        alone = next(r["decisions_per_cpu_second"] for r in rows if r["what"] == "SimPy alone")
    except (OSError, ValueError, KeyError, TypeError, StopIteration) as error:
        reason = (str(error).splitlines() or [""])[0]
        raise InputError("benchmark", str(path), f"cannot be read ({reason})") from None
    if not axes:
        raise InputError(
            "benchmark", str(path), "was measured without parts=worlds, sizes or transfers"
        )
    sized = dict.fromkeys((row["what"], row["engine"]) for row in rows if row["axis"])
    colours = dict(zip(sized, (ACCENT, *COLOURS), strict=False))
    lines = -(-len(axes) // 2)
    columns = min(2, len(axes))
    with figure(4.6 * columns, 3.4 * lines) as drawn:
        panels = drawn.subplots(lines, columns, squeeze=False, sharey=True).ravel()
        for panel, axis in zip(panels, axes, strict=False):
            own = [row for row in rows if row["axis"] == axis]
            _panel(panel, axis, own, colours, 1e6 / alone)
        for panel in panels[len(axes) :]:
            panel.set_visible(False)
        for panel in panels[::columns]:
            panel.set_ylabel("CPU µs a decision" if axes != ["transfers"] else "CPU µs an event")
        return save(drawn, path.with_suffix(".png"))


def _panel(
    panel: Axes,
    axis: str,
    rows: list[dict[str, Any]],
    colours: Mapping[tuple[str, str], str],
    alone_us: float,
) -> None:
    for what, engine in dict.fromkeys((row["what"], row["engine"]) for row in rows):
        colour = colours[what, engine]
        own = [row for row in rows if (row["what"], row["engine"]) == (what, engine)]
        sizes = [row["size"] for row in own]
        cost = [1e6 / row["decisions_per_cpu_second"] for row in own]
        label = f"{what}, {engine}" if engine else what
        panel.loglog(sizes, cost, "o-", color=colour, markersize=4, label=label)
    panel.axhline(alone_us, color=GREY, linewidth=1, linestyle="--")
    panel.annotate(
        "SimPy alone",
        (1.0, alone_us),
        xycoords=("axes fraction", "data"),
        xytext=(-2, 3),
        textcoords="offset points",
        ha="right",
        fontsize=8,
        color=INK,
    )
    events = ", of which one begins or ends" if axis == "transfers" else ""
    panel.set_xlabel(f"number of {axis}{events}")
    panel.legend(frameon=False, fontsize=8)
