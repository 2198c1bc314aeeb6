"""Stated events among AIGC users and providers."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

from edgesim.errors import InputError
from edgesim.scenarios import resolve
from edgesim.twin.aigc.workload import AIGCWorkload

SHORT = {"horizon_s": 60.0}
ROOMY = {"arrival_rate_hz": 1.0, "capacity_range": [50000, 50000]}  # nobody crashes


def fastest(aigc: AIGCWorkload, task: Any) -> int:
    return int(np.argmax(np.where(aigc.fits(), -aigc.expected_latency_s(), -1e9)))


def fixed(aigc: AIGCWorkload, task: Any) -> int:
    return 3


def opened(*events: dict[str, Any], scenario: str = "aigc", **keys: Any) -> AIGCWorkload:
    checked = resolve(scenario, {**SHORT, **keys, "events": list(events)})
    return AIGCWorkload.alone(checked, np.random.SeedSequence(0), record=True)


def played(*events: dict[str, Any], policy: Any = fastest, **keys: Any) -> AIGCWorkload:
    aigc = opened(*events, **keys)
    assert aigc.run(policy).closes
    return aigc


def happened(aigc: AIGCWorkload, *events: str) -> list[tuple[float, str, int]]:
    assert aigc.log is not None
    return [(row[0], row[1], row[3]) for row in aigc.log.rows if row[1] in events]


def test_a_provider_fails_loses_what_it_runs_and_comes_back() -> None:
    aigc = played(
        {"at_s": 20, "event": "fails", "provider": 3, "until_s": 40}, policy=fixed, **ROOMY
    )  # fmt: skip
    assert happened(aigc, "provider fails", "provider repaired") == [
        (20.0, "provider fails", 3), (40.0, "provider repaired", 3)
    ]  # fmt: skip
    starts = [time_s for time_s, _, _ in happened(aigc, "start")]
    assert any(time_s < 20 for time_s in starts) and any(time_s > 40 for time_s in starts)
    assert not any(20 < time_s < 40 for time_s in starts)
    assert all(20 <= time_s < 41 for time_s, _, _ in happened(aigc, "refuse"))
    assert aigc.ledger.refused and aigc.ledger.lost
    assert not happened(aigc, "crash")


def test_who_leaves_ends_what_it_runs() -> None:
    aigc = played({"at_s": 20, "event": "leaves", "provider": 3}, policy=fixed, **ROOMY)
    assert aigc.ledger.lost == 0
    assert max(time_s for time_s, _, _ in happened(aigc, "start")) < 20
    assert max(time_s for time_s, _, _ in happened(aigc, "run over")) > 20


def test_who_joins_is_not_there_before() -> None:
    aigc = opened({"at_s": 20, "event": "joins", "provider": 3})
    assert not aigc.up[3] and not aigc.fits(100)[3]
    aigc.run(fastest)
    assert aigc.up[3]
    assert min(time_s for time_s, _, where in happened(aigc, "choose") if where == 3) > 20


def test_a_provider_that_stays_down_does_not_keep_the_episode_open() -> None:
    aigc = played({"at_s": 20, "event": "fails", "provider": 3})
    assert aigc.idle and aigc.clock.now < 90


def test_a_restart_does_not_bring_back_what_an_event_keeps_down() -> None:
    aigc = opened({"at_s": 1, "event": "fails", "provider": 3}, {"at_s": 2, "event": "fails",
                  "site": 5}, restart_s=5.0)  # fmt: skip
    provider = aigc.providers[3]
    provider.crash()
    aigc.up[3] = provider.up
    aigc.run(fastest)
    assert not provider.up and not aigc.up[3]


def test_a_site_takes_its_links_its_cell_and_its_provider_with_it() -> None:
    aigc = opened({"at_s": 20, "event": "fails", "site": 3, "until_s": 40})
    delivery = aigc.delivery
    assert delivery is not None
    at_site = tuple(aigc.world.sites_m[3])  # type: ignore[index]
    links = aigc.twin.network.links
    seen = []
    while aigc.next_decision() is not None:
        down = 20 <= aigc.clock.now < 40
        around = [links.up[link] for link in links.wiring.leaving[3]]
        seen.append(down)
        assert aigc.up[3] == (not down)
        assert all(around) == (not down)
        assert (delivery.radio.serving(*at_site) == 3) == (not down)
        assert not (down and delivery.radio.uplink.active[3])
        aigc.choose(fastest(aigc, aigc.last))
    assert set(seen) == {False, True}
    assert happened(aigc, "site fails", "site repaired") == [
        (20.0, "site fails", -1), (40.0, "site repaired", -1)
    ]  # fmt: skip


def test_two_reasons_to_be_down_are_both_to_be_repaired() -> None:
    aigc = opened(
        {"at_s": 10, "event": "fails", "site": 3, "until_s": 30},
        {"at_s": 20, "event": "fails", "provider": 3, "until_s": 40},
    )
    states = {}
    while aigc.next_decision() is not None:
        states[aigc.clock.now] = bool(aigc.up[3])
        aigc.choose(fastest(aigc, aigc.last))
    assert not any(up for time_s, up in states.items() if 10 <= time_s < 40)
    assert all(up for time_s, up in states.items() if not 10 <= time_s < 40)


def test_capacity_times_a_factor_and_back() -> None:
    aigc = opened({"at_s": 20, "event": "capacity", "provider": 3, "factor": 0.5, "until_s": 40})
    whole = aigc.world.capacity[3]
    while aigc.next_decision() is not None:
        held = aigc.available[3] + sum(row.steps for row in aigc.providers[3].running)
        inside = 20 <= aigc.clock.now < 40
        assert aigc.providers[3].capacity == pytest.approx(whole / 2 if inside else whole)
        assert held <= whole
        aigc.choose(int(np.argmax(aigc.available)))
    assert aigc.available[3] == pytest.approx(whole)


def test_what_cannot_get_through_does_not_keep_the_episode_open() -> None:
    """Every link of the provider's site is cut for good: its results never arrive."""
    world = opened().world
    mine = [name for name in world.elements["link"] if "site 3" in name.split(" – ")]
    cut = [{"at_s": 20, "event": "fails", "link": name} for name in mine]
    aigc = played(*cut, policy=fixed, **ROOMY)
    assert aigc.ledger.in_transfer > 0
    assert aigc.ledger.in_service == 0


