"""Requests for chains of stage links: drawn as in arXiv 1804.02099, or from a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from edgesim.scenarios.sfc.schema import SFCScenario
from edgesim.twin.core.forking import Shared
from edgesim.twin.core.replay import Replay
from edgesim.twin.core.reseeding import ReseededStreams
from edgesim.twin.core.streams import Streams
from edgesim.twin.sfc.chain import Request

if TYPE_CHECKING:
    from edgesim.twin.sfc.stage_trace import StageTrace, StageTraceBlock

__all__ = ["BLOCK", "Blocks", "StageArrivals", "StageRequests"]

BLOCK = 256
"""Requests that are drawn at once: an episode of any length needs no more memory."""

FloatArray = npt.NDArray[np.float64]


class StageArrivals(Shared):
    """The requests of any episode; request ``n`` comes at ``n`` seconds.

    Bandwidth and bound are whole numbers, uniform over their ranges, from the episode's streams
    ``bandwidth`` and ``max_delay_ms``. The authors end every running chain with the release
    probability p before each request. Each chain's life is then geometric, whatever is decided: it
    is drawn for every request, accepted or not, from the stream ``lifetime``, so that all policies
    meet the same releases. A chain of request ``n`` and life ``L`` ends before request ``n + L``.

    Args:
        scenario: the arrivals' keys.

    Attributes:
        trace: the checked trace, or None.
        most_bandwidth: most that a request asks for.
        most_delay_ms: largest bound that a request states.
        mean_held: bandwidth that would be held on average if all requests were accepted.

    Raises:
        InputError: the trace cannot be used.
    """

    def __init__(self, scenario: SFCScenario) -> None:
        assert scenario.request_bandwidth is not None and scenario.request_delay_ms is not None
        self.scenario = scenario
        self.trace: StageTrace | None = None
        self.most_bandwidth = float(scenario.request_bandwidth[1])
        self.most_delay_ms = float(scenario.request_delay_ms[1])
        assert scenario.requests is not None and scenario.release_probability is not None
        # A chain that outlives the episode holds for half of it on average.
        life = min(1 / max(scenario.release_probability, 1e-9), scenario.requests / 2)
        self.mean_held = life * sum(scenario.request_bandwidth) / 2
        if scenario.trace is not None:
            # pyarrow is loaded only where a trace is read
            from edgesim.twin.sfc import stage_trace

            self.trace = stage_trace.StageTrace(scenario.trace, scenario.trace_columns)
            self.most_bandwidth = self.trace.most_bandwidth
            self.most_delay_ms = self.trace.most_delay_ms
            self.mean_held = self.trace.mean_held

    def requests(self, streams: Streams) -> StageRequests:
        """The requests of one episode, in the order of their arrival."""
        return StageRequests(self, streams)

    def blocks(self, streams: Streams) -> Blocks:
        """The drawn requests of one episode, at most :data:`BLOCK` at a time."""
        return Blocks(self, streams)

    def one_block(
        self, streams: ReseededStreams, seeds: npt.NDArray[np.uint32]
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The one block of each of many seeds, where an episode has no more than one.

        Args:
            streams: to draw from.
            seeds: the words of each seed, shape (seeds, 4).

        Returns:
            what :meth:`blocks` yields, of shape (seeds, requests).
        """
        scenario, probability = self.scenario, self.scenario.release_probability
        assert scenario.request_bandwidth is not None and scenario.request_delay_ms is not None
        assert scenario.requests is not None and probability is not None
        count = scenario.requests
        assert count <= BLOCK
        low, high = scenario.request_bandwidth
        wanted = streams.integers(seeds, "bandwidth", low, high, count)
        low, high = scenario.request_delay_ms
        bound = streams.integers(seeds, "max_delay_ms", low, high, count)
        life = np.full(wanted.shape, np.inf)
        if probability > 0:
            for lives, of_seed in zip(life, streams.each(seeds), strict=True):
                lives[:] = of_seed["lifetime"].geometric(probability, size=count)
        return wanted.astype(float), bound.astype(float), life


class Blocks:
    """An iterator over drawn requests, block by block; it can be pickled on its way.

    Each block holds bandwidth, bound on the delay (ms) and life (s, infinite for one without end),
    of shape (requests,).

    Attributes:
        first: number of the first request of the next block.
    """

    def __init__(self, arrivals: StageArrivals, streams: Streams) -> None:
        self._source = arrivals
        self.first = 0
        self._bandwidth, self._max_delay_ms = streams["bandwidth"], streams["max_delay_ms"]
        self._lifetime = streams["lifetime"]

    def __iter__(self) -> Blocks:
        """Itself."""
        return self

    def __next__(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The next block."""
        scenario = self._source.scenario
        assert scenario.request_bandwidth is not None and scenario.request_delay_ms is not None
        assert scenario.requests is not None
        size = min(BLOCK, scenario.requests - self.first)
        if size <= 0:
            raise StopIteration
        self.first += size
        low, high = scenario.request_bandwidth
        wanted = self._bandwidth.integers(low, high, size=size, endpoint=True)
        low, high = scenario.request_delay_ms
        bound = self._max_delay_ms.integers(low, high, size=size, endpoint=True)
        return wanted.astype(float), bound.astype(float), self.lives(size)

    def lives(self, size: int) -> FloatArray:
        """So many lives, s: geometric, or infinite where nothing is released."""
        probability = self._source.scenario.release_probability
        if not probability:
            return np.full(size, np.inf)
        return self._lifetime.geometric(probability, size=size).astype(float)


class StageRequests:
    """An iterator over an episode's requests, as fresh objects; it can be pickled on its way."""

    def __init__(self, arrivals: StageArrivals, streams: Streams) -> None:
        stages = arrivals.scenario.groups
        assert stages is not None
        self._stages = stages
        self._drawn = arrivals.blocks(streams)
        self._traced: Replay[StageTraceBlock] | None = None
        if arrivals.trace is not None:
            self._traced = Replay(arrivals.trace.blocks)
        self._number = 0
        self._at = 0
        self._columns: list[list[float]] = [[], [], []]

    def __iter__(self) -> StageRequests:
        """Itself."""
        return self

    def __next__(self) -> Request:
        """The next request."""
        at = self._at
        if at == len(self._columns[0]):
            if self._traced is not None:
                block = next(self._traced)
                self._columns = [block.bandwidth, block.max_delay_ms, block.holding_s]
            else:
                self._columns = [column.tolist() for column in next(self._drawn)]
            at = 0
        self._at = at + 1
        number = self._number
        self._number = number + 1
        bandwidth, max_delay_ms, life = self._columns
        return Request(
            number, float(number), bandwidth[at], max_delay_ms[at], life[at], self._stages
        )

    def resample(self, now_s: float, arrived: int) -> None:
        """Draw the requests anew that have not arrived; those of a trace stay.

        Args:
            now_s: time now, s.
            arrived: how many requests have arrived.
        """
        passed = self._number - arrived
        self._number = arrived
        if self._traced is not None:
            self._at -= passed  # the request drawn ahead is of the block at hand
            return
        self._drawn.first, self._at, self._columns = arrived, 0, [[], [], []]

    def rest_s(self, request: Request, now_s: float) -> float | None:
        """How long a chain that is still running goes on running, drawn anew, s; None: as it was.

        A geometric life has no memory: what is left of it is as long as a new one, from the request
        that arrived last.
        """
        if self._traced is not None or request.holding_s == np.inf:
            return None
        return float(np.floor(now_s)) + float(self._drawn.lives(1)[0]) - now_s
