"""A server that runs requests in batches: first come first served, with a batching window."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from math import inf, log
from typing import Any, Protocol

from edgesim.twin.core.clock import URGENT, Clock, Moment
from edgesim.twin.core.forking import Shared

__all__ = ["BatchServer", "BatchTime", "Request", "Seat"]


class Request(Protocol):
    """What a :class:`BatchServer` asks of a request.

    Attributes:
        steps: work that it wants: denoising steps, or tokens.
        run: where the server keeps the request's :class:`Seat`.
    """

    run: Any

    @property
    def steps(self) -> float: ...  # an attribute, described above


class BatchTime(Shared):
    """Seconds that a batch takes: an affine model, times what measured runs scatter around it.

    ``n`` images of ``s`` steps each take ``fixed_s + fixed_s_per_image n + s (step_s +
    step_s_per_image n)`` seconds. Images of differing steps ``s_1, ..., s_n`` share their last
    steps: those with more steps start earlier on the same schedule (truncated mode), so that a
    denoising step is run with the images still to be done. With ``n_k`` images of at least ``k``
    steps the batch takes

        fixed_s + fixed_s_per_image n + sum_{k = 1 ... max s_i} (step_s + step_s_per_image n_k)
        = fixed_s + fixed_s_per_image n + step_s max s_i + step_s_per_image sum_i s_i

    seconds, since the ``n_k`` sum to all steps of all images.

    The scatter is empirical: a measured time over the model's, of the runs whose steps and batch
    are nearest, by the sum of the distances of their logarithms. The steps of a batch are the
    longest's.

    Args:
        fixed_s: of the affine model: a batch whatever is in it, s.
        fixed_s_per_image: and for each image, s.
        step_s: each denoising step of a batch, s.
        step_s_per_image: and for each image, s.
        samples: measured runs, each (steps, batch, seconds of every run); none: no scatter.
        speed: how many times as fast a declared device is as the measured one.

    Attributes:
        fixed_s, fixed_s_per_image, step_s, step_s_per_image: the model on the declared device.
    """

    def __init__(
        self,
        fixed_s: float,
        fixed_s_per_image: float,
        step_s: float,
        step_s_per_image: float,
        samples: Iterable[tuple[float, int, Sequence[float]]] = (),
        speed: float = 1.0,
    ) -> None:
        self.fixed_s = fixed_s / speed
        self.fixed_s_per_image = fixed_s_per_image / speed
        self.step_s = step_s / speed
        self.step_s_per_image = step_s_per_image / speed
        self._ratios: dict[tuple[float, int], tuple[float, ...]] = {}
        for steps, images, seconds in samples:
            model_s = self.mean_s([steps] * images) * speed
            runs = self._ratios.get((steps, images), ())
            self._ratios[steps, images] = (*runs, *(run_s / model_s for run_s in seconds))
        self._nearest: dict[tuple[float, int], tuple[float, ...]] = {}

    @property
    def scatters(self) -> bool:
        """Whether two equal batches can take different times."""
        return bool(self._ratios)

    @property
    def least_ratio(self) -> float:
        """The smallest of all measured times over the model's; 1 without measurements."""
        return min((min(runs) for runs in self._ratios.values()), default=1.0)

    def mean_s(self, steps: Sequence[float]) -> float:
        """The affine model's seconds for a batch of images of these steps."""
        images = len(steps)
        return (
            self.fixed_s
            + self.fixed_s_per_image * images
            + self.step_s * max(steps)
            + self.step_s_per_image * sum(steps)
        )

    def ratio(self, steps: float, images: int, place: float) -> float:
        """A measured time over the model's, from the nearest measured steps and batch.

        Args:
            steps: the most steps of an image of the batch.
            images: in the batch.
            place: uniform in [0, 1), which of the runs it is.
        """
        runs = self._nearest.get((steps, images))
        if runs is None:
            runs = (1.0,)
            if self._ratios:
                runs = self._ratios[min(self._ratios, key=lambda at: _apart(at, steps, images))]
            self._nearest[steps, images] = runs
        return runs[int(place * len(runs))]

    def drawn_s(self, steps: Sequence[float], place: float) -> float:
        """Seconds of one batch of images of these steps; ``place`` as in :meth:`ratio`."""
        return self.mean_s(steps) * self.ratio(max(steps), len(steps), place)


