"""Agents over all scenarios: scores, aggregates, profiles, improvement: reads CSV files."""

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from edgesim.plots.style import ACCENT, COLOURS, GREY, INK, MARKS, MUTED, figure, save_both
from edgesim.plots.tables import read

__all__ = ["draw"]


def draw(folder: Path) -> Path:
    """Draw ``figure.png`` and ``figure.svg``.

    From ``runs``, ``aggregates``, ``profiles`` and ``improvement.csv``.
    """
    runs, totals = read(folder, "runs"), read(folder, "aggregates")
    agents = [row["agent"] for row in totals]
    looks = dict(zip(agents, zip((ACCENT, *COLOURS), MARKS, strict=False), strict=False))
    with figure(9.5, 6.8) as drawn:
        (one, two), (three, four) = drawn.subplots(2, 2)
        _runs(one, runs, looks)
        _totals(two, totals, looks)
        _profiles(three, read(folder, "profiles"), looks)
        _improvement(four, read(folder, "improvement"))
        handles, labels = three.get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside upper center", ncols=4, frameon=False)
        return save_both(drawn, folder)


def _runs(axes: Axes, rows: list[dict[str, Any]], looks: dict[str, tuple[str, str]]) -> None:
    scenarios = list(dict.fromkeys(row["scenario"] for row in rows))
    width = 0.7 / len(looks)
    for place, agent in enumerate(looks):
        colour, mark = looks[agent]
        own = [row for row in rows if row["agent"] == agent]
        at = [
            len(scenarios) - 1 - scenarios.index(row["scenario"]) + 0.35 - width * (place + 0.5)
            for row in own
        ]
        axes.plot([row["score"] for row in own], at, mark, color=colour, markersize=5, alpha=0.8)
    axes.set_yticks(range(len(scenarios)), scenarios[::-1])
    axes.set_ylim(-0.5, len(scenarios) - 0.5)
    for line in range(1, len(scenarios)):
        axes.axhline(line - 0.5, color=GREY, linewidth=0.5)
    axes.axvline(1, color=INK, linewidth=1, linestyle="--")
    axes.set_xlim(left=max(-0.5, min(row["score"] for row in rows) - 0.03))
    axes.grid(axis="x", color=GREY, alpha=0.25)
    axes.set_xlabel("normalised score of a run (0: random, 1: bound)")


def _totals(axes: Axes, rows: list[dict[str, Any]], looks: dict[str, tuple[str, str]]) -> None:
    for place, row in enumerate(reversed(rows)):
        colour, mark = looks[row["agent"]]
        axes.plot([row["iqm_low"], row["iqm_high"]], [place, place], color=colour, linewidth=3)
        axes.plot([row["iqm"]], [place], mark, color=colour, markersize=7)
        axes.annotate(f"{row['iqm']:.3f}", (row["iqm"], place + 0.22), ha="center", fontsize=9)
    axes.set_yticks(range(len(rows)), [row["agent"] for row in reversed(rows)])
    axes.set_ylim(-0.5, len(rows) - 0.3)
    axes.grid(axis="x", color=GREY, alpha=0.25)
    axes.set_xlabel(
        f"interquartile mean over {rows[0]['scenarios']:.0f} scenarios,\n"
        f"{rows[0]['runs']:.0f} runs, 95 % interval"
    )


def _profiles(axes: Axes, rows: list[dict[str, Any]], looks: dict[str, tuple[str, str]]) -> None:
    for place, (agent, (colour, mark)) in enumerate(looks.items()):
        own = [row for row in rows if row["agent"] == agent]
        axes.step(
            [row["score"] for row in own],
            [row["share"] for row in own],
            where="post",
            color=colour,
            marker=mark,
            markevery=(5 + 10 * place, 40),
            linewidth=1.8,
            label=agent,
        )
    axes.set_ylim(0, 1.02)
    axes.grid(color=GREY, alpha=0.25)
    axes.set_xlabel("normalised score")
    axes.set_ylabel("share of the runs above it")


def _improvement(axes: Axes, rows: list[dict[str, Any]]) -> None:
    for place, row in enumerate(reversed(rows)):
        tie = row["tie"] == "True"
        colour = GREY if tie else INK
        axes.plot([row["low"], row["high"]], [place, place], color=colour, linewidth=3)
        axes.plot([row["probability"]], [place], "o", color=colour, markersize=6)
        if tie:
            axes.annotate(
                "tie", (row["probability"], place + 0.16), ha="center", fontsize=9, color=MUTED
            )
    axes.axvline(0.5, color=INK, linewidth=1, linestyle="--")
    names = [f"{row['agent']} > {row['other']}" for row in reversed(rows)]
    axes.set_yticks(range(len(rows)), names, fontsize=9)
    axes.set_ylim(-0.5, len(rows) - 0.4)
    axes.set_xlim(-0.03, 1.03)
    axes.set_xlabel("probability that a run of the one\nbeats one of the other, 95 % interval")
