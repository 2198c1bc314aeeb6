"""The table that compares training runs at a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from edgesim.tables import console as at_terminal
from edgesim.tables import show_table

__all__ = ["print_comparison"]


def print_comparison(content: Mapping[str, Any]) -> None:
    """Print each contest, best first, agents in bold, and what is reached over several of them.

    Args:
        content: of a ``comparison.json``.
    """
    console = at_terminal()
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
    for differing in content["differences"]:
        _print_difference(console, differing)
    for folder, reason in content["left_out"].items():
        console.print(f"left out: {folder}: {reason}", soft_wrap=True)


_LISTED = 8  # keys in which scenarios differ that a table lists


def _print_difference(console: Console, differing: Mapping[str, Any]) -> None:
    keys: Mapping[str, Any] = differing["keys"]
    title = f"{differing['contest']} differs from {differing['from']}"
    console.print(f"{title} in {len(keys)} key{'s' if len(keys) != 1 else ''}:", soft_wrap=True)
    for key, (before, after) in list(keys.items())[:_LISTED]:
        console.print(f"  {key}: {_short(before)} → {_short(after)}", soft_wrap=True)
    if len(keys) > _LISTED:
        console.print(f"  and {len(keys) - _LISTED} more, see comparison.json")


def _short(value: Any) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _print_contest(console: Console, contest: str, rows: Sequence[Mapping[str, Any]]) -> None:
    headings = (
        "policy",
        "runs",
        rows[0]["metric"],
        "95 % interval",
        "IQM",
        "minus the best policy",
        "normalised",
    )
    lines = [
        [
            row["name"],
            str(row["runs"] or ""),
            f"{row['score']:,.4g}",
            f"[{row['score_low']:,.4g}, {row['score_high']:,.4g}]",
            f"{row['iqm']:,.4g}",
            _difference(row),
            "" if row["normalised"] is None else f"{row['normalised']:.3f}",
        ]
        for row in rows
    ]
    episodes = rows[0]["episodes"]
    less = f", less {rows[0]['metric']} is better" if rows[0]["better"] == "lower" else ""
    console.print(f"{contest}: {episodes} held-out episode{'s' if episodes > 1 else ''}{less}")
    show_table(
        console,
        headings,
        lines,
        words=["policy"],
        spare=["IQM", "normalised", "runs"],
        bold=_agents(rows),
    )


def _print_overall(console: Console, overall: Mapping[str, Mapping[str, Any]]) -> None:
    headings = (
        "agent, over all scenarios",
        "normalised, interquartile mean",
        "probability that a run beats one of",
    )
    rows = []
    for name, figures in sorted(overall.items(), key=lambda item: -item[1]["iqm"]):
        low, high = figures["iqm_ci95"]
        beats = figures["probability_of_improvement"].items()
        rows.append(
            [
                name,
                f"{figures['iqm']:.3f} [{low:.3f}, {high:.3f}]",
                ", ".join(f"{other} {share:.2f}" for other, share in beats),
            ]
        )
    show_table(console, headings, rows, words=(headings[0], headings[2]))


def _print_worlds(console: Console, group: Mapping[str, Any]) -> None:
    metric, best = group["metric"], group["best"]
    headings = ["policy, over worlds", "runs", metric, "95 % interval"]
    if best is not None:
        headings += [f"minus {best}", "ahead", "behind", "beats it"]
    lines = []
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
        lines.append([*cells, *[""] * (len(headings) - len(cells))])
    less = f", less {metric} is better" if group["better"] == "lower" else ""
    seeds = ", ".join(map(str, group["seeds"]))
    console.print(f"{group['scenario']}: {len(group['seeds'])} worlds, world_seed {seeds}{less}")
    show_table(
        console,
        headings,
        lines,
        words=headings[:1],
        spare=["runs", "95 % interval"],
        bold=_agents(group["rows"]),
    )
    console.print(
        "intervals: bootstrap over worlds, the runs in each, and the episodes of each run"
    )
    if best is not None:
        console.print(f"ahead, behind: worlds in which the interval of the difference to {best}")
        console.print("excludes 0; beats it: probability that a run does, averaged over worlds")


def _agents(rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Numbers of the rows of agents."""
    return [number for number, row in enumerate(rows) if row["kind"] == "agent"]


def _difference(row: Mapping[str, Any]) -> str:
    if row["minus_best"] is None:
        return ""
    low, high = row["minus_best_low"], row["minus_best_high"]
    return f"{row['minus_best']:+,.3g} [{low:+,.3g}, {high:+,.3g}]"
