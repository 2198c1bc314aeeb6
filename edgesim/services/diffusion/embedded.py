"""The services that come with the package: digits from noise, and photographs made whole."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from edgesim.config.services import CalibrateConfig
from edgesim.errors import InputError, did_you_mean
from edgesim.profiles.profile import Metric, Model, Score
from edgesim.services.diffusion.content import digits, drop_mask, scoring_crop
from edgesim.services.diffusion.metrics import (
    PER_IMAGE,
    frechet_distance,
    judge_of_digits,
)
from edgesim.services.diffusion.networks import TRAINED_STEPS, WEIGHTS, load, parameters
from edgesim.services.diffusion.sampling import Sampler
from edgesim.services.scores import ItemMetric, metric_of_items, metric_of_sets, score_of
from edgesim.services.service import Outputs, Plan
from edgesim.services.titles import TITLES

__all__ = ["Digits", "PhotoInpaint", "embedded"]

FloatArray = npt.NDArray[np.float64]

_DROPPED = 0.75
_GRID_STEPS = 250
_SSIM_OF_ONE = 0.5  # more than any of the embedded networks reaches in the mean


class _Embedded:
    """What the two have in common: weights of the package, and a sampler.

    Args:
        name: of the weights.
        seed: of contents and noise.
        metric: the one that is the score; None: the service's own.
        device: where the network runs.
    """

    unit = "step"
    task: str
    mode: str
    most_work: int
    score_metric: str
    scores: tuple[str, ...]
    eta = 0.0
    note = ""

    def __init__(self, name: str, seed: int, metric: str | None, device: str) -> None:
        self.name, self.title = name, TITLES[name]
        self.device = torch.device(device)
        self._seed = seed
        self._metric = self.score_metric if metric is None else metric
        if self._metric not in self.scores:
            raise InputError("metric", metric, did_you_mean(self._metric, self.scores))
        self.load()
        self.model = Model(
            id=f"edgesim/{name}",
            kind="DDIMScheduler",
            parameters=self._parameters,
            licence="MIT",
            resolution_px=self._side_px,
        )

    def load(self) -> None:
        """See :class:`edgesim.services.service.Service`."""
        path = WEIGHTS / f"{self.name}.safetensors"
        network, self._shape = load(path)
        # The order of bytes in which convolutions are fastest on CPUs and GPUs.
        network.to(device=self.device, memory_format=torch.channels_last)
        self._parameters, self.stored_bytes = parameters(network), path.stat().st_size
        device = str(self.device)
        self._side_px = self._shape.side_px * self._shape.fold
        self._sampler = Sampler(network, self.mode, self.most_work, self.eta, device)

    @property
    def calls(self) -> int:
        """Network calls so far."""
        return self._sampler.calls

    def _sampled(
        self,
        items: Sequence[int],
        work: Sequence[float],
        known: torch.Tensor | None = None,
        mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Images in [-1, 1]; each content starts from the same noise at every number of steps."""
        side = self._shape.side_px
        rngs = [np.random.default_rng([self._seed, k, 2]) for k in items]
        steps = [int(count) for count in work]
        return self._sampler.sample(rngs, (self._shape.channels, side, side), steps, known, mask)

    def _placed(self, values: npt.NDArray[Any]) -> torch.Tensor:
        return torch.from_numpy(values.astype(np.float32)).to(
            device=self.device, memory_format=torch.channels_last
        )


def _as_images(found: torch.Tensor) -> FloatArray:
    """From [-1, 1] and channels first to [0, 1] and channels last."""
    images = (found.float().cpu().numpy() + 1.0) / 2.0
    return np.asarray(images.transpose(0, 2, 3, 1), dtype=np.float64)


class PhotoInpaint(_Embedded):
    """Photographs of which most pixels were dropped, made whole (the case of arXiv 2301.03220)."""

    task = "inpainting"
    mode = "truncated"
    most_work = _GRID_STEPS
    score_metric = "ssim"
    scores = ("ssim", "psnr", "total_variation")
    eta = 1.0  # what is painted can then settle with what is known
    plan = Plan(
        items=12,
        work=(10, 30, 60, 90, 120, 160, 200, 250),
        batches=(1, 2, 4, 8),
        timed=(25, 75, 250),
        chunk=8,
    )

    def run(self, items: Sequence[int], work: Sequence[float]) -> FloatArray:
        """See :class:`edgesim.services.service.Service`."""
        fold, side = self._shape.fold, self._side_px
        crops = np.stack([scoring_crop(k, self._seed, side) for k in items]) * 2.0 - 1.0
        masks = np.stack([drop_mask(k, self._seed, side, _DROPPED) for k in items])
        masks = np.broadcast_to(masks, crops.shape)
        known, mask = (
            torch.nn.functional.pixel_unshuffle(self._placed(part), fold) for part in (crops, masks)
        )
        found = self._sampled(items, work, known, mask)
        return _as_images(torch.nn.functional.pixel_shuffle(found, fold))

    def score(
        self, work: Sequence[float], outputs: Sequence[Outputs]
    ) -> tuple[Mapping[str, Metric], Score]:
        """See :class:`edgesim.services.service.Service`."""
        known = {name: PER_IMAGE[name] for name in self.scores}
        known["ssim"] = replace(known["ssim"], one=_SSIM_OF_ONE)
        side, images = self._side_px, [np.asarray(found) for found in outputs]
        truths = np.stack(
            [scoring_crop(k, self._seed, side).transpose(1, 2, 0) for k in range(len(images[0]))]
        )
        values = {
            name: [metric.values(found, truths) for found in images]
            for name, metric in known.items()
        }
        metrics = {
            name: metric_of_items(known[name], work, found) for name, found in values.items()
        }
        return metrics, score_of(self._metric, known[self._metric], work, values[self._metric])


class Digits(_Embedded):
    """Handwritten digits out of noise, scored as a set and one by one."""

    task = "unconditional"
    mode = "respaced"
    most_work = TRAINED_STEPS
    score_metric = "confidence"
    scores = ("confidence",)
    plan = Plan(
        items=512,
        work=(1, 2, 3, 5, 8, 12, 20, 35),
        batches=(1, 2, 4, 8),
        timed=(4, 12, 35),
        chunk=64,
    )

    def run(self, items: Sequence[int], work: Sequence[float]) -> FloatArray:
        """See :class:`edgesim.services.service.Service`."""
        return _as_images(self._sampled(items, work))

    def score(
        self, work: Sequence[float], outputs: Sequence[Outputs]
    ) -> tuple[Mapping[str, Metric], Score]:
        """See :class:`edgesim.services.service.Service`."""
        judge, images = judge_of_digits(), [np.asarray(found) for found in outputs]
        chosen = ItemMetric(judge.confidence, "", "higher", 0.0, 1.0, needs_truth=False)
        sure = [judge.confidence(found) for found in images]
        seen = [judge.features(found) for found in images]
        real = judge.features(digits(scored=True)[0])
        metrics = {
            "frechet": metric_of_sets(
                lambda features: frechet_distance(features, real), work, seen, self._seed
            ),
            "confidence": metric_of_items(chosen, work, sure),
        }
        return metrics, score_of("confidence", chosen, work, sure)


def embedded(config: CalibrateConfig) -> "Digits | PhotoInpaint":
    """The embedded service that a configuration names."""
    kind: type[Digits | PhotoInpaint] = Digits if config.service == "digits" else PhotoInpaint
    return kind(config.service, config.seed, config.metric, config.device)
