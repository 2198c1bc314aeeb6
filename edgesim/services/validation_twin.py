"""The twin's side of ``edgesim validate``: the same requests through its batch server."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.profiles.profile import AffineLatency
from edgesim.services.fits import fit_batches
from edgesim.services.serving import Batch, Stream
from edgesim.twin.compute.batching import BatchServer, BatchTime
from edgesim.twin.core.clock import Clock

__all__ = ["Paced", "Ran", "Seconds", "Times", "fitted", "persistence", "simulated", "times_of"]

FloatArray = npt.NDArray[np.float64]
Times = Mapping[str, FloatArray]
Ran = tuple[Sequence[float], float]
"""Work of the items of a batch, and the seconds that it took."""
Seconds = Callable[[Sequence[float]], float]
"""Tells what a batch of items of this work takes; asked once for each batch."""

_AROUND = 0.1  # share of a run before and after a batch that is called the same time
_FEWEST = 3  # batches of a size to draw from: with fewer, those of other sizes serve too


def times_of(stream: Stream, batches: Sequence[Batch]) -> Times:
    """Waiting, service and sojourn time of every request, s, in the order of arrival."""
    start, end = np.empty(len(stream.steps)), np.empty(len(stream.steps))
    for batch in batches:
        start[list(batch.members)], end[list(batch.members)] = batch.start_s, batch.end_s
    arrival = np.asarray(stream.arrival_s)
    return {"waiting": start - arrival, "service": end - start, "sojourn": end - arrival}


class _Request:
    """A request as the twin's batch server takes it."""

    def __init__(self, steps: float) -> None:
        self.steps = steps
        self.run: Any = None
        self.end_s = np.nan


def simulated(stream: Stream, seconds: Seconds, window_s: float, max_batch: int) -> Times:
    """The same requests through the twin's batch server.

    Args:
        stream: what comes.
        seconds: what each batch takes.
        window_s: longest wait of a first request for others to join it.
        max_batch: most requests in a batch.
    """
    clock = Clock()
    server = BatchServer(clock, seconds, window_s, max_batch)
    requests = [_Request(steps) for steps in stream.steps]
    began, ended = np.empty(len(requests)), np.empty(len(requests))

    def arrive(number: int) -> None:
        def over(seat: Any) -> None:
            began[number], ended[number] = seat.began_s, clock.now

        server.run(requests[number], over)

    for number, time_s in enumerate(stream.arrival_s):
        clock.at(time_s, lambda moment: arrive(moment.value), number)
    clock.run()
    arrival = np.asarray(stream.arrival_s)
    return {"waiting": began - arrival, "service": ended - began, "sojourn": ended - arrival}


def fitted(runs: Sequence[Ran]) -> tuple[AffineLatency, BatchTime]:
    """The affine model of batches, and the twin's times: the model and what they scatter about it.

    The scatter is that of all batches of as many images. Hardly two batches are of the same steps:
    a scatter by steps as well would repeat the one run that is nearest.

    Args:
        runs: the batches of the loads to fit.
    """
    model = fit_batches(runs)
    parts = (model.fixed_s, model.fixed_s_per_item, model.work_s, model.work_s_per_item)
    mean = BatchTime(*parts)
    steps = float(np.median([max(steps) for steps, _ in runs]))  # all are told as of these
    scatter = [
        (steps, len(own), [took / mean.mean_s(own) * mean.mean_s([steps] * len(own))])
        for own, took in runs
    ]
    return model, BatchTime(*parts, samples=scatter)


class Paced:
    """The twin's times at the pace that the machine had at the time.

    A machine whose speed drifts is not as fast throughout. Streams that take turns advance alike,
    so that at the same share of their requests they ran at the same time: a batch's deviation from
    the model is drawn from those of the loads to fit that ran then, of as many images where there
    are some. The stream that is simulated lends nothing, unless it is one of them.

    Args:
        runs: the batches of each of the loads to fit, in the order in which they ran.
        batch_time: the model.
    """

    def __init__(self, runs: Sequence[Sequence[Ran]], batch_time: BatchTime) -> None:
        self._batch_time = batch_time
        rows = []
        for own in runs:
            total, before = sum(len(steps) for steps, _ in own), 0
            for steps, took in own:
                rows.append((before / total, len(steps), took / batch_time.mean_s(steps)))
                before += len(steps)
        self._place, self._images, self._ratio = np.array(rows).T

    def seconds(self, requests: int, rng: np.random.Generator) -> Seconds:
        """What the batches of a stream of so many requests take, in their order."""
        served = 0

        def drawn(steps: Sequence[float]) -> float:
            nonlocal served
            near = np.abs(self._place - served / requests) <= _AROUND
            same = near & (self._images == len(steps))
            served += len(steps)
            pool = self._ratio[same if same.sum() >= _FEWEST else near]
            deviation = float(rng.choice(pool)) if len(pool) else 1.0
            return self._batch_time.mean_s(steps) * deviation

        return drawn


def persistence(batches: Sequence[Batch], stream: Stream, batch_time: BatchTime) -> float | None:
    """How much a slow batch is followed by slow ones: correlation of the logarithms of measured
    over modelled times of batches that follow each other. None for fewer than three, or equal ones.
    """
    ratios = [
        batch.seconds / batch_time.mean_s([stream.steps[k] for k in batch.members])
        for batch in batches
    ]
    off = np.log(ratios) - np.mean(np.log(ratios))
    if len(off) < 3 or not off.any():
        return None
    return float((off[1:] * off[:-1]).mean() / (off**2).mean())
