"""Quality against denoising steps: drawn providers and measured services: reads CSV files."""

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from edgesim.plots.style import ACCENT, COLOURS, GREY, INK, MARKS, figure, save_both
from edgesim.plots.tables import read

__all__ = ["draw"]


def draw(folder: Path) -> Path:
    """Draw ``figure.png`` and ``figure.svg``.

    From ``curves.csv`` and ``parameters.csv`` the providers, from ``services.csv`` and
    ``fits.csv`` what was measured.
    """
    with figure(9.0, 4.4) as drawn:
        left, right = drawn.subplots(1, 2, sharey=True)
        _providers(left, read(folder, "curves"), read(folder, "parameters"))
        _services(right, read(folder, "services"), read(folder, "fits"))
        left.set_ylim(-0.1, 1.08)
        return save_both(drawn, folder)


def _providers(axes: Axes, curves: list[dict[str, Any]], parameters: list[dict[str, Any]]) -> None:
    for row in parameters:
        own = [it for it in curves if it["provider"] == row["provider"]]
        shown = row["shown"] == "True"
        axes.plot(
            [it["steps"] for it in own],
            [it["quality"] for it in own],
            color=ACCENT if shown else GREY,
            linewidth=2.5 if shown else 0.8,
            alpha=1 if shown else 0.7,
            zorder=3 if shown else 2,
        )
        if not shown:
            continue
        for x, y, name in (("ax", "ay", "A"), ("bx", "by", "B")):
            at, level = row[x], row[y]
            axes.plot([at, at, 0], [0, level, level], color=ACCENT, linewidth=0.8, linestyle=":")
            axes.plot([at], [level], "o", color=ACCENT, zorder=4)
            text = f"$({name}_x, {name}_y)$ = ({at:.0f}, {level:.2f})"
            axes.annotate(
                text,
                (at, level),
                xytext=(0, 14) if name == "B" else (-2, -28),
                textcoords="offset points",
                ha="center" if name == "B" else "left",
                color=ACCENT,
            )
    axes.set_xlim(0, max(it["steps"] for it in curves))
    axes.set_title(f"{len(parameters)} providers of aigc_paper", fontsize=11)
    axes.set_xlabel("denoising steps")
    axes.set_ylabel("perceived quality")


def _services(axes: Axes, rows: list[dict[str, Any]], fits: list[dict[str, Any]]) -> None:
    names = dict.fromkeys(row["service"] for row in rows)
    for name, colour, mark in zip(names, (ACCENT, *COLOURS[1:]), MARKS, strict=False):
        own = [row for row in rows if row["service"] == name]
        steps = [row["steps"] for row in own]
        low, high = ([row[f"score_{end}"] for row in own] for end in ("low", "high"))
        axes.fill_between(steps, low, high, color=colour, alpha=0.15, linewidth=0)
        label = f"{name}, mean of {own[0]['images']:.0f} images"
        axes.plot(steps, [row["score"] for row in own], mark, ms=4.5, color=colour, label=label)
        fit = [row for row in fits if row["service"] == name]
        axes.plot([r["steps"] for r in fit], [r["score"] for r in fit], color=colour, linewidth=1.5)
    axes.set_title("measured services of aigc", fontsize=11)
    axes.set_xlabel("denoising steps")
    axes.set_xlim(left=0)
    axes.plot([], [], color=INK, label="four-parameter fit")
    axes.fill_between([], [], color=INK, alpha=0.15, label="middle 80 % of the images")
    axes.legend(loc="upper left", frameon=False, fontsize=9)
