"""The learning curve of a run against the baselines: reads the run folder alone."""

import csv
import json
from collections.abc import Callable, Mapping
from math import isnan
from pathlib import Path
from typing import Any, TypeVar

import yaml
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter

from edgesim.errors import InputError
from edgesim.plots.style import ACCENT, COLOURS, GREY, INK, figure, save, spread
from edgesim.problems import Score

__all__ = ["draw"]

Read = TypeVar("Read")


def draw(folder: Path) -> Path:
    """Draw ``learning.png`` of a run folder from its progress and its evaluation.

    The curve is the mean score (the return, or what the problem ranks by) over the validation
    episodes with its 95 % interval; the bands are the baselines' means on the test episodes with
    theirs, the point at the right is the best model on the test episodes.

    Returns:
        path of the picture.

    Raises:
        InputError: the folder lacks a file, or one cannot be read.
    """
    rows, evaluation, config = _read(folder)
    agent, scenario = config["agent"]["name"], config["scenario"]
    score: Score = evaluation["score"]
    metric = score.metric
    scores = {
        name: figures[metric]
        for name, figures in evaluation["policies"].items()
        if metric in figures
    }
    own = scores.pop(agent, None)
    decisions = [row["decisions"] for row in rows]
    means = [row[metric] for row in rows]
    with figure() as drawn:
        axes = drawn.add_subplot()
        axes.fill_between(
            decisions,
            [row[f"{metric}_low"] for row in rows],
            [row[f"{metric}_high"] for row in rows],
            color=ACCENT,
            alpha=0.2,
            linewidth=0,
        )
        axes.plot(decisions, means, color=ACCENT, linewidth=2)
        best = max(range(len(rows)), key=lambda place: score.sign * means[place])
        axes.plot([decisions[best]], [means[best]], "o", color=ACCENT, markersize=5)
        axes.set_xlim(0, max(decisions))
        low, high = _limits(rows, scores, own, score)
        axes.set_ylim(low, high)
        _bands(axes, scores, own, agent, score)
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        axes.set_xlabel("decisions trained on")
        less = ",\nless is better" if score.sign < 0 else ""
        axes.set_ylabel(f"{metric} of an episode, mean and 95 % interval{less}")
        axes.set_title(
            f"{agent} learns {scenario['name']} (seed {config['seed']}); "
            f"at the right, {evaluation['episodes']} held-out episodes"
        )
        return save(drawn, folder / "learning.png")


