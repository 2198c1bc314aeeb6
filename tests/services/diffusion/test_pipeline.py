"""Pipelines of a few thousand untrained parameters, measured as any pipeline a user names."""

import json
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("diffusers", reason="needs the extra [diffusion]")
pytest.importorskip("transformers", reason="needs the extra [diffusion]")

import torch

from edgesim.commands.cli import main
from edgesim.config.services import CalibrateConfig
from edgesim.errors import InputError
from edgesim.profiles.profile import ServiceProfile, load_profile
from edgesim.scenarios import resolve
from edgesim.services.diffusion import pipeline
from edgesim.services.diffusion.pipeline import Pipeline
from edgesim.twin.aigc.workload import AIGCWorkload

# diffusers gives numpy 2 a tensor to copy, and says of its own defaults that they are outdated.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning:diffusers"),
]

SIDE_PX = 16
LITTLE = ["images=2", "batches=[1,2]", "repeats=1", "progress=false"]


def tokenizer(folder: Path) -> Any:
    """A tokenizer that knows letters alone, made from files that are written here."""
    from transformers import CLIPTokenizer

    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    folder.mkdir()
    (folder / "vocab.json").write_text(json.dumps({word: k for k, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    kind: Any = CLIPTokenizer
    return kind(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=16)


def latent_parts(folder: Path, channels: int) -> dict[str, Any]:
    """What a Stable Diffusion pipeline consists of, for images of 16 px and latents of 8."""
    from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    unet: Any = UNet2DConditionModel
    vae: Any = AutoencoderKL
    scheduler: Any = DDIMScheduler
    text: Any = CLIPTextModel
    torch.manual_seed(0)
    return {
        "tokenizer": tokenizer(folder / f"words-{channels}"),
        "unet": unet(
            sample_size=8,
            in_channels=channels,
            out_channels=4,
            layers_per_block=1,
            block_out_channels=(8, 16),
            norm_num_groups=4,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            cross_attention_dim=16,
            attention_head_dim=4,
        ),
        "vae": vae(
            block_out_channels=(8, 8),
            norm_num_groups=4,
            down_block_types=("DownEncoderBlock2D",) * 2,
            up_block_types=("UpDecoderBlock2D",) * 2,
            sample_size=SIDE_PX,
        ),
        "text_encoder": text(
            CLIPTextConfig(
                vocab_size=54,
                hidden_size=16,
                intermediate_size=16,
                num_hidden_layers=1,
                num_attention_heads=2,
                max_position_embeddings=16,
                bos_token_id=52,
                eos_token_id=53,
                pad_token_id=53,
            )
        ),
        "scheduler": scheduler(steps_offset=1, clip_sample=False),
        "safety_checker": None,
        "feature_extractor": None,
        "requires_safety_checker": False,
    }


def pixel_network() -> Any:
    from diffusers import UNet2DModel

    network: Any = UNet2DModel
    torch.manual_seed(0)
    return network(
        sample_size=32,
        layers_per_block=1,
        block_out_channels=(8, 8),
        norm_num_groups=4,
        down_block_types=("DownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "UpBlock2D"),
    )


@pytest.fixture(scope="module")
def pipelines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of pipelines, as ``save_pretrained`` writes them."""
    import diffusers
    from diffusers.utils import logging as of_diffusers
    from transformers.utils import logging as of_transformers

    for log in (of_diffusers, of_transformers):
        log.set_verbosity_error()
        log.disable_progress_bar()
    root = tmp_path_factory.mktemp("pipelines")
    names: Any = diffusers
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        names.StableDiffusionPipeline(**latent_parts(root, 4)).save_pretrained(root / "text")
        names.StableDiffusionInpaintPipeline(**latent_parts(root, 9)).save_pretrained(
            root / "holes"
        )
        names.StableDiffusionImg2ImgPipeline(**latent_parts(root, 5)).save_pretrained(
            root / "retouch"
        )
        names.RePaintPipeline(pixel_network(), names.RePaintScheduler()).save_pretrained(
            root / "repaint"
        )
    yield root


def calibrated(tmp_path: Path, folder: Path, *words: str) -> ServiceProfile:
    """The profile that the command line leaves."""
    assert main(["calibrate", f"service={folder}", f"out={tmp_path}", *LITTLE, *words]) == 0
    return load_profile(tmp_path / folder.name / "profile.json")


def given(folder: Path, **keys: Any) -> CalibrateConfig:
    return CalibrateConfig(service=str(folder), progress=False, **keys)


def runs_in_the_twin(path: Path, steps: int) -> None:
    """A provider of the profile serves requests of the default scenario's world."""
    scenario = resolve(
        "aigc",
        {
            "horizon_s": 20,
            "steps_range": [1, steps],
            "steps_increment": 1,
            "profiles": [{"name": "measured", "service": str(path)}],
            "scheduler": {"window_s": 0.1, "max_batch": 2},
        },
    )
    ledger = AIGCWorkload.alone(scenario, np.random.SeedSequence(0)).run(lambda twin, task: 0)
    assert ledger.finished > 0


def test_a_text_to_image_pipeline_is_measured_and_runs_in_the_twin(
    pipelines: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    profile = calibrated(
        tmp_path, pipelines / "text", "steps=[1,2,3,5,8]", "prompt=a cat", "guidance=3"
    )
    assert (profile.name, profile.task) == ("text", "text_to_image")
    assert profile.model.resolution_px == SIDE_PX
    assert profile.latency.calls_per_unit == 1.0
    assert "prompt: a cat; guidance_scale: 3" in profile.provenance.note
    assert "with the same image at the most steps" in profile.provenance.note
    assert profile.scored.metrics["ssim"].mean[-1] == pytest.approx(1.0)
    assert profile.scored.metrics["ssim"].mean[0] < 1.0
    assert "Loading" not in capsys.readouterr().err  # no bars of libraries
    runs_in_the_twin(tmp_path / "text" / "profile.json", 8)


def test_an_inpainting_pipeline_is_judged_by_the_true_photographs(
    pipelines: Path, tmp_path: Path
) -> None:
    profile = calibrated(tmp_path, pipelines / "holes", "steps=[1,3]")
    assert profile.task == "inpainting"
    assert profile.scored.metrics["ssim"].mean[-1] < 0.5  # it has learned nothing
    assert "same image" not in profile.provenance.note


@pytest.mark.parametrize(
    "scheduler",
    [
        "DPMSolverMultistepScheduler",
        "EulerDiscreteScheduler",
        "PNDMScheduler",
        "HeunDiscreteScheduler",
    ],
)
def test_another_scheduler_makes_the_images(pipelines: Path, scheduler: str) -> None:
    service = Pipeline(given(pipelines / "text", scheduler=scheduler))
    assert service.model.kind == scheduler
    found = service.run([0, 1], [3, 3])
    assert found.shape == (2, SIDE_PX, SIDE_PX, 3)
    assert np.isfinite(found).all() and np.ptp(found) > 0.0


def test_an_image_is_the_same_in_any_batch(pipelines: Path) -> None:
    service = Pipeline(given(pipelines / "text"))
    alone, together = service.run([1], [3]), service.run([0, 1], [3, 3])
    np.testing.assert_allclose(alone[0], together[1], atol=1e-4)
    differing = service.run([0, 1], [2, 3])
    np.testing.assert_allclose(differing[1], alone[0], atol=1e-4)


def test_prompt_negative_prompt_and_guidance_change_the_image(pipelines: Path) -> None:
    images = [
        Pipeline(given(pipelines / "text", **keys)).run([0], [3])
        for keys in (
            {},
            {"prompt": "a dog"},
            {"negative_prompt": "blurred"},
            {"guidance": 1.5},
        )
    ]
    for k, image in enumerate(images):
        for other in images[:k]:
            assert not np.allclose(image, other)


def test_images_have_the_size_that_is_asked_for(pipelines: Path) -> None:
    service = Pipeline(given(pipelines / "text", resolution_px=32))
    assert service.model.resolution_px == 32
    assert service.run([0], [2]).shape == (1, 32, 32, 3)


def test_half_precision_halves_the_weights(pipelines: Path) -> None:
    whole = Pipeline(given(pipelines / "text"))
    half = Pipeline(given(pipelines / "text", precision="float16"))
    assert half.weights_bytes == pytest.approx(whole.weights_bytes / 2, rel=0.01)
    assert "float16" in half.note
    np.testing.assert_allclose(half.run([0], [3]), whole.run([0], [3]), atol=0.02)


def test_the_mask_hides_squares_that_are_one_pixel_of_the_latents(pipelines: Path) -> None:
    service = Pipeline(given(pipelines / "holes"))
    holes = service._holes([0, 1])
    image, mask = (np.asarray(holes[key][1]) for key in ("image", "mask_image"))
    assert image.shape == (SIDE_PX, SIDE_PX, 3) and mask.shape == (SIDE_PX, SIDE_PX)
    assert set(np.unique(mask)) == {0, 255}
    squares = mask.reshape(8, 2, 8, 2)
    assert (squares == squares[:, :1, :, :1]).all()
    assert (mask > 0).mean() == pytest.approx(0.75, abs=0.15)


def test_what_is_known_stays_known_where_black_is_painted(pipelines: Path) -> None:
    service = Pipeline(given(pipelines / "repaint"))
    assert service.task == "inpainting"
    painted = service.run([0], [20])[0]
    kept = np.asarray(service._holes([0])["mask_image"][0]) > 0  # RePaint paints what is black
    assert kept.mean() == pytest.approx(0.25, abs=0.1)
    off = np.abs(painted - service._truth(0)).mean(axis=2)
    assert off[kept].mean() < 0.5 * off[~kept].mean()


def test_a_safety_checker_is_left_out_and_that_is_told(
    pipelines: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = pipeline._loaded

    def guarded(*words: Any) -> Any:
        pipe = load(*words)
        pipe.safety_checker = lambda images, **_: (np.zeros_like(images), [True] * len(images))
        return pipe

    monkeypatch.setattr(pipeline, "_loaded", guarded)
    service = Pipeline(given(pipelines / "text"))
    assert "without its safety checker" in service.note
    assert service.run([0], [2]).any()


@pytest.mark.parametrize(
    ("name", "keys", "told"),
    [
        ("retouch", {}, "StableDiffusionImg2ImgPipeline also wants image; accepted are"),
        ("repaint", {"prompt": "a cat"}, "RePaintPipeline takes no prompt"),
        ("repaint", {"guidance": 2.0}, "RePaintPipeline takes no guidance_scale"),
        ("text", {"resolution_px": 20, "scheduler": "DDIMScheduler"}, "divisible by 8"),
    ],
)
def test_what_a_pipeline_does_not_take_is_told(
    pipelines: Path, name: str, keys: dict[str, Any], told: str
) -> None:
    with pytest.raises(InputError) as caught:
        Pipeline(given(pipelines / name, **keys))
    assert told in str(caught.value)


def test_images_that_are_no_numbers_are_told(
    pipelines: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Pipeline(given(pipelines / "text"))
    with torch.no_grad():
        next(service._pipe.unet.parameters()).fill_(torch.nan)
    with pytest.raises(InputError, match="not made of numbers"):
        service.run([0], [2])


def test_without_transformers_the_message_says_what_to_install(
    pipelines: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(
        pipeline, "find_spec", lambda name: None if name == "transformers" else find_spec(name)
    )
    assert main(["calibrate", f"service={pipelines / 'text'}", f"out={tmp_path}"]) == 2
    said = capsys.readouterr().err
    assert "needs transformers: pip install 'edgesim[diffusion]'" in said
    assert said.count("\n") == 1
