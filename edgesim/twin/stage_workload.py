"""Requests for chains of stage links: drawn as in arXiv 1804.02099, or from a trace."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from edgesim.scenarios.sfc import SFCScenario
from edgesim.twin.chain import Request
from edgesim.twin.streams import Streams

if TYPE_CHECKING:
    from edgesim.twin.stage_trace import StageTrace

__all__ = ["StageWorkload"]


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
            from edgesim.twin import stage_trace  # pyarrow is loaded only where a trace is read

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
        for number, row in enumerate(self._draw(streams)):
            yield Request(number, float(number), *row, stages)

    def _draw(self, streams: Streams) -> Iterator[tuple[float, float, float]]:
        scenario = self._scenario
        count, probability = scenario.requests, scenario.release_probability
        assert scenario.request_bandwidth is not None and scenario.request_delay_ms is not None
        assert count is not None and probability is not None
        low, high = scenario.request_bandwidth
        bandwidth = streams["bandwidth"].integers(low, high, size=count, endpoint=True)
        low, high = scenario.request_delay_ms
        max_delay_ms = streams["max_delay_ms"].integers(low, high, size=count, endpoint=True)
        life = np.full(count, np.inf)
        if probability > 0:
            life = streams["lifetime"].geometric(probability, size=count).astype(float)
        return zip(
            bandwidth.astype(float).tolist(),
            max_delay_ms.astype(float).tolist(),
            life.tolist(),
            strict=True,
        )
