"""What looking ahead gains: shares of the gap by hand, the table, and its picture."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from edgesim.plots.planner import draw
from edgesim.plots.tables import read
from edgesim.reproduction.planner import gap_closed, tables
from edgesim.reproduction.results import Measured


def test_a_share_of_the_gap_is_a_ratio_of_means() -> None:
    share, low, high = gap_closed([12.0, 24.0], base=[10.0, 20.0], bound=[20.0, 30.0])
    assert share == pytest.approx(6 / 20)
    assert low == pytest.approx(0.2) and high == pytest.approx(0.4)
    assert gap_closed([5.0, 5.0], [5.0, 5.0], [9.0, 9.0]) == (0.0, 0.0, 0.0)
    assert gap_closed([4.0], [5.0], [9.0])[0] == pytest.approx(-0.25)


class Store:
    """Measurements that are made up: each future more gains two, a bound is 20 ahead."""

    budget = SimpleNamespace(name="quick")

    def folders(self, training: Any) -> list[Path]:
        return [Path("runs/aigc/maskable_ppo/seed-0")]

    def measured(self, scenario: str, policy: str, **given: Any) -> Measured:
        futures = int(policy.partition("futures=")[2].partition(",")[0] or 0)
        gain = 20.0 if policy == "bound" else 2.0 * futures
        rows = [{"seed": seed, "return": 100.0 + seed + gain} for seed in range(given["episodes"])]
        return Measured(rows, None if policy == "bound" else 1000.0 / (1 + futures))


def test_rows_tell_shares_and_times(tmp_path: Path) -> None:
    findings = tables(cast(Any, Store()), tmp_path)
    rows = read(tmp_path, "planner")
    assert len(rows) == 3 + 3 + 3
    first = rows[0]
    assert (first["futures"], first["share"], first["decision_ms"]) == (0.0, 0.0, 1.0)
    last = rows[2]
    assert last["futures"] == 8 and last["share"] == pytest.approx(0.8)
    assert last["decision_ms"] == pytest.approx(9.0)
    assert findings[0].here.startswith("80% [80%, 80%] at 9 ms")
    assert draw(tmp_path).stat().st_size > 0
