"""Two recipes of service chains, run on episodes of moments: what they write and find."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from edgesim.plots.tables import read
from edgesim.reproduction.budget import Budget
from edgesim.reproduction.results import ResultStore
from edgesim.reproduction.sfc import measured_delay as sfc_measured_delay
from edgesim.reproduction.sfc import southbound as sfc_southbound
from edgesim.scenarios import resolve


@pytest.fixture
def results(tmp_path: Path) -> ResultStore:
    return ResultStore(Budget("tiny", 1, 1.0, 1), str(tmp_path / "runs"), tmp_path)


def short(horizon_s: float) -> Any:
    def resolved(name: str, changes: Mapping[str, Any]) -> Any:
        return resolve(name, {**changes, "network.horizon_s": horizon_s})

    return resolved


def test_probes_cost_messages_and_piggybacking_none(
    results: ResultStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sfc_southbound, "PERIODS_S", (0.9, 5.0))
    monkeypatch.setattr(sfc_southbound, "resolve", short(60.0))
    findings = sfc_southbound.tables(results, tmp_path)
    assert [found.agrees for found in findings if found.published] == [True, True]
    rows = {
        (row["mode"], row["period_s"]): row
        for row in read(tmp_path, "southbound")
        if row["purpose"] == "measuring"
    }
    for period_s in (0.9, 5.0):
        own, probes, bare = (
            rows[mode, period_s] for mode in ("piggyback", "separate", "discovery")
        )
        assert probes["messages_per_s"] > 2 * own["messages_per_s"] * 0.98
        assert own["bytes_per_s"] > 1.05 * bare["bytes_per_s"], "figures take room in a frame"
        assert probes["bytes_per_s"] > 1.5 * own["bytes_per_s"]
    rare, often = rows["piggyback", 5.0], rows["piggyback", 0.9]
    assert often["messages_per_s"] == pytest.approx(5 / 0.9 * rare["messages_per_s"], rel=0.05)


def test_every_link_is_measured_and_no_failure_disturbs(
    results: ResultStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sfc_measured_delay, "TOPOLOGIES", ("sndlib/germany50",))
    monkeypatch.setattr(sfc_measured_delay, "HORIZONS_S", (40.0, 160.0))
    findings = sfc_measured_delay.tables(results, tmp_path)
    rows = read(tmp_path, "links")
    assert len(rows) == 2 * 2 * 88
    for row in rows:
        assert 0.2 < row["true_ms"] < 20
        assert row["measured_ms"] == pytest.approx(row["true_ms"], rel=0.5)
        assert 0.05 < row["load"] <= 1 and 0 <= row["readings_within"] <= 1
        # One each 5 s after the warm-up, but for those that are lost.
        assert row["frames"] == pytest.approx((row["horizon_s"] - 20) / 5, abs=3)

    def off(horizon_s: float) -> float:
        own = [row for row in rows if row["horizon_s"] == horizon_s]
        return float(sum((row["measured_ms"] / row["true_ms"] - 1) ** 2 for row in own))

    # Seven times as many frames: chance alone would leave a seventh.
    assert off(160.0) < off(40.0) / 3
    # The published figure is judged on the long links of moderate load, over the longest time.
    assert [found.published for found in findings] == ["all", *[None] * 9]
    long = [
        row
        for row in rows
        if row["horizon_s"] == 160 and row["true_ms"] >= 1 and row["load"] <= 0.7
    ]
    near = [abs(row["measured_ms"] / row["true_ms"] - 1) <= 0.05 for row in long]
    assert f"of {len(long)} links" in findings[0].here and findings[0].agrees is all(near)
    # From the same results they are told again, without another episode.
    monkeypatch.setattr(sfc_measured_delay, "episodes_of", lambda *_, **__: pytest.fail("again"))
    assert sfc_measured_delay.tables(results, tmp_path) == findings
