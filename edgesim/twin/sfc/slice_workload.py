"""Requests of slices: Poisson arrivals and exponential holding times, or a trace."""

from collections.abc import Iterator
from math import log
from typing import TYPE_CHECKING

import numpy as np

from edgesim.scenarios.sfc.schema import SFCScenario
from edgesim.twin.core.streams import Streams
from edgesim.twin.network.wiring import Wiring
from edgesim.twin.sfc.chain import Request

if TYPE_CHECKING:
    from edgesim.twin.sfc.slice_trace import SliceTrace

__all__ = ["SliceWorkload"]


class SliceWorkload:
    """The requests of any episode of a scenario with a network.

    Arrivals are Poisson over the horizon (and at least one). Each request belongs to a slice by the
    slices' shares and joins two different nodes, uniform; its bandwidth is log-uniform and its
    bound uniform over the slice's ranges, its holding time exponential. Each quantity has its own
    stream of the episode.

    Args:
        scenario: the workload's keys.
        wiring: the nodes.

    Attributes:
        trace: the checked trace, or None.
        most_bandwidth: most that a request asks for, bit/s.
        most_delay_ms: largest bound that a request states.
        mean_held: bandwidth that would be held on average if all requests were accepted, bit/s.

    Raises:
        InputError: the trace cannot be used.
    """

    def __init__(self, scenario: SFCScenario, wiring: Wiring) -> None:
        network = scenario.network
        assert network is not None
        self._network = network
        self._nodes = wiring.nodes
        self.trace: SliceTrace | None = None
        self.most_bandwidth = max(part.bandwidth_bps[1] for part in network.slices)
        self.most_delay_ms = 1000 * max(part.max_delay_s[1] for part in network.slices)
        self.mean_held = network.arrival_rate_hz * sum(
            part.share * part.holding_s * _log_uniform_mean(*part.bandwidth_bps)
            for part in network.slices
        )
        if scenario.trace is not None:
            # pyarrow is loaded only where a trace is read
            from edgesim.twin.sfc import slice_trace

            self.trace = slice_trace.SliceTrace(scenario.trace, network, wiring)
            self.most_bandwidth = self.trace.most_bandwidth
            self.most_delay_ms = self.trace.most_delay_ms
            self.mean_held = self.trace.mean_held

    def requests(self, streams: Streams) -> Iterator[Request]:
        """The requests of one episode, in the order of their arrival."""
        slices = self._network.slices
        if self.trace is not None:
            for number, row in enumerate(self.trace.rows()):
                yield Request(
                    number,
                    row.arrival_s,
                    row.bandwidth_bps,
                    1000 * row.max_delay_s,
                    row.holding_s,
                    len(slices[row.kind].chain),
                    row.kind,
                    row.source,
                    row.destination,
                )
            return
        network = self._network
        rng = streams["arrivals"]
        # At least one: an episode has something to decide.
        count = max(int(rng.poisson(network.arrival_rate_hz * network.horizon_s)), 1)
        arrival_s = np.sort(rng.random(count)) * network.horizon_s
        # The last slice takes what rounding leaves of the shares.
        bounds = np.cumsum([part.share for part in slices])[:-1]
        kinds = np.searchsorted(bounds, streams["slices"].random(count), side="right")
        rng = streams["ends"]
        sources = rng.integers(self._nodes, size=count)
        destinations = (sources + rng.integers(1, self._nodes, size=count)) % self._nodes
        bandwidth = streams["bandwidth"].random(count)
        bound = streams["max_delay_s"].random(count)
        holding = streams["holding_s"].standard_exponential(count)
        for number in range(count):
            kind = int(kinds[number])
            part = slices[kind]
            low, high = part.bandwidth_bps
            soonest, latest = part.max_delay_s
            yield Request(
                number,
                float(arrival_s[number]),
                float(low * (high / low) ** bandwidth[number]),
                1000 * float(soonest + (latest - soonest) * bound[number]),
                part.holding_s * float(holding[number]),
                len(part.chain),
                kind,
                int(sources[number]),
                int(destinations[number]),
            )


def _log_uniform_mean(low: float, high: float) -> float:
    return low if low == high else (high - low) / log(high / low)
