"""Learning curves of several agents over the bands of baselines, as several figures show them."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter

from edgesim.plots.style import ACCENT, COLOURS, GREY, INK, MARKS, MUTED, figure, save_both, spread
from edgesim.plots.tables import read

__all__ = ["End", "draw_learning", "label_ends", "learning_panel"]

_POINTS = 60  # of a curve

End = tuple[float, str, str, str]
"""Of a line at its right end: value, text, colour, and mark (empty for none)."""


def draw_learning(folder: Path, metric: str, label: str) -> Path:
    """Draw ``figure.png`` and ``figure.svg`` of a folder.

    Args:
        folder: with ``learning.csv`` (agent, seed, decisions, <metric>) and ``policies.csv``
            (name, kind, <metric>, <metric>_low, <metric>_high).
        metric: the column of both.
        label: of the y axis, with its unit.
    """
    with figure(9.0, 5.0) as drawn:
        learning_panel(drawn.add_subplot(), folder, metric, label)
        return save_both(drawn, folder)


def learning_panel(
    axes: Axes,
    folder: Path,
    metric: str,
    label: str,
    *,
    limits: tuple[float, float] | None = None,
    form: str | None = None,
) -> None:
    """One panel: curves of the agents (mean and range over seeds), bands of the others.

    Args:
        axes: the panel.
        folder: as of :func:`draw_learning`.
        metric: likewise.
        label: likewise.
        limits: of the y axis; where they are given, the others are lines without bands. By default
            all of the contest, but not the far ends of hopeless policies.
        form: how values are written; as many digits as the best one needs by default.
    """
    curves, policies = read(folder, "learning"), read(folder, "policies")
    agents = list(dict.fromkeys(row["agent"] for row in curves))
    colours = dict(zip(agents, (ACCENT, *COLOURS), strict=False))
    marks = dict(zip(agents, MARKS, strict=False))
    baselines = [row for row in policies if row["kind"] != "agent" and row[metric] is not None]
    if form is None:
        form = "{:.1f}" if max((row[metric] for row in baselines), default=0) >= 100 else "{:.3f}"
    ends: list[End] = []
    top: list[float] = []
    for agent in agents:
        own = [row for row in curves if row["agent"] == agent and row[metric] is not None]
        grid, values = _on_one_grid(own, metric)
        axes.fill_between(
            grid, values.min(0), values.max(0), color=colours[agent], alpha=0.15, linewidth=0
        )
        axes.plot(
            grid,
            values.mean(0),
            color=colours[agent],
            linewidth=2,
            marker=marks[agent],
            markevery=_POINTS // 6,
            markersize=5,
        )
        top.append(float(values.mean(0).max()))
        final = next((row for row in policies if row["name"] == agent), None)
        told = values.mean(0)[-1] if final is None else final[metric]
        ends.append((told, f"{agent} {form.format(told)}", colours[agent], marks[agent]))
    if limits is None:
        _bands(axes, [(row[f"{metric}_low"], row[f"{metric}_high"]) for row in baselines])
    for row in baselines:
        bound = row["kind"] == "bound"
        colour = INK if bound else GREY
        axes.axhline(row[metric], color=colour, linewidth=1.2, linestyle="--" if bound else "-")
        ends.append((row[metric], f"{row['name']} {form.format(row[metric])}", colour, ""))
    if limits is None:
        _limit(axes, top, [row[metric] for row in baselines])
    else:
        axes.set_ylim(limits)
    label_ends(axes, ends)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.set_xlabel(
        "decisions trained on\n(curves: validation episodes, range over seeds;"
        " numbers: held-out episodes)"
    )
    axes.set_ylabel(f"{label}, mean")


def _on_one_grid(rows: list[dict[str, Any]], metric: str) -> tuple[Any, Any]:
    """The curves of all seeds on common decisions, shapes (points,) and (seeds, points)."""
    seeds = sorted({row["seed"] for row in rows})
    own = [
        np.array(sorted((r["decisions"], r[metric]) for r in rows if r["seed"] == seed))
        for seed in seeds
    ]
    grid = np.linspace(0, min(points[-1, 0] for points in own), _POINTS)
    return grid, np.array([np.interp(grid, points[:, 0], points[:, 1]) for points in own])


def _bands(axes: Axes, intervals: list[tuple[float | None, float | None]]) -> None:
    """The intervals of the others, in one shade where they overlap."""
    known = sorted((low, high) for low, high in intervals if low is not None and high is not None)
    joined: list[list[float]] = []
    for low, high in known:
        if joined and low <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], high)
        else:
            joined.append([low, high])
    for low, high in joined:
        axes.axhspan(low, high, color=GREY, alpha=0.2, linewidth=0, zorder=0)


def _limit(axes: Axes, top: list[float], baselines: list[float]) -> None:
    """All of the contest, but not the far ends of hopeless policies."""
    best = max(top + baselines)
    middle = sorted(top + baselines)[(len(top + baselines) - 1) // 2]
    lowest = min(top + baselines)
    low = max(lowest, best - 2.5 * max(best - middle, 0.05 * abs(best)))
    axes.set_ylim(low - 0.06 * (best - low), best + 0.06 * (best - low))


def label_ends(axes: Axes, ends: list[End]) -> None:
    """Names at the right end, apart from each other, each behind the mark of its line.

    Args:
        axes: their limits must be final; the y axis linear.
        ends: of the lines.
    """
    low, high = axes.get_ylim()
    places = spread([end[0] for end in ends], 0.055 * (high - low), low, high)
    for (value, text, colour, mark), place in zip(ends, places, strict=True):
        axes.annotate(
            text.replace(" -", " −") + (" ↓" if value < low else ""),
            xy=(1.0, min(max(value, low), high)),
            xytext=(1.075, place),
            xycoords=("axes fraction", "data"),
            textcoords=("axes fraction", "data"),
            va="center",
            color=MUTED if colour == GREY else INK,
            fontsize=10,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": GREY,
                "linewidth": 0.6,
                "relpos": (0, 0.5),
                "shrinkA": 14,
                "shrinkB": 4,
            },
        )
        axes.plot(
            [1.05],
            [place],
            marker=mark or "_",
            color=colour,
            markersize=6,
            transform=axes.get_yaxis_transform(),
            clip_on=False,
        )
