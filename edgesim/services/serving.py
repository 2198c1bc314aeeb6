"""A real server: one worker process, a queue first come first served, batches with a window."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from edgesim.config.services import CalibrateConfig

__all__ = ["Batch", "ServerClock", "Stream", "VirtualClock", "WallClock", "Worker", "serve"]


@dataclass(frozen=True)
class Stream:
    """Requests: when each comes, and the work that it asks for."""

    arrival_s: tuple[float, ...]
    steps: tuple[float, ...]

    @classmethod
    def poisson(
        cls, rng: np.random.Generator, count: int, rate: float, low: float, high: float
    ) -> "Stream":
        """``count`` requests at ``rate`` a second, of uniformly ``low`` to ``high`` work.

        Between whole numbers the work is whole.
        """
        arrivals = rng.exponential(1.0 / rate, size=count).cumsum()
        steps: npt.NDArray[Any]
        if isinstance(low, int) and isinstance(high, int):
            steps = rng.integers(low, high + 1, size=count)
        else:
            steps = rng.uniform(low, high, size=count)
        return cls(tuple(arrivals.tolist()), tuple(steps.tolist()))


@dataclass(frozen=True)
class Batch:
    """A batch that was run: which requests, from when to when (seconds of the server's clock)."""

    members: tuple[int, ...]
    start_s: float
    end_s: float

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.end_s - self.start_s


class ServerClock(Protocol):
    """The clock that a server goes by."""

    def now_s(self) -> float:
        """Seconds since the stream began."""

    def wait_until(self, time_s: float) -> None:
        """Nothing is to be done before ``time_s``."""

    def ran(self, seconds: float) -> None:
        """A batch was run that took so many seconds of the worker's clock."""


class WallClock:
    """Real time: the server waits for its requests."""

    def __init__(self) -> None:
        self._begun = monotonic()

    def now_s(self) -> float:
        """See :class:`ServerClock`."""
        return monotonic() - self._begun

    def wait_until(self, time_s: float) -> None:
        """See :class:`ServerClock`."""
        sleep(max(time_s - self.now_s(), 0.0))

    def ran(self, seconds: float) -> None:
        """See :class:`ServerClock`: the time has passed by itself."""


class VirtualClock:
    """A clock that goes on by the CPU seconds of each batch, and jumps over idle time.

    What else the machine does then counts only as far as it slows the CPU down.
    """

    def __init__(self) -> None:
        self._now_s = 0.0

    def now_s(self) -> float:
        """See :class:`ServerClock`."""
        return self._now_s

    def wait_until(self, time_s: float) -> None:
        """See :class:`ServerClock`."""
        self._now_s = max(self._now_s, time_s)

    def ran(self, seconds: float) -> None:
        """See :class:`ServerClock`."""
        self._now_s += seconds


def serve(
    stream: Stream,
    clock: ServerClock,
    run: Callable[[Sequence[int], Sequence[float]], float],
    window_s: float,
    max_batch: int,
) -> Iterator[Batch]:
    """Serve a stream to its end, batch by batch.

    A free server begins as soon as ``max_batch`` requests wait or the first of them has waited
    ``window_s``, and takes the first ``max_batch``.

    Args:
        stream: what comes.
        clock: real or virtual.
        run: really runs a batch of these requests and steps, and returns its seconds.
        window_s: longest wait of a first request for others to join it.
        max_batch: most requests in a batch.

    Yields:
        every batch when it is done.
    """
    waiting: deque[int] = deque()
    coming = deque(enumerate(stream.arrival_s))
    while coming or waiting:
        now_s = clock.now_s()
        while coming and coming[0][1] <= now_s:
            waiting.append(coming.popleft()[0])
        if not waiting:
            clock.wait_until(coming[0][1])
            continue
        due_s = stream.arrival_s[waiting[0]] + window_s
        if len(waiting) < max_batch and now_s < due_s:
            clock.wait_until(min(due_s, coming[0][1]) if coming else due_s)
            continue
        members = tuple(waiting.popleft() for _ in range(min(max_batch, len(waiting))))
        clock.ran(run(members, [stream.steps[k] for k in members]))
        yield Batch(members, now_s, clock.now_s())


class Worker:
    """The process that holds the networks and runs batches, started afresh (spawn).

    Args:
        config: the service, its device, threads, and the clock that batches are timed by.
    """

    def __init__(self, config: CalibrateConfig) -> None:
        self._pool = ProcessPoolExecutor(
            1, mp_context=get_context("spawn"), initializer=partial(_begin, config)
        )

    def __enter__(self) -> "Worker":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def prepare(self, items: int) -> None:
        """Have the inputs of the first items at hand, where the service makes some."""
        self._pool.submit(_prepare, items).result()

    def run(self, members: Sequence[int], steps: Sequence[float]) -> float:
        """Run a batch; returns its seconds in the worker."""
        return self._pool.submit(_run, tuple(members), tuple(steps)).result()


_held: dict[str, Any] = {}  # the service of a worker process, and its clock


def _begin(config: CalibrateConfig) -> None:
    """Load the service, once a process."""
    from edgesim.services.finding import find_service
    from edgesim.services.measuring import CLOCKS, set_threads

    set_threads(config.threads)
    _held["service"] = service = find_service(config)
    service.load()
    _held["clock"] = CLOCKS[config.clock or "cpu"]


def _prepare(items: int) -> None:
    prepare = getattr(_held["service"], "prepare", None)
    if prepare is not None:
        prepare(range(items))


def _run(members: tuple[int, ...], steps: tuple[float, ...]) -> float:
    clock: Callable[[], float] = _held["clock"]
    begun = clock()
    _held["service"].run(members, steps)  # numpy arrays: an accelerator is done with them
    return clock() - begun
