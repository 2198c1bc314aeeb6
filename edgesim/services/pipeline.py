"""Any diffusers pipeline as a service: text to image, unconditional, or inpainting."""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from edgesim.config_services import CalibrateConfig
from edgesim.errors import InputError, did_you_mean
from edgesim.services.content import drop_mask, scoring_crop
from edgesim.services.metrics import PER_IMAGE, ImageMetric, metric_of_images, score_of
from edgesim.services.profile import Metric, Model, Score
from edgesim.services.service import Plan

__all__ = ["Pipeline"]

FloatArray = npt.NDArray[np.float64]

_DROPPED = 0.75
_NETWORKS = ("unet", "transformer", "prior")


class Pipeline:
    """A pipeline that ``diffusers.DiffusionPipeline.from_pretrained`` loads, in respaced mode.

    Inpainting is judged against the true photograph (those of
    :data:`edgesim.services.content.SCORING_PHOTOGRAPHS`, 75 % of the pixels dropped). Where there
    is no truth, an image is compared with the same image at the most steps: how far it has come.

    Args:
        config: ``service`` is a folder or a hub id.

    Raises:
        InputError: no pipeline is there, it cannot be reached, takes no number of steps, or its
            scheduler does not fit.
    """

    mode = "respaced"

    def __init__(self, config: CalibrateConfig) -> None:
        self._config = config
        self._pipe = _loaded(config.service)
        if config.scheduler is not None:
            _set_scheduler(self._pipe, config.scheduler)
        _check_scaling(self._pipe)
        self._takes = inspect.signature(self._pipe.__call__).parameters
        if "num_inference_steps" not in self._takes or "generator" not in self._takes:
            raise InputError(
                "service", config.service, "the pipeline takes no number of steps and generator"
            )
        self.task = _task(self._takes)
        self.device = torch.device(config.device)
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
        self.grid_steps = int(scheduler.config.get("num_train_timesteps", 1000))
        self._side_px = self._side(network)
        self._metric = config.metric or "ssim"
        self._known = _metrics(self._metric)
        self._parts = [
            part for part in self._pipe.components.values() if isinstance(part, torch.nn.Module)
        ]
        self.model = Model(
            # The name of a folder, and not where it lies.
            id=self.name if Path(config.service).is_dir() else config.service,
            scheduler=type(scheduler).__name__,
            parameters=sum(value.numel() for part in self._parts for value in part.parameters()),
            licence=config.licence or "not stated: see the model card",
            resolution_px=self._side_px,
        )
        self.plan = Plan(
            images=16,
            steps=_up_to(self.grid_steps, (1, 2, 4, 8, 12, 20, 35, 50)),
            batches=(1, 2, 4),
            latency_steps=_up_to(self.grid_steps, (4, 20)),
            chunk=4,
        )

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

    def _side(self, network: Any) -> int:
        """Side of the images, as the pipeline's network and decoder make them."""
        size = network.config.get("sample_size") or 64
        side = int(size if isinstance(size, int) else size[0])
        return side * int(getattr(self._pipe, "vae_scale_factor", 1))

    def generate(self, numbers: Sequence[int], steps: Sequence[int]) -> FloatArray:
        """See :class:`edgesim.services.service.Service`; differing steps run one by one."""
        if len(set(steps)) > 1:
            pairs = zip(numbers, steps, strict=True)
            return np.concatenate([self.generate([k], [count]) for k, count in pairs])
        seed, count = self._config.seed, len(numbers)
        given: dict[str, Any] = {
            # A generator of the CPU gives the same noise on every device.
            "generator": [torch.Generator().manual_seed(seed * 1_000_003 + k) for k in numbers],
            "num_inference_steps": int(steps[0]),
            "output_type": "np",
        }
        if "prompt" in self._takes:
            given["prompt"] = [self._config.prompt or "a photograph"] * count
        elif "batch_size" in self._takes:
            given["batch_size"] = count
        for key in ("height", "width"):
            if key in self._takes:
                given[key] = self._side_px
        if self.task == "inpainting":
            given |= self._holes(numbers)
        try:
            found = self._pipe(**given)
        except (TypeError, ValueError, IndexError) as error:
            reason = (str(error).splitlines() or ["?"])[0]
            raise InputError(
                "service",
                self._config.service,
                f"the pipeline with {type(self._pipe.scheduler).__name__} cannot run"
                f" {steps[0]} steps: {reason}",
            ) from None
        return np.clip(np.asarray(found.images, dtype=np.float64), 0.0, 1.0)

    def _holes(self, numbers: Sequence[int]) -> dict[str, Any]:
        """Photographs and the masks of what is to be painted, white, as pipelines take them."""
        from PIL import Image

        side, seed = self._side_px, self._config.seed
        images = [Image.fromarray((self._truth(k) * 255).astype(np.uint8)) for k in numbers]
        masks = [
            Image.fromarray(((1.0 - drop_mask(k, seed, side, _DROPPED)[0]) * 255).astype(np.uint8))
            for k in numbers
        ]
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

    def judge(
        self, steps: Sequence[int], images: Sequence[FloatArray]
    ) -> tuple[Mapping[str, Metric], Score]:
        """See :class:`edgesim.services.service.Service`."""
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
            name: metric_of_images(metric, steps, values[name])
            for name, metric in self._known.items()
        }
        return metrics, score_of(self._metric, chosen, steps, values[self._metric])


