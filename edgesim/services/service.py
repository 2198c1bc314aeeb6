"""What is measured: a service that turns contents and numbers of steps into images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from edgesim.config_services import CalibrateConfig
from edgesim.errors import InputError, did_you_mean
from edgesim.services.profile import Metric, Model, Score
from edgesim.services.titles import TITLES

if TYPE_CHECKING:
    import torch

__all__ = ["Plan", "Service", "find_service", "settled"]

_OF_PIPELINES = (
    "prompt",
    "negative_prompt",
    "guidance",
    "resolution_px",
    "precision",
    "scheduler",
    "licence",
)

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Plan:
    """What a calibration measures.

    Attributes:
        images: at each number of steps.
        steps: numbers of steps at which quality is measured.
        batches: images of a batch whose time and memory are measured.
        latency_steps: numbers of steps at which time is measured.
        chunk: images that are generated together where only quality counts.
        repeats: runs of each batch that is timed.
    """

    images: int
    steps: tuple[int, ...]
    batches: tuple[int, ...]
    latency_steps: tuple[int, ...]
    chunk: int
    repeats: int = 3

    @property
    def quality_work(self) -> int:
        """Steps of all images whose quality is measured."""
        return self.images * sum(self.steps)

    @property
    def latency_work(self) -> int:
        """Steps of all images that are timed."""
        return self.repeats * sum(self.batches) * sum(self.latency_steps)


class Service(Protocol):
    """An AIGC service.

    Attributes:
        name, title, task, mode, grid_steps, model: as in its profile.
        plan: what a calibration of it measures by default.
        device: where its networks run.
        note: what else of it belongs in the profile.
        calls: network calls so far.
    """

    name: str
    title: str
    task: str
    mode: str
    grid_steps: int
    model: Model
    plan: Plan
    device: "torch.device"
    note: str

    @property
    def calls(self) -> int: ...  # an attribute, described above

    def generate(self, numbers: Sequence[int], steps: Sequence[int]) -> FloatArray:
        """One batch.

        Args:
            numbers: which contents; a number stands for the same content and the same noise at
                every number of steps.
            steps: of each image.

        Returns:
            the images, shape (n, height, width, channels), values in [0, 1].
        """

    def judge(
        self, steps: Sequence[int], images: Sequence[FloatArray]
    ) -> tuple[Mapping[str, Metric], Score]:
        """Every metric, and the score of a request.

        Args:
            steps: the grid.
            images: contents 0, 1, ... at each entry of ``steps``.
        """


def find_service(config: CalibrateConfig) -> Service:
    """The service that a configuration names: an embedded one, or a diffusers pipeline.

    Raises:
        InputError: there is none, it cannot be loaded, there is no such device, or the extra is not
            installed.
    """
    from edgesim.services.extra import needs_diffusion

    needs_diffusion("service", config.service)
    _check_device(config.device)
    if config.service in TITLES:
        for key in _OF_PIPELINES:
            if getattr(config, key) is not None:
                raise InputError(key, getattr(config, key), "is for pipelines; this is embedded")
        from edgesim.services.embedded import Digits, PhotoInpaint

        kind: type[Digits | PhotoInpaint] = Digits if config.service == "digits" else PhotoInpaint
        return kind(config.service, config.seed, config.metric, config.device)
    from pathlib import Path

    if "/" not in config.service and not Path(config.service).is_dir():
        raise InputError(
            "service",
            config.service,
            f"{did_you_mean(config.service, TITLES)}, or a folder or hub id of a pipeline",
        )
    from edgesim.services.pipeline import Pipeline

    return Pipeline(config)


def _check_device(device: str) -> None:
    """See that torch finds the device."""
    import torch

    if device == "cpu":
        return
    there = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if (torch.device(device).index or 0) >= there:
        found = ", ".join(["cpu", *(f"cuda:{k}" for k in range(there))])
        raise InputError("device", device, f"torch finds no such device here; it finds: {found}")


def settled(plan: Plan, config: CalibrateConfig, service: Service) -> Plan:
    """The service's plan with what the user set instead.

    Raises:
        InputError: steps that the service does not have.
    """
    steps = tuple(config.steps) if config.steps is not None else plan.steps
    if max(steps) > service.grid_steps:
        raise InputError(
            "steps", max(steps), f"{service.name} has at most {service.grid_steps} steps"
        )
    timed = plan.latency_steps
    if config.steps is not None:
        timed = tuple(sorted({steps[0], steps[len(steps) // 2], steps[-1]}))
    return Plan(
        images=plan.images if config.images is None else config.images,
        steps=steps,
        batches=plan.batches if config.batches is None else tuple(config.batches),
        latency_steps=timed,
        chunk=plan.chunk,
        repeats=config.repeats,
    )
