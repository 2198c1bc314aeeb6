"""Calibrations, of the embedded services and of pipelines on disk, in little."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("diffusers", reason="needs the extra [diffusion]")

import torch

from edgesim.commands.cli import main
from edgesim.config.services import CalibrateConfig, CalibrateTrainConfig
from edgesim.errors import InputError
from edgesim.profiles.profile import load_profile
from edgesim.services.calibration import calibrate
from edgesim.services.diffusion import training
from edgesim.services.diffusion.embedded import Digits, PhotoInpaint
from edgesim.services.diffusion.networks import WEIGHTS, load
from edgesim.services.titles import TITLES

PICTURES = {"quality.png", "latency.png", "memory.png", "samples.png"}


def little(tmp_path: Path, **keys: Any) -> CalibrateConfig:
    """A calibration of some seconds."""
    given = {"images": 3, "steps": [1, 2, 3], "batches": [1, 2], "repeats": 1, "progress": False}
    return CalibrateConfig(**{"service": "digits", "out": str(tmp_path), **given, **keys})


def test_a_calibration_leaves_a_profile_and_its_pictures(tmp_path: Path) -> None:
    folder = calibrate(little(tmp_path, steps=[1, 2, 3, 5, 8]))
    assert {path.name for path in folder.iterdir()} == PICTURES | {"profile.json", "samples.npz"}
    profile = load_profile(folder / "profile.json")
    assert profile.scored.work == (1, 2, 3, 5, 8)
    assert profile.scored.score.items == profile.provenance.items == 3
    assert set(profile.scored.metrics) == {"frechet", "confidence"}
    assert profile.latency.calls_per_unit == 1.0
    assert [(s.work, s.batch) for s in profile.latency.samples][:2] == [(1, 1), (1, 2)]
    held = profile.latency.extrapolation
    assert held is not None and (held.work, held.batches) == (8, (1, 2))
    assert profile.memory.bytes_per_item > 0
    assert profile.provenance.processor


def test_a_calibration_that_was_killed_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
    generate = Digits.run

    def killed_at_three_steps(self: Digits, numbers: Any, steps: Any) -> Any:
        if steps[0] == 3 and len(numbers) == 3:
            raise KeyboardInterrupt
        return generate(self, numbers, steps)

    def noted(self: Digits, numbers: Any, steps: Any) -> Any:
        made.append((tuple(numbers), tuple(steps)))
        return generate(self, numbers, steps)

    monkeypatch.setattr(Digits, "run", killed_at_three_steps)
    with pytest.raises(KeyboardInterrupt):
        calibrate(little(tmp_path / "cut"))
    assert (tmp_path / "cut" / "digits" / "partial" / "outputs-2-0.npy").is_file()
    monkeypatch.setattr(Digits, "run", noted)
    cut = calibrate(little(tmp_path / "cut"))
    estimate = [((0, 1, 2), (1, 1, 1)), ((0, 1, 2), (2, 2, 2)), ((0,), (2,))]
    assert made == [*estimate, ((0, 1, 2), (3, 3, 3))]  # nothing else is made again
    whole = calibrate(little(tmp_path / "whole"))
    with np.load(cut / "samples.npz") as first, np.load(whole / "samples.npz") as second:
        assert np.array_equal(first["images"], second["images"])


def test_a_cut_calibration_does_not_go_on_with_other_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Digits, "score", lambda *given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        calibrate(little(tmp_path))
    with pytest.raises(InputError, match="other settings"):
        calibrate(little(tmp_path, seed=1))


@pytest.mark.slow
def test_quality_of_the_embedded_photographs_rises_with_the_steps(tmp_path: Path) -> None:
    config = little(tmp_path, service="photo_inpaint_small", images=2, steps=[5, 60, 150])
    profile = load_profile(calibrate(config) / "profile.json")
    for name in ("psnr", "ssim"):
        mean = profile.scored.metrics[name].mean
        assert mean[0] < mean[1] < mean[2]


# --- pipelines ----------------------------------------------------------------------------------


@pytest.fixture
def tiny_pipeline(tmp_path: Path) -> Path:
    """An unconditional pipeline of a few thousand parameters, untrained."""
    from diffusers import DDIMPipeline, DDIMScheduler, UNet2DModel

    torch.manual_seed(0)
    network: Any = UNet2DModel
    unet = network(
        sample_size=16,
        in_channels=3,
        out_channels=3,
        layers_per_block=1,
        block_out_channels=(8, 8),
        norm_num_groups=4,
        down_block_types=("DownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "UpBlock2D"),
    )
    folder = tmp_path / "tiny"
    scheduler: Any = DDIMScheduler
    kind: Any = DDIMPipeline
    kind(unet, scheduler()).save_pretrained(folder)
    return folder


def test_a_pipeline_in_a_folder_is_measured(tiny_pipeline: Path, tmp_path: Path) -> None:
    folder = calibrate(little(tmp_path, service=str(tiny_pipeline), licence="CC0-1.0"))
    profile = load_profile(folder / "profile.json")
    assert (profile.name, profile.task, profile.mode) == ("tiny", "unconditional", "respaced")
    assert profile.model.licence == "CC0-1.0"
    assert str(tmp_path) not in (folder / "profile.json").read_text()
    assert profile.latency.calls_per_unit == 1.0
    assert profile.scored.metrics["ssim"].mean[-1] == pytest.approx(1.0)  # compared with itself


def test_a_users_metric_scores_from_fewest_to_most_steps(
    tiny_pipeline: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "of_mine.py"
    module.write_text("def contrast(images):\n    return images.std(axis=(1, 2, 3))\n")
    monkeypatch.syspath_prepend(tmp_path)
    metric = "of_mine:contrast"
    config = little(tmp_path, service=str(tiny_pipeline), metric=metric)
    profile = load_profile(calibrate(config) / "profile.json")
    measured = profile.scored.metrics[metric].mean
    score = profile.scored.score
    assert (score.zero, score.one) == pytest.approx((measured[0], measured[-1]), rel=1e-5)


# diffusers gives numpy 2 a tensor to copy.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"scheduler": "DDIMSchedular"}, "did you mean 'DDIMScheduler'"),
        ({"scheduler": "FlowMatchEulerDiscreteScheduler"}, "does not fit this pipeline"),
        ({"scheduler": "EulerDiscreteScheduler"}, "does not fit DDIMPipeline"),
        ({"metric": "beauty"}, "or module:attribute"),
        ({"metric": "no_such_module:beauty"}, "there is no module 'no_such_module'"),
        ({"steps": [1, 2000]}, "at most 1000 steps"),
    ],
)
def test_what_does_not_fit_a_pipeline_is_told(
    tiny_pipeline: Path, tmp_path: Path, keys: dict[str, Any], told: str
) -> None:
    with pytest.raises(InputError) as caught:
        calibrate(little(tmp_path, service=str(tiny_pipeline), **keys))
    assert told in str(caught.value)


def test_a_folder_that_is_no_pipeline_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calibrate", f"service={tmp_path}", f"out={tmp_path}/out"]) == 2
    assert "has no model_index.json" in capsys.readouterr().err
    (tmp_path / "model_index.json").write_text("{}")
    assert main(["calibrate", f"service={tmp_path}", f"out={tmp_path}/out"]) == 2
    assert "is no pipeline that diffusers loads" in capsys.readouterr().err


def test_a_hub_id_without_a_network_is_one_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert main(["calibrate", "service=nobody/no-such-model", f"out={tmp_path}"]) == 2
    said = capsys.readouterr().err
    assert "is there a network?" in said and said.count("\n") == 1


# --- weights ------------------------------------------------------------------------------------


def test_every_embedded_service_has_weights_of_half_precision() -> None:
    for path in WEIGHTS.glob("*.safetensors"):
        network, _ = load(path)
        parameters = sum(part.numel() for part in network.parameters())
        assert path.stat().st_size == pytest.approx(2 * parameters, rel=0.2)


def test_every_embedded_service_comes_from_a_recipe() -> None:
    made = {name for recipe in training.RECIPES.values() for name in recipe.snapshots}
    assert {"digits", *made, *training.RECIPES} <= set(TITLES)


def test_weights_are_trained_again_alike(tmp_path: Path) -> None:
    files = []
    for folder in ("first", "second"):
        config = CalibrateTrainConfig(
            service="digits", out=str(tmp_path / folder), iterations=3, progress=False
        )
        (path,) = training.train(config)
        files.append(path)
    (first, shape), (second, _) = (load(path) for path in files)
    assert shape.side_px == 16
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_recipe_that_does_not_exist_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate-train", "service=digit"]) == 2
    assert "did you mean 'digits'" in capsys.readouterr().err


def test_the_settings_of_a_cut_calibration_are_plain_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Digits, "score", lambda *given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        calibrate(little(tmp_path))
    kept = json.loads((tmp_path / "digits" / "partial" / "settings.json").read_text())
    assert kept["plan"]["work"] == [1, 2, 3]


def test_the_embedded_plans_time_three_numbers_of_steps_up_to_the_last_that_is_scored() -> None:
    for kind in (Digits, PhotoInpaint):
        timed = kind.plan.timed
        assert len(timed) == 3 and timed[-1] == kind.plan.work[-1]
        assert kind.plan.batches == (1, 2, 4, 8)
