"""The table that compares policies at a terminal."""

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

from rich.console import Console

from edgesim.agents.specs import Column
from edgesim.problems import Score
from edgesim.tables import console as at_terminal
from edgesim.tables import show_table

__all__ = ["print_table", "ranked"]


def print_table(
    evaluation: Mapping[str, Any],
    columns: Sequence[Column],
    *,
    highlight: str | None = None,
    console: Console | None = None,
) -> None:
    """Print an evaluation, best policy first; the bound, where there is one, above all.

    Args:
        evaluation: the content of an ``evaluation.json``.
        columns: what to show between score and bound.
        highlight: a policy to set in bold.
        console: where to print; standard output by default.
    """
    if console is None:
        console = at_terminal()
    policies: Mapping[str, Any] = evaluation["policies"]
    score = Score.of(evaluation)
    bound = policies.get("bound", {}).get(score.metric)
    episodes = evaluation["episodes"]
    headings = ["policy", score.metric, *(column.heading for column in columns)]
    headings += ["of bound"] if bound is not None else []
    headings.append("decisions/s")
    order = ranked(policies, score)
    rows = []
    for name in order:
        figures = policies[name]
        own = figures.get(score.metric)
        cells = [name, "none" if own is None else _with_interval(own, episodes, score.digits)]
        if figures.get("missing"):
            cells[1] += f" ({figures['missing']} missing)"
        cells += [_cell(figures, column) for column in columns]
        if bound is not None:
            cells.append("" if own is None else _share(own["mean"], bound["mean"]))
        speed = figures.get("decisions_per_second")
        cells.append("" if speed is None else f"{speed:,.0f}")
        rows.append(cells)
    plural = "episode" if episodes == 1 else "episodes"
    console.print(
        f"{evaluation['scenario']}: {episodes} held-out {plural}, seed {evaluation['seed']}"
    )
    show_table(
        console,
        headings,
        rows,
        words=["policy"],
        spare=["decisions/s"],
        bold=[number for number, name in enumerate(order) if name == highlight],
    )
    proven = None if bound is None else bool(evaluation.get("bound_proven", True))
    console.print(_caption(episodes, proven, columns, score))
    if any(figures.get("missing") for figures in policies.values()):
        console.print(_missing(score))


def ranked(policies: Mapping[str, Any], score: Score) -> list[str]:
    """Names of policies in an ``evaluation.json``, best first; those without any score last."""

    def place(name: str) -> float:
        own = policies[name].get(score.metric)
        return inf if own is None else -score.sign * own["mean"]

    return sorted(policies, key=place)


def _with_interval(figures: Mapping[str, Any], episodes: int, digits: int) -> str:
    low, high = figures["ci95"]
    mean = f"{figures['mean']:,.{digits}f}"
    return mean if episodes < 2 else f"{mean} ± {(high - low) / 2:,.{digits}f}"


def _cell(figures: Mapping[str, Any], column: Column) -> str:
    if any(metric not in figures for metric in column.metrics):
        return ""
    return f"{sum(figures[metric]['mean'] for metric in column.metrics):,.{column.digits}f}"


def _share(mean: float, bound: float) -> str:
    return f"{mean / bound:.3f}" if bound > 0 else ""


def _missing(score: Score) -> str:
    worst = "the worst of all here" if score.missing is None else f"{score.missing:g}"
    return f"missing: episodes without {score.metric}, which count {worst}"


def _caption(episodes: int, proven: bool | None, columns: Sequence[Column], score: Score) -> str:
    """What stands below; ``proven``: whether the bound is, None where there is none."""
    lines = ["means an episode"]
    if episodes > 1:
        lines[0] += ", ± half of the 95 % interval (Student's t)"
    lines += [
        f"{column.heading}: {' + '.join(column.metrics)}"
        for column in columns
        if len(column.metrics) > 1
    ]
    if proven is not None:
        end = "more" if score.sign > 0 else "less"
        means = f"ratio of the mean {score.metric}"
        worth = f"no policy can reach {end} than the bound"
        if not proven:
            worth = f"the bound is not proven: a policy may reach {end}"
        lines.append(f"of bound: {means}; {worth}")
    if score.sign < 0:
        lines.append(f"less {score.metric} is better")
    lines.append("decisions/s: a CPU second, the simulation included")
    return "\n".join(lines)
