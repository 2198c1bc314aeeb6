"""What is measured: a service that turns items and work into results.

A service of any kind is a class of a few names. Its work is counted in denoising steps, tokens,
mega- or kilopixels, or flows; ``docs/extend/service.md`` builds one from nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from edgesim.config.services import CalibrateConfig
from edgesim.errors import InputError
from edgesim.profiles.profile import Detection, Metric, Model, Score

__all__ = ["Outputs", "Plan", "Scored", "Service", "settled", "simple_score"]

Outputs = npt.NDArray[Any] | Sequence[Any]
"""Results of a batch, one an item: an array whose first axis is the items, or a list of what JSON
can hold. Images are arrays of four axes (n, height, width, channels) with values in [0, 1]."""

Scored = npt.ArrayLike | tuple[Mapping[str, Metric], Score] | Detection
"""What :meth:`Service.score` tells."""


@dataclass(frozen=True)
class Plan:
    """What a calibration measures.

    Attributes:
        items: at each amount of work.
        work: amounts of work at which quality is measured, increasing.
        batches: items of a batch whose time and memory are measured.
        timed: amounts of work at which time is measured, increasing.
        chunk: items that are run together where only quality counts.
        repeats: runs of each batch that is timed.
    """

    items: int
    work: tuple[float, ...]
    batches: tuple[int, ...]
    timed: tuple[float, ...]
    chunk: int = 8
    repeats: int = 3

    @property
    def quality_work(self) -> float:
        """Work of all items whose quality is measured."""
        return self.items * sum(self.work)

    @property
    def latency_work(self) -> float:
        """Work of all items that are timed."""
        return self.repeats * sum(self.batches) * sum(self.timed)


class Service(Protocol):
    """A service that can be measured.

    Attributes:
        name, title, task: as in its profile.
        unit: what its work is counted in, one of :data:`edgesim.profiles.profile.UNITS`.
        model: as in its profile.
        plan: what a calibration of it measures by default.

    These may be there, and are else as said:
        most_work: the most work that an item can be given (no limit).
        mode: how denoising steps are spent (None).
        device: the torch device that its networks are on; None: it holds no tensors of torch, and
            memory is what Python and NumPy allocate (None).
        weights_bytes: of the model in memory (4 a parameter).
        stored_bytes: of the files that ``load`` reads (``weights_bytes``).
        calls: network calls so far (one for each unit of work).
        note: what else of it belongs in the profile ("").
        clock: the clock that it must be timed by (``cpu`` on a CPU).
        loading_is_timed: whether ``load`` really loads (True).
        memory_bytes: a function of a batch's items that states its memory (it is measured).
        inputs: a function of items that tells how large the input of each is (pixels, in any unit)
            and how many parts are in it; their time is then measured one by one (all alike).
        prepare: a function that makes the inputs of items ready, which a server is sent and does
            not make; it is not timed (``run`` makes them).
    """

    name: str
    title: str
    task: str
    unit: str
    model: Model
    plan: Plan

    def load(self) -> None:
        """Read what ``run`` needs. It is timed, and may be called again."""

    def run(self, items: Sequence[int], work: Sequence[float]) -> Outputs:
        """One batch.

        Args:
            items: which contents; a number stands for the same content (and the same noise) at
                every amount of work and in every variant of the service.
            work: of each item.

        Returns:
            the results, one an item.
        """

    def score(self, work: Sequence[float], outputs: Sequence[Outputs]) -> Scored:
        """How good the results are.

        Args:
            work: the grid.
            outputs: results of items 0, 1, ... at each entry of ``work``.

        Returns:
            the score of every item in [0, 1], shape (len(work), items); or every metric and the
            score; or, of a detector, its confusion matrices.
        """


def settled(plan: Plan, config: CalibrateConfig, service: Service) -> Plan:
    """The service's plan with what the user set instead.

    Raises:
        InputError: work that the service does not do.
    """
    asked = config.steps if config.work is None else config.work
    key = "steps" if config.work is None else "work"
    work = tuple(asked) if asked is not None else plan.work
    most = getattr(service, "most_work", None)
    if most is not None and max(work) > most:
        raise InputError(key, max(work), f"{service.name} has at most {most:g} {service.unit}s")
    if service.unit != "megapixel":
        if any(it != int(it) for it in work):
            raise InputError(key, list(work), f"must be whole numbers of {service.unit}s")
        work = tuple(int(it) for it in work)
    timed = plan.timed
    if asked is not None:
        timed = tuple(sorted({work[0], work[len(work) // 2], work[-1]}))
    items = config.images if config.items is None else config.items
    return Plan(
        items=plan.items if items is None else items,
        work=work,
        batches=plan.batches if config.batches is None else tuple(config.batches),
        timed=timed,
        chunk=plan.chunk,
        repeats=config.repeats,
    )


def simple_score(values: npt.ArrayLike, work: Sequence[float], items: int) -> npt.NDArray[Any]:
    """The scores of a service that tells nothing else, seen to be some.

    Raises:
        InputError: another shape, or values outside [0, 1].
    """
    scores = np.asarray(values, dtype=float)
    if scores.shape != (len(work), items):
        accepted = f"score() must give one an item at each work: ({len(work)}, {items})"
        raise InputError("score", f"shape {scores.shape}", accepted)
    if not ((scores >= 0) & (scores <= 1)).all():
        raise InputError("score", "a value", "must lie in [0, 1]")
    return scores
