"""The learning curve of a run against the baselines: reads the run folder alone."""

import csv
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter

from edgesim.errors import InputError
from edgesim.plots.style import ACCENT, COLOURS, GREY, INK, figure, save, spread

__all__ = ["draw"]

Read = TypeVar("Read")

_CURVE = ("decisions", "return", "return_low", "return_high")


def draw(folder: Path) -> Path:
    """Draw ``learning.png`` of a run folder from its progress and its evaluation.

    The curve is the mean return over the validation episodes with its 95 % interval; the bands are
    the baselines' means on the test episodes with theirs, the point at the right is the best model
    on the test episodes.

    Returns:
        path of the picture.

    Raises:
        InputError: the folder lacks a file, or one cannot be read.
    """
    rows, evaluation, config = _read(folder)
    agent, scenario = config["agent"]["name"], config["scenario"]
    returns = {name: figures["return"] for name, figures in evaluation["policies"].items()}
    own = returns.pop(agent, None)
    decisions = [row["decisions"] for row in rows]
    with figure() as drawn:
        axes = drawn.add_subplot()
        axes.fill_between(
            decisions,
            [row["return_low"] for row in rows],
            [row["return_high"] for row in rows],
            color=ACCENT,
            alpha=0.2,
            linewidth=0,
        )
        axes.plot(decisions, [row["return"] for row in rows], color=ACCENT, linewidth=2)
        best = max(rows, key=lambda row: row["return"])
        axes.plot([best["decisions"]], [best["return"]], "o", color=ACCENT, markersize=5)
        axes.set_xlim(0, max(decisions))
        low, high = _limits(rows, returns, own)
        axes.set_ylim(low, high)
        _bands(axes, returns, own, agent)
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        axes.set_xlabel("decisions trained on")
        axes.set_ylabel("return of an episode, mean and 95 % interval")
        axes.set_title(
            f"{agent} learns {scenario['name']} (seed {config['seed']}); "
            f"at the right, {evaluation['episodes']} held-out episodes"
        )
        return save(drawn, folder / "learning.png")


def _limits(
    rows: list[dict[str, float]], returns: Mapping[str, Any], own: Mapping[str, Any] | None
) -> tuple[float, float]:
    """Limits of the y axis: all of the contest, but not the far ends of hopeless policies."""
    top = [row["return_high"] for row in rows[len(rows) // 2 :]]
    top += [figures["mean"] for figures in returns.values()]
    top += [own["mean"]] if own else []
    best = max(top)
    means = sorted((figures["mean"] for figures in returns.values()), reverse=True)
    # The better half of the baselines fills at least half of the height.
    middle = means[(len(means) - 1) // 2] if means else min(row["return"] for row in rows)
    lowest = min([*means, *(row["return_low"] for row in rows)])
    span = max(best - middle, 0.05 * max(abs(best), 1e-9))
    low = max(lowest, best - 2.5 * span)
    return low - 0.05 * (best - low), best + 0.06 * (best - low)


def _bands(
    axes: Axes, returns: Mapping[str, Any], own: Mapping[str, Any] | None, agent: str
) -> None:
    """Baselines as bands over the whole width, each named at its right end."""
    low, high = axes.get_ylim()
    labels: list[tuple[float, str, str, str]] = []
    colours = iter(COLOURS * (1 + len(returns) // len(COLOURS)))
    for name, figures in sorted(returns.items(), key=lambda item: -item[1]["mean"]):
        mean = figures["mean"]
        bound = name == "bound"
        colour = INK if bound else next(colours)
        labels.append((mean, name, colour, "normal"))
        if mean >= low:
            axes.axhspan(*figures["ci95"], color=colour, alpha=0.15, linewidth=0)
            axes.axhline(mean, color=colour, linewidth=1.2, linestyle="--" if bound else "-")
    if own is not None:
        labels.append((own["mean"], agent, ACCENT, "bold"))
    if own is not None and own["mean"] >= low:
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
            f"{name} {mean:.4g}" + (" ↓" if mean < low else ""),
            xy=(1.0, max(mean, low)),
            xytext=(1.05, place),
            xycoords=("axes fraction", "data"),
            textcoords=("axes fraction", "data"),
            va="center",
            color=colour,
            fontweight=weight,
            fontsize=10,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.6, "shrinkB": 4},
        )


def _read(folder: Path) -> tuple[list[dict[str, float]], dict[str, Any], dict[str, Any]]:
    """Progress rows, evaluation and configuration of a run folder."""
    return (
        _of(folder, "progress.csv", _progress),
        _of(folder, "evaluation.json", _evaluation),
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


def _progress(text: str) -> list[dict[str, float]]:
    rows = [
        {key: float(value) for key, value in row.items() if value}
        for row in csv.DictReader(text.splitlines())
    ]
    if not rows:
        raise ValueError("no rows")
    return [row for row in rows if [row[key] for key in _CURVE]]


def _evaluation(text: str) -> dict[str, Any]:
    evaluation: dict[str, Any] = json.loads(text)
    for figures in evaluation["policies"].values():
        figures["return"]["mean"], figures["return"]["ci95"]
    return {"episodes": evaluation["episodes"], "policies": evaluation["policies"]}


def _config(text: str) -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load(text)
    config["scenario"]["name"], config["agent"]["name"], config["seed"]
    return config
