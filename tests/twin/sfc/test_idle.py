"""Idle time in a trace of chains costs nothing, and changes nothing that anybody looks at."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgesim.scenarios import resolve
from edgesim.twin.sfc import workload as module
from edgesim.twin.sfc.workload import SFCWorkload

COLUMNS = "arrival_s,slice,source,destination,bandwidth_bps,max_delay_s,holding_s\n"


def played(
    folder: Path, gap_s: float, mode: str = "piggyback", period_s: float = 5.0
) -> SFCWorkload:
    """Ten requests, a gap, ten more; every request takes the first instances that there are."""
    times_s = [*range(10), *(gap_s + it for it in range(10))]
    rows = [f"{at},urllc,{it % 5},{it % 7 + 5},1e6,0.05,30\n" for it, at in enumerate(times_s)]
    trace = folder / "trace.csv"
    trace.write_text(COLUMNS + "".join(rows), encoding="utf-8")
    more = {
        "network.failures.link_mtbf_s": None,
        "network.collector.mode": mode,
        "network.collector.period_s": period_s,
    }
    scenario: Any = resolve("sfc", {"trace": str(trace), **more})
    chains = SFCWorkload.alone(scenario, np.random.SeedSequence(3))
    chains.run(lambda chains, request: 0)
    return chains


def looks(chains: SFCWorkload) -> list[float]:
    """What each chain was worth."""
    return [getattr(outcome, "qoe", -1.0) for outcome in chains.outcomes]


@pytest.mark.parametrize("mode", ["piggyback", "separate", "truth"])
def test_a_gap_of_days_costs_as_many_events_as_one_of_an_hour(tmp_path: Path, mode: str) -> None:
    hour, days = (played(tmp_path, gap_s, mode) for gap_s in (3600.0, 1e6))
    counts = [next(chains.clock._eid) for chains in (hour, days)]
    assert abs(counts[0] - counts[1]) <= 30
    assert days.ledger.closes and days.clock.now > 1e6


@pytest.mark.parametrize("mode", ["piggyback", "separate", "truth"])
def test_chains_after_a_gap_get_what_they_would_have_got(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    rested = played(tmp_path, 7200.0, mode)
    monkeypatch.setattr(module, "REST_S", np.inf)
    ticked = played(tmp_path, 7200.0, mode)
    assert looks(rested) == pytest.approx(looks(ticked), abs=1e-12)
    assert next(ticked.clock._eid) > 5 * next(rested.clock._eid)
    fabrics: list[Any] = [rested.fabric, ticked.fabric]
    sent = [sum(fabric.tally.messages.values()) for fabric in fabrics]
    assert sent[0] == pytest.approx(sent[1], rel=2e-3)


def test_what_the_controller_knows_is_fresh_when_a_gap_ends(tmp_path: Path) -> None:
    chains = played(tmp_path, 1e5, period_s=2.0)
    fabric: Any = chains.fabric
    ages_s = chains.clock.now - np.array(fabric.collector.view._measured_s)
    assert ages_s.max() < 4.1
    true_bps = np.array(fabric.links.available_bps)
    known_bps = np.array(fabric.collector.view.available_bps)
    # Frames see the mean since the one before: the background changed at most once in between.
    assert np.mean(np.abs(known_bps - true_bps) < 1e6) > 0.8