def _apart(measured: tuple[float, int], steps: float, images: int) -> float:
    """How far a measured (steps, batch) lies from another."""
    return abs(log(measured[0] / steps)) + abs(log(measured[1] / images))


class Seat:
    """A request at a :class:`BatchServer`.

    Attributes:
        value: the request.
        came_s: when it came.
        began_s: when its batch began; infinite while it waits.
    """

    __slots__ = ("began_s", "came_s", "over", "value")

    def __init__(self, value: Request, came_s: float, over: Callable[[Any], None]) -> None:
        self.value = value
        self.came_s = came_s
        self.began_s = inf
        self.over = over


class BatchServer:
    """One machine that runs one batch at a time, first come first served.

    A free server begins as soon as ``max_batch`` requests wait, or the first of them has waited
    ``window_s``; it takes the first ``max_batch`` that wait. What comes meanwhile waits. All
    members of a batch leave at its end.

    It needs no scenario and no provider: any request with ``steps`` and a place for ``run`` will
    do. With ``max_batch = 1`` and a window of 0 it is the queue G/G/1.

    Args:
        clock: the world's clock.
        seconds: seconds of a batch, from the steps of its members (or what ``asks`` tells of
            them); asked once, as it begins.
        window_s: longest wait of a first request for others to join it.
        max_batch: most requests in a batch.
        asks: what of a request ``seconds`` is told; None: its steps.
    """

    def __init__(
        self,
        clock: Clock,
        seconds: Callable[[Sequence[Any]], float],
        window_s: float = 0.0,
        max_batch: int = 1,
        asks: Callable[[Any], Any] | None = None,
    ) -> None:
        self._clock = clock
        self._asks = asks
        self._seconds = seconds
        self._window_s = window_s
        self._max_batch = max_batch
        self._waiting: deque[Seat] = deque()
        self._batch: list[Seat] = []
        self._end: Moment | None = None  # of the batch
        self._end_s = inf
        self._wake_s = inf  # when the server next looks whether to begin

    @property
    def waiting(self) -> int:
        """Requests that wait."""
        return len(self._waiting)

    @property
    def running(self) -> int:
        """Requests in the batch that runs."""
        return len(self._batch)

    def run(self, task: Request, over: Callable[[Any], None]) -> None:
        """Take a request in; ``over(seat)`` is called at its end, with it as ``seat.value``."""
        task.run = seat = Seat(task, self._clock._now, over)
        self._waiting.append(seat)
        self._consider()

    def stop(self, task: Request) -> float:
        """Take a request away, without its call; the share of its run that was done.

        A batch goes on without it, as long as before, and ends where none of its members is left.
        """
        seat: Seat = task.run
        now = self._clock._now
        if seat.began_s == inf:
            self._waiting.remove(seat)
            return 0.0
        self._batch.remove(seat)
        if not self._batch:
            assert self._end is not None
            self._end.cancel()
            # Not now: a crash stops those that wait next.
            self._wake(now)
        length_s = self._end_s - seat.began_s
        return (now - seat.began_s) / length_s if length_s > 0 else 1.0

    def _consider(self) -> None:
        """Begin a batch, if it is time, or see that the server looks again when it is."""
        waiting = self._waiting
        if self._batch or not waiting:
            return
        due_s = waiting[0].came_s + self._window_s
        if len(waiting) >= self._max_batch or due_s <= self._clock._now:
            self._begin()
        else:
            self._wake(due_s)

    def _wake(self, time_s: float) -> None:
        if time_s < self._wake_s:
            self._wake_s = time_s
            self._clock.at(time_s, self._look, priority=URGENT)

    def _look(self, moment: Moment) -> None:
        if self._clock._now >= self._wake_s:
            self._wake_s = inf
            self._consider()

    def _begin(self) -> None:
        now, waiting = self._clock._now, self._waiting
        batch = [waiting.popleft() for _ in range(min(len(waiting), self._max_batch))]
        for seat in batch:
            seat.began_s = now
        self._batch = batch
        asks = self._asks
        if asks is None:
            wanted = [seat.value.steps for seat in batch]
        else:
            wanted = [asks(seat.value) for seat in batch]
        self._end_s = now + self._seconds(wanted)
        self._end = self._clock.at(self._end_s, self._ended)

    def _ended(self, moment: Moment) -> None:
        batch, self._batch = self._batch, []
        for seat in batch:
            seat.over(seat)
        self._consider()
