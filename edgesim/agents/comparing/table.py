"""The table that compares training runs at a terminal."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

__all__ = ["print_comparison"]

_WIDTH = 110  # where the output is no terminal


def print_comparison(content: Mapping[str, Any]) -> None:
    """Print each contest, best first, agents in bold, and what is reached over several of them.

    Args:
        content: of a ``comparison.json``.
    """
    console = Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)
    rows: Sequence[Mapping[str, Any]] = content["rows"]
    contests = dict.fromkeys(row["contest"] for row in rows)
    for contest in contests:
        _print_contest(console, contest, [row for row in rows if row["contest"] == contest])
    console.print("mean over runs and held-out episodes, 95 % bootstrap interval over both")
    console.print("IQM: interquartile mean; minus best policy: episode by episode")
    if any(row["normalised"] is not None for row in rows):
        console.print("normalised: 0 is the random policy, 1 the bound")
    if content["overall"] and len(contests) > 1:
        _print_overall(console, content["overall"])
    for group in content["worlds"]:
        _print_worlds(console, group)
    for folder, reason in content["left_out"].items():
        console.print(f"left out: {folder}: {reason}", soft_wrap=True)


def _print_contest(console: Console, contest: str, rows: Sequence[Mapping[str, Any]]) -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("policy", overflow="fold")
    for heading in (
        "runs",
        rows[0]["metric"],
        "95 % interval",
        "IQM",
        "minus the best policy",
        "normalised",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            row["name"],
            str(row["runs"] or ""),
            f"{row['score']:,.4g}",
            f"[{row['score_low']:,.4g}, {row['score_high']:,.4g}]",
            f"{row['iqm']:,.4g}",
            _difference(row),
            "" if row["normalised"] is None else f"{row['normalised']:.3f}",
            style="bold" if row["kind"] == "agent" else None,
        )
    episodes = rows[0]["episodes"]
    less = f", less {rows[0]['metric']} is better" if rows[0]["better"] == "lower" else ""
    console.print(f"{contest}: {episodes} held-out episode{'s' if episodes > 1 else ''}{less}")
    console.print(table)


def _print_overall(console: Console, overall: Mapping[str, Mapping[str, Any]]) -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("agent, over all scenarios", overflow="fold")
    table.add_column("normalised, interquartile mean", justify="right")
    table.add_column("probability that a run beats one of", overflow="fold")
    for name, figures in sorted(overall.items(), key=lambda item: -item[1]["iqm"]):
        low, high = figures["iqm_ci95"]
        beats = figures["probability_of_improvement"].items()
        table.add_row(
            name,
            f"{figures['iqm']:.3f} [{low:.3f}, {high:.3f}]",
            ", ".join(f"{other} {share:.2f}" for other, share in beats),
        )
    console.print(table)


def _print_worlds(console: Console, group: Mapping[str, Any]) -> None:
    metric, best = group["metric"], group["best"]
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("policy, over worlds", overflow="fold")
    headings = ["runs", metric, "95 % interval"]
    if best is not None:
        headings += [f"minus {best}", "ahead", "behind", "beats it"]
    for heading in headings:
        table.add_column(heading, justify="right")
    for row in group["rows"]:
        cells = [
            row["name"],
            str(row["runs"] or ""),
            f"{row['score']:,.4g}",
            f"[{row['score_low']:,.4g}, {row['score_high']:,.4g}]",
        ]
        if row["minus_best"] is not None:
            cells += [_difference(row), str(row["ahead"]), str(row["behind"])]
            cells.append(f"{row['beats_best']:.2f}")
        table.add_row(*cells, style="bold" if row["kind"] == "agent" else None)
    less = f", less {metric} is better" if group["better"] == "lower" else ""
    seeds = ", ".join(map(str, group["seeds"]))
    console.print(f"{group['scenario']}: {len(group['seeds'])} worlds, world_seed {seeds}{less}")
    console.print(table)
    console.print(
        "intervals: bootstrap over worlds, the runs in each, and the episodes of each run"
    )
    if best is not None:
        console.print(f"ahead, behind: worlds in which the interval of the difference to {best}")
        console.print("excludes 0; beats it: probability that a run does, averaged over worlds")


def _difference(row: Mapping[str, Any]) -> str:
    if row["minus_best"] is None:
        return ""
    low, high = row["minus_best_low"], row["minus_best_high"]
    return f"{row['minus_best']:+,.3g} [{low:+,.3g}, {high:+,.3g}]"
