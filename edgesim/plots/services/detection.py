"""What a detector finds against what it raises in vain, by threshold, and its confusion matrix."""

from pathlib import Path

import numpy as np

from edgesim.errors import InputError
from edgesim.plots.style import ACCENT, INK, figure, save
from edgesim.profiles.profile import load_profile

__all__ = ["draw"]


def draw(folder: Path) -> Path:
    """Draw ``detection.png`` of a calibration's folder, from its ``profile.json`` alone.

    Left, share of attacks found against share of false alarms, a point a threshold; right, the
    matrix of the threshold with the most of the first less the second, shares of the true class.

    Returns:
        path of the picture.

    Raises:
        InputError: there is no profile, it cannot be read, or it is not a detector's.
    """
    profile = load_profile(folder / "profile.json")
    found = profile.detection
    if found is None:
        raise InputError("profile", profile.name, "must be a detector's")
    rows = range(len(found.thresholds))
    detected = [found.detected_share(row) for row in rows]
    alarms = [found.false_alarm_share(row) for row in rows]
    best = int(np.argmax(np.subtract(detected, alarms)))
    with figure(11.0, 4.6) as drawn:
        left, right = drawn.subplots(1, 2, width_ratios=(1, 1.25))
        left.plot(alarms, detected, "o-", color=ACCENT, markersize=4)
        for row in rows:
            at = (alarms[row], detected[row])
            left.annotate(f"{found.thresholds[row]:g}", at, (4, -10), textcoords="offset points")
        left.set_xlabel("false alarms, share of harmless flows")
        left.set_ylabel("attacks detected, share")
        left.set_title(f"{profile.name}: by threshold", fontsize=11, color=INK)
        counts = np.array(found.confusion[best], dtype=float)
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
        right.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        for (row, column), share in np.ndenumerate(shares):
            if counts[row, column]:
                colour = "white" if share > 0.6 else INK
                text = f"{share:.2f}".lstrip("0") if share < 0.995 else "1"
                right.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
        right.set_xticks(range(len(found.classes)), found.classes, rotation=40, ha="right")
        right.set_yticks(range(len(found.classes)), found.classes)
        right.grid(visible=False)
        right.set_xlabel("found")
        right.set_ylabel("true")
        title = f"at threshold {found.thresholds[best]:g}"
        right.set_title(title, fontsize=11, color=INK)
        return save(drawn, folder / "detection.png")
