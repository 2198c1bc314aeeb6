"""Events of a scenario: what is read, and what is refused, by name, before anything runs."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from edgesim.errors import InputError
from edgesim.scenarios import resolve
from edgesim.scenarios.parts.events import read_events

FAILS = {"at_s": 100, "event": "fails", "link": ["Berlin", "Leipzig"], "until_s": 200}


def test_a_list_and_a_file_say_the_same(tmp_path: Path) -> None:
    file = tmp_path / "events.yaml"
    file.write_text(yaml.safe_dump([FAILS]), encoding="utf-8")
    assert (
        resolve("sfc", {"events": str(file)}).events == resolve("sfc", {"events": [FAILS]}).events
    )
    file.write_text(yaml.safe_dump({"events": [FAILS]}), encoding="utf-8")
    assert resolve("sfc", {"events": str(file)}).events == [FAILS]


def test_a_scenario_holds_what_its_file_said(tmp_path: Path) -> None:
    """So that a run's config.yaml is whole, whatever becomes of the file."""
    file = tmp_path / "events.yaml"
    file.write_text(yaml.safe_dump([FAILS]), encoding="utf-8")
    scenario = resolve("sfc", {"events": str(file)})
    file.unlink()
    assert scenario.events == [FAILS]


def test_an_empty_list_is_none() -> None:
    assert resolve("sfc", {"events": []}).events is None


def test_a_site_is_a_node() -> None:
    (event,) = read_events([{"at_s": 0, "event": "fails", "site": "site 3"}])
    assert (event.subject, event.node) == ("node", "site 3")


@pytest.mark.parametrize(
    ("scenario", "event", "message"),
    [
        (
            "sfc",
            {"at_s": 1, "event": "breaks", "link": 0},
            r"events\[0\]\.event = 'breaks': .*fails",
        ),
        ("sfc", {"at_s": 1, "event": "fails"}, "fails names one of: link, node, host, provider"),
        ("sfc", {"at_s": 1, "event": "fails", "link": 0, "node": 0}, "names one of"),
        ("sfc", {"event": "fails", "link": 0}, r"events\[0\]\.at_s = None: must be a finite"),
        ("sfc", {"at_s": -1, "event": "fails", "link": 0}, "must be at least 0"),
        ("sfc", {"at_s": 301, "event": "fails", "link": 0}, "outside the episode, which lasts 300"),
        ("sfc", {"at_s": 9, "event": "fails", "link": 0, "until_s": 9}, "must be after at_s = 9"),
        ("sfc", {"at_s": 9, "event": "fails", "link": 0, "factor": 2}, "fails does not take it"),
        ("sfc", {"at_s": 9, "event": "capacity", "link": 0}, "capacity needs it"),
        ("sfc", {"at_s": 9, "event": "capacity", "link": 0, "factor": -1}, "must be above 0"),
        ("sfc", {"at_s": 9, "event": "load", "factor": -0.5}, "must be at least 0"),
        ("sfc", {"at_s": 9, "event": "load", "factor": 2, "slice": "urlc"}, "did you mean 'urllc'"),
        ("sfc", {"at_s": 9, "event": "fails", "provider": 0}, "chains have no providers"),
        ("sfc", {"at_s": 9, "event": "joins", "group": "fans"}, "must be above 0: 1/s of requests"),
        ("sfc", {"at_s": 9, "event": "leaves", "group": "fans"}, "has not joined before"),
        ("sfc", {"at_s": 9, "evnt": "fails"}, "events.0. key = 'evnt': did you mean 'event'"),
        ("sfc", "fails", "must be a mapping"),
        ("sfc_paper", {"at_s": 9, "event": "load", "factor": 2}, "needs a network"),
        ("aigc_paper", {"at_s": 9, "event": "fails", "link": 0}, "wireless is null"),
        ("aigc", {"at_s": 9, "event": "load", "factor": 2, "slice": "embb"}, "no slices here"),
        ("vne_geant", {"at_s": 1e6, "event": "fails", "link": 0}, "outside the episode"),
        (
            "vne_geant",
            {"at_s": 9, "event": "flash_crowd", "factor": 2, "until_s": 10, "node": 0},
            "requests have no place here",
        ),
    ],
)
def test_what_cannot_be_used_is_refused(scenario: str, event: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        resolve(scenario, {"events": [event]})


@pytest.mark.parametrize(
    ("text", "message"),
    [("[", "events"), ("a: 1", "must be a list"), ("3", "must be a list")],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "events.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        resolve("sfc", {"events": str(file)})
    with pytest.raises(InputError, match="cannot be read"):
        resolve("sfc", {"events": str(tmp_path / "none.yaml")})


def test_a_trace_does_not_get_more_requests(tmp_path: Path) -> None:
    trace = tmp_path / "tasks.csv"
    trace.write_text("arrival_s,steps\n0,100\n", encoding="utf-8")
    crowd = {"at_s": 9, "event": "load", "factor": 2}
    with pytest.raises(InputError, match="a trace states its requests"):
        resolve("aigc_paper", {"trace": str(trace), "events": [crowd]})
