"""Figures of another unit are noticed, and episodes that would not end are refused."""

import logging
from typing import Any

import pytest

from edgesim import notes
from edgesim.errors import InputError
from edgesim.scenarios import presets, resolve
from edgesim.scenarios.usual import unusual
from edgesim.scenarios.worlds import random_worlds


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
