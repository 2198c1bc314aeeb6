"""Who asks for what and when: the tasks of one AIGC episode, Poisson or from a trace."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import log
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgesim.errors import InputError
from edgesim.scenarios.aigc.schema import AIGCScenario, Wireless
from edgesim.twin.core.crowds import Crowd
from edgesim.twin.core.forking import Shared
from edgesim.twin.core.replay import Replay
from edgesim.twin.core.streams import Streams

if TYPE_CHECKING:
    from edgesim.twin.aigc.trace import Trace, TraceBlock

__all__ = ["Arrivals", "Blocks", "TaskBlock", "poisson_arrivals", "steps_asked"]

MAX_POISSON_TASKS = 10_000_000
"""Most requests an episode may expect: their arrivals are drawn and sorted at once."""


@dataclass(slots=True)
class TaskBlock(Shared):
    """Consecutive tasks of an episode, as plain lists of equal length.

    Attributes:
        arrival_s: when the request is made, s.
        steps: denoising steps that it asks for.
        user: index of the user who makes it.
        upload_bytes: size of the request, bytes (wireless, else None).
        download_bytes: size of the result, bytes (wireless, else None).
        deadline_s: time after arrival from which a result is late, s (wireless, else None).
        fading_up: factor on the signal power of the upload, linear (wireless, else None).
        fading_down: likewise of the download.
        user_x_m: where the user stands, m (wireless trace that says so, else None).
        user_y_m: likewise.
        picture: uniform in [0, 1), which of the measured images the result is like (where results
            scatter, else None).
    """

    arrival_s: list[float]
    steps: list[int]
    user: list[int]
    upload_bytes: list[float] | None = None
    download_bytes: list[float] | None = None
    deadline_s: list[float] | None = None
    fading_up: list[float] | None = None
    fading_down: list[float] | None = None
    user_x_m: list[float] | None = None
    user_y_m: list[float] | None = None
    picture: list[float] | None = None

    def __len__(self) -> int:
        """Number of tasks."""
        return len(self.arrival_s)


def poisson_arrivals(scenario: AIGCScenario, rng: np.random.Generator) -> NDArray[np.float64]:
    """Arrival times of one episode, s, ascending: shape ``(1 + n,)``.

    One request at time 0 and ``n ~ Poisson(arrival_rate_hz * horizon_s)`` more, uniform over the
    horizon, truncated to whole seconds where ``whole_second_arrivals`` is set, as in the reference
    simulator of arXiv 2301.03220.
    """
    more = int(rng.poisson(scenario.arrival_rate_hz * scenario.horizon_s))
    times = np.empty(more + 1)
    times[0] = 0.0
    times[1:] = rng.random(more)
    times *= scenario.horizon_s
    times.sort()
    if scenario.whole_second_arrivals:
        np.floor(times, out=times)
    return times


def steps_asked(scenario: AIGCScenario, rng: np.random.Generator, count: int) -> NDArray[np.int64]:
    """Denoising steps of ``count`` requests, uniform over the range in its increment."""
    low, high = scenario.steps_range
    increment = scenario.steps_increment
    return low + increment * rng.integers(0, (high - low) // increment + 1, size=count)


class Arrivals(Shared):
    """The tasks of any episode of a scenario, as a stream of blocks.

    What is random comes from the episode's streams ``arrivals``, ``steps``, ``users`` and, in the
    wireless setting, ``upload_bytes``, ``download_bytes``, ``deadline_s``, ``fading_up`` and
    ``fading_down``, one quantity each. What a trace gives is not drawn.

    Args:
        scenario: the workload's keys, and the wireless setting or None.

    Attributes:
        trace: the checked trace, or None for Poisson arrivals.

    Raises:
        InputError: the trace cannot be used, or an episode would be too large to draw.
    """

    def __init__(self, scenario: AIGCScenario) -> None:
        self.scenario = scenario
        self.trace: Trace | None = None
        if scenario.trace is not None:
            # pyarrow is loaded only where a trace is read
            from edgesim.twin.aigc.trace import Trace

            self.trace = Trace(scenario.trace, scenario.trace_columns, scenario)
        elif not scenario.arrival_rate_hz * scenario.horizon_s <= MAX_POISSON_TASKS:
            raise InputError(
                "arrival_rate_hz",
                scenario.arrival_rate_hz,
                f"times horizon_s = {scenario.horizon_s:g} must be at most "
                f"{MAX_POISSON_TASKS:,} requests an episode",
            )

    def blocks(self, streams: Streams, rows: int = 8192, crowd: Crowd | None = None) -> Blocks:
        """The tasks of one episode, in the order of their arrival; or those of a crowd alone.

        They come in blocks of at most ``rows`` tasks; the size of the blocks changes no task. Of a
        Poisson episode the arrivals are drawn at once, since they must be sorted: 8 bytes a task.
        Everything else is drawn block by block.
        """
        return Blocks(self, streams, rows, crowd)


class Blocks:
    """An iterator over the tasks of one episode, block by block; it can be pickled on its way."""

    def __init__(
        self, arrivals: Arrivals, streams: Streams, rows: int, crowd: Crowd | None = None
    ) -> None:
        self._source = arrivals
        self._rows = rows
        self._crowd = crowd
        self._draws = _Draws(arrivals, streams)
        self._trace: Replay[TraceBlock] | None = None
        self._passed = 0  # rows of the trace's next block that are not wanted again
        if arrivals.trace is not None and crowd is None:
            self._trace = Replay(partial(arrivals.trace.blocks, rows))
        else:
            rng = streams["arrivals"]
            if crowd is None:
                self._times = poisson_arrivals(arrivals.scenario, rng)
            else:
                self._times = self._whole(crowd.times(rng, 0.0), 0.0)
            self._first = 0  # place among the times of the first task of the next block
            self._arrivals, self._steps = rng, streams["steps"]

    def __iter__(self) -> Blocks:
        """Itself."""
        return self

    def __next__(self) -> TaskBlock:
        """The next block."""
        if self._trace is not None:
            block = next(self._trace).after(self._passed)
            self._passed = 0
            return self._draws.block(block.arrival_s, block.steps, block)
        part = self._times[self._first : self._first + self._rows]
        if not part.size:
            raise StopIteration
        self._first += part.size
        return self._draws.block(
            part, steps_asked(self._source.scenario, self._steps, part.size), None
        )

    def resample(self, now_s: float, arrived: int) -> None:
        """Draw anew what is to come, from the streams as they are now.

        Poisson arrivals after ``now_s`` are drawn again; those of a trace stay, and what it does
        not give is drawn again.

        Args:
            now_s: time up to which requests have arrived, s.
            arrived: how many have.
        """
        if self._trace is not None:
            blocks, self._passed = divmod(arrived, self._rows)
            self._trace = self._trace.again(blocks)
            return
        scenario, rng = self._source.scenario, self._arrivals
        if self._crowd is not None:
            self._times, self._first = self._whole(self._crowd.times(rng, now_s), now_s), 0
            return
        left_s = max(scenario.horizon_s - now_s, 0.0)
        more = int(rng.poisson(scenario.arrival_rate_hz * left_s))
        times = np.sort(rng.random(more)) * left_s + now_s
        self._times, self._first = self._whole(times, now_s), 0

    def _whole(self, times: NDArray[np.float64], now_s: float) -> NDArray[np.float64]:
        """Arrivals from now on as the scenario has them: truncated to whole seconds, or not."""
        if self._source.scenario.whole_second_arrivals:
            return np.maximum(np.floor(times), now_s)
        return times


class _Draws:
    """Draws what belongs to a task, from the streams of one episode."""

    def __init__(self, arrivals: Arrivals, streams: Streams) -> None:
        self._source = arrivals
        self._users = streams["users"]
        if arrivals.scenario.wireless is not None:
            self._upload = streams["upload_bytes"]
            self._download = streams["download_bytes"]
            self._deadline = streams["deadline_s"]
            self._fading_up = streams["fading_up"]
            self._fading_down = streams["fading_down"]

    def block(
        self,
        arrivals: NDArray[np.float64],
        steps: NDArray[np.int64],
        trace: TraceBlock | None,
    ) -> TaskBlock:
        """The tasks at ``arrivals``; what ``trace`` gives is taken from it."""
        count = arrivals.size
        scenario = self._source.scenario
        users = self._users.integers(0, scenario.users, size=count)
        block = TaskBlock(arrivals.tolist(), steps.tolist(), users.tolist())
        if scenario.wireless is not None:
            self._network(block, scenario.wireless, trace)
        return block

    def _network(self, block: TaskBlock, wireless: Wireless, trace: TraceBlock | None) -> None:
        count = len(block)
        upload = download = None
        if trace is not None:
            upload, download = trace.upload_bytes, trace.download_bytes
            if trace.user_x_m is not None and trace.user_y_m is not None:
                block.user_x_m = trace.user_x_m.tolist()
                block.user_y_m = trace.user_y_m.tolist()
        if upload is None:
            upload = _log_uniform(self._upload, wireless.upload_bytes, count)
        if download is None:
            download = _log_uniform(self._download, wireless.download_bytes, count)
        earliest, latest = wireless.deadline_s
        deadline = self._deadline.random(count) * (latest - earliest) + earliest
        block.upload_bytes = upload.tolist()
        block.download_bytes = download.tolist()
        block.deadline_s = deadline.tolist()
        block.fading_up = _fading(self._fading_up, wireless.radio.fading_db, count)
        block.fading_down = _fading(self._fading_down, wireless.radio.fading_db, count)


def _log_uniform(rng: np.random.Generator, bounds: list[float], count: int) -> NDArray[np.float64]:
    low, high = log(bounds[0]), log(bounds[1])
    sizes: NDArray[np.float64] = np.exp(rng.random(count) * (high - low) + low)
    # exp(log(x)) may miss x by a rounding.
    return np.clip(sizes, bounds[0], bounds[1])


def _fading(rng: np.random.Generator, deviation_db: float, count: int) -> list[float]:
    factors: list[float] = np.exp(
        rng.standard_normal(count) * (deviation_db * log(10) / 10)
    ).tolist()
    return factors
