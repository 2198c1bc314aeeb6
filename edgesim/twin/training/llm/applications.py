"""Applications of the traces as jobs see them: step times, and a noise scale that drifts."""

from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from edgesim.twin.training.fitting import fit_step_times
from edgesim.twin.training.goodput import (
    Choice,
    GradientStats,
    StepTimes,
    goodput,
    optimise,
)
from edgesim.twin.training.llm.traces import GradientRows, gradients, steps

__all__ = ["Application", "application"]

_ROUND = 20.0  # a noise scale is looked up to a twentieth of a factor e


class Application(NamedTuple):
    """What is known of an application.

    Attributes:
        name: of the traces.
        times: fitted on all its measured steps.
        rows: its gradient statistics.
        max_batch: largest global batch, samples.
        min_atomic: fewest samples of a replica.
        max_atomic: most, what its memory holds.
        length: steps of the initial batch that a job takes.
    """

    name: str
    times: StepTimes
    rows: GradientRows
    max_batch: int
    min_atomic: int
    max_atomic: int
    length: float

    def stats(self, progress: float) -> GradientStats:
        """Gradient statistics at some progress, steps of the initial batch."""
        rows = self.rows
        scale = np.log(np.maximum(rows.var, 1e-30) / np.maximum(rows.sqr, 1e-30))
        ratio = float(np.exp(np.interp(progress, rows.progress, scale)))
        return GradientStats(1.0, ratio, float(rows.initial_batch))

    def best(self, nodes: int, replicas: int, stats: GradientStats) -> Choice:
        """The batch of the best goodput."""
        rounded = round(float(np.log(stats.var)) * _ROUND)
        return _best(self, nodes, replicas, rounded)

    def fixed(self, nodes: int, replicas: int, batch: int, stats: GradientStats) -> float:
        """Useful samples a second of a given global batch."""
        atomic = -(-batch // replicas)
        accumulation = -(-atomic // self.max_atomic) - 1
        atomic = -(-atomic // (accumulation + 1))
        speed = float(self.times.throughput(nodes, replicas, atomic, accumulation))
        whole = replicas * atomic * (accumulation + 1)
        noise = stats.noise_scale
        return speed * (noise + stats.initial_batch) / (noise + max(whole, stats.initial_batch))

    def believed(self, most: int, nodes: int) -> "Application":
        """The application as a job believes it that has run on so many replicas and nodes at most.

        What was not tried yet costs nothing (Pollux's prior): the all-reduce before there were two
        replicas, that between nodes before there were two, and what more than two replicas add
        before there were three. Passes over samples are known.
        """
        if most > 2 and nodes > 1:
            return self
        times = self.times
        inside, over, more = most > 1, nodes > 1, most > 2
        known = replace(
            times,
            alpha_r=times.alpha_r * inside,
            alpha_n=times.alpha_n * over,
            beta_r=times.beta_r * more,
            beta_n=times.beta_n * (more and over),
        )
        return self._replace(name=f"{self.name}, {inside:d}{over:d}{more:d}", times=known)

    def goodput(self, nodes: int, replicas: int, choice: Choice, stats: GradientStats) -> float:
        """Useful samples a second of a batch that somebody chose."""
        return float(
            goodput(self.times, stats, nodes, replicas, choice.atomic, choice.accumulation)
        )

    def __hash__(self) -> int:
        return hash(self.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Application) and other.name == self.name


@lru_cache(maxsize=100_000)
def _best(app: Application, nodes: int, replicas: int, rounded: int) -> Choice:
    stats = GradientStats(1.0, float(np.exp(rounded / _ROUND)), float(app.rows.initial_batch))
    least = max(app.rows.initial_batch, app.min_atomic * replicas)
    if least > app.max_batch:
        return Choice(0.0, app.min_atomic, 0)
    return optimise(
        app.times, stats, nodes, replicas, app.max_batch, app.max_atomic, app.min_atomic
    )


@lru_cache(maxsize=16)
def application(name: str) -> Application:
    """An application of the shipped traces.

    Raises:
        InputError: there is none of that name.
    """
    measured, rows = steps(name), gradients(name)
    times = fit_step_times(
        measured.nodes,
        measured.replicas,
        measured.atomic,
        measured.step_s - measured.sync_s,
        measured.step_s,
    )
    return Application(
        name,
        times,
        rows,
        max_batch=max(rows.batches),
        min_atomic=int(measured.atomic.min()),
        max_atomic=int(measured.atomic.max()),
        length=float(rows.progress[-1]),
    )
