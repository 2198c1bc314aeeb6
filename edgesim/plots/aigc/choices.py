"""Where policies send requests, beside the hidden quality of providers: reads a CSV file."""

from pathlib import Path

import numpy as np

from edgesim.plots.style import figure, save_both
from edgesim.plots.tables import read

__all__ = ["draw"]


def draw(folder: Path) -> Path:
    """Draw ``figure.png`` and ``figure.svg`` from ``choices.csv``.

    One heat map a policy, and one of the hidden quality; providers with the best on top.
    """
    rows = read(folder, "choices")
    policies = list(dict.fromkeys(row["policy"] for row in rows))
    steps = sorted({row["steps"] for row in rows})
    providers = sorted({row["provider"] for row in rows})
    maps = {policy: np.zeros((len(providers), len(steps))) for policy in policies}
    quality = np.zeros((len(providers), len(steps)))
    for row in rows:
        place = providers.index(row["provider"]), steps.index(row["steps"])
        maps[row["policy"]][place] = row["share"]
        quality[place] = row["quality"]
    order = np.argsort(-quality.mean(axis=1), kind="stable")
    most = max(shares.max() for shares in maps.values())
    half = (steps[1] - steps[0]) / 2 if len(steps) > 1 else 0.5
    extent = (steps[0] - half, steps[-1] + half, len(providers) - 0.5, -0.5)
    with figure(9.5, 4.8) as drawn:
        panels = drawn.subplots(1, 1 + len(policies), sharex=True, sharey=True)
        shown = {"hidden quality": quality, **maps}
        for axes, (title, values) in zip(panels, shown.items(), strict=True):
            hidden = values is quality
            image = axes.imshow(
                values[order],
                aspect="auto",
                interpolation="nearest",
                cmap="cividis" if hidden else "Blues",
                vmin=0,
                vmax=None if hidden else most,
                extent=extent,
            )
            axes.set_title(title, fontsize=11)
            axes.set_xlabel("steps asked")
            axes.spines[:].set_visible(False)
            if hidden:
                drawn.colorbar(image, ax=axes, location="bottom", label="quality gain", pad=0.02)
        drawn.colorbar(
            image,
            ax=list(panels[1:]),
            location="bottom",
            label="share of the requests of so many steps",
            pad=0.02,
            aspect=60,
        )
        panels[0].set_yticks(range(len(providers)), [f"{providers[k]:.0f}" for k in order])
        panels[0].tick_params(axis="y", labelsize=8)
        panels[0].set_ylabel("provider, best on top")
        return save_both(drawn, folder)
