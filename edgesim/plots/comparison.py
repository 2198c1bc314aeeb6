"""Agents, baselines and bounds of several scenarios beside each other: reads comparison.json."""

import json
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from edgesim.errors import InputError
from edgesim.plots.style import ACCENT, GREY, INK, figure, save

__all__ = ["draw"]

_COLUMNS = 2


def draw(folder: Path) -> Path:
    """Draw ``comparison.png`` of a folder from its ``comparison.json``.

    One panel a contest: the mean return with its 95 % interval, best on top.

    Raises:
        InputError: the folder has no readable comparison.json.
    """
    try:
        rows: list[dict[str, Any]] = json.loads(
            (folder / "comparison.json").read_text(encoding="utf-8")
        )["rows"]
        contests = {
            row["contest"]: [r for r in rows if r["contest"] == row["contest"]] for row in rows
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = (str(error).splitlines() or [""])[0]
        raise InputError(
            "comparison", str(folder), f"comparison.json cannot be read ({reason})"
        ) from None
    columns = min(_COLUMNS, len(contests))
    lines = -(-len(contests) // columns)
    longest = max(len(own) for own in contests.values())
    with figure(4.2 * columns + 0.6, (0.26 * longest + 1.1) * lines) as drawn:
        panels = drawn.subplots(lines, columns, squeeze=False).ravel()
        for axes, (label, own) in zip(panels, contests.items(), strict=False):
            _panel(axes, label, own)
        for axes in panels[len(contests) :]:
            axes.set_visible(False)
        return save(drawn, folder / "comparison.png")


def _panel(axes: Axes, label: str, rows: list[dict[str, Any]]) -> None:
    places = range(len(rows) - 1, -1, -1)
    # The best are at the right, or at the left where less is better.
    sign = 1 if rows[0]["better"] == "higher" else -1
    worse = "score_low" if sign > 0 else "score_high"
    best = max(sign * row["score"] for row in rows)
    # The better half of the contestants fills most of the width.
    middle = sorted(sign * row["score"] for row in rows)[(len(rows) - 1) // 2]
    worst = max(
        min(sign * row[worse] for row in rows),
        best - 1.3 * max(best - middle, 0.05 * abs(best)),
    )
    for place, row in zip(places, rows, strict=True):
        colour = {"agent": ACCENT, "bound": INK}.get(row["kind"], GREY)
        mean = row["score"]
        if sign * mean < worst:  # far off: named, not drawn
            far = f"← {mean:.4g}" if sign > 0 else f"{mean:.4g} →"
            side = "left" if sign > 0 else "right"
            at = (sign * worst, place)
            axes.annotate(far, at, color=colour, va="center", ha=side, fontsize=9)
            continue
        axes.plot([row["score_low"], row["score_high"]], [place, place], color=colour, linewidth=3)
        axes.plot([mean], [place], "o", color=colour, markersize=5)
    axes.set_yticks(list(places))
    axes.set_yticklabels(
        [f"{row['name']} ({row['runs']})" if row["runs"] else row["name"] for row in rows],
        fontsize=9,
    )
    for tick, row in zip(axes.get_yticklabels(), rows, strict=True):
        tick.set_color({"agent": ACCENT}.get(row["kind"], INK))
    axes.set_ylim(-0.6, len(rows) - 0.4)
    end = sign * (worst - 0.03 * (best - worst))
    axes.set_xlim(**{"left" if sign > 0 else "right": end})
    axes.grid(axis="x", color=GREY, alpha=0.25)
    axes.set_title(label, fontsize=11)
    less = "" if sign > 0 else ",\nless is better"
    metric = rows[0]["metric"]
    axes.set_xlabel(f"{metric} of an episode, mean and 95 % interval{less}", fontsize=9)
