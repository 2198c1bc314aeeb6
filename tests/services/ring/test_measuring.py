"""``edgesim measure-device`` writes a profile that ``edgesim plan`` reads."""

from pathlib import Path

import pytest

from edgesim.commands.cli import main
from edgesim.scenarios.ring.reading import read_cluster, read_profile


def test_a_profile_is_written_and_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("edgesim.services.ring.measuring._SECONDS", 0.02)
    assert main(["measure-device", "file_mib=16", "name=here", "threads=1"]) == 0
    assert "wrote device.json" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == [tmp_path / "device.json"]  # the file it read is gone
    profile = read_profile(Path("device.json"))
    assert profile["name"] == "here"
    assert profile["ram_gib"] > 0
    Path("mine.yaml").write_text("devices: [{profile: device.json}]", encoding="utf-8")
    (device,) = read_cluster("mine.yaml").devices
    assert device.cpu_flops > 0
    assert device.cpu_bytes_per_s == pytest.approx(profile["cpu_gb_s"] * 1e9)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["file_mib=1"], "file_mib = 1: must be a whole number of at least 16"),
        (["folder=nowhere", "file_mib=16"], "folder = 'nowhere': must be a folder with room"),
    ],
)
def test_what_cannot_be_measured_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["measure-device", *words]) == 2
    assert said in capsys.readouterr().err
