"""A service profile: what a file may say, and what it is read as."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from edgesim.errors import InputError
from edgesim.profiles.profile import ServiceProfile, embedded, load_profile

NO_FITS = {"piecewise": None, "hill": None, "exponential": None}


@pytest.fixture
def content() -> dict[str, Any]:
    """A service that was measured at two numbers of steps, by hand."""
    line = {"ax": 10, "ay": 0.2, "bx": 30, "by": 0.8, "r2": 1.0}
    return {
        "schema": 1,
        "name": "by_hand",
        "title": "two steps, two images",
        "task": "inpainting",
        "mode": "truncated",
        "grid_steps": 100,
        "model": {
            "id": "by_hand",
            "scheduler": "DDIMScheduler",
            "parameters": 1000,
            "licence": "MIT",
            "resolution_px": 64,
        },
        "quality": {
            "steps": [10, 30],
            "metrics": {
                "ssim": {
                    "unit": "",
                    "better": "higher",
                    "of": "image",
                    "mean": [0.2, 0.8],
                    "sd": [0.1, 0.1],
                    "ci95": [[0.1, 0.3], [0.7, 0.9]],
                    "n": 2,
                    "fits": {**NO_FITS, "piecewise": line},
                }
            },
            "score": {
                "metric": "ssim",
                "zero": 0.0,
                "one": 1.0,
                "samples": [[0.1, 0.3], [0.9, 0.7]],
                "fits": {**NO_FITS, "piecewise": line},
            },
        },
        "latency": {
            "clock": "cpu",
            "threads": 1,
            "calls_per_step": 1.0,
            "samples": [
                {"steps": 10, "batch": 1, "seconds": [1.2, 1.3]},
                {"steps": 10, "batch": 4, "seconds": [4.2, 4.3]},
            ],
            "affine": {
                "fixed_s": 0.1,
                "fixed_s_per_image": 0.1,
                "step_s": 0.0,
                "step_s_per_image": 0.1,
                "r2": 0.999,
            },
        },
        "memory": {
            "by_batch": [{"batch": 1, "bytes": 3_000_000}, {"batch": 4, "bytes": 6_000_000}],
            "fixed_bytes": 2e6,
            "bytes_per_image": 1e6,
        },
        "provenance": {
            "edgesim": "0",
            "libraries": {"torch": "2"},
            "python": "3",
            "processor": "by hand",
            "device": "cpu",
            "seed": 0,
            "images": 2,
            "cpu_s": 1.0,
        },
    }


def put(content: dict[str, Any], key: str, value: Any) -> None:
    """Set a dotted key, or remove it where the value is KeyError."""
    *parts, last = key.split(".")
    there: Any = content
    for part in parts:
        there = there[int(part) if part.isdigit() else part]
    if value is KeyError:
        del there[last]
    else:
        there[last] = value


def test_a_profile_is_read_as_it_was_written(content: dict[str, Any], tmp_path: Path) -> None:
    profile = ServiceProfile.of(content)
    path = profile.save(tmp_path / "new" / "by_hand.json")
    assert load_profile(path) == profile
    assert [item.name for item in path.parent.iterdir()] == ["by_hand.json"]
    assert '"work": [10, 30]' in path.read_text()  # a list of numbers stands on one line


def test_the_affine_model_gives_the_seconds_of_a_batch(content: dict[str, Any]) -> None:
    latency = ServiceProfile.of(content).latency
    assert latency.affine.seconds(10, 4) == pytest.approx(0.1 + 0.4 + 10 * 0.4)
    assert latency.max_batch == 4
    assert latency.ratios() == pytest.approx((1.2 / 1.2, 1.3 / 1.2, 4.2 / 4.5, 4.3 / 4.5))


def test_an_image_is_followed_between_the_steps(content: dict[str, Any]) -> None:
    quality = ServiceProfile.of(content).scored
    scores = [quality.score_of(0, steps) for steps in (1, 10, 20, 30, 100)]
    assert scores == pytest.approx([0.1, 0.1, 0.5, 0.9, 0.9])
    assert quality.score.mean == pytest.approx((0.2, 0.8))


def test_the_fitted_curves_have_the_shapes_they_are_called_by(content: dict[str, Any]) -> None:
    fits = content["quality"]["score"]["fits"]
    fits["hill"] = {"floor": 0.1, "top": 0.9, "half": 20, "power": 3, "r2": 0.9}
    fits["exponential"] = {"floor": 0.1, "top": 0.9, "scale": 20, "r2": 0.9}
    found = ServiceProfile.of(content).scored.score.fits
    assert found.piecewise is not None and found.hill is not None and found.exponential is not None
    assert [found.piecewise.at(steps) for steps in (0, 10, 20, 40)] == pytest.approx(
        [0.2, 0.2, 0.5, 0.8]
    )
    assert [found.hill.at(steps) for steps in (0, 20)] == pytest.approx([0.1, 0.5])
    assert found.exponential.at(0) == pytest.approx(0.1)
    assert found.exponential.at(1e9) == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("schema", 3, "schema = 3: this version of edgesim reads schemas 1 and 2"),
        ("schema", KeyError, "is missing"),
        ("name", "a/b", "name = 'a/b'"),
        ("mode", "truncate", "did you mean 'truncated'"),
        ("quality.steps", [30, 10], "quality.steps = [30, 10]: must increase"),
        ("quality.steps", [10, 10], "must increase"),
        ("quality.steps", [10, 130], "at most grid_steps = 100"),
        ("quality.steps", [0, 10], "above 0"),
        ("quality.steps", [], "above 0"),
        ("quality.steps", [1.5, 2], "quality.steps = 1.5: must be whole numbers of steps"),
        ("quality.steps", [10], "must have one for each work: 1"),
        ("quality.metrics.ssim.mean", [0.2, float("nan")], "finite"),
        ("quality.metrics.ssim.mean", "high", "must be a list"),
        ("quality.metrics.ssim.ci95", [[0.3, 0.1], [0.7, 0.9]], "low <= high"),
        ("quality.metrics.ssim.colour", 1, "accepted:"),
        ("quality.metrics.ssim.sd", KeyError, "quality.metrics.ssim.sd = None: is missing"),
        ("quality.metrics", {}, "quality.score.metric"),
        ("quality.score.metric", "psnr", "accepted: ssim"),
        ("quality.score.samples", [[0.1], [0.2, 0.3]], "as many items"),
        ("quality.score.samples", [[], []], "as many items"),
        ("quality.score.samples", [[0.1, 1.3], [0.9, 0.7]], "must lie in [0, 1]"),
        ("quality.score.one", 0.0, "must differ from zero"),
        ("latency", KeyError, "latency = None: is missing"),
        ("latency", [], "must be an object with keys"),
        ("latency.clock", "sun", "accepted: cpu, wall"),
        ("latency.samples", [], "must not be empty"),
        ("latency.samples.0.seconds", [], "must not be empty"),
        ("latency.samples.0.seconds", [-1.0], "latency.samples[0].seconds = -1.0: must be above 0"),
        ("latency.affine.step_s", -0.1, "at least 0"),
        ("memory.bytes_per_image", 0, "above 0"),
        ("provenance.seed", True, "provenance.seed = True: must be a whole number"),
    ],
)
def test_what_does_not_fit_is_told_by_its_key(
    content: dict[str, Any], key: str, value: Any, told: str
) -> None:
    put(content, key, value)
    with pytest.raises(InputError) as caught:
        ServiceProfile.of(content)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is not JSON"),
        ("[]", "must be an object"),
        ('{"schema": NaN}', "every number must be finite"),
        ('{"schema": 7}', "schema = 7: this version of edgesim reads schemas 1 and 2"),
    ],
)
def test_a_file_that_is_no_profile_is_named(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"bad\.json") as caught:
        load_profile(path)
    assert told in str(caught.value)


def test_a_profile_that_is_not_there_is_told(tmp_path: Path) -> None:
    for given, told in (
        (tmp_path / "none.json", "no such file"),
        (f"{tmp_path}/", "cannot be read"),
        ("no_such_service", "or the path of a .json file"),
        ("é" * 300, "or the path of a .json file"),
    ):
        with pytest.raises(InputError, match=told):
            load_profile(given)


@pytest.mark.parametrize("name", embedded())
def test_every_embedded_profile_can_be_read(name: str) -> None:
    profile = load_profile(name)
    assert profile.name == name
    assert json.dumps(profile.title)


def test_a_profile_is_read_without_anything_heavy() -> None:
    look = (
        "import sys; import edgesim.profiles.profile;"
        "print([m for m in ('torch', 'diffusers', 'scipy', 'simpy') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
