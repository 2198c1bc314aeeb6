"""Figures of the AIGC reproduction, each drawn from small tables written by hand."""

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from edgesim.errors import InputError
from edgesim.importing import load
from edgesim.reproduction.figures import FIGURES
from edgesim.reproduction.tables import write_table

Rows = Sequence[Mapping[str, Any]]


def measured(name: str, kind: str, **metrics: float) -> dict[str, Any]:
    row: dict[str, Any] = {"name": name, "kind": kind}
    for metric, value in metrics.items():
        row |= {metric: value, f"{metric}_low": 0.9 * value, f"{metric}_high": 1.1 * value}
    return row


SITES = [{"site": k, "x_m": 100.0 * k, "y_m": 50.0, "quality": 0.3 * k} for k in range(3)]
POLICIES = (("dqn", "agent"), ("random", "policy"))
AGENTS = ("maskable_ppo", "dqn")

TABLES: dict[str, dict[str, Rows]] = {
    "aigc_tasks": {
        "tasks": [
            measured(name, kind, quality=0.5, finished=900.0, lost=lost, refused=lost)
            | {"return": -lost}
            for (name, kind), lost in zip(POLICIES, (0.0, 90.0), strict=True)
        ]
    },
    "aigc_scale": {
        "scale": [
            {
                "axis": axis,
                "at": at,
                "name": name,
                "paid": paid,
                "paid_low": paid - 0.1,
                "paid_high": paid + 0.1,
                "share": paid / 0.6,
            }
            for axis, at in product(("providers", "load"), (0.5, 1.0, 2.0))
            for name, paid in (("random", -4.0), ("prophet", 0.5), ("bound", 0.6))
        ]
    },
    "aigc_latency": {
        "latency": [
            {"scenario": scenario, "name": name, "kind": kind, "us": 100.0}
            for scenario, (name, kind) in product(("aigc", "aigc_paper"), POLICIES)
        ]
    },
    "aigc_choices": {
        "choices": [
            {"policy": policy, "provider": p, "steps": s, "share": 0.5, "quality": p * s / 1000}
            for policy, p, s in product(("dqn", "prophet"), (0, 1), (100, 110, 120))
        ]
    },
    "aigc_quality_model": {
        "curves": [
            {"provider": p, "steps": s, "quality": min(s / 200, 1.0)}
            for p, s in product((0, 1), range(0, 301, 50))
        ],
        "parameters": [
            {"provider": p, "ax": 10, "ay": 0.1, "bx": 200, "by": 0.9, "shown": p == 1}
            for p in (0, 1)
        ],
        "services": [
            {"service": "a", "steps": s, "score": 0.4, "score_low": 0.3, "score_high": 0.5}
            | {"images": 12}
            for s in (10, 100)
        ],
        "fits": [{"service": "a", "steps": s, "score": 0.4} for s in (10, 100)],
    },
    "wireless_lateness": {
        "lateness": [
            measured(name, kind, quality=0.5, late=0.1) | {"return": 3.0} for name, kind in POLICIES
        ]
    },
    "wireless_map": {
        "sites": SITES,
        "links": [{"one": 0, "other": 1}, {"one": 1, "other": 2}],
        "requests": [
            {"policy": policy, "x_m": 10.0 * k, "y_m": 20.0, "provider": k % 2}
            for policy, k in product(("nearest", "dqn"), range(700))
        ],
    },
    "wireless_radio": {
        "sites": SITES,
        "pixels": [
            {"x_m": x, "y_m": y, "up": 3.0, "down": 7.4, "down_busy": 1.0 + x / 30}
            | {"bandwidth_hz": 2e7}
            for y, x in product((5.0, 15.0), (5.0, 15.0, 25.0))
        ],
    },
    "wireless_crash": {
        "held": [
            {"time_s": t, "crashed": 100.0 * (t < 3), "others": 700.0, "capacity": 200.0}
            | {"others_capacity": 900.0}
            for t in range(8)
        ],
        "events": [
            {"time_s": t, "event": event, "task": 0, "provider": 2, "value": 150.0}
            for t, event in ((3, "crash"), (3, "lose"), (3, "refuse"), (5, "restart"))
        ],
    },
    "agents": {
        "runs": [
            {"scenario": scenario, "agent": agent, "seed": 0, "return": 3.0, "score": 0.9}
            for scenario, agent in product(("aigc", "sfc"), AGENTS)
        ],
        "aggregates": [
            {"agent": agent, "scenarios": 2, "runs": 2, "iqm": 0.9, "iqm_low": 0.8, "iqm_high": 1}
            for agent in AGENTS
        ],
        "profiles": [
            {"agent": agent, "score": score, "share": 1 - score}
            for agent, score in product(AGENTS, (0.0, 0.5, 1.0))
        ],
        "improvement": [
            {"agent": "maskable_ppo", "other": "dqn", "probability": 0.6, "low": 0.4, "high": 0.8}
            | {"tie": True}
        ],
    },
}


@pytest.mark.parametrize("name", TABLES)
def test_a_figure_follows_from_its_tables_alone(name: str, tmp_path: Path) -> None:
    draw = load(FIGURES[name].draw)
    for table, rows in TABLES[name].items():
        write_table(tmp_path, table, rows)
    assert draw(tmp_path) == tmp_path / "figure.png"
    first = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(first) == {"figure.png", "figure.svg", *(f"{table}.csv" for table in TABLES[name])}
    if name in ("aigc_tasks", "wireless_map"):  # drawing takes half a second: these stand for all
        draw(tmp_path)
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == first


@pytest.mark.parametrize("name", TABLES)
def test_a_table_that_is_missing_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\.csv'.* cannot be read"):
        load(FIGURES[name].draw)(tmp_path)
