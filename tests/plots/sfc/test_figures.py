"""The figures of service chains, each drawn from tables written by hand."""

import csv
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import matplotlib.image
import pytest

from edgesim.errors import InputError
from edgesim.plots.sfc import collector as sfc_collector
from edgesim.plots.sfc import learning as sfc_learning
from edgesim.plots.sfc import load as sfc_load
from edgesim.plots.sfc import map as sfc_map
from edgesim.plots.sfc import measured_delay as sfc_measured_delay
from edgesim.plots.sfc import slices as sfc_slices
from edgesim.plots.sfc import southbound as sfc_southbound

Rows = list[dict[str, Any]]


def interval(metric: str, mean: float, half: float = 0.1) -> dict[str, float]:
    return {metric: mean, f"{metric}_low": mean - half, f"{metric}_high": mean + half}


def learning() -> dict[str, Rows]:
    curve = [
        {
            "agent": agent,
            "seed": seed,
            "decisions": 1000 * step,
            "qoe": step + seed / 4,
            "rejected": 0.2 / (1 + step),
        }
        for agent, seed, step in product(("ppo", "dqn"), (0, 1), range(4))
    ]
    kinds = {"ppo": "agent", "dqn": "agent", "random": "policy", "bound": "bound"}
    policies: Rows = []
    for place, (name, kind) in enumerate(kinds.items()):
        row = {"name": name, "kind": kind, **interval("qoe", 1.0 + place)}
        policies.append(row if kind == "bound" else {**row, **interval("rejected", 0.1 * place)})
    return {"learning": curve, "policies": policies}


def load() -> dict[str, Rows]:
    rows = [
        {"load": load, "name": name, "kind": kind, **interval("qoe", top - 0.02 * load)}
        for load in (1, 3, 10)
        for name, kind, top in (
            ("random", "policy", -1.0),
            ("violent", "policy", 3.5),
            ("greedy", "policy", 3.6),
            ("maskable_ppo", "agent", 3.65),
            ("bound", "bound", 3.7),
        )
        if (name, load) != ("maskable_ppo", 3)
    ]
    return {"load": rows}


def collector() -> dict[str, Rows]:
    rows = [
        {
            "period_s": period_s,
            "name": name,
            "kind": kind,
            **interval("qoe", top - 0.01 * period_s),
            **interval("qoe_lost", 0.01 * period_s),
        }
        for period_s in (0.0, 0.9, 5.0, 60.0)
        for name, kind, top in (("greedy", "policy", 3.0), ("maskable_ppo", "agent", 4.0))
    ]
    return {"collector": rows}


def measured_delay() -> dict[str, Rows]:
    rows = [
        {
            "topology": topology,
            "horizon_s": horizon_s,
            "link": link,
            "true_ms": scale * (1 + link),
            "measured_ms": scale * (1 + link) * 1.01,
            "shown_ms": scale * (1 + link) * 0.98,
            "frames": horizon_s / 5,
            "load": 0.2 * (1 + link),
            "readings_within": 0.9,
        }
        for horizon_s in (300.0, 1200.0)
        for topology, scale in (("sndlib/near", 0.3), ("sndlib/far", 2.0))
        for link in range(4)
    ]
    return {"links": rows}


def southbound() -> dict[str, Rows]:
    lines = (
        ("piggyback", "measuring", 300.0),
        ("piggyback", "echoes", 20.0),
        ("piggyback", "rules", 60.0),
        ("separate", "measuring", 700.0),
        ("discovery", "measuring", 300.0),
    )
    rows = [
        {
            "mode": mode,
            "period_s": period_s,
            "purpose": purpose,
            "messages_per_s": rate / period_s,
            "bytes_per_s": 100 * rate / period_s,
        }
        for mode, purpose, rate in lines
        for period_s in (0.9, 5.0, 60.0)
    ]
    return {"southbound": rows}


def network() -> dict[str, Rows]:
    nodes: Rows = [
        {
            "policy": policy,
            "node": node,
            "name": f"Town {node}",
            "x": 6.0 + node,
            "y": 50.0 + node % 3,
            "positions": "lonlat",
            "load": load,
        }
        for policy in ("greedy", "maskable_ppo")
        for node, load in enumerate((0.5, None, 0.2, None, 0.1))
    ]
    links = [
        {"policy": policy, "source": node, "target": (node + 1) % 5, "load": 0.1 + 0.1 * node}
        for policy in ("greedy", "maskable_ppo")
        for node in range(5)
    ]
    return {"nodes": nodes, "links": links}


def slices() -> dict[str, Rows]:
    rows = [
        {
            "slice": part,
            "name": name,
            "kind": kind,
            **interval("qoe", qoe),
            **interval("rejected", 0.05, 0.01),
        }
        for part, qoe in (("embb", 2.5), ("urllc", 4.0), ("mmtc", 3.0))
        for name, kind in (("random", "policy"), ("greedy", "policy"), ("maskable_ppo", "agent"))
    ]
    return {"slices": rows}


FIGURES: dict[str, tuple[Callable[[Path], Path], dict[str, Rows], tuple[str, ...]]] = {
    "sfc_learning": (
        sfc_learning.draw,
        learning(),
        ("ppo 1", "dqn 2", "bound 4", "random 20.0%", "decisions trained on"),
    ),
    "sfc_load": (
        sfc_load.draw,
        load(),
        ("random ↓", "maskable_ppo", "10×", "QoE short of the bound"),
    ),
    "sfc_collector": (
        sfc_collector.draw,
        collector(),
        ("truth", "0.9", "60", "greedy", "period of the collector, s"),
    ),
    "sfc_measured_delay": (
        sfc_measured_delay.draw,
        measured_delay(),
        ("near", "far", "±5%", "true delay of the link, mean, ms"),
    ),
    "sfc_southbound": (
        sfc_southbound.draw,
        southbound(),
        ("separate probing", "piggyback", "discovery alone", "southbound kB a second"),
    ),
    "sfc_map": (
        sfc_map.draw,
        network(),
        ("Town 0 50%", "longitude, degrees", "greedy", "maskable_ppo"),
    ),
    "sfc_slices": (
        sfc_slices.draw,
        slices(),
        ("eMBB", "URLLC", "mMTC", "5.0%", "rejected requests"),
    ),
}


def write(folder: Path, tables: dict[str, Rows]) -> None:
    for name, rows in tables.items():
        names = dict.fromkeys(key for row in rows for key in row)
        with (folder / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, list(names))
            writer.writeheader()
            writer.writerows(rows)


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_follows_from_its_tables_alone(name: str, tmp_path: Path) -> None:
    draw, tables, said = FIGURES[name]
    write(tmp_path, tables)
    path = draw(tmp_path)
    assert path == tmp_path / "figure.png"
    height, width, _ = matplotlib.image.imread(path).shape
    assert 1200 <= width <= 1700 and height <= 1400, "legible at the width of a page"
    drawing = (tmp_path / "figure.svg").read_text()
    for text in said:
        assert f"<!-- {text}" in drawing, "the SVG names what it shows"


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_names_the_table_that_it_lacks(name: str, tmp_path: Path) -> None:
    draw, tables, _ = FIGURES[name]
    with pytest.raises(InputError, match=r"\.csv'?: cannot be read"):
        draw(tmp_path)
    write(tmp_path, {table: rows[:0] for table, rows in tables.items()})
    with pytest.raises(InputError, match="has no rows"):
        draw(tmp_path)
