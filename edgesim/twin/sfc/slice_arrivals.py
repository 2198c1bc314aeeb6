"""Requests of slices: Poisson arrivals and exponential holding times, or a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgesim.scenarios.sfc.schema import SFCScenario
from edgesim.twin.core.crowds import STEADY, Crowd, Load, Merged
from edgesim.twin.core.forking import Shared
from edgesim.twin.core.replay import Replay
from edgesim.twin.core.streams import Streams
from edgesim.twin.network.wiring import Wiring
from edgesim.twin.sfc.chain import Request
from edgesim.twin.sfc.fabric import Requests

if TYPE_CHECKING:
    from edgesim.twin.sfc.slice_trace import SliceTrace, TraceRequest

__all__ = ["CrowdedRequests", "SliceArrivals", "SliceRequests"]


class SliceArrivals(Shared):
    """The requests of any episode of a scenario with a network.

    Arrivals are Poisson over the horizon (and at least one). Each request belongs to a slice by the
    slices' shares and joins two different nodes, uniform; its bandwidth is log-uniform and its
    bound uniform over the slice's ranges, its holding time exponential. Each quantity has its own
    stream of the episode.

    Args:
        scenario: the arrivals' keys.
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
        self.network = network
        self.nodes = wiring.nodes
        self.trace: SliceTrace | None = None
        self.most_bandwidth = max(part.bandwidth_bps[1] for part in network.slices)
        self.most_delay_ms = 1000 * max(part.max_delay_s[1] for part in network.slices)
        self.mean_held = network.arrival_rate_hz * sum(
            part.share * part.holding_s * part.mean_bandwidth_bps for part in network.slices
        )
        if scenario.trace is not None:
            # pyarrow is loaded only where a trace is read
            from edgesim.twin.sfc import slice_trace

            self.trace = slice_trace.SliceTrace(
                scenario.trace, network, wiring, scenario.trace_columns
            )
            self.most_bandwidth = self.trace.most_bandwidth
            self.most_delay_ms = self.trace.most_delay_ms
            self.mean_held = self.trace.mean_held

    def requests(self, streams: Streams, load: Load = STEADY) -> Requests:
        """The requests of one episode, in the order of their arrival.

        Args:
            streams: the episode's.
            load: what stated events do to the load; the node of a crowd is its number.
        """
        usual = SliceRequests(self, streams)
        if not load:
            return usual
        kinds = {part.name: kind for kind, part in enumerate(self.network.slices)}
        beside = [
            SliceRequests(
                self,
                streams.of(crowd.name),
                crowd,
                None if crowd.slice is None else kinds[crowd.slice],
            )
            for crowd in load.crowds
        ]
        kept = [
            (from_s, to_s, None if name is None else kinds[name], share)
            for from_s, to_s, name, share in load.kept
        ]
        return CrowdedRequests(usual, beside, kept, streams["events/kept"])


class CrowdedRequests(Merged[Request]):
    """The usual requests and those of crowds, an iterator like :class:`SliceRequests`."""

    usual: SliceRequests

    def __next__(self) -> Request:
        """The next request."""
        request = self.following()
        if request is None:
            raise StopIteration
        return request

    def rest_s(self, request: Request, now_s: float) -> float | None:
        """See :meth:`SliceRequests.rest_s`."""
        return self.usual.rest_s(request, now_s)


class SliceRequests:
    """An iterator over an episode's requests, as fresh objects; it can be pickled on its way.

    Args:
        arrivals: where they come from.
        streams: the episode's.
        crowd: whose requests alone these are; None: the usual ones.
        kind: the slice of a crowd; None: any.
    """

    def __init__(
        self,
        arrivals: SliceArrivals,
        streams: Streams,
        crowd: Crowd | None = None,
        kind: int | None = None,
    ) -> None:
        self._source = arrivals
        self._crowd, self._kind = crowd, kind
        self._traced: Replay[TraceRequest] | None = None
        self._number = 0
        names = ("arrivals", "slices", "ends", "bandwidth", "max_delay_s", "holding_s")
        self._rng = {name: streams[name] for name in names}
        if arrivals.trace is not None and crowd is None:
            self._traced = Replay(arrivals.trace.rows)
        elif crowd is not None:
            self._draw(0.0, arrivals.network.horizon_s, at_least=0)
        else:
            # At least one: an episode has something to decide.
            self._draw(0.0, arrivals.network.horizon_s, at_least=1)

    def __iter__(self) -> SliceRequests:
        """Itself."""
        return self

    def __next__(self) -> Request:
        """The next request."""
        number = self._number
        slices = self._source.network.slices
        if self._traced is not None:
            row = next(self._traced)
            self._number = number + 1
            return Request(
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
        at = number - self._first
        if at == len(self._kinds):
            raise StopIteration
        self._number = number + 1
        kind = int(self._kinds[at])
        part = slices[kind]
        low, high = part.bandwidth_bps
        soonest, latest = part.max_delay_s
        return Request(
            number,
            float(self._arrival_s[at]),
            float(low * (high / low) ** self._bandwidth[at]),
            1000 * float(soonest + (latest - soonest) * self._bound[at]),
            part.holding_s * float(self._holding[at]),
            len(part.chain),
            kind,
            int(self._sources[at]),
            int(self._destinations[at]),
        )

    def resample(self, now_s: float, arrived: int) -> None:
        """Draw the requests anew that have not arrived; those of a trace stay.

        Args:
            now_s: time now, s.
            arrived: how many requests have arrived.
        """
        self._number = arrived
        if self._traced is not None:
            self._traced = self._traced.again(arrived)
        else:
            self._draw(now_s, max(self._source.network.horizon_s, now_s), at_least=0)

    def rest_s(self, request: Request, now_s: float) -> float | None:
        """How long a chain that is still running goes on running, drawn anew, s; None: as it was.

        An exponential time has no memory: what is left of it is as long as a new one.
        """
        if self._traced is not None:
            return None
        mean_s = self._source.network.slices[request.kind].holding_s
        return mean_s * float(self._rng["holding_s"].standard_exponential())

    def _draw(self, from_s: float, to_s: float, at_least: int) -> None:
        """Draw the requests of a time, from the number at hand on."""
        network, nodes, rng = self._source.network, self._source.nodes, self._rng
        self._first = self._number
        if self._crowd is not None:
            self._arrival_s = self._crowd.times(rng["arrivals"], from_s)
            count = len(self._arrival_s)
        else:
            length_s = to_s - from_s
            count = max(int(rng["arrivals"].poisson(network.arrival_rate_hz * length_s)), at_least)
            self._arrival_s = np.sort(rng["arrivals"].random(count)) * length_s + from_s
        # The last slice takes what rounding leaves of the shares.
        bounds = np.cumsum([part.share for part in network.slices])[:-1]
        self._kinds = np.searchsorted(bounds, rng["slices"].random(count), side="right")
        self._sources = rng["ends"].integers(nodes, size=count)
        self._destinations = (self._sources + rng["ends"].integers(1, nodes, size=count)) % nodes
        if self._kind is not None:
            self._kinds = np.full(count, self._kind)
        if self._crowd is not None and self._crowd.node is not None:
            self._destinations += self._crowd.node - self._sources
            self._destinations %= nodes
            self._sources = np.full(count, self._crowd.node)
        self._bandwidth = rng["bandwidth"].random(count)
        self._bound = rng["max_delay_s"].random(count)
        self._holding = rng["holding_s"].standard_exponential(count)
