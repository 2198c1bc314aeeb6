"""Figures on the training of large models: each reads the CSV file of its recipe."""

from pathlib import Path
from typing import Any

from edgesim.plots.style import ACCENT, COLOURS, GREY, INK, figure, save_both
from edgesim.plots.tables import read

__all__ = ["draw_checks", "draw_fit", "draw_jobs", "draw_settings"]

_PUBLISHED = "#D55E00"

_BARS = [colour for colour in (ACCENT, *COLOURS) if colour != "#000000"]
"""Colours on which the black line of an interval is seen."""


def draw_settings(folder: Path) -> Path:
    """Time beyond the clairvoyant's, a panel a setting, a bar a policy."""
    rows = [row for row in read(folder, "settings") if row["policy"] != "bound"]
    scenarios = list(dict.fromkeys(row["scenario"] for row in rows))
    policies = list(dict.fromkeys(row["policy"] for row in rows))[::-1]
    with figure(10.0, 4.0) as drawn:
        panels = drawn.subplots(1, len(scenarios), squeeze=False, sharey=True)[0]
        for axes, scenario in zip(panels, scenarios, strict=True):
            own = {row["policy"]: row for row in rows if row["scenario"] == scenario}
            for place, policy in enumerate(policies):
                row = own[policy]
                colour = ACCENT if policy.startswith("copus") else COLOURS[0]
                axes.barh(place, 100 * row["over_bound"], color=colour, height=0.7)
                ends = [100 * row["over_bound_low"], 100 * row["over_bound_high"]]
                axes.plot(ends, [place, place], color=INK)
            axes.set_title(scenario)
            axes.grid(axis="x", color=GREY, alpha=0.25)
            axes.set_xlim(0, 15)
        panels[0].set_yticks(range(len(policies)), policies)
        drawn.supxlabel("time to the end beyond the clairvoyant's, % (cut at 15)")
        return save_both(drawn, folder)


def draw_fit(folder: Path) -> Path:
    """Mean error of a step's time by application and what is held out."""
    rows = read(folder, "fit")
    return _grouped(
        folder, rows, "application", "part", "error", "mean error of a step's time", 100
    )


def draw_jobs(folder: Path) -> Path:
    """Mean completion by workload and scheduler; diamonds are published."""
    rows = read(folder, "jobs")
    return _grouped(folder, rows, "workload", "scheduler", "mean_s", "mean completion, h", 1 / 3600)


def _grouped(
    folder: Path, rows: list[dict[str, Any]], x: str, by: str, y: str, label: str, unit: float
) -> Path:
    places = list(dict.fromkeys(row[x] for row in rows))
    names = list(dict.fromkeys(row[by] for row in rows))
    with figure(9.0, 4.0) as drawn:
        axes = drawn.subplots()
        width = 0.8 / len(names)
        for number, name in enumerate(names):
            own = [row for row in rows if row[by] == name]
            at = [places.index(row[x]) + (number - (len(names) - 1) / 2) * width for row in own]
            values = [unit * row[y] for row in own]
            errors = [
                [unit * (row[y] - row[f"{y}_low"]) for row in own],
                [unit * (row[f"{y}_high"] - row[y]) for row in own],
            ]
            colour = _BARS[number]
            axes.bar(at, values, width, yerr=errors, color=colour, label=name)
            for place, row in zip(at, own, strict=True):
                if row.get("published_s") is not None:
                    axes.plot(place, unit * row["published_s"], "D", color=_PUBLISHED)
        axes.set_xticks(range(len(places)), [_word(place) for place in places])
        axes.set(xlabel=x, ylabel=label if unit != 100 else f"{label}, %")
        axes.legend(
            loc="lower right", bbox_to_anchor=(1.0, 1.0), frameon=False, ncols=min(len(names), 4)
        )
        return save_both(drawn, folder)


def _word(place: Any) -> str:
    """What stands below bars; whole numbers, as tables give them back, without a point."""
    return f"{place:g}" if isinstance(place, float) else str(place)


def draw_checks(folder: Path) -> Path:
    """Measured over predicted, a point a case; the band is 15 %."""
    rows = read(folder, "checks")
    names = list(dict.fromkeys(row["check"] for row in rows))
    with figure(8.0, 0.9 + 0.32 * len(rows)) as drawn:
        axes = drawn.subplots()
        axes.axvspan(0.85, 1.15, color=GREY, alpha=0.2, linewidth=0)
        axes.axvline(1.0, color=GREY, linewidth=1)
        for place, row in enumerate(rows):
            colour = (ACCENT, *COLOURS)[names.index(row["check"])]
            axes.plot(row["ratio"], place, "o", color=colour)
        axes.set_yticks(range(len(rows)), [f"{row['check']}, {row['case']}" for row in rows])
        axes.invert_yaxis()
        axes.set_xlabel("measured over predicted")
        return save_both(drawn, folder)
