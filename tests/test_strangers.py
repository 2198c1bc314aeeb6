"""Files that somebody else made, with something in them that nobody asked for."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from edgesim.agents.runs import runfolder
from edgesim.agents.runs.origin import check_origin
from edgesim.agents.runs.runfolder import read_config
from edgesim.commands.cli import main
from edgesim.config.compose import compose
from edgesim.errors import InputError
from edgesim.scenarios import resolve
from edgesim.twin.network.topology_file import read_file

SECRET = "root:x:0:0:root:/root:/bin/sh\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("content", "kind"), [(SECRET, "<text>"), ("key: hunter2\n", "<a mapping>"), ("7\n", "number>")]
)
@pytest.mark.parametrize("key", ["providers", "events"])
def test_what_is_in_a_file_of_another_kind_is_not_printed(
    here: Path, content: str, kind: str, key: str
) -> None:
    (here / "own.yaml").write_text(content)
    with pytest.raises(InputError) as caught:
        resolve("aigc", {key: "own.yaml"})
    assert kind in str(caught.value)
    assert content.strip() not in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_device_is_not_read(here: Path) -> None:
    for device in ("/dev/zero", "/dev/stdin"):
        if Path(device).exists() and not Path(device).is_file():
            with pytest.raises(InputError, match="a device or a pipe, and no file"):
                resolve("aigc", {"providers": device})


def test_a_pipe_is_not_waited_for(here: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no pipes in its file system")
    os.mkfifo(here / "pipe.yaml")
    with pytest.raises(InputError, match="a device or a pipe, and no file"):
        resolve("aigc", {"providers": "pipe.yaml"})


def test_files_have_a_largest_size(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgesim.text_files.MOST_BYTES", 1000)
    with gzip.open(here / "net.gml.gz", "wb") as file:
        file.write(b" " * 1_000_000)  # a thousand bytes on the disk
    with pytest.raises(InputError, match="decompressed larger than 1,000 bytes"):
        read_file("net.gml.gz")


@pytest.mark.parametrize("key", ["title", "name"])
def test_interpolations_in_files_are_not_resolved(
    here: Path, key: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PASSWORD", "hunter2")
    (here / "own.yaml").write_text(f"base: aigc_paper\n{key}: ${{oc.env:PASSWORD}}\n")
    for words in (["simulate", "scenario=own.yaml"], ["train", "agent=own.yaml"]):
        assert main(words) == 2
        said = capsys.readouterr()
        assert "interpolations are resolved on a command line alone" in said.err
        assert "hunter2" not in said.err + said.out


def run_folder(here: Path, change: Callable[[str], str]) -> Path:
    """A folder with the ``config.yaml`` of a run, something in it changed."""
    folder = here / "run"
    folder.mkdir()
    runfolder.write_config(folder, compose("train", ["scenario=aigc_paper", "agent=ppo"]))
    config = folder / "config.yaml"
    text = config.read_text()
    assert change(text) != text
    config.write_text(change(text))
    return folder


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        ("algorithm: stable_baselines3:PPO", "algorithm: 5"),
        ("policy: MlpPolicy", "policy: [MlpPolicy]"),
        ("title: ", "title: ${oc.env:HOME}"),
        ("endless: false", "endless: 7"),
        ("threads: 1", f"threads: {'9' * 400}"),
        ("threads: 1", f"threads: {'9' * 5000}"),
        ("problem: aigc", "problem: [-5, 5]"),
    ],
)
def test_a_run_folder_with_something_else_in_it_is_told(
    here: Path, there: str, instead: str
) -> None:
    folder = run_folder(here, lambda text: text.replace(there, instead, 1))
    with pytest.raises(InputError):
        read_config(folder)


@pytest.mark.parametrize(
    "entry",
    ["edgesim.files:os.remove", "edgesim.files:os", "edgesim.importing:import_module"],
)
def test_what_a_module_of_edgesim_imports_is_not_of_edgesim(here: Path, entry: str) -> None:
    folder = run_folder(here, lambda text: text.replace("stable_baselines3:PPO", entry))
    with pytest.raises(InputError, match="names code of another package"):
        check_origin(folder, read_config(folder).agent)
