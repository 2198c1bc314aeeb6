"""``edgesim simulate video=...``: a film of the same episode."""

from pathlib import Path
from typing import Any

import pytest
from matplotlib.animation import FFMpegWriter
from PIL import Image

from edgesim.agents.measuring.simulation import simulate
from edgesim.commands.cli import main
from edgesim.config.compose import compose

SHORT = ["scenario=aigc_paper", "scenario.horizon_s=20000"]


def test_a_gif_shows_the_episode_decision_by_decision(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = [*SHORT, "policy=round_robin", f"out={tmp_path}", "video=episode.gif"]
    folder = simulate(compose("simulate", line))
    assert f"video in {folder / 'episode.gif'}" in capsys.readouterr().out.replace("\n", "")
    with Image.open(folder / "episode.gif") as film:
        frames: Any = film.n_frames  # type: ignore[attr-defined]
        assert film.size == (800, 400)
        assert film.info["duration"] == 100  # ms
        seen = set()
        for number in range(frames):
            film.seek(number)
            seen.add(film.convert("RGB").tobytes())
    assert 10 < frames <= 120
    assert len(seen) == frames  # time goes on in each
    assert not list(folder.glob(".*"))


def test_filming_changes_nothing_of_what_is_measured(tmp_path: Path) -> None:
    plain = simulate(compose("simulate", [*SHORT, "policy=random", f"out={tmp_path / 'a'}"]))
    filmed = simulate(
        compose("simulate", [*SHORT, "policy=random", f"out={tmp_path / 'b'}", "video=a.gif"])
    )
    for name in ("summary.json", "events.parquet"):
        assert (plain / name).read_bytes() == (filmed / name).read_bytes()


@pytest.mark.skipif(not FFMpegWriter.isAvailable(), reason="ffmpeg is not installed")
def test_an_mp4_lies_where_the_path_says(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    line = [*SHORT, "policy=adaptive", f"out={tmp_path}", f"video={path}"]
    simulate(compose("simulate", line))
    assert path.read_bytes()[4:8] == b"ftyp"


def test_without_ffmpeg_a_gif_is_named_and_nothing_is_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(FFMpegWriter, "isAvailable", classmethod(lambda cls: False))
    monkeypatch.chdir(tmp_path)
    assert main(["simulate", *SHORT, "video=episode.mp4"]) == 2
    error = capsys.readouterr().err
    assert "video = 'episode.mp4': needs ffmpeg" in error
    assert "video=episode.gif needs nothing" in error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["episode", "episode.avi", "gif"])
def test_a_name_without_a_known_ending_is_refused(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", *SHORT, f"video={name}"]) == 2
    assert f"video = '{name}': must end in .gif or .mp4" in capsys.readouterr().err
