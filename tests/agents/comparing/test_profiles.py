"""Performance profiles over worlds, worked out by hand."""

from pathlib import Path

import numpy as np
import pytest

from edgesim.agents.comparing.profiles import profiles, shortfalls, within, write_profiles


def test_shortfalls_are_shares_of_the_best_of_each_world() -> None:
    found = shortfalls({"a": [10.0, 8.0, 0.0], "b": [9.0, 10.0, 0.0]}, 1)
    assert found["a"].tolist() == pytest.approx([0.0, 0.2, 0.0])
    assert found["b"].tolist() == pytest.approx([0.1, 0.0, 0.0])


def test_where_less_is_better_the_least_is_the_best() -> None:
    found = shortfalls({"a": [10.0, 8.0], "b": [8.0, 10.0]}, -1)
    assert found["a"].tolist() == pytest.approx([0.25, 0.0])
    assert within(found["b"], 0.25) == 1.0 and within(found["b"], 0.1) == 0.5


def test_a_best_of_zero_is_near_nobody_else() -> None:
    assert shortfalls({"a": [0.0], "b": [-1.0]}, 1)["b"].tolist() == [np.inf]


def test_profiles_rise_and_say_how_often_a_policy_is_the_best() -> None:
    rng = np.random.default_rng(0)
    scores = {name: rng.uniform(80, 100, 12) for name in ("a", "b", "c")}
    rows = profiles(scores, 1)
    first = {row["policy"]: row for row in rows if row["shortfall"] == 0.0}
    assert sum(row["share"] for row in first.values()) == pytest.approx(1.0)
    for name in scores:
        shares = [row["share"] for row in rows if row["policy"] == name]
        assert shares == sorted(shares) and shares[-1] == 1.0
    assert all(row["low"] <= row["share"] <= row["high"] for row in rows)


def test_without_worlds_nothing_is_written(tmp_path: Path) -> None:
    write_profiles(tmp_path, [])
    assert not list(tmp_path.iterdir())
