"""Damage against QoE as damage's price grows: where a policy lies, and what bounds it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgesim.plots.sfc.attack import draw
from edgesim.plots.tables import read
from edgesim.reproduction.budget import Budget
from edgesim.reproduction.results import Measured, ResultStore
from edgesim.reproduction.sfc import attack
from edgesim.reproduction.sfc.attack import less, requests, tables
from edgesim.scenarios import resolve


def measured(qoe: float, damage: float, alarms: float, counts: tuple[int, ...]) -> Measured:
    each = qoe - damage - alarms
    rows: list[dict[str, float]] = [
        {"seed": k, "return": each * n, "qoe": qoe, "damage": damage, "false_alarms": alarms}
        for k, n in enumerate(counts)
    ]
    return Measured(rows, None)


def test_requests_follow_from_what_each_pays() -> None:
    assert requests(measured(4.0, 0.3, 0.1, (600, 580))).tolist() == [600, 580]


def test_differences_are_a_request_and_of_the_same_episodes() -> None:
    aware, off = measured(4.0, 0.2, 0.1, (600, 400)), measured(4.0, 0.8, 0.0, (600, 400))
    bound = Measured([{"seed": 0, "return": 2400.0}, {"seed": 1, "return": 1600.0}], None)
    rows = less({("load_aware", 2.0): [aware], ("always off", 2.0): [off]}, {2.0: bound})
    by_name = {row["name"]: row for row in rows}
    assert by_name["always off"]["less"] == pytest.approx(3.2 - 3.7)
    # Both episodes differ alike: nothing is left to the interval.
    assert by_name["always off"]["less_low"] == pytest.approx(-0.5)
    assert by_name["bound"]["less"] == pytest.approx(4.0 - 3.7)


def test_a_price_scales_what_passes_costs_and_nothing_else() -> None:
    dear: Any = resolve("sfc_attack", {"attacks.price": 3.0})
    from edgesim.twin.sfc.attack_world import AttackWorld

    once, thrice = AttackWorld(resolve("sfc_attack")), AttackWorld(dear)
    np.testing.assert_allclose(thrice.damage, 3.0 * once.damage)
    assert dear.attacks.false_alarm == resolve("sfc_attack").attacks.false_alarm


def test_what_is_served_and_what_passes_are_told_at_a_price_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def play(self: ResultStore, scenario: str, policy: str, **given: Any) -> Measured:
        price = (given.get("overrides") or {}).get("attacks.price", 1.0)
        if policy == "bound":
            return Measured([{"seed": 0, "return": 4.5 * 600 - 20 * price}], None)
        passed = {"strictest": 0.01, "load_aware": 0.1 / price}.get(policy, 0.4)
        found = measured(4.0 - 0.1 / passed * 0.1, price * passed, 0.05, (600,))
        found.rows[0] |= {"detected_share": 0.9, "rejected": 0.1}
        return found

    monkeypatch.setattr(ResultStore, "measured", play)
    results = ResultStore(Budget("tiny", 1, 0.1, 1), str(tmp_path / "runs"), tmp_path)
    found = tables(results, tmp_path)
    assert len(found) == 2 * len(attack.PRICES) and "worse" in found[-1].here
    curves = read(tmp_path, "curves")
    aware = [row for row in curves if row["name"] == "load_aware"]
    assert [row["passed"] for row in aware] == pytest.approx([0.1 / p for p in attack.PRICES])
    assert [row["passed"] for row in curves if row["name"] == "always off"] == pytest.approx(
        [0.4] * len(attack.PRICES)
    )
    for row in curves:
        assert row["served"] == pytest.approx(row["qoe"] - 0.05)
    lines = read(tmp_path, "bound")
    assert [row["worth"] for row in lines] == pytest.approx(
        [4.5 - 20 * p / 600 for p in attack.PRICES]
    )
    assert len(read(tmp_path, "points")) == 8
    draw(tmp_path)
    assert (tmp_path / "figure.png").stat().st_size > 5000
