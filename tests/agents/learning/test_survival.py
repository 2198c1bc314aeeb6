"""Whatever hits a training at whatever instant: the same command goes on, and nothing is lost."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgesim.agents.learning.run import Run
from edgesim.agents.learning.training import train
from edgesim.agents.runs import runfolder
from edgesim.agents.runs.checkpoint import read_checkpoint, writing
from edgesim.commands.cli import main
from edgesim.config.compose import compose
from edgesim.config.config import TrainConfig
from edgesim.errors import InputError
from edgesim.locking import LOCK, check_free, locked

DYING = Path(__file__).with_name("dying.py")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no forks")


def died(place: Path, *work: str) -> dict[str, Any]:
    """What a series of deaths came to."""
    done = subprocess.run(
        [sys.executable, str(DYING), str(place), *work],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("what", ["kill", "full"])
def test_a_training_goes_on_after_a_kill_or_a_full_disk_at_some_instants(
    tmp_path: Path, what: str
) -> None:
    found = died(tmp_path, "instants", what, "41")
    assert found["failures"] == []
    assert found["operations"] > 60  # from config.yaml to provenance.json


@pytest.mark.slow
@pytest.mark.parametrize("what", ["kill", "full"])
def test_a_training_goes_on_after_a_kill_or_a_full_disk_at_every_instant(
    tmp_path: Path, what: str
) -> None:
    assert died(tmp_path, "instants", what, "1")["failures"] == []


@pytest.mark.slow
def test_a_write_that_fails_in_its_middle_is_told_and_the_run_goes_on(tmp_path: Path) -> None:
    sizes = [*range(0, 4000, 250), *range(4000, 60_000, 4000)]
    assert died(tmp_path, "small", *map(str, sizes))["failures"] == []


@pytest.mark.slow
def test_two_hundred_random_kills_lose_nothing(tmp_path: Path) -> None:
    found = died(tmp_path, "random", "200")
    assert found["failures"] == []
    assert found["kills"] >= 200


# --- single stories -----------------------------------------------------------------------------


@pytest.fixture
def config(tmp_path: Path) -> TrainConfig:
    """A run of a second."""
    small = [f"agent.hyperparameters.{it}" for it in ("n_steps=16", "batch_size=16", "n_epochs=1")]
    short = ["validations=2", "validation_episodes=1", "episodes=1", "baselines=false"]
    few = ["total_steps=64", "agent.n_envs=2", "scenario.horizon_s=3000", "progress=false"]
    composed = compose(
        "train", ["scenario=aigc_paper", "agent=ppo", *small, *short, *few, f"runs={tmp_path}"]
    )
    assert isinstance(composed, TrainConfig)
    return composed


@pytest.fixture
def stopped(config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of that run, stopped half-way; it goes on with ``resume=true``."""
    looked = Run._look

    def stop(self: Run, done: int, display: Any) -> None:
        looked(self, done, display)
        if done:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Run, "_look", stop)
        train(config)
    config.resume = True
    return runfolder.folder_of(config)


def test_a_damaged_model_of_a_half_finished_run_is_written_anew(
    config: TrainConfig, stopped: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = (stopped / "model.zip").read_bytes()
    (stopped / "model.zip").write_bytes(whole[:100])
    train(config)
    assert "model.zip: is not the best model of the last checkpoint" in caplog.text
    runfolder.check_complete(stopped)


@pytest.mark.parametrize("name", ["latest.zip", "model.zip"])
def test_a_damaged_checkpoint_is_told_before_training_goes_on(
    config: TrainConfig, stopped: Path, name: str
) -> None:
    (damaged,) = stopped.glob(f"checkpoint-*/{name}")
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    before = {path: path.read_bytes() for path in stopped.rglob("*") if path.is_file()}
    with pytest.raises(InputError, match=rf"checkpoint = .*{name}.*is not what the training wrote"):
        train(config)
    after = {path: path.read_bytes() for path in stopped.rglob("*") if path.is_file()}
    assert after == before


def test_a_run_that_was_stopped_in_version_0_2_goes_on(config: TrainConfig, stopped: Path) -> None:
    """Its checkpoint was a file that named the model beside it."""
    (folder,) = stopped.glob("checkpoint-*")
    state = json.loads((folder / "state.json").read_text())
    (folder / "latest.zip").rename(stopped / "checkpoint-32.zip")
    del state["digests"]
    (stopped / "checkpoint.json").write_text(json.dumps({**state, "model": "checkpoint-32.zip"}))
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    train(config)
    runfolder.check_complete(stopped)
    assert not list(stopped.glob("checkpoint*"))


def test_a_checkpoint_that_fails_leaves_the_one_before_it(tmp_path: Path) -> None:
    def write(content: str) -> None:
        with writing(tmp_path, {"decisions": 1}) as part:
            (part / "latest.zip").write_text(content)
            if content == "fails":
                raise OSError(28, "No space left on device")
            (part / "model.zip").write_text(content)

    write("first")
    with pytest.raises(InputError, match=r"checkpoint-2.*cannot be written: No space left"):
        write("fails")
    found = read_checkpoint(tmp_path)
    assert found is not None
    assert found.latest.read_text() == "first"
    write("second")
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-2"]


def test_sigterm_saves_as_ctrl_c_does(tmp_path: Path) -> None:
    words = [
        *("train", "scenario=aigc_paper", "agent=ppo", "total_steps=10_000_000", "bound=false"),
        *("validations=10000", "validation_episodes=1", "scenario.horizon_s=3000"),
        *("progress=false", f"runs={tmp_path}"),
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "edgesim", *words], stderr=subprocess.PIPE, encoding="utf-8"
    )
    assert process.stderr is not None
    while "100%" not in (line := process.stderr.readline()):
        assert line, "the training ended before it could be stopped"
        if "decisions" in line and " 0 decisions" not in line:
            process.send_signal(signal.SIGTERM)
            break
    _, said = process.communicate(timeout=120)
    assert process.returncode == 143
    assert "resume=true goes on" in said
    assert said.splitlines()[-1] == "terminated"
    (folder,) = tmp_path.glob("aigc_paper/ppo/*")
    checkpoint = read_checkpoint(folder)
    assert checkpoint is not None
    assert checkpoint.state["decisions"] > 0
    assert not (folder / LOCK).exists()


