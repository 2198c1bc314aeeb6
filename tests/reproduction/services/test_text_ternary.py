"""Rules compared by seed, and speeds by size, in little."""

from pathlib import Path

import pytest

from edgesim.plots.services.text_ternary import draw
from edgesim.reproduction.services.text_ternary import learned, paired, timed
from edgesim.reproduction.tables import write_table


def test_differences_are_paired_by_seed_by_hand() -> None:
    rows = [
        {"seed": seed, "rule": rule, "nats": 1.0 + seed + less}
        for seed in (0, 1)
        for rule, less in (
            ("absmean", 0.0),
            ("fp32", -0.5),
            ("twn", 0.0),
            ("bias", 0.1 * seed),
            ("tequila", 0.0),
        )
    ]
    found = {row["rule"]: row for row in paired(rows)}
    assert found["fp32"]["mean"] == pytest.approx(-0.5) and found["fp32"]["half"] < 1e-9
    # Two values, 0 and .1: the quantile of one degree of freedom times half of their distance.
    assert found["bias"]["mean"] == pytest.approx(0.05)
    assert found["bias"]["half"] == pytest.approx(12.706 * 0.05, rel=1e-3)


def test_two_steps_and_the_smallest_sizes_make_the_figure(tmp_path: Path) -> None:
    rows = learned([0], 2)
    assert len(rows) == 5 and all(1.5 < row["nats"] < 3 for row in rows)
    write_table(tmp_path, "differences", [{**row, "half": 0.1} for row in paired(rows)])
    speed = timed([(16, 128), (8, 256)], repeats=1)
    assert all(row["error"] < 1e-6 and row["error_bytes"] < 0.02 for row in speed)
    assert all(row["memory"] == pytest.approx(32 / 2.25) for row in speed)
    write_table(tmp_path, "speed", speed)
    assert draw(tmp_path).is_file()
