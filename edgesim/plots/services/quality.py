"""Quality of a measured service against its work, with the fitted curves."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from edgesim.plots.services.labels import items_label, work_label
from edgesim.plots.style import ACCENT, COLOURS, figure, save
from edgesim.profiles.profile import Fits, Metric, Score, ServiceProfile, load_profile

__all__ = ["draw"]

_CURVES = ("piecewise", "hill", "exponential")


def draw(folder: Path) -> Path:
    """Draw ``quality.png`` of a calibration's folder, from its ``profile.json`` alone.

    A panel for each metric, with the 95 % interval of every mean, and one for the score of a
    request, with the middle half and the middle nine tenths of the items.

    Returns:
        path of the picture.

    Raises:
        InputError: there is no profile, or it cannot be read.
    """
    profile = load_profile(folder / "profile.json")
    metrics = profile.scored.metrics
    columns = 2
    rows = -(-(len(metrics) + 1) // columns)
    with figure(10.0, 3.6 * rows + 0.4) as drawn:
        panels = drawn.subplots(rows, columns, squeeze=False).ravel()
        _score(panels[0], profile, profile.scored.score)
        for axes, (name, metric) in zip(panels[1:], metrics.items(), strict=False):
            _metric(axes, profile, name, metric)
        for axes in panels[len(metrics) + 1 :]:
            axes.set_axis_off()
        drawn.suptitle(
            f"{profile.name}: {profile.title}\n{profile.mode + ', ' if profile.mode else ''}"
            f"{profile.provenance.items} {items_label(profile)}s",
            x=0.01,
            ha="left",
            fontsize=12,
        )
        return save(drawn, folder / "quality.png")


def _score(axes: Axes, profile: ServiceProfile, score: Score) -> None:
    steps, samples = profile.scored.work, np.asarray(score.samples)
    for low, high, alpha in ((5, 95, 0.12), (25, 75, 0.2)):
        edges = np.percentile(samples, [low, high], axis=1)
        axes.fill_between(steps, *edges, color=ACCENT, alpha=alpha, linewidth=0)
    _curves(axes, steps, score.fits)
    axes.plot(steps, score.mean, "o", color=ACCENT, markersize=4, zorder=3)
    axes.set_title(
        f"score of a request ({score.metric}), 50 % and 90 % of {items_label(profile)}s",
        fontsize=10,
    )
    _finish(axes, profile, "score")


def _metric(axes: Axes, profile: ServiceProfile, name: str, metric: Metric) -> None:
    steps = profile.scored.work
    low, high = np.asarray(metric.ci95).T
    mean = np.asarray(metric.mean)
    _curves(axes, steps, metric.fits)
    axes.errorbar(
        steps,
        mean,
        # A bootstrap's interval need not hold the value itself.
        yerr=[np.maximum(mean - low, 0.0), np.maximum(high - mean, 0.0)],
        fmt="o",
        color=ACCENT,
        markersize=4,
        capsize=2,
        zorder=3,
    )
    if metric.better == "lower" and mean.min() > 0 and mean.max() > 30 * mean.min():
        axes.set_yscale("log")
    axes.set_title(f"{name}, {metric.better} is better, 95 % interval", fontsize=10)
    _finish(axes, profile, f"{name} {f'({metric.unit})' if metric.unit else ''}".strip())


def _curves(axes: Axes, steps: tuple[float, ...], fits: Fits) -> None:
    at = np.geomspace(steps[0], steps[-1], 400)
    for colour, name in zip(COLOURS, _CURVES, strict=False):
        fit = getattr(fits, name)
        if fit is not None:
            label = f"{name}, R² {fit.r2:.4f}"
            axes.plot(at, [fit.at(s) for s in at], color=colour, linewidth=1.5, label=label)


def _finish(axes: Axes, profile: ServiceProfile, label: str) -> None:
    steps = profile.scored.work
    if profile.mode == "respaced" and len(steps) > 1:
        axes.set_xscale("log")
        axes.set_xticks(steps, [f"{count:g}" for count in steps])
        axes.minorticks_off()
    axes.set_xlabel(work_label(profile))
    axes.set_ylabel(label)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=8, frameon=False)
