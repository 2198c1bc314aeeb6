"""Figures of another unit are noticed, and episodes that would not end are refused."""

import logging
from typing import Any

import numpy as np
import pytest

from edgesim import notes
from edgesim.errors import InputError
from edgesim.scenarios import presets, resolve
from edgesim.scenarios.parts.failures import Failures, expected_failures
from edgesim.scenarios.training.llm import MOST_FLOPS
from edgesim.scenarios.usual import unusual
from edgesim.scenarios.worlds import random_worlds
from edgesim.twin.federated.program import Par, Send, Seq, Train
from edgesim.twin.federated.workload import FederatedWorkload
from edgesim.twin.ring.workload import RingWorkload
from edgesim.twin.training.llm.workload import LLMJob
from edgesim.twin.training.llm.world import KINDS
from edgesim.twin.training.parallel import MODELS
from edgesim.twin.training.wan.workload import WANTraining


def slices(**keys: Any) -> dict[str, Any]:
    return {"network.slices": [{"name": "calls", "chain": ["fw"], **keys}]}


@pytest.mark.parametrize(
    ("preset", "keys", "told"),
    [
        ("aigc", {"wireless.backhaul.link_rate_bps": 40}, "wireless.backhaul.link_rate_bps"),
        ("aigc", {"wireless.upload_bytes": [0.2, 2]}, "wireless.upload_bytes"),
        ("aigc", {"wireless.side_m": 10}, "wireless.side_m"),
        ("aigc_paper", {"arrival_rate_hz": 1e-8}, "arrival_rate_hz"),
        ("sfc", {"network.links.capacity_bps": 1000}, "network.links.capacity_bps"),
        ("sfc", slices(max_delay_s=[50, 100]), "network.slices[0].max_delay_s"),
        ("vne_geant", {"virtual.lifetime_s": 1e9}, "virtual.lifetime_s"),
    ],
)
def test_a_figure_of_another_unit_is_said_once(
    preset: str,
    keys: dict[str, Any],
    told: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(notes, "_said", set())
    with caplog.at_level(logging.WARNING, logger="edgesim"):
        resolve(preset, keys)
        resolve(preset, keys)
    lines = [line for line in caplog.messages if "usual" in line]
    assert len(lines) == 1
    assert lines[0].startswith(f"note: {told}: ")


def test_the_line_names_the_unit(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notes, "_said", set())
    with caplog.at_level(logging.WARNING, logger="edgesim"):
        resolve("aigc", {"wireless.backhaul.link_rate_bps": 40})
    assert caplog.messages == [
        "note: wireless.backhaul.link_rate_bps: 40 is taken as it is, but usual are 10000 to 1e+14"
        " (bit/s a link and direction, left to this service): is it in another unit?"
    ]


def test_nothing_is_said_of_presets_and_of_their_random_worlds() -> None:
    for name in presets():
        scenario = resolve(name)
        assert list(unusual(scenario)) == []
        assert list(unusual(scenario, which="checked")) == []
        try:
            worlds = random_worlds(scenario, range(5))
        except InputError:
            continue  # it has none
        for keys in worlds:
            assert list(unusual(resolve(name, keys))) == []


def test_none_is_no_figure_of_another_unit() -> None:
    assert list(unusual(resolve("aigc", {"wireless.backhaul.switch_delay_s": 0}))) == []
    assert list(unusual(resolve("sfc", {"network.failures.link_mtbf_s": None}))) == []


@pytest.mark.parametrize(
    ("preset", "keys", "most"),
    [
        (
            "aigc",
            {"wireless.mobility.speed_mps": [1e9, 1e9], "wireless.mobility.pause_s": [0, 0]},
            "legs that users walk",
        ),
        (
            "aigc",
            {"wireless.download_bytes": [1e12, 1e12], "wireless.radio.measurement_period_s": 1e-3},
            "measurements of what is on the air",
        ),
        ("aigc_paper", {"horizon_s": 1e15}, "requests"),
        (
            "sfc",
            {"network.horizon_s": 1e8, "network.qos_period_s": 1e-3},
            "looks at what running chains get",
        ),
        (
            "sfc",
            {"network.failures.link_mtbf_s": 1e-6, "network.failures.link_mttr_s": 1e-6},
            "failures of links and nodes",
        ),
        (
            "factories",
            {"failures.node_mtbf_s": 1e-7, "failures.node_mttr_s": 1e-7},
            "failures of links and nodes",
        ),
        ("factories_chains", {"budget_s": 1e10}, "chains that come and go"),
        ("factories_aigc", {"budget_s": 1e11}, "requests of users, their runs and their ends"),
        ("llm_ring", {"changes.wifi_s": 1e-7}, "changes of devices' signals"),
        (
            "llm_ring",
            {"changes.memory_free_s": 1e-9, "changes.memory_busy_s": 1e-9},
            "changes of devices' memory",
        ),
        (
            "llm_ring",
            {"changes.others_busy_s": 1e-9, "changes.others_quiet_s": 1e-9},
            "others on the Wi-Fi who come and go",
        ),
        (
            "llm_training",
            {
                "horizon_s": 1e12,
                "interval_s": 1e8,
                "job.useful_sequences": 1e15,
                "accelerators.node_mtbf_s": 60,
                "accelerators.node_mttr_s": 1,
            },
            "failures and returns of nodes",
        ),
    ],
)
def test_an_episode_that_would_not_end_within_a_day_is_refused(
    preset: str, keys: dict[str, Any], most: str
) -> None:
    with pytest.raises(InputError, match=f"most of them {most}"):
        resolve(preset, keys)


def test_a_long_episode_says_about_how_long_it_is(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notes, "_said", set())
    # 10^9 s at 0.1/s: 10^8 requests of three events each.
    with caplog.at_level(logging.WARNING, logger="edgesim"):
        resolve("aigc_paper", {"horizon_s": 1e9, "arrival_rate_hz": 0.1})
    assert caplog.messages == [
        "note: aigc_paper: about 3e+08 events an episode, most of them requests, their runs and"
        " their ends: it takes minutes to hours"
    ]


def test_events_of_the_authors_setting_by_hand() -> None:
    # One request at 0 and 10^6 s at 0.001/s: 1001, each with an arrival, a start and an end.
    assert sum(resolve("aigc_paper").expected_events().values()) == pytest.approx(3003)


def test_failures_by_hand() -> None:
    failures = Failures(link_mtbf_s=90.0, link_mttr_s=10.0, node_mtbf_s=49.0, node_mttr_s=1.0)
    # In 1000 s ten cycles of each of 3 links and twenty of each of 4 nodes; two events a cycle.
    assert expected_failures(failures, 3, 4, 1000.0) == pytest.approx(220)
    assert expected_failures(Failures(), 3, 4, 1000.0) == 0


def taken(workload: Any) -> int:
    """Events that an episode has had."""
    return int(next(workload.clock._eid))


@pytest.mark.parametrize(
    "keys", [{}, {"chosen": 4, "rounds": 20}, {"failures.link_mtbf_s": 2.0, "rounds": 4}]
)
def test_events_of_a_federation_are_about_those_of_a_run(keys: dict[str, Any]) -> None:
    scenario: Any = resolve("factories", {"failures.link_mttr_s": 1.0, "rounds": 10, **keys})
    federated = FederatedWorkload.alone(scenario, np.random.SeedSequence(0))
    world, some = federated.world, range(scenario.chosen)
    devices = [
        world.node(factory * scenario.devices + it)
        for factory in range(scenario.factories)
        for it in some
    ]
    ways = [Seq([Send(0, it, 1e5), Train(it, 20, 1e7), Send(it, 0, 1e5)]) for it in devices]
    federated.run(lambda federated, round_: Par(ways))
    expected = sum(scenario.expected_events().values())
    if scenario.failures.link_mtbf_s is not None:  # rounds last as long as they do
        expected *= federated.clock.now / scenario.budget_s
    assert 0.5 < expected / taken(federated) < 2


def test_events_of_a_ring_that_serves_are_about_those_of_a_run() -> None:
    scenario: Any = resolve("llm_ring")
    ring = RingWorkload.alone(scenario, np.random.SeedSequence(0))
    ring.run(lambda ring, asked: 1 if asked.about == "arrival" else 3)
    expected = scenario.expected_events()
    # 1,800 s, a look each 15 s, 0.05 requests a second: 210. Four devices; things happen to them
    # up to 3,600 s, each memory 15 times, each signal 60 times, those of three that leave 3.75.
    assert expected["measurements"] + expected["requests"] == pytest.approx(210)
    assert expected["changes of devices' signals"] == 4 * 60
    assert expected["changes of devices' memory"] == 4 * 15
    assert expected["devices that leave and come back"] == pytest.approx(3 * 3.75)
    total = taken(ring) + len(ring.future.event_s)
    assert sum(expected.values()) / total == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize(
    "keys", [{}, {"backbone.background_period_s": 5.0}, {"churn.joins_per_hour": 0.0}]
)
def test_events_of_training_over_a_wan_are_about_those_of_a_run(keys: dict[str, Any]) -> None:
    scenario: Any = resolve("wan_training", keys)
    wan = WANTraining.alone(scenario, np.random.SeedSequence(0))
    wan.run(lambda wan, request: request.options[0])
    assert 0.5 < sum(scenario.expected_events().values()) / taken(wan) < 2


def test_what_keys_allow_of_training_over_a_wan_ends() -> None:
    rates = ("joins_per_hour", "leaves_per_hour", "crashes_per_hour", "links_per_hour")
    most: dict[str, Any] = {f"churn.{rate}": 36.0 for rate in rates}
    most |= {"horizon_s": 1e7, "backbone.background_period_s": 1.0}
    most |= {"training.samples": 1, "training.samples_per_s": 1e6}
    assert 1e7 < sum(resolve("wan_training", most).expected_events().values()) < 1e9


@pytest.mark.parametrize("preset", ["llm_training", "llm_13b"])
def test_events_of_a_training_are_at_least_so_many(preset: str) -> None:
    scenario: Any = resolve(preset, {"accelerators.node_mtbf_s": 7200.0})
    job = LLMJob.alone(scenario, np.random.SeedSequence(1))
    job.run(lambda job, request: next(iter(job.world.speeds(job.nodes))))
    assert 0.1 < sum(scenario.expected_events().values()) / taken(job) < 1


def test_no_device_is_faster_than_is_taken_for_the_length_of_a_training() -> None:
    for kind in KINDS.values():
        assert kind.flops * kind.utilisation <= MOST_FLOPS
    for name, model in MODELS.items():
        assert 1e9 * float(name.removesuffix("B")) <= model.parameters * 1.05


def test_what_lies_beside_what_was_checked_is_said(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notes, "_said", set())
    with caplog.at_level(logging.WARNING, logger="edgesim"):
        resolve("aigc", {"wireless.radio.user_height_m": 1.5})
        resolve("aigc", {"wireless.radio.user_height_m": 40})
    assert caplog.messages == [
        "note: wireless.radio.user_height_m: 40 lies beside 1.5 to 22.5, for which the twin was"
        " checked (docs/validity.md)"
    ]