def test_the_usual_tasks_stay_what_they_are_when_more_come() -> None:
    usual = {
        task.arrival_s: (task.steps, task.user, task.upload_bytes) for task in opened().tasks()
    }
    crowd = {"at_s": 20, "event": "flash_crowd", "factor": 4, "until_s": 30, "site": 3}
    aigc = opened(crowd)
    tasks = list(aigc.tasks())
    found = {task.arrival_s: (task.steps, task.user, task.upload_bytes) for task in tasks}
    assert usual.items() <= found.items()
    more = [task for task in tasks if task.arrival_s not in usual]
    assert all(20 <= task.arrival_s < 30 for task in more)
    rate_hz = aigc.scenario.arrival_rate_hz
    assert len(more) == pytest.approx(30 * rate_hz, abs=4 * (30 * rate_hz) ** 0.5)
    at_site = np.array(aigc.world.sites_m)[3]
    assert all(np.hypot(*(np.array(task.place_m) - at_site)) <= 50 for task in more)
    assert [task.number for task in tasks] == list(range(len(tasks)))


def test_half_the_load_is_half_the_usual_tasks() -> None:
    usual = {task.arrival_s for task in opened().tasks()}
    left = [task.arrival_s for task in opened({"at_s": 0, "event": "load", "factor": 0.5}).tasks()]
    assert set(left) <= usual
    assert len(left) == pytest.approx(len(usual) / 2, abs=4 * (len(usual) / 4) ** 0.5)


def test_a_fork_has_the_same_events_to_come() -> None:
    aigc = opened(
        {"at_s": 20, "event": "fails", "site": 3, "until_s": 40},
        {"at_s": 30, "event": "load", "factor": 2},
    )
    for _ in range(30):
        aigc.next_decision()
        aigc.choose(fastest(aigc, aigc.last))
    copy = aigc.fork()
    aigc.run(fastest)
    copy.run(fastest)
    assert aigc.log is not None and copy.log is not None
    assert copy.log.fingerprint() == aigc.log.fingerprint()
    assert Counter(row[1] for row in copy.log.rows)["site fails"] == 1


def test_another_future_has_the_same_events_and_other_tasks() -> None:
    aigc = opened(
        {"at_s": 20, "event": "fails", "site": 3}, {"at_s": 30, "event": "load", "factor": 2}
    )
    for _ in range(30):
        aigc.next_decision()
        aigc.choose(fastest(aigc, aigc.last))
    other = aigc.fork(np.random.SeedSequence(7))
    aigc.run(fastest)
    assert other.run(fastest).closes
    assert happened(other, "site fails") == happened(aigc, "site fails")
    assert other.ledger.arrived != aigc.ledger.arrived


def test_without_a_network_providers_and_load_change_all_the_same() -> None:
    crowd = {"at_s": 0, "event": "load", "factor": 2}
    down = {"at_s": 1000, "event": "fails", "provider": 3, "until_s": 9000}
    aigc = opened(crowd, down, scenario="aigc_paper", horizon_s=2e4)
    aigc.run(fixed)
    assert not [t for t, _, _ in happened(aigc, "start") if 1000 <= t < 9000]


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({"at_s": 1, "event": "fails", "link": "site 0 - site 1"}, "did you mean"),
        ({"at_s": 1, "event": "fails", "provider": 20}, "must be from 0 to 19"),
        ({"at_s": 1, "event": "fails", "site": "site 99"}, "accepted: site 0, site 1"),
        (
            {"at_s": 1, "event": "flash_crowd", "factor": 2, "until_s": 2, "site": 99},
            r"events\[0\]\.node = 99",
        ),
    ],
)
def test_what_is_not_there_is_refused_before_the_episode(
    event: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        opened(event)


def test_one_site_must_stay() -> None:
    events = [{"at_s": 1, "event": "fails", "site": number} for number in range(20)]
    with pytest.raises(InputError, match="last site that is up"):
        opened(*events)
