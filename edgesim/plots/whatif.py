"""What a change changes, by how much: metrics, links, slices, providers; or failures in order."""

import json
from math import cos, radians
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.ticker import PercentFormatter

from edgesim.errors import InputError
from edgesim.plots.style import ACCENT, COLOURS, GREY, INK, figure, save
from edgesim.plots.tables import read

__all__ = ["draw"]

_MOST = 10  # things of a kind: those that change the most
_RANKED = 25  # failures
_NAMED = 5  # of them, whose ends a map names
_ROW_IN = 0.24
_WIDEST = 1.5  # change of a metric, as a part of it, up to which it is drawn to scale

_TITLES = {
    "load": "load",
    "latency_p95_s": "95th percentile of latency",
    "drops": "drops an episode",
}
_KINDS = {
    "link": "links",
    "slice": "slices",
    "provider": "providers",
    "cell": "cells",
    "host": "hosts",
    "node": "nodes",
}


def draw(folder: Path) -> Path:
    """Draw ``whatif.png`` of a folder from its ``whatif.json`` and its tables; returns its path.

    Raises:
        InputError: the folder has no readable ``whatif.json``.
    """
    try:
        content: dict[str, Any] = json.loads((folder / "whatif.json").read_text(encoding="utf-8"))
        single = bool(content["single"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = (str(error).splitlines() or [""])[0]
        raise InputError("whatif", str(folder), f"whatif.json cannot be read ({reason})") from None
    return _ranking(folder, content) if single else _changes(folder, content)


def _ranking(folder: Path, content: dict[str, Any]) -> Path:
    """Single failures by what they cost, the worst on top; where they are, on a map."""
    metric, better = content["score"]["metric"], content["score"]["better"]
    every = [row for row in content["rows"] if row["metric"] == metric]
    own = every[:_RANKED]
    places: dict[str, Any] = content.get("places") or {}
    with figure(14.0 if places else 8.0, max(1.4 + 0.26 * len(own), 5.0 if places else 0)) as drawn:
        axes, *more = drawn.subplots(1, 2 if places else 1, squeeze=False)[0]
        for place, row in enumerate(own):
            sure = row["episodes"] > 1 and (row["low"] > 0 or row["high"] < 0)
            _point(axes, row, place, ACCENT if sure else GREY)
        axes.set_yticks(range(len(own)), [row["case"] for row in own], fontsize=9)
        axes.set_ylim(len(own) - 0.5, -0.5)
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.set_xlabel(f"change of {metric} ({better} is better), 95 % interval over episodes")
        count = len(content["cases"])
        which = f"the {_RANKED} worst of {count}" if count > _RANKED else f"{count}"
        axes.set_title(f"{content['scenario']}, {content['policy']}: {which} single failures")
        axes.grid(axis="x", color=GREY, alpha=0.25)
        for panel in more:
            fails = {case["label"]: case["fails"] for case in content["cases"]}
            _map(panel, places, every, fails, 1 if better == "higher" else -1)
        return save(drawn, folder / "whatif.png")


def _map(
    axes: Axes,
    places: dict[str, Any],
    rows: list[dict[str, Any]],
    fails: dict[str, tuple[str, int]],
    sign: int,
) -> None:
    """The network, each link or node in the colour of what its failure costs."""
    where = [(x, y) for _, x, y in places["nodes"]]
    harm = {tuple(fails[row["case"]]): -sign * row["difference"] for row in rows}
    most = max((abs(value) for value in harm.values()), default=0.0) or 1.0
    scale, colours = Normalize(-most, most), colormaps["RdBu_r"]
    for number, ends in enumerate(places["edges"]):
        value = harm.get(("link", number))
        axes.plot(
            *zip(*(where[end] for end in ends), strict=True),
            color=GREY if value is None else colours(scale(value)),
            linewidth=1.0 if value is None else 2.0 + 4.0 * abs(value) / most,
            solid_capstyle="round",
            zorder=1,
        )
    for number, place in enumerate(where):
        values = [harm.get((kind, number)) for kind in ("node", "host", "provider")]
        known = [value for value in values if value is not None]
        worst = max(known, key=abs, default=None)
        axes.plot(
            *place,
            "o",
            color=INK if worst is None else colours(scale(worst)),
            markeredgecolor=INK,
            markersize=3 if worst is None else 6 + 8 * abs(worst) / most,
            zorder=2,
        )
    named: dict[int, None] = {}
    for row in rows[:_NAMED]:
        kind, number = fails[row["case"]]
        named |= dict.fromkeys(places["edges"][number] if kind == "link" else [number])
    for node in named:
        axes.annotate(
            places["nodes"][node][0],
            where[node],
            xytext=(5, 4),
            textcoords="offset points",
            fontsize=8,
        )
    if places["positions"] == "lonlat":
        middle = sum(y for _, y in where) / len(where)
        axes.set_aspect(1 / max(cos(radians(middle)), 0.1))
    else:
        axes.set_aspect("equal")
    axes.set_axis_off()
    bar = axes.figure.colorbar(
        ScalarMappable(scale, colours), ax=axes, location="bottom", aspect=40, pad=0.02
    )
    bar.set_label("what the failure costs; blue: what it spares")


class _Panel(NamedTuple):
    """What a panel shows: rows of several cases on the same names."""

    title: str
    names: list[str]
    rows: list[dict[str, Any]]
    unit: str


def _changes(folder: Path, content: dict[str, Any]) -> Path:
    """Metrics, and things of each kind, that change the most: a colour a change."""
    cases = [case["label"] for case in content["cases"]]
    lines = [_metrics(content)]
    # Stage links have no series: the metrics are then all.
    found = read(folder, "elements") if (folder / "elements.csv").is_file() else []
    for kind in dict.fromkeys(row["kind"] for row in found):
        lines.append(_things([row for row in found if row["kind"] == kind], str(kind)))
    lines = [line for line in lines if any(panel.names for panel in line)]
    row_in = _ROW_IN * max(1.0, 0.3 + 0.3 * len(cases))
    heights = [0.75 + row_in * max(2, *(len(panel.names) for panel in line)) for line in lines]
    with figure(12.0, sum(heights) + 0.5 + 0.22 * len(cases)) as drawn:
        parts = drawn.subfigures(len(lines), 1, height_ratios=heights, squeeze=False)[:, 0]
        for part, line in zip(parts, lines, strict=True):
            panels = part.subplots(1, len(line), squeeze=False)[0]
            for axes, panel in zip(panels, line, strict=True):
                _panel(axes, panel, cases)
        colours = [
            drawn.axes[0].plot([], [], "o", color=_colour(k), label=label)[0]
            for k, label in enumerate(cases)
        ]
        drawn.legend(
            handles=colours,
            loc="outside upper left",
            frameon=False,
            fontsize=9,
            title=f"{content['scenario']}, {content['policy']}: what if …",
            alignment="left",
        )
        return save(drawn, folder / "whatif.png")


def _metrics(content: dict[str, Any]) -> list[_Panel]:
    """Metrics as parts of what they are: they have different units."""
    rows = []
    for row in content["rows"]:
        scale = abs(row["base"])
        if not row["difference"] or not scale:
            continue
        parts = {key: row[key] / scale for key in ("difference", "low", "high")}
        rows.append({**row, **parts, "name": row["metric"]})
    names = list(dict.fromkeys(row["name"] for row in rows))
    return [_Panel("metrics, as parts of what they are", names, rows, "%")]


def _things(rows: list[dict[str, Any]], kind: str) -> list[_Panel]:
    """The things of a kind whose figures change the most, a panel a figure."""
    panels = []
    for figure_name, title in _TITLES.items():
        own = [row for row in rows if row["figure"] == figure_name and row["difference"]]
        most: dict[str, float] = {}
        for row in own:
            most[row["name"]] = max(most.get(row["name"], 0.0), abs(row["difference"]))
        names = sorted(most, key=lambda name: -most[name])[:_MOST]
        if not names:
            continue
        own = [row for row in own if row["name"] in names]
        unit = ""
        if figure_name == "load":
            unit = "chains" if kind == "slice" else "points"
        elif figure_name == "latency_p95_s":
            scale, unit = (1.0, "s") if max(most.values()) >= 0.1 else (1000.0, "ms")
            own = [
                {**row, **{key: row[key] * scale for key in ("difference", "low", "high")}}
                for row in own
            ]
        panels.append(_Panel(f"{_KINDS.get(kind, kind)}: {title}", names, own, unit))
    return panels


def _panel(axes: Axes, panel: _Panel, cases: list[str]) -> None:
    places = {name: place for place, name in enumerate(panel.names)}
    step = 0.7 / max(len(cases), 1)
    for row in panel.rows:
        k = cases.index(row["case"])
        shift = (k - (len(cases) - 1) / 2) * step
        place = places[row["name"]] + shift
        if panel.unit == "%" and abs(row["difference"]) > _WIDEST:
            _beyond(axes, row["difference"], place, _colour(k))
        else:
            _point(axes, row, place, _colour(k))
    if panel.unit == "%":
        low, high = axes.get_xlim()
        axes.set_xlim(max(low, -1.1 * _WIDEST), min(high, 1.1 * _WIDEST))
    axes.set_yticks(range(len(panel.names)), panel.names, fontsize=8)
    axes.set_ylim(len(panel.names) - 0.4, -0.6)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_title(panel.title, fontsize=10)
    axes.tick_params(axis="x", labelsize=8)
    axes.grid(axis="x", color=GREY, alpha=0.25)
    if panel.unit in ("%", "points"):
        axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    label = {"%": "change", "points": "change, points", "": "change"}.get(panel.unit)
    axes.set_xlabel(label or f"change, {panel.unit}", fontsize=9)


def _beyond(axes: Axes, difference: float, place: float, colour: str) -> None:
    """A mark at the edge for what lies far beyond it, with its figure."""
    right = difference > 0
    at = _WIDEST if right else -_WIDEST
    axes.plot([at], [place], ">" if right else "<", color=colour, markersize=5)
    axes.annotate(
        f"{difference:+,.0%}",
        (at, place),
        xytext=(-6 if right else 6, 0),
        textcoords="offset points",
        ha="right" if right else "left",
        va="center",
        fontsize=7,
        color=colour,
    )


def _point(axes: Axes, row: dict[str, Any], place: float, colour: str) -> None:
    axes.plot([row["low"], row["high"]], [place] * 2, color=colour, linewidth=1.5)
    axes.plot([row["difference"]], [place], "o", color=colour, markersize=4)


def _colour(number: int) -> str:
    return (ACCENT, *COLOURS)[number % (len(COLOURS) + 1)]
