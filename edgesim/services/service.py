"""What is measured: a service that turns contents and numbers of steps into images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from edgesim.config.services import CalibrateConfig
from edgesim.errors import InputError
from edgesim.profiles.profile import Metric, Model, Score

if TYPE_CHECKING:
    import torch

__all__ = ["Plan", "Service", "settled"]

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
