"""The learning curve, drawn from a run folder alone."""

import json
from pathlib import Path
from typing import Any

import matplotlib.image
import pytest

from edgesim.errors import InputError
from edgesim.plots.learning import draw
from edgesim.plots.style import spread


def figures(mean: float) -> dict[str, Any]:
    return {"mean": mean, "std": 2.0, "ci95": [mean - 1, mean + 1]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "progress.csv").write_text(
        "decisions,return,return_low,return_high,train/loss\n"
        "0,10,8,12,\n1000,60,55,65,0.1\n2000,80,78,82,0.05\n"
    )
    policies = {"ppo": 81.0, "random": -400.0, "round_robin": 40.0, "prophet": 84.0, "bound": 88.0}
    evaluation = {
        "scenario": "aigc_paper",
        "episodes": 20,
        "seed": 0,
        "policies": {name: {"return": figures(mean)} for name, mean in policies.items()},
    }
    (tmp_path / "evaluation.json").write_text(json.dumps(evaluation))
    (tmp_path / "config.yaml").write_text(
        "scenario: {name: aigc_paper}\nagent: {name: ppo}\nseed: 3\n"
    )
    return tmp_path


def test_three_files_give_a_picture_as_wide_as_a_readme_needs(folder: Path) -> None:
    path = draw(folder)
    assert path == folder / "learning.png"
    height, width, _ = matplotlib.image.imread(path).shape
    assert width >= 800
    assert height >= 400
    assert {p.name for p in folder.iterdir()} == {
        "config.yaml",
        "evaluation.json",
        "learning.png",
        "progress.csv",
    }


def test_equal_folders_give_equal_pictures(folder: Path) -> None:
    first = draw(folder).read_bytes()
    assert draw(folder).read_bytes() == first


def test_a_single_validation_is_drawn_too(folder: Path) -> None:
    (folder / "progress.csv").write_text("decisions,return,return_low,return_high\n50,1,1,1\n")
    assert draw(folder).is_file()


@pytest.mark.parametrize("name", ["progress.csv", "evaluation.json", "config.yaml"])
def test_a_file_that_is_missing_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(InputError, match=f"lacks {name}"):
        draw(folder)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("progress.csv", ""),
        ("progress.csv", "decisions,return\n1,much\n"),
        ("progress.csv", "time,reward\n1,2\n"),
        ("evaluation.json", "{"),
        ("evaluation.json", "{}"),
        ("config.yaml", "a: [1"),
        ("config.yaml", "seed: 1"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    with pytest.raises(InputError, match=f"{name} cannot be read"):
        draw(folder)
    assert not (folder / "learning.png").exists()


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([], []),
        ([5.0], [5.0]),
        ([2.0, 8.0], [2.0, 8.0]),  # far enough apart: where they belong
        ([5.0, 5.0], [4.5, 5.5]),  # in one place: on both sides of it
        ([0.0, 0.0, 0.5], [0.0, 1.0, 2.0]),  # at the edge: away from it
        ([10.0, 9.9], [10.0, 9.0]),  # the order is kept
        ([0.0] * 21, [0.5 * k for k in range(21)]),  # too many: evenly
    ],
)
def test_labels_are_spread_until_none_covers_another(
    places: list[float], expected: list[float]
) -> None:
    assert spread(places, gap=1.0, low=0.0, high=10.0) == pytest.approx(expected)
