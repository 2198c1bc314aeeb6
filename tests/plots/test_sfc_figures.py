"""The figures of service chains, each drawn from tables written by hand."""

import csv
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import matplotlib.image
import pytest

from edgesim.errors import InputError
from edgesim.plots import sfc_learning

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


FIGURES: dict[str, tuple[Callable[[Path], Path], dict[str, Rows], tuple[str, ...]]] = {
    "sfc_learning": (
        sfc_learning.draw,
        learning(),
        ("ppo 1", "dqn 2", "bound 4", "random 20.0%", "decisions trained on"),
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