def _up_to(most: int, steps: Sequence[int]) -> tuple[int, ...]:
    return tuple(count for count in steps if count <= most)


def _valued(
    name: str, metric: ImageMetric, images: FloatArray, truths: FloatArray | None
) -> FloatArray:
    """A metric of every image, checked, since it may be a user's function."""
    found = np.asarray(metric.values(images) if truths is None else metric.values(images, truths))
    if found.shape != (len(images),) or not np.isfinite(found).all():
        raise InputError("metric", name, f"must give {len(images)} finite numbers for the images")
    return found.astype(float)


def _metrics(chosen: str) -> dict[str, ImageMetric]:
    """The metrics that can be measured of a pipeline's images, and the chosen one.

    Raises:
        InputError: no metric of that name, or no such function.
    """
    known = dict(PER_IMAGE)
    if chosen in known:
        return known
    if ":" not in chosen:
        raise InputError("metric", chosen, f"{did_you_mean(chosen, known)}, or module:attribute")
    from edgesim.problems import load

    try:
        values: Callable[..., FloatArray] = load(chosen)
    except (ImportError, AttributeError) as error:
        raise InputError("metric", chosen, f"cannot be imported: {error}") from None
    if not callable(values):
        raise InputError("metric", chosen, "must be a function of images")
    return {**known, chosen: ImageMetric(values, "", "higher", 0.0, 0.0, needs_truth=False)}


def _loaded(service: str) -> Any:
    """The pipeline of a folder or hub id; every way in which that fails is one message."""
    from diffusers import DiffusionPipeline
    from diffusers.utils import logging

    logging.set_verbosity_error()  # what goes wrong is told below, in one line

    kind: Any = DiffusionPipeline
    path = Path(service)
    if path.is_dir() and not (path / "model_index.json").is_file():
        raise InputError("service", service, "is no pipeline: it has no model_index.json")
    try:
        return kind.from_pretrained(service, low_cpu_mem_usage=False)
    except Exception as error:  # the loader raises whatever its many parts do
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        where = (
            "is no pipeline that diffusers loads"
            if path.is_dir()
            else "is no folder, and the hub did not give it (is there a network?)"
        )
        raise InputError("service", service, f"{where}: {reason[:160]}") from None


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
    if "timestep_spacing" in inspect.signature(fitting[name].__init__).parameters:
        config["timestep_spacing"] = "trailing"  # the others stop short of pure noise
    pipe.scheduler = fitting[name].from_config(config)


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


def _task(takes: Mapping[str, Any]) -> str:
    """What a pipeline does, by what it takes."""
    if "mask_image" in takes:
        return "inpainting"
    return "text_to_image" if "prompt" in takes else "unconditional"