def _limits(
    rows: list[dict[str, float]],
    scores: Mapping[str, Any],
    own: Mapping[str, Any] | None,
    score: Score,
) -> tuple[float, float]:
    """Limits of the y axis: all of the contest, but not the far ends of hopeless policies."""
    sign, metric = score.sign, score.metric
    ends = [f"{metric}_low", f"{metric}_high"][::sign]  # of an interval, the worse one first
    top = [sign * row[ends[1]] for row in rows[len(rows) // 2 :]]
    top += [sign * figures["mean"] for figures in scores.values()]
    top += [sign * own["mean"]] if own else []
    best = max(top)
    means = sorted((sign * figures["mean"] for figures in scores.values()), reverse=True)
    # The better half of the baselines fills at least half of the height.
    middle = means[(len(means) - 1) // 2] if means else min(sign * row[metric] for row in rows)
    lowest = min([*means, *(sign * row[ends[0]] for row in rows)])
    span = max(best - middle, 0.05 * max(abs(best), 1e-9))
    worst = max(lowest, best - 2.5 * span)
    limits = sorted((sign * worst, sign * best))
    height = best - worst or abs(best) or 1.0  # of a single look at a single episode
    above, below = (0.06, 0.05)[::sign]
    return limits[0] - below * height, limits[1] + above * height


def _bands(
    axes: Axes,
    scores: Mapping[str, Any],
    own: Mapping[str, Any] | None,
    agent: str,
    score: Score,
) -> None:
    """Baselines as bands over the whole width, each named at its right end."""
    low, high = axes.get_ylim()

    def inside(mean: float) -> bool:
        return low <= mean <= high

    labels: list[tuple[float, str, str, str]] = []
    colours = iter(COLOURS * (1 + len(scores) // len(COLOURS)))
    for name, figures in sorted(scores.items(), key=lambda it: -score.sign * it[1]["mean"]):
        mean = figures["mean"]
        bound = name == "bound"
        colour = INK if bound else next(colours)
        labels.append((mean, name, colour, "normal"))
        if inside(mean):
            axes.axhspan(*figures["ci95"], color=colour, alpha=0.15, linewidth=0)
            axes.axhline(mean, color=colour, linewidth=1.2, linestyle="--" if bound else "-")
    if own is not None:
        labels.append((own["mean"], agent, ACCENT, "bold"))
    if own is not None and inside(own["mean"]):
        end = axes.get_xlim()[1]
        # Drawn over the edge of the axes, so kept within their height.
        first, last = max(own["ci95"][0], low), min(own["ci95"][1], high)
        error = [[own["mean"] - first], [last - own["mean"]]]
        axes.errorbar(
            [end], [own["mean"]], yerr=error, color=ACCENT, marker="D", capsize=4, clip_on=False
        )
    places = spread([label[0] for label in labels], 0.058 * (high - low), low, high)
    for (mean, name, colour, weight), place in zip(labels, places, strict=True):
        axes.annotate(
            f"{name} {mean:.4g}" + ("" if inside(mean) else " ↓" if mean < low else " ↑"),
            xy=(1.0, min(max(mean, low), high)),
            xytext=(1.05, place),
            xycoords=("axes fraction", "data"),
            textcoords=("axes fraction", "data"),
            va="center",
            color=colour,
            fontweight=weight,
            fontsize=10,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": GREY,
                "linewidth": 0.6,
                "relpos": (0, 0.5),  # from the middle of the name's left edge, not across it
                "shrinkB": 4,
            },
        )


def _read(folder: Path) -> tuple[list[dict[str, float]], dict[str, Any], dict[str, Any]]:
    """Progress rows, evaluation and configuration of a run folder."""
    evaluation = _of(folder, "evaluation.json", _evaluation)
    metric = evaluation["score"].metric
    return (
        _of(folder, "progress.csv", lambda text: _progress(text, metric)),
        evaluation,
        _of(folder, "config.yaml", _config),
    )


def _of(folder: Path, name: str, read: Callable[[str], Read]) -> Read:
    try:
        return read((folder / name).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError("run folder", str(folder), f"lacks {name}") from None
    except KeyError as error:
        reason = f"it lacks {error}"
    except (OSError, ValueError, TypeError, yaml.YAMLError) as error:
        reason = (str(error).splitlines() or [""])[0]
    raise InputError("run folder", str(folder), f"{name} cannot be read ({reason})")


def _progress(text: str, metric: str) -> list[dict[str, float]]:
    rows = [
        {key: float(value) for key, value in row.items() if value}
        for row in csv.DictReader(text.splitlines())
    ]
    if not rows:
        raise ValueError("no rows")
    curve = ("decisions", metric, f"{metric}_low", f"{metric}_high")
    return [row for row in rows if not any(isnan(row[key]) for key in curve)] or rows[:1]


def _evaluation(text: str) -> dict[str, Any]:
    evaluation: dict[str, Any] = json.loads(text)
    score = Score.of(evaluation)
    for figures in evaluation["policies"].values():
        if "missing" not in figures:  # where all are, there is no score
            figures[score.metric]["mean"], figures[score.metric]["ci95"]
    return {
        "episodes": evaluation["episodes"],
        "policies": evaluation["policies"],
        "score": score,
    }


def _config(text: str) -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load(text)
    config["scenario"]["name"], config["agent"]["name"], config["seed"]
    return config
