"""Series over time: what the rows hold, worked by hand, and that looking changes nothing."""

import pickle
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from edgesim.scenarios import resolve
from edgesim.twin.aigc.workload import AIGCWorkload
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.series import FIGURES, Marks, Series
from edgesim.twin.sfc.workload import SFCWorkload
from edgesim.twin.vne.workload import VNEWorkload


class Ramp:
    """Two things: the load of the first is the time, that of the second is 3."""

    kind = "ramp"
    names: Sequence[str] = ("rising", "steady")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def read(self) -> Mapping[str, Any]:
        now = self._clock.now
        return {"load": np.array([now, 3.0]), "latency_s": np.array([now, 1.0])}

    def marks(self) -> Sequence[Marks]:
        return (Marks.of("drops", [(1.5, 0, 1.0), (1.6, 0, 1.0), (99.5, 1, 2.0)]),)


def rows(series: Series) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = series.table().to_pylist()
    return found


def looked(length_s: float, lasts_s: float) -> Series:
    clock = Clock()
    series = Series(clock, [Ramp(clock)], length_s)
    clock.at(lasts_s, lambda _: None)
    clock.advance()
    return series


def test_a_row_has_the_mean_and_the_quantiles_of_its_time() -> None:
    found = rows(looked(100.0, 100.0))
    assert found[0].keys() == {"time_s", "length_s", "kind", "name", *FIGURES}
    rising = [row for row in found if row["name"] == "rising"]
    assert len(rising) == 100
    for row in rising:
        middle = row["time_s"] + 0.5
        assert row["load"] == pytest.approx(middle, abs=0.05)
        assert row["latency_p50_s"] == pytest.approx(middle, abs=0.05)
        assert row["latency_p95_s"] == pytest.approx(row["time_s"] + 0.95, abs=0.06)
        assert row["latency_p99_s"] >= row["latency_p95_s"] >= row["latency_p50_s"]
        assert row["load_bps"] is None
    steady = [row for row in found if row["name"] == "steady"]
    assert {row["load"] for row in steady} == {3.0}


def test_what_happens_at_single_times_is_counted_in_its_row() -> None:
    found = rows(looked(100.0, 100.0))
    drops = {(round(row["time_s"]), row["name"]): row["drops"] for row in found if row["drops"]}
    assert drops == {(1, "rising"): 2.0, (99, "steady"): 2.0}


def test_a_longer_episode_is_looked_at_less_often() -> None:
    series = looked(10.0, 1000.0)
    found = [row for row in rows(series) if row["name"] == "rising"]
    assert series.period_s == pytest.approx(10.0 / 2000 * 2**6, rel=1e-9)
    for row in found:
        assert row["load"] == pytest.approx(row["time_s"] + 5.0, abs=0.5)


def test_means_are_over_rows_and_of_drops_the_sum() -> None:
    means = looked(100.0, 100.0).means()
    assert means["ramp", "rising", "load"] == pytest.approx(50.0, abs=0.05)
    assert means["ramp", "steady", "load"] == 3.0
    assert (means["ramp", "rising", "drops"], means["ramp", "steady", "drops"]) == (2.0, 2.0)
    assert {name for _, _, name in means} == {
        *("load", "drops", "latency_p50_s", "latency_p95_s", "latency_p99_s")
    }


def test_an_episode_that_is_over_at_once_was_looked_at_once() -> None:
    clock = Clock()
    series = Series(clock, [Ramp(clock)], 100.0)
    clock.advance()
    assert series.means()["ramp", "steady", "load"] == 3.0


def test_looking_does_not_keep_an_episode_open() -> None:
    clock = Clock()
    Series(clock, [Ramp(clock)], 10.0)
    assert clock.advance() is False
    assert clock.now == 0.0


def test_a_copy_goes_on_without_what_was_seen() -> None:
    series = looked(100.0, 100.0)
    assert len(pickle.dumps(series.__getstate__()["_samples"])) < 100
    assert series.__getstate__()["period_s"] == series.period_s


def by_kind(log: Any) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in log.series.table().to_pylist():
        found.setdefault(row["kind"], []).append(row)
    return found


def total(found: list[dict[str, Any]], name: str) -> float:
    return sum(row[name] or 0.0 for row in found)


def test_the_series_of_aigc_are_of_links_providers_and_cells() -> None:
    aigc = AIGCWorkload.alone(
        resolve("aigc", {"horizon_s": 60.0}), np.random.SeedSequence(0), record=True
    )
    aigc.run(lambda aigc, task: task.number % 20)
    found = by_kind(aigc.log)
    assert set(found) == {"link", "provider", "cell"}
    ledger = aigc.ledger
    assert ledger.refused + ledger.lost > 0
    assert total(found["provider"], "drops") == ledger.refused + ledger.lost
    for row in (*found["link"], *found["provider"], *found["cell"]):
        assert row["load"] is None or 0.0 <= row["load"] <= 1.0
    # What a link is busy for is what it sends over its rate.
    network = aigc.twin.network
    sent_s = sum(network.messages.sent_bytes) * 8 / 4e7
    busy_s = sum(row["load"] * row["length_s"] for row in found["link"])
    assert busy_s == pytest.approx(sent_s, rel=0.05)
    finished = [row[4] for row in aigc.log.rows if row[1] == "finish"]  # type: ignore[union-attr]
    worst = max(row["latency_p99_s"] or 0.0 for row in found["provider"])
    assert worst <= max(finished) + 1e-9


