"""Contact sheet of a measured service: the same contents at every number of steps."""

from pathlib import Path

import numpy as np

from edgesim.errors import InputError
from edgesim.plots.services.labels import work_label
from edgesim.plots.style import figure, save
from edgesim.profiles.profile import load_profile

__all__ = ["draw"]

_MOST = 6  # contents that are shown


def draw(folder: Path) -> Path:
    """Draw ``samples.png`` of a calibration's folder, from ``profile.json`` and ``samples.npz``.

    Returns:
        path of the picture.

    Raises:
        InputError: one of them is not there, or cannot be read.
    """
    profile = load_profile(folder / "profile.json")
    path = folder / "samples.npz"
    try:
        with np.load(path) as kept:
            steps, images = kept["steps"], kept["images"][:, :_MOST]
    except (OSError, KeyError, ValueError) as error:
        raise InputError("samples", str(path), f"cannot be read: {error}") from None
    rows, columns = images.shape[1], len(steps)
    with figure(0.95 * columns + 0.3, 0.95 * rows + 0.8) as drawn:
        panels = drawn.subplots(rows, columns, squeeze=False)
        for column, count in enumerate(steps):
            panels[0, column].set_title(f"{count:g}", fontsize=10, loc="center")
            for row in range(rows):
                axes = panels[row, column]
                axes.imshow(images[column, row].squeeze(), cmap="gray", vmin=0, vmax=255)
                axes.set_axis_off()
        drawn.suptitle(
            f"{profile.name}: images by {work_label(profile)}", x=0.01, ha="left", fontsize=11
        )
        return save(drawn, folder / "samples.png")
