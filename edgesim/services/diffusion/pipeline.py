"""Any diffusers pipeline as a service: text to image, unconditional, or inpainting."""

import inspect
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version as installed
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from packaging.version import Version

from edgesim.config.services import CalibrateConfig
from edgesim.errors import InputError, did_you_mean
from edgesim.importing import load
from edgesim.profiles.profile import Metric, Model, Score
from edgesim.services.diffusion.content import drop_mask, scoring_crop
from edgesim.services.diffusion.metrics import PER_IMAGE
from edgesim.services.scores import ItemMetric, metric_of_items, score_of
from edgesim.services.service import Outputs, Plan

__all__ = ["Pipeline"]

FloatArray = npt.NDArray[np.float64]

_DROPPED = 0.75
_SEEDS_APART = 1_000_003  # far more than the images of one seed: no two seeds share noise
_NETWORKS = ("unet", "transformer", "prior")
_PAINTS_BLACK = ("RePaintPipeline",)  # all others paint what is white in the mask
_GIVEN = frozenset(
    {"num_inference_steps", "generator", "prompt", "batch_size", "image", "mask_image"}
)


class Pipeline:
    """A pipeline that ``diffusers.DiffusionPipeline.from_pretrained`` loads, in respaced mode.

    Inpainting is judged against the true photograph (those of
    :data:`edgesim.services.diffusion.content.SCORING_PHOTOGRAPHS`, 75 % of the pixels dropped, or
    of the squares that are one pixel of a pipeline's latents). Where there is no truth, an image is
    compared with the same image at the most steps: how far it has come.

    A safety checker is left out: it turns images black that it takes amiss, noise among them.

    Args:
        config: ``service`` is a folder or a hub id.

    Raises:
        InputError: no pipeline is there, it cannot be reached, lacks a library, is not one that
            makes images from a text, from a mask or from nothing, or its scheduler does not fit.
    """

    unit = "step"
    mode = "respaced"

    def __init__(self, config: CalibrateConfig) -> None:
        self._config = config
        self.device = torch.device(config.device)
        precision = config.precision or ("float32" if self.device.type == "cpu" else "float16")
        self._numbers = getattr(torch, precision)
        quiet = not (config.progress and sys.stderr.isatty())
        self._pipe = _loaded(config.service, self._numbers, quiet)
        if config.scheduler is not None:
            _set_scheduler(self._pipe, config.scheduler)
        _check_scaling(self._pipe)
        self._takes = inspect.signature(self._pipe.__call__).parameters
        self.task = _task(config.service, self._pipe, self._takes)
        unchecked = getattr(self._pipe, "safety_checker", None) is not None
        if unchecked:
            self._pipe.safety_checker = None
        self._pipe.to(self.device)
        self._pipe.set_progress_bar_config(disable=True)
        network = next(
            (found for name in _NETWORKS if (found := getattr(self._pipe, name, None))), None
        )
        if network is None:
            raise InputError("service", config.service, f"must have one of: {', '.join(_NETWORKS)}")
        self._calls = 0
        network.register_forward_hook(self._count)
        self.name = re.sub(r"[^\w.-]+", "-", Path(config.service).name) or "pipeline"
        self.title = f"{type(self._pipe).__name__}, {self.task.replace('_', ' ')}"
        scheduler = self._pipe.scheduler
        self.most_work = int(scheduler.config.get("num_train_timesteps", 1000))
        self._given = self._asked()
        self._side_px = config.resolution_px or self._side(network)
        self._metric = config.metric or "ssim"
        self._known = _metrics(self._metric)
        self._side_px = self._tried()
        self._parts = [
            part for part in self._pipe.components.values() if isinstance(part, torch.nn.Module)
        ]
        self.model = Model(
            # The name of a folder, and not where it lies.
            id=self.name if Path(config.service).is_dir() else config.service,
            kind=type(scheduler).__name__,
            parameters=sum(value.numel() for part in self._parts for value in part.parameters()),
            licence=config.licence or "not stated: see the model card",
            resolution_px=self._side_px,
        )
        self.plan = Plan(
            items=16,
            work=_up_to(self.most_work, (1, 2, 4, 8, 12, 20, 35, 50)),
            batches=(1, 2, 4),
            timed=_up_to(self.most_work, (4, 15, 50)),
            chunk=4,
        )
        notes = [f"{key}: {value}" for key, value in self._given.items()]
        notes += [f"numbers: {precision}"]
        notes += ["without its safety checker"] * unchecked
        if not self._judged_by_truth:
            notes.append("ssim and psnr: with the same image at the most steps")
        self.note = "; ".join(notes)

    def load(self) -> None:
        """Read the pipeline once more: the first time told whether there is one."""
        _loaded(self._config.service, self._numbers, quiet=True)

    @property
    def calls(self) -> int:
        """Network calls so far."""
        return self._calls

    @property
    def weights_bytes(self) -> int:
        """Bytes of all networks of the pipeline."""
        return sum(v.numel() * v.element_size() for part in self._parts for v in part.parameters())

    @property
    def _judged_by_truth(self) -> bool:
        return self.task == "inpainting"

    def _count(self, *_: Any) -> None:
        self._calls += 1

    def _asked(self) -> dict[str, Any]:
        """What every image is asked for, in the pipeline's own words.

        Raises:
            InputError: the pipeline does not take what the user set.
        """
        config = self._config
        words = {
            "prompt": ("prompt", config.prompt),
            "negative_prompt": ("negative_prompt", config.negative_prompt),
            "guidance": ("guidance_scale", config.guidance),
            "resolution_px": ("height", config.resolution_px),
        }
        for key, (word, value) in words.items():
            if value is not None and word not in self._takes:
                raise InputError(key, value, f"{type(self._pipe).__name__} takes no {word}")
        given = {word: value for word, value in words.values() if value is not None}
        given.pop("height", None)
        if "prompt" in self._takes:
            given.setdefault("prompt", "a photograph")
        return given

    def _side(self, network: Any) -> int:
        """Side of the images, as the pipeline's network and decoder make them."""
        size = getattr(self._pipe, "default_sample_size", None)
        size = size or network.config.get("sample_size") or 64
        side = int(size if isinstance(size, int) else size[0])
        return side * self._grain

    @property
    def _grain(self) -> int:
        """Pixels of the image, along a side, that are one of what is denoised."""
        return int(getattr(self._pipe, "vae_scale_factor", 1))

    def _tried(self) -> int:
        """Make one image of a few steps; returns its side.

        Raises:
            InputError: the pipeline cannot be run with what is known of it, or makes no square
                images.
        """
        shape = self.run([0], [2]).shape
        if len(shape) != 4 or shape[0] != 1 or shape[1] != shape[2]:
            raise InputError(
                "service", self._config.service, f"must make square images; they are {shape[1:]}"
            )
        return int(shape[1])

    def run(self, items: Sequence[int], work: Sequence[float]) -> FloatArray:
        """See :class:`edgesim.services.service.Service`; differing steps run one by one."""
        if len(set(work)) > 1:
            pairs = zip(items, work, strict=True)
            return np.concatenate([self.run([k], [count]) for k, count in pairs])
        seed, count, steps = self._config.seed, len(items), int(work[0])
        given: dict[str, Any] = {
            # A generator of the CPU gives the same noise on every device.
            "generator": [torch.Generator().manual_seed(seed * _SEEDS_APART + k) for k in items],
            "num_inference_steps": steps,
            "output_type": "np",
        }
        for word, value in self._given.items():
            given[word] = [value] * count if isinstance(value, str) else value
        if "prompt" not in self._takes and "batch_size" in self._takes:
            given["batch_size"] = count
        for key in ("height", "width"):
            if key in self._takes:
                given[key] = self._side_px
        if self.task == "inpainting":
            given |= self._holes(items)
            if "strength" in self._takes:
                given["strength"] = 1.0  # from noise alone, and with all the steps
        images = self._made(given, f"{count} images of {steps} steps")
        if not np.isfinite(images).all():
            raise InputError(
                "service",
                self._config.service,
                "gave an image that is not made of numbers: precision=float32 may help",
            )
        return np.clip(images, 0.0, 1.0)

    def _made(self, given: dict[str, Any], what: str) -> FloatArray:
        """What the pipeline makes; every way in which that fails is one message."""
        try:
            found = self._pipe(**given)
            if hasattr(found, "images"):
                return np.asarray(found.images, dtype=np.float64)
            reason = f"it gives {', '.join(found)}, and no images"
        except torch.OutOfMemoryError:
            reason = "the device's memory is too small: fewer batches=, or a smaller resolution_px="
        except Exception as error:  # a pipeline raises whatever its many parts do
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
        raise InputError(
            "service",
            self._config.service,
            f"the pipeline with {type(self._pipe.scheduler).__name__} cannot make {what}: {reason}",
        )

    def _holes(self, numbers: Sequence[int]) -> dict[str, Any]:
        """Photographs and the masks of what is to be painted, white, as pipelines take them."""
        from PIL import Image

        side, seed = self._side_px, self._config.seed
        images = [Image.fromarray((self._truth(k) * 255).astype(np.uint8)) for k in numbers]
        grain = self._grain if side % self._grain == 0 else 1
        masks = []
        for k in numbers:
            painted = 1.0 - drop_mask(k, seed, side // grain, _DROPPED)[0]
            if type(self._pipe).__name__ in _PAINTS_BLACK:
                painted = 1.0 - painted
            squares = np.kron(painted * 255, np.ones((grain, grain))).astype(np.uint8)
            masks.append(Image.fromarray(squares))
        return {"image": images, "mask_image": masks}

    def _truth(self, number: int) -> npt.NDArray[np.float32]:
        """Photograph ``number`` at the pipeline's size, shape (side, side, 3)."""
        from skimage import transform

        side = min(self._side_px, 128)  # the smallest photograph has 133 rows
        crop = scoring_crop(number, self._config.seed, side).transpose(1, 2, 0)
        if side == self._side_px:
            return crop
        resize: Any = transform.resize
        return np.asarray(resize(crop, (self._side_px, self._side_px)), dtype=np.float32)

    def score(
        self, work: Sequence[float], outputs: Sequence[Outputs]
    ) -> tuple[Mapping[str, Metric], Score]:
        """See :class:`edgesim.services.service.Service`."""
        images = [np.asarray(found) for found in outputs]
        truths = images[-1]
        if self._judged_by_truth:
            truths = np.stack([self._truth(k) for k in range(len(images[0]))]).astype(np.float64)
        values = {
            name: [
                _valued(name, metric, found, truths if metric.needs_truth else None)
                for found in images
            ]
            for name, metric in self._known.items()
        }
        chosen = self._known[self._metric]
        if chosen.zero == chosen.one:  # a user's function: its own ends, from fewest to most steps
            ends = [float(np.mean(values[self._metric][k])) for k in (0, -1)]
            if ends[0] == ends[1]:
                raise InputError(
                    "metric", self._metric, "must change between fewest and most steps"
                )
            chosen = replace(chosen, zero=ends[0], one=ends[1])
        metrics = {
            name: metric_of_items(metric, work, values[name])
            for name, metric in self._known.items()
        }
        return metrics, score_of(self._metric, chosen, work, values[self._metric])


def _up_to(most: int, steps: Sequence[int]) -> tuple[int, ...]:
    return tuple(count for count in steps if count <= most)


def _valued(
    name: str, metric: ItemMetric, images: FloatArray, truths: FloatArray | None
) -> FloatArray:
    """A metric of every image, checked, since it may be a user's function."""
    found = np.asarray(metric.values(images) if truths is None else metric.values(images, truths))
    if found.shape != (len(images),) or not np.isfinite(found).all():
        raise InputError("metric", name, f"must give {len(images)} finite numbers for the images")
    return found.astype(float)


def _metrics(chosen: str) -> dict[str, ItemMetric]:
    """The metrics that can be measured of a pipeline's images, and the chosen one.

    Raises:
        InputError: no metric of that name, or no such function.
    """
    known = dict(PER_IMAGE)
    if chosen in known:
        return known
    if ":" not in chosen:
        raise InputError("metric", chosen, f"{did_you_mean(chosen, known)}, or module:attribute")
    values: Callable[..., FloatArray] = load(chosen, "metric")
    if not callable(values):
        raise InputError("metric", chosen, "must be a function of images")
    return {**known, chosen: ItemMetric(values, "", "higher", 0.0, 0.0, needs_truth=False)}


def _loaded(service: str, dtype: torch.dtype, quiet: bool) -> Any:
    """The pipeline of a folder or hub id; every way in which that fails is one message."""
    from diffusers import DiffusionPipeline
    from diffusers.utils import logging

    logging.set_verbosity_error()  # what goes wrong is told below, in one line
    if quiet:
        logging.disable_progress_bar()

    kind: Any = DiffusionPipeline
    path = Path(service)
    if path.is_dir() and not (path / "model_index.json").is_file():
        raise InputError("service", service, "is no pipeline: it has no model_index.json")
    try:
        parts = kind.load_config(service).values()
        named = {part[0] for part in parts if isinstance(part, list | tuple) and part}
        _needs_transformers(service, "transformers" in named, quiet)
        word = "dtype" if Version(installed("diffusers")) >= Version("0.42") else "torch_dtype"
        return kind.from_pretrained(service, low_cpu_mem_usage=False, **{word: dtype})
    except InputError:
        raise
    except Exception as error:  # the loader raises whatever its many parts do
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        where = (
            "is no pipeline that diffusers loads"
            if path.is_dir()
            else "is no folder, and the hub did not give it (is there a network?)"
        )
        raise InputError("service", service, f"{where}: {reason[:160]}") from None


def _needs_transformers(service: str, needed: bool, quiet: bool) -> None:
    """See that transformers, which reads prompts, is there if it is needed, and have it be quiet.

    Raises:
        InputError: it is missing.
    """
    if not needed:
        return
    if find_spec("transformers") is None:
        raise InputError("service", service, "needs transformers: pip install 'edgesim[diffusion]'")
    from transformers.utils import logging as noise

    logging: Any = noise
    logging.set_verbosity_error()
    if quiet:
        logging.disable_progress_bar()


def _set_scheduler(pipe: Any, name: str) -> None:
    """Give the pipeline another scheduler, of those that its own is compatible with."""
    import diffusers

    fitting = {kind.__name__: kind for kind in getattr(pipe.scheduler, "compatibles", [])}
    if name not in fitting:
        if not hasattr(diffusers, name):
            raise InputError("scheduler", name, did_you_mean(name, fitting))
        raise InputError(
            "scheduler", name, f"does not fit this pipeline; accepted: {', '.join(sorted(fitting))}"
        )
    config = dict(pipe.scheduler.config)
    takes = inspect.signature(fitting[name].__init__).parameters
    if "timestep_spacing" in takes:
        config["timestep_spacing"] = "trailing"  # the others stop short of pure noise
    if "skip_prk_steps" in takes:
        config.setdefault("skip_prk_steps", True)  # without it, fewer than four steps fail
    try:
        pipe.scheduler = fitting[name].from_config(config)
    except ImportError:
        raise InputError("scheduler", name, "needs a library that is not installed") from None


def _check_scaling(pipe: Any) -> None:
    """Refuse a scheduler that scales its input where the pipeline never asks it to.

    Such a pipeline gives noise, and says nothing.
    """
    scheduler = pipe.scheduler
    scale = getattr(scheduler, "scale_model_input", None)
    if scale is None or "scale_model_input" in inspect.getsource(type(pipe).__call__):
        return
    scheduler.set_timesteps(2)
    ones = torch.ones(1, 1, 2, 2)
    if not torch.allclose(scale(ones, scheduler.timesteps[0]), ones):
        raise InputError(
            "scheduler",
            type(scheduler).__name__,
            f"does not fit {type(pipe).__name__}, which does not scale the network's input",
        )


def _task(service: str, pipe: Any, takes: Mapping[str, inspect.Parameter]) -> str:
    """What a pipeline does, by what it takes.

    Raises:
        InputError: it takes no number of steps, or must be given what is not known here.
    """
    kind = type(pipe).__name__
    if "num_inference_steps" not in takes or "generator" not in takes:
        raise InputError("service", service, f"{kind} takes no number of steps and generator")
    task = "unconditional"
    if "mask_image" in takes:
        task = "inpainting"
    elif "prompt" in takes:
        task = "text_to_image"
    wanted = {
        name
        for name, parameter in takes.items()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    }
    if "image" in takes and task == "text_to_image" and kind not in _text_to_image():
        wanted.add("image")
    known = _GIVEN if task == "inpainting" else _GIVEN - {"image"}
    if wanted - known:
        raise InputError(
            "service",
            service,
            f"{kind} also wants {', '.join(sorted(wanted - known))}; accepted are pipelines that"
            " make images from a text, from a photograph with a mask, or from noise alone",
        )
    return task


def _text_to_image() -> set[str]:
    """Names of the pipelines that diffusers lists as text to image."""
    from diffusers.pipelines.auto_pipeline import AUTO_TEXT2IMAGE_PIPELINES_MAPPING

    return {kind.__name__ for kind in AUTO_TEXT2IMAGE_PIPELINES_MAPPING.values()}