def test_the_series_of_chains_are_of_links_slices_and_hosts() -> None:
    chains = SFCWorkload.alone(
        resolve("sfc", {"network.horizon_s": 60.0}), np.random.SeedSequence(0), record=True
    )
    chains.run(lambda chains, request: request.number % 5)
    found = by_kind(chains.log)
    assert set(found) == {"link", "slice", "host"}
    assert [row["name"] for row in found["slice"][:3]] == ["embb", "urllc", "mmtc"]
    ledger = chains.ledger
    assert total(found["slice"], "drops") == ledger.rejected + ledger.dropped > 0
    last = found["slice"][-3:]
    assert sum(row["load"] for row in last) == pytest.approx(ledger.running, abs=1)
    assert all(row["latency_p50_s"] <= row["latency_p99_s"] < 1.0 for row in last)


def test_the_series_of_virtual_networks_are_of_links_and_nodes() -> None:
    vne = VNEWorkload.alone(
        resolve("vne_geant", {"virtual.count": 30}), np.random.SeedSequence(0), record=True
    )
    vne.run(
        lambda vne, request: (vne.embedding.placed, (request.number + vne.embedding.placed) % 37)
    )
    found = by_kind(vne.log)
    assert set(found) == {"link", "node"}
    assert max(row["load"] for row in found["node"]) > 0
    assert max(row["load"] for row in found["link"]) <= 1.0


def test_a_fork_is_recorded_from_there_on() -> None:
    chains = SFCWorkload.alone(
        resolve("sfc", {"network.horizon_s": 30.0}), np.random.SeedSequence(0), record=True
    )
    for _ in range(40):
        chains.next_decision()
        chains.decide(chains.last.number % 5)
    begun = chains.clock.now
    copy = chains.fork()
    copy.run(lambda chains, request: request.number % 5)
    found = [row for row in by_kind(copy.log)["link"] if row["load"] is not None]
    assert min(row["time_s"] + row["length_s"] for row in found) >= begun


class Lossy(Ramp):
    """Drops 2 a second at the first thing and, from 125 s on, 4 a second at the second."""

    def read(self) -> Mapping[str, Any]:
        return {"drop_hz": np.array([2.0, 4.0 if self._clock.now >= 125.0 else 0.0])}

    def marks(self) -> Sequence[Marks]:
        latencies = [(0.2, 0, 3.0), (0.4, 0, 1.0), (0.6, 0, 2.0), (250.0, 1, 5.0)]
        return (Marks.of("latency_s", latencies),)


def test_rates_of_drops_are_counted_over_each_row_and_marks_have_quantiles() -> None:
    clock = Clock()
    series = Series(clock, [Lossy(clock)], 250.0)
    clock.at(250.0, lambda _: None)
    clock.advance()
    found = rows(series)
    first = [row for row in found if row["name"] == "rising"]
    assert {row["length_s"] for row in found} == {2.5}
    assert [row["drops"] for row in first] == pytest.approx([5.0] * 100)
    second = [row["drops"] for row in found if row["name"] == "steady"]
    assert second == pytest.approx([0.0] * 50 + [10.0] * 50)
    means = series.means()
    assert means["ramp", "rising", "drops"] == pytest.approx(500.0)
    # Latencies of 1, 2 and 3 s in the first row; one of 5 s at the very end.
    assert first[0]["latency_p50_s"] == 2.0 and first[0]["latency_p95_s"] == pytest.approx(2.9)
    assert first[0]["latency_p99_s"] == pytest.approx(2.98) and first[1]["latency_p50_s"] is None
    assert found[-1]["latency_p50_s"] == 5.0
    assert means["ramp", "steady", "latency_p50_s"] == 5.0


def test_looks_are_two_thousand_an_episode_and_every_second_one_is_forgotten() -> None:
    """An eighth of a second apart, so that sums are exact."""
    series = looked(250.0, 250.0)
    assert series.period_s == 0.125
    assert series._times == [number / 8 for number in range(2001)]
    longer = looked(250.0, 500.0)  # every second one of 4,000 is forgotten at 499.875 s
    assert longer.period_s == 0.25
    assert longer._times == [*(number / 4 for number in range(2000)), 499.875 + 0.25]
    assert len(longer._samples) == len(longer._times)
