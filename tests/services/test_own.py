"""Services of one's own, by import string and over HTTP; what is said of those that are none."""

import json
import sys
from collections.abc import Iterator
from http.server import HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest

from edgesim.commands.cli import main
from edgesim.config.services import CalibrateConfig
from edgesim.errors import InputError
from edgesim.profiles.profile import Detection, Model, ServiceProfile, load_profile
from edgesim.services.finding import find_service
from edgesim.services.service import Plan

EXAMPLES = Path(__file__).parents[2] / "examples" / "services"
LITTLE = ["items=2", "work=[0.01,0.04]", "batches=[1,2]", "repeats=1", "progress=false"]


@pytest.fixture
def enlarging(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The example's module."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    import importlib

    yield importlib.import_module("enlarging")
    sys.modules.pop("enlarging", None)


@pytest.fixture
def address(enlarging: Any) -> Iterator[str]:
    """Where the example answers."""
    server: HTTPServer = enlarging.serving(0)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def calibrated(service: str, out: Path, *words: str) -> ServiceProfile:
    assert main(["calibrate", f"service={service}", f"out={out}", *LITTLE, *words]) == 0
    return load_profile(out / "enlarging" / "profile.json")


def test_by_import_string_and_over_http_it_is_the_same_service(
    address: str, tmp_path: Path
) -> None:
    near = calibrated("enlarging:Enlarging", tmp_path / "near")
    far = calibrated(address, tmp_path / "far")
    assert near.unit == far.unit == "megapixel"
    assert near.quality == far.quality
    assert near.scored.score.mean[0] < near.scored.score.mean[1]
    assert near.loading is not None and far.loading is None
    assert (near.latency.clock, far.latency.clock) == ("cpu", "wall")
    assert far.memory.bytes_per_item == pytest.approx(2e6)
    assert {path.name for path in (tmp_path / "near" / "enlarging").iterdir()} == {
        "profile.json",
        "quality.png",
        "latency.png",
        "memory.png",
    }


def test_other_machines_are_asked_only_where_they_are_trusted() -> None:
    for host in ("192.0.2.1", "edge.example", "127.0.0.1.example"):
        with pytest.raises(InputError, match="trust=true"):
            find_service(CalibrateConfig(service=f"http://{host}:8000"))
    with pytest.raises(InputError, match="does not answer"):
        find_service(CalibrateConfig(service="http://127.0.0.1:9"))
    with pytest.raises(InputError, match="clock=wall"):
        find_service(CalibrateConfig(service="http://127.0.0.1:9", clock="cpu"))


class Alarm:
    """A detector of every second flow; it is sure of itself."""

    name, title, task, unit = "alarm", "every second flow", "intrusion_detection", "flow"
    model = Model(id="alarm", parameters=1, licence="MIT")
    plan = Plan(items=2, work=(4,), batches=(1,), timed=(1, 4, 16))

    def __init__(self, config: Any) -> None:
        self.loaded = 0

    def load(self) -> None:
        self.loaded += 1

    def run(self, items: Any, work: Any) -> Any:
        return [[float(k % 2) for k in range(int(flows))] for flows in work]

    def score(self, work: Any, outputs: Any) -> Any:
        return Detection(("benign", "scan"), (0.25, 0.75), (((1, 1), (0, 2)), ((2, 0), (1, 1))))


class Wrong(Alarm):
    """Too few results."""

    def run(self, items: Any, work: Any) -> Any:
        return [1] * (len(items) - 1)


class Bold(Alarm):
    """A score beyond 1."""

    def score(self, work: Any, outputs: Any) -> Any:
        return np.full((len(work), len(outputs[0])), 1.5)


def test_a_detector_has_its_confusion_matrices(tmp_path: Path) -> None:
    words = ["calibrate", f"service={__name__}:Alarm", f"out={tmp_path}", "repeats=1"]
    assert main(words) == 0
    profile = load_profile(tmp_path / "alarm" / "profile.json")
    found = profile.detection
    assert profile.quality is None and found is not None
    assert [found.detected_share(k) for k in (0, 1)] == [1.0, 0.5]
    assert [found.false_alarm_share(k) for k in (0, 1)] == [0.5, 0.0]
    assert [found.right_type_share(k) for k in (0, 1)] == [1.0, 0.5]
    assert (tmp_path / "alarm" / "detection.png").is_file()
    with pytest.raises(InputError, match="it is a detector's"):
        profile.scored  # noqa: B018 # it raises


@pytest.mark.parametrize(
    ("service", "told"),
    [
        ("Wrong", "run() must give one an item"),
        ("Bold", "must lie in [0, 1]"),
        ("Plan", "must make a service; what it returns has no load"),
    ],
)
def test_what_is_no_service_is_told(
    service: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if service == "Plan":
        service = "lacking"
    assert main(["calibrate", f"service={__name__}:{service}", f"out={tmp_path}"]) == 2
    assert told in capsys.readouterr().err


def lacking(config: Any) -> Any:
    """Makes no service."""
    return object()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("items=1", "items = 1: must be"),
        ("work=[2,1]", "must be numbers above 0, increasing"),
        ("work=[1] steps=[1]", "is work: give one of them"),
    ],
)
def test_items_and_work_are_checked(
    words: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibrate", "service=digits", *words.split()]) == 2
    assert told in capsys.readouterr().err


def test_an_older_profile_gives_the_same_times_as_one_of_the_new_form(tmp_path: Path) -> None:
    """Written in the new form, an embedded profile of schema 1 is the same profile."""
    old = load_profile("photo_inpaint_small")
    path = old.save(tmp_path / "new.json")
    assert json.loads(path.read_text())["schema"] == 2
    assert load_profile(path).latency == old.latency
    assert load_profile(path).scored == old.scored
