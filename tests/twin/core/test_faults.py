"""Faults by chance: their laws, whom they hit, and what another future changes."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import kstest, weibull_min

from edgesim.scenarios import resolve
from edgesim.scenarios.parts.faults import read_faults
from edgesim.twin.aigc.workload import AIGCWorkload
from edgesim.twin.core.clock import Clock
from edgesim.twin.core.crowds import STEADY
from edgesim.twin.core.faults import Faults, Hit, with_fault_crowds
from edgesim.twin.core.outages import Law, Outages
from edgesim.twin.core.streams import Streams
from edgesim.twin.sfc.workload import SFCWorkload


def seed(number: int = 0) -> np.random.SeedSequence:
    return np.random.SeedSequence(number)


# --- laws -------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [0.7, 1.0, 3.0])
def test_times_are_weibull_of_the_stated_mean(shape: float) -> None:
    rng = np.random.default_rng(1)
    law = Law(10.0, shape)
    times_s = np.array([law.draw_s(rng) for _ in range(4000)])
    expected = weibull_min(shape, scale=law.scale_s)
    assert expected.mean() == pytest.approx(10.0)
    assert kstest(times_s, expected.cdf).pvalue > 0.01


@pytest.mark.parametrize("shape", [0.7, 1.0, 3.0])
def test_what_is_left_of_a_time_knows_how_long_it_has_lasted(shape: float) -> None:
    """P(T - a > t | T > a) = exp((a / scale)^k - ((a + t) / scale)^k)."""
    rng = np.random.default_rng(2)
    law, age_s = Law(10.0, shape), 6.0
    rest_s = np.array([law.rest_s(rng, age_s) for _ in range(4000)])

    def below(time_s: Any) -> Any:
        scale_s = law.scale_s
        return 1 - np.exp((age_s / scale_s) ** shape - ((age_s + time_s) / scale_s) ** shape)

    assert kstest(rest_s, below).pvalue > 0.01


def test_what_wears_out_fails_at_nearly_equal_times() -> None:
    rng = np.random.default_rng(3)
    times_s = [Law(10.0, 20.0).draw_s(rng) for _ in range(200)]
    assert np.std(times_s) < 1.0 < np.std([Law(10.0).draw_s(rng) for _ in range(200)])


def test_a_thing_works_and_is_out_in_turn_on_the_clock() -> None:
    clock, log = Clock(), []

    class Certain(Law):
        def draw_s(self, rng: Any) -> float:
            return self.mean_s

    outages = Outages(clock)
    outages.add(
        7,
        Certain(10.0),
        Certain(3.0),
        lambda number: log.append(("fails", number, clock.now)),
        lambda number: log.append(("works", number, clock.now)),
        np.random.default_rng(0),
    )
    clock.run(until=30)
    assert log == [
        ("fails", 7, 10.0),
        ("works", 7, 13.0),
        ("fails", 7, 23.0),
        ("works", 7, 26.0),
    ]


# --- whom they hit ----------------------------------------------------------------------------


def history(
    *faults: dict[str, Any], until_s: float = 300.0, count: int = 10
) -> list[tuple[float, Hit]]:
    clock: Clock = Clock()
    log: list[tuple[float, Hit]] = []

    def hear(hit: Hit) -> bool:
        log.append((clock.now, hit))
        return True

    counts = dict.fromkeys(("link", "node", "host", "provider", "quality", "collector"), count)
    Faults(clock, read_faults(list(faults)), counts, Streams(seed()), hear)
    clock.run(until=until_s)
    return log


def test_a_common_cause_takes_so_many_at_one_instant_and_gives_them_back_at_one() -> None:
    log = history({"what": "node", "mtbf_s": 20, "mttr_s": 5, "together": 4})
    times_s = sorted({time_s for time_s, _ in log})
    assert len(times_s) > 6
    before: set[int] = set()
    for turn, time_s in enumerate(times_s):
        hits = [hit for at_s, hit in log if at_s == time_s]
        assert [hit.begins for hit in hits] == [turn % 2 == 0] * 4
        numbers = {hit.number for hit in hits}
        assert len(numbers) == 4
        if turn % 2:
            assert numbers == before
        before = numbers
    assert len({hit.number for _, hit in log}) > 6  # drawn anew each time


def test_what_is_down_is_not_hit_again() -> None:
    log = history(
        {"what": "host", "mtbf_s": 5, "mttr_s": 20},
        {"what": "host", "mtbf_s": 5, "mttr_s": 20, "together": 5},
    )
    down: set[int] = set()
    for _, hit in log:
        assert (hit.number in down) != hit.begins
        (down.add if hit.begins else down.discard)(hit.number)


def test_what_becomes_worse_keeps_a_share_in_its_range_and_then_all() -> None:
    log = history({"what": "quality", "mtbf_s": 20, "mttr_s": 5, "factor": [0.2, 0.6]})
    shares = [hit.factor for _, hit in log if hit.begins]
    assert min(shares) >= 0.2
    assert max(shares) <= 0.6
    assert len(set(shares)) == len(shares) > 20
    assert {hit.factor for _, hit in log if not hit.begins} == {1.0}


def test_a_thing_has_a_history_of_its_own() -> None:
    links = {"what": "link", "mtbf_s": 50, "mttr_s": 5}
    few, many = history(links, count=2), history(links, count=9)
    assert few == [(time_s, hit) for time_s, hit in many if hit.number < 2]


def test_crowds_come_within_the_episode_and_one_after_the_other() -> None:
    faults = read_faults([{"what": "load", "mtbf_s": 30, "mttr_s": 10, "factor": 3}])
    crowds = with_fault_crowds(STEADY, faults, 2.0, 600.0, Streams(seed())).crowds
    assert len(crowds) > 8
    assert {crowd.rate_hz for crowd in crowds} == {4.0}  # (3 - 1) times 2 a second
    ends_s = [0.0, *(crowd.to_s for crowd in crowds)]
    assert all(before < crowd.from_s for before, crowd in zip(ends_s, crowds, strict=False))
    assert max(ends_s) <= 600.0


# --- in the families --------------------------------------------------------------------------


def test_a_slower_provider_runs_longer_and_a_worse_one_pays_less() -> None:
    """A task alone takes twice its time at half the speed, and brings a quarter of its quality."""
    keys: dict[str, Any] = {
        "providers": [{"capacity": 1000, "ax": 0, "ay": 0, "bx": 200, "by": 0.8}]
    }
    keys |= {"decide_last": True, "horizon_s": 1.0, "steps_range": [200, 200]}
    told = []
    for factors in ((1.0, 1.0), (0.25, 0.5)):
        faults = [
            {"what": what, "mtbf_s": 0.01, "mttr_s": 1e9, "shape": 20, "factor": factor}
            for what, factor in zip(("quality", "speed"), factors, strict=True)
        ]
        aigc = AIGCWorkload.alone(resolve("aigc_paper", {**keys, "faults": faults}), seed())
        aigc.next_decision()
        aigc.clock.run(until=0.5)  # both faults have begun
        aigc.choose(0)
        assert aigc.next_decision() is None
        end: Any = aigc.outcomes[-1]
        told.append((end.quality, end.latency_s - 0.5))
    (quality, run_s), (worse, longer_s) = told
    assert quality == pytest.approx(0.8)
    assert worse == pytest.approx(0.2)
    assert longer_s == pytest.approx(2 * run_s)


def test_one_site_always_stays() -> None:
    faults = [{"what": "node", "mtbf_s": 5, "mttr_s": 500, "together": 20}]
    keys = {"horizon_s": 30.0, "provider_count": 4, "faults": faults}
    aigc = AIGCWorkload.alone(resolve("aigc", keys), seed(), record=True)
    assert aigc.run(lambda aigc, task: 0).closes
    assert aigc.log is not None
    down, most = 0, 0
    for row in aigc.log.rows:
        down += (row[1] == "site fails") - (row[1] == "site repaired")
        most = max(most, down)
    assert most == 3


def chains(*faults: dict[str, Any], **keys: Any) -> SFCWorkload:
    settings = {"network.horizon_s": 60.0, "network.failures.link_mtbf_s": None}
    return SFCWorkload.alone(
        resolve("sfc", {**settings, **keys, "faults": list(faults) or None}), seed()
    )


def test_a_deaf_controller_knows_what_it_knew() -> None:
    """While what the collector hears is lost, measurements stay as old as they were."""
    sfc = chains({"what": "collector", "mtbf_s": 20, "mttr_s": 1e6, "shape": 20})
    ages: list[float] = []
    while sfc.next_decision() is not None:
        view = sfc.fabric.collector.view  # type: ignore[attr-defined]  # of slices
        ages.append(sfc.clock.now - view.mean_age_s())
        sfc.reject()
    assert sfc.faults is not None
    deaf_s = sfc.faults.began_s[0]
    last = ages[-1]
    assert 15 < deaf_s < 25
    assert deaf_s - 10 < last < deaf_s  # when what is known was measured, on average
    assert ages.count(last) > 20


def test_a_collector_that_hears_again_has_lost_the_frames_of_the_outage() -> None:
    whole = chains()
    deaf = chains(
        {"what": "collector", "mtbf_s": 20, "mttr_s": 15, "shape": 20, "repair_shape": 20}
    )
    for sfc in (whole, deaf):
        while sfc.next_decision() is not None:
            sfc.reject()
    heard = [sfc.fabric.collector for sfc in (whole, deaf)]  # type: ignore[attr-defined]
    assert heard[0].sent_frames == heard[1].sent_frames
    assert heard[1].lost_frames > heard[0].lost_frames + 100
    ages = [collector.view.mean_age_s() for collector in heard]
    assert deaf.faults is not None
    assert ages[1] >= ages[0]


def test_faults_of_the_same_seed_are_the_same_and_a_fork_can_meet_others() -> None:
    scenario = resolve("aigc_faults", {"horizon_s": 60.0})
    twins = [AIGCWorkload.alone(scenario, seed()) for _ in range(2)]
    for aigc in twins:
        for _ in range(40):
            aigc.next_decision()
            aigc.choose(3)
    same, other = twins[0].fork(), twins[1].fork(seed(9))
    for aigc in (*twins, same, other):
        aigc.run(lambda aigc, task: 3)
    stories = [aigc.faults.began_s for aigc in (*twins, same, other)]
    assert stories[0] == stories[1] == stories[2] != stories[3]
    now_s = twins[0].last.arrival_s
    assert now_s > 0
