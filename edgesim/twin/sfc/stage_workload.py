"""Requests for chains of stage links: drawn as in arXiv 1804.02099, or from a trace."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from edgesim.scenarios.sfc.schema import SFCScenario
from edgesim.twin.core.reseeding import ReseededStreams
from edgesim.twin.core.streams import Streams
from edgesim.twin.sfc.chain import Request

if TYPE_CHECKING:
    from edgesim.twin.sfc.stage_trace import StageTrace

__all__ = ["BLOCK", "StageWorkload"]

BLOCK = 256
"""Requests that are drawn at once: an episode of any length needs no more memory."""

FloatArray = npt.NDArray[np.float64]


class StageWorkload:
    """The requests of any episode; request ``n`` comes at ``n`` seconds.

    Bandwidth and bound are whole numbers, uniform over their ranges, from the episode's streams
    ``bandwidth`` and ``max_delay_ms``. The authors end every running chain with the release
    probability p before each request. Each chain's life is then geometric, whatever is decided: it
    is drawn for every request, accepted or not, from the stream ``lifetime``, so that all policies
    meet the same releases. A chain of request ``n`` and life ``L`` ends before request ``n + L``.

    Args:
        scenario: the workload's keys.

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
        self._scenario = scenario
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

            self.trace = stage_trace.StageTrace(scenario.trace)
            self.most_bandwidth = self.trace.most_bandwidth
            self.most_delay_ms = self.trace.most_delay_ms
            self.mean_held = self.trace.mean_held

    def requests(self, streams: Streams) -> Iterator[Request]:
        """The requests of one episode, in the order of their arrival."""
        stages = self._scenario.groups
        assert stages is not None
        if self.trace is not None:
            number = 0
            for block in self.trace.blocks():
                for row in zip(block.bandwidth, block.max_delay_ms, block.holding_s, strict=True):
                    yield Request(number, float(number), *row, stages)
                    number += 1
            return
        number = 0
        for columns in self.blocks(streams):
            for row in zip(*(column.tolist() for column in columns), strict=True):
                yield Request(number, float(number), *row, stages)
                number += 1

    def blocks(self, streams: Streams) -> Iterator[tuple[FloatArray, FloatArray, FloatArray]]:
        """The drawn requests of one episode, at most :data:`BLOCK` at a time.

        Yields:
            bandwidth, bound on the delay (ms) and life (s, infinite for one without end), each of
            shape (requests,).
        """
        scenario = self._scenario
        count, probability = scenario.requests, scenario.release_probability
        assert scenario.request_bandwidth is not None and scenario.request_delay_ms is not None
        assert count is not None and probability is not None
        bandwidth, max_delay_ms = streams["bandwidth"], streams["max_delay_ms"]
        lifetime = streams["lifetime"] if probability > 0 else None
        for first in range(0, count, BLOCK):
            size = min(BLOCK, count - first)
            low, high = scenario.request_bandwidth
            wanted = bandwidth.integers(low, high, size=size, endpoint=True)
            low, high = scenario.request_delay_ms
            bound = max_delay_ms.integers(low, high, size=size, endpoint=True)
            life = np.full(size, np.inf)
            if lifetime is not None:
                life = lifetime.geometric(probability, size=size).astype(float)
            yield wanted.astype(float), bound.astype(float), life

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
        scenario, probability = self._scenario, self._scenario.release_probability
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
