"""Run folders of edgesim 0.1, whose configuration and pickles name modules that have moved.

``runs_of_0_1.tar.xz`` holds two that its code wrote: a small agent of ``sfc_paper``, complete (but
for the picture), and one of ``aigc_steps``, stopped after 100 of 128 decisions.
"""

import base64
import json
import sys
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgesim.agents.comparing.comparison import gather
from edgesim.agents.comparing.contests import contests_of
from edgesim.agents.learning.training import train
from edgesim.agents.measuring.command import evaluate
from edgesim.agents.measuring.simulation import simulate
from edgesim.agents.runs import runfolder
from edgesim.agents.runs.old_names import MODULES, renamed
from edgesim.config.config import EvaluateConfig, SimulateConfig

ARCHIVE = Path(__file__).with_name("runs_of_0_1.tar.xz")


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """The run folders of 0.1."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "runs"


@pytest.fixture
def chains(runs: Path) -> Path:
    """The complete run folder."""
    (folder,) = (runs / "sfc_paper" / "maskable_ppo").iterdir()
    (folder / "learning.png").touch()
    return folder


def pickled(model: Path) -> bytes:
    """All pickles in a model's zip file."""
    with zipfile.ZipFile(model) as archive:
        values = json.loads(archive.read("data")).values()
    found = (value.get(":serialized:") for value in values if isinstance(value, dict))
    return b"".join(base64.b64decode(text) for text in found if text)


def test_the_folders_do_name_modules_that_are_no_more(runs: Path) -> None:
    models = b"".join(pickled(path) for path in runs.rglob("model.zip"))
    assert [name for name in MODULES if name.encode() in models] == list(MODULES)
    assert "edgesim.agents.instance_policy:" in "".join(
        path.read_text() for path in runs.rglob("config.yaml")
    )


def test_a_model_of_0_1_decides_as_it_did(chains: Path) -> None:
    there = json.loads((chains / "evaluation.json").read_text())["policies"]["maskable_ppo"]
    here = evaluate(EvaluateConfig(policy=str(chains), episodes=2))["policies"][str(chains)]
    assert here["return"]["mean"] == pytest.approx(there["return"]["mean"])
    assert not set(MODULES) & set(sys.modules)


def test_a_run_of_0_1_is_simulated_and_compared(chains: Path, tmp_path: Path) -> None:
    out = simulate(SimulateConfig(policy=str(chains), out=str(tmp_path / "out")))
    assert (out / "events.parquet").is_file()
    complete, left_out = gather([str(chains.parent)])
    (contest,) = contests_of(complete)
    assert contest.of("agent")[0].name == "maskable_ppo"
    assert not left_out


def test_the_command_of_a_run_of_0_1_finds_it(
    chains: Path, runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = replace(runfolder.read_config(chains), runs=str(runs))
    assert train(config) == chains
    assert "is trained already" in capsys.readouterr().out


def test_a_run_stopped_in_0_1_goes_on(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgesim.agents.measuring.run_table.offered", lambda scenario: ["random"])
    (stopped,) = (runs / "aigc_steps" / "maskable_ppo").iterdir()
    config = replace(runfolder.read_config(stopped), runs=str(runs), resume=True, progress=False)
    assert train(config) == stopped
    runfolder.check_complete(stopped)
    assert "edgesim.agents.score_policy" not in (stopped / "config.yaml").read_text()


def test_what_is_no_name_of_0_1_stays_as_it_is() -> None:
    values: dict[str, Any] = {
        "policy": "edgesim.agents.score_policy:ScorePolicy",
        "own": ["my.module:Thing", "sb3_contrib:MaskablePPO", 3, None, "a: b"],
    }
    assert renamed(values) == {
        "policy": "edgesim.agents.networks.score_policy:ScorePolicy",
        "own": ["my.module:Thing", "sb3_contrib:MaskablePPO", 3, None, "a: b"],
    }
