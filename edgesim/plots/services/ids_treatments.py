"""Detectors by what is done about rare classes: macro-F1, and attacks found against alarms."""

from math import isnan
from pathlib import Path

from edgesim.plots.style import ACCENT, COLOURS, GREY, INK, MARKS, figure, save_both
from edgesim.plots.tables import read

__all__ = ["draw"]

_DETECTORS = {"network": ACCENT, "forest": COLOURS[0], "boosting": COLOURS[1]}


def draw(folder: Path) -> Path:
    """Draw ``figure.png`` and ``figure.svg`` from ``arms.csv`` and ``seeds.csv``.

    Left: macro-F1, every seed as a dot, the mean with its interval, and what was published. Right:
    what macro-F1 does not show, false alarms and the attacks that pass.
    """
    arms, seeds = read(folder, "arms"), read(folder, "seeds")
    with figure(10.5, 0.8 + 0.32 * max(len(arms), 8)) as drawn:
        left, right = drawn.subplots(1, 2, width_ratios=(1.2, 1))
        for place, row in enumerate(arms):
            colour = _DETECTORS[row["arm"].split()[0]]
            each = [it["macro_f1"] for it in seeds if it["arm"] == row["arm"]]
            left.plot(each, [place] * len(each), ".", color=GREY, markersize=4)
            left.errorbar(
                row["macro_f1"],
                place,
                xerr=_half(row, "macro_f1"),
                fmt="o",
                color=colour,
                capsize=3,
            )
            if row["published"] is not None:
                left.plot(row["published"], place, "x", color=INK, markersize=8)
            right.errorbar(
                100 * row["false_alarms"],
                100 * (1 - row["detected"]),
                xerr=100 * _half(row, "false_alarms"),
                yerr=100 * _half(row, "detected"),
                marker=MARKS[_number(arms, place)],
                color=colour,
                elinewidth=0.7,
                linestyle="",
                label=row["arm"],
            )
        left.plot([], [], "x", color=INK, label="published (CICIDS2017)")
        left.legend(fontsize=8, frameon=False, loc="lower left")
        left.set_yticks(range(len(arms)), [row["arm"] for row in arms])
        left.invert_yaxis()
        left.set_xlabel("macro-F1; mean over seeds, 95 % interval")
        right.set_xlim(left=0)
        right.set_ylim(bottom=0)
        right.set_xlabel("benign flows that are stopped, %")
        right.set_ylabel("attack flows that pass, %")
        right.legend(fontsize=7, frameon=False)
        return save_both(drawn, folder)


def _half(row: dict[str, float], name: str) -> float:
    """Half of the interval; 0 where one seed has none."""
    half = row[f"{name}_half"]
    return 0.0 if half is None or isnan(half) else half


def _number(arms: list[dict[str, str]], place: int) -> int:
    """Which of its detector's treatments an arm is."""
    detector = arms[place]["arm"].split()[0]
    return sum(row["arm"].split()[0] == detector for row in arms[:place]) % len(MARKS)