def test_the_second_training_of_a_folder_is_told(config: TrainConfig) -> None:
    folder = runfolder.folder_of(config)
    folder.mkdir(parents=True)
    with locked(folder, "trained"):
        for resume in (False, True):
            config.resume = resume
            with pytest.raises(InputError, match=rf"is being trained by process {os.getpid()} on"):
                train(config)
    assert list(folder.iterdir()) == []
    train(config)
    runfolder.check_complete(folder)


def test_a_lock_does_not_outlive_its_process(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from edgesim.locking import locked\n"
        "with locked(Path(sys.argv[1]), 'trained'): print('has it', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"has it\n"
    with pytest.raises(InputError, match=f"process {process.pid} on"):
        check_free(tmp_path, "trained")
    process.kill()
    process.communicate()
    assert (tmp_path / LOCK).exists()
    check_free(tmp_path, "trained")
    with locked(tmp_path, "trained"):
        pass
    assert not (tmp_path / LOCK).exists()


def test_without_locks_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("edgesim.locking.fcntl", None)
    monkeypatch.setattr("edgesim.notes._said", set())
    with locked(tmp_path, "trained"):
        assert "this system locks no files" in caplog.text


# --- disks that are full or read-only -------------------------------------------------------------

GAMMA = "agent.hyperparameters.gamma=interval(0.5,0.99)"

WRITING: dict[str, Callable[[Path], list[str]]] = {
    "train": lambda out: ["train", "scenario=aigc_paper", "total_steps=64", f"runs={out}"],
    "evaluate": lambda out: [
        *("evaluate", "scenario=aigc_paper", "policy=random", "episodes=1", f"out={out}/e")
    ],
    "simulate": lambda out: ["simulate", "scenario=aigc_paper", "policy=random", f"out={out}/s"],
    "whatif": lambda out: [
        *("whatif", "scenario=aigc_paper", "policy=random", "change=scenario.users=20"),
        *("episodes=1", f"out={out}/w"),
    ],
    "reproduce": lambda out: ["reproduce", "figure=aigc_tasks", f"out={out}/r"],
    "tune": lambda out: [
        "tune",
        "scenario=aigc_paper",
        "agent=ppo",
        "trials=1",
        f"out={out}/t",
        GAMMA,
    ],
    "calibrate": lambda out: ["calibrate", "service=digits", f"out={out}/c"],
    "new": lambda out: ["new", "scenario", f"{out}/mine"],
    "benchmark": lambda out: ["benchmark", f"out={out}/b"],
}


@pytest.mark.parametrize("command", WRITING)
def test_a_place_that_cannot_be_written_to_is_named_in_one_line(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if command == "calibrate":  # it looks for what the service needs first
        pytest.importorskip("diffusers")
        pytest.importorskip("skimage")
    (tmp_path / "file").write_text("something else")
    out = tmp_path / "file" / "below"  # no folder can be made there, not even by root
    assert main(WRITING[command](out)) == 2
    said = capsys.readouterr().err.splitlines()
    errors = [line for line in said if line.startswith("error: ")]
    assert len(errors) == 1
    assert str(tmp_path / "file") in errors[0]
    assert (tmp_path / "file").read_text() == "something else"
