"""Drift: what changes little by little, whoever looks when."""

from typing import Any

import numpy as np
import pytest

from edgesim.errors import InputError
from edgesim.scenarios import resolve
from edgesim.scenarios.parts.faults import read_faults
from edgesim.twin.aigc.workload import AIGCWorkload
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.drift import Drift, Drifts
from edgesim.twin.core.streams import Streams

WALK = {"what": "speed_drift", "walk_per_s": 0.02, "every_s": 2.0, "factor": [1e-3, 1e3]}


def drift(seed: int = 0, **keys: Any) -> tuple[Clock, Drift]:
    clock = Clock()
    (fault,) = read_faults([{**WALK, **keys}])
    return clock, Drift(clock, fault, np.random.default_rng(seed))


def level_at(time_s: float, *looks_s: float, **keys: Any) -> float:
    clock, one = drift(**keys)
    for look_s in looks_s:
        clock.run(until=look_s)
        one.level()
    clock.run(until=time_s)
    return one.level()


def test_a_trend_is_linear_and_stays_in_its_range() -> None:
    keys = {"walk_per_s": 0.0, "trend_per_s": -0.01, "every_s": 1.0, "factor": [0.3, 1.0]}
    assert level_at(20.0, **keys) == pytest.approx(0.8)
    assert level_at(20.9, **keys) == pytest.approx(0.8)
    assert level_at(500.0, **keys) == 0.3


def test_a_walk_spreads_with_the_root_of_time() -> None:
    """After t its standard deviation is walk_per_s sqrt(t)."""
    for time_s in (50.0, 200.0):
        levels = [level_at(time_s, seed=seed) for seed in range(600)]
        assert np.mean(levels) == pytest.approx(1.0, abs=0.03)
        assert np.std(levels) == pytest.approx(0.02 * time_s**0.5, rel=0.1)


def test_a_level_does_not_depend_on_who_looks_when() -> None:
    assert level_at(3e4, 1.0, 7.7, 150.0, 2e4) == level_at(3e4)


def test_a_walk_costs_no_events() -> None:
    clock, one = drift()
    clock.run(until=1e6)
    assert one.level() != 1.0
    assert next(clock._eid) < 5


def test_levels_of_rows_multiply_and_what_does_not_drift_has_none() -> None:
    clock = Clock()
    rows = [{"what": "quality_drift", "trend_per_s": -0.01, "every_s": 1.0, "factor": [0.1, 1.0]}]
    drifts = Drifts(clock, read_faults(2 * rows), {"quality": 3}, Streams(np.random.SeedSequence()))
    clock.run(until=20.5)
    assert drifts.levels("speed") is None
    assert drifts.level("speed", 0) == 1.0
    levels = drifts.levels("quality")
    assert levels is not None
    assert levels == pytest.approx([0.64] * 3)


def ended(**keys: Any) -> list[Any]:
    one = [{"capacity": 1e6, "ax": 0, "ay": 0, "bx": 200, "by": 0.8}]
    given = {
        "providers": one,
        "horizon_s": 2e4,
        "decide_last": True,
        "steps_range": [200, 200],
        **keys,
    }
    aigc = AIGCWorkload.alone(resolve("aigc_paper", given), np.random.SeedSequence(1))
    aigc.run(lambda aigc, task: 0)
    return [it for it in aigc.outcomes if hasattr(it, "latency_s")]


def test_providers_become_worse_and_slower_as_they_drift() -> None:
    trend = {"trend_per_s": -2e-5, "every_s": 1.0}
    worse = [
        {"what": "quality_drift", "factor": [0.0, 1.0], **trend},
        {"what": "speed_drift", "factor": [0.1, 1.0], **trend},
    ]
    usual, drifted = ended(), ended(faults=worse)
    assert len(drifted) > 5
    for end in drifted:
        begun_s = end.time_s - end.latency_s
        left = 1.0 - 2e-5 * int(begun_s)
        assert end.quality == pytest.approx(0.8 * left)
        assert end.latency_s == pytest.approx(usual[0].latency_s / left)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"mtbf_s": 5}, "has no outages"),
        ({"walk_per_s": 0}, "must be stated"),
        ({"factor": 0.5}, "must be [from, to]"),
        ({"factor": [0.2, 0.9]}, "must hold 1"),
        ({"every_s": 0}, "must lie in [0.01"),
        ({"walk_per_s": -1}, "must lie in [0,"),
    ],
)
def test_what_cannot_drift_is_refused(keys: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError) as caught:
        read_faults([{**WALK, **keys}])
    assert told in str(caught.value)


def test_keys_of_drifts_are_for_drifts() -> None:
    fault = {"what": "speed", "mtbf_s": 5, "mttr_s": 5, "factor": 0.5, "walk_per_s": 1}
    with pytest.raises(InputError, match="quality_drift, speed_drift"):
        read_faults([fault])
    with pytest.raises(InputError, match="accepted: host, link, load, node"):
        resolve("vne_wx100", {"faults": [WALK]})
