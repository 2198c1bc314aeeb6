"""Sojourn times of a real server beside the twin's, at every load."""

import json
from pathlib import Path

from edgesim.errors import InputError
from edgesim.plots.style import ACCENT, COLOURS, figure, save

__all__ = ["draw"]


def draw(folder: Path) -> Path:
    """Draw ``validation.png`` of a validation's folder, from its ``validation.json`` alone.

    Returns:
        path of the picture.

    Raises:
        InputError: the file is not there, or is not of a validation.
    """
    path = folder / "validation.json"
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
        loads = result["loads"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError("validation", str(path), f"cannot be read: {error}") from None
    columns = min(len(loads), 4)
    rows = -(-len(loads) // columns)
    with figure(2.9 * columns, 2.7 * rows + 0.5) as drawn:
        panels = drawn.subplots(rows, columns, squeeze=False).ravel()
        for axes, (load, found) in zip(panels, loads.items(), strict=False):
            quantiles = found["sojourn_quantiles"]
            shares = [k / (len(quantiles["real"]) - 1) for k in range(len(quantiles["real"]))]
            axes.plot(quantiles["real"], shares, color=ACCENT, linewidth=2, label="real server")
            axes.plot(quantiles["twin"], shares, color=COLOURS[1], linewidth=1.5, label="twin")
            off = found["sojourn"]["twin_over_real_minus_1"]
            axes.set_title(
                f"load {load} ({found['used_to']})\nmean {off['mean']:+.1%}, p95 {off['p95']:+.1%}",
                fontsize=10,
            )
            axes.set_xlabel(f"sojourn ({'CPU ' if result['clock'] == 'cpu' else ''}s)")
            axes.set_xlim(left=0)
        for axes in panels[len(loads) :]:
            axes.set_axis_off()
        panels[0].set_ylabel("share of requests")
        panels[0].legend(fontsize=8, frameon=False)
        title = f"{result['service']}: sojourn times of {result['requests']} requests a load"
        drawn.suptitle(title, x=0.01, ha="left", fontsize=11)
        return save(drawn, folder / "validation.png")
