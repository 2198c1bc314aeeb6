"""The quality model: four parameters a provider, and what measured services show."""

from pathlib import Path
from typing import Any

import numpy as np

from edgesim.reproduction.aigc.tasks import CAPACITY
from edgesim.reproduction.budget import Training
from edgesim.reproduction.findings import Finding
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.tables import write_table
from edgesim.scenarios import resolve
from edgesim.scenarios.aigc.services import fit_of, measured
from edgesim.twin.aigc.world import AIGCWorld

__all__ = ["TRAININGS", "tables"]

TRAININGS: tuple[Training, ...] = ()

_STEPS = range(0, 301, 2)


def tables(results: ResultStore, folder: Path) -> list[Finding]:
    """Write four tables.

    ``curves.csv``: quality (floor and gain) of each provider of ``aigc_paper`` by steps;
    ``parameters.csv``: ax, ay, bx, by of each; ``services.csv``: of each measured service of
    ``aigc`` the mean score and the range of the middle 80 % of its images; ``fits.csv``: the
    four-parameter fit of each.
    """
    world = AIGCWorld(resolve("aigc_paper", CAPACITY))
    specs = world.providers
    # The steepest rise of those that start above nothing shows all four parameters.
    shown = max(
        (number for number, spec in enumerate(specs) if spec.ay > 0 and spec.ax > 0),
        key=lambda number: specs[number].by - specs[number].ay,
        default=0,
    )
    write_table(
        folder,
        "parameters",
        [
            {"provider": k, "ax": it.ax, "ay": it.ay, "bx": it.bx, "by": it.by, "shown": k == shown}
            for k, it in enumerate(specs)
        ],
    )
    curves = [
        {"provider": k, "steps": steps, "quality": spec.ay + float(world.curves.gains(steps)[k])}
        for k, spec in enumerate(specs)
        for steps in _STEPS
    ]
    write_table(folder, "curves", curves)
    rows: list[dict[str, Any]] = []
    fits: list[dict[str, Any]] = []
    found = []
    used = {profile.service for profile in resolve("aigc").profiles}
    for name in sorted(name for name in used if name is not None):
        quality = measured(name).scored
        fit = fit_of(measured(name))
        fits += [
            {"service": name, "steps": steps, "score": fit.at(steps)}
            for steps in range(int(quality.work[0]), int(quality.work[-1]) + 1)
        ]
        misses = []
        for steps, scores in zip(quality.work, quality.score.samples, strict=True):
            low, high = np.percentile(scores, [10, 90])
            mean = float(np.mean(scores))
            misses.append(fit.at(steps) - mean)
            rows.append(
                {
                    "service": name,
                    "steps": int(steps),
                    "score": mean,
                    "score_low": float(low),
                    "score_high": float(high),
                    "images": len(scores),
                }
            )
        found.append(
            Finding(
                f"four-parameter curve of the measured service {name}",
                f"Ax {fit.ax:.1f}, Ay {fit.ay:.3f}, Bx {fit.bx:.1f}, By {fit.by:.3f};"
                f" largest distance from the mean score {max(map(abs, misses)):.3f}",
            )
        )
    write_table(folder, "services", rows)
    write_table(folder, "fits", fits)
    gain = world.curves.by - world.curves.ay
    return [
        Finding(
            "gain of a provider of aigc_paper at many steps",
            f"{gain.min():.2f} to {gain.max():.2f}, mean {gain.mean():.2f}",
            "by - ay, uniform over {.5 … .95} less {0 … .45}: mean 0.50",
            "arXiv 2301.03220 and its reference simulator",
            None,
            "20 draws",
        ),
        *found,
    ]
