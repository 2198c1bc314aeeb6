"""A trace of requests for chains over a network, CSV or Parquet, checked row by row."""

from collections.abc import Callable, Iterator
from os import PathLike
from typing import NamedTuple

import numpy as np

from edgesim.errors import InputError, did_you_mean
from edgesim.notes import note
from edgesim.scenarios.sfc.schema import SliceNetwork
from edgesim.scenarios.sfc.trace_columns import ChainTraceColumns
from edgesim.twin.core.arrival_times import ArrivalTimes
from edgesim.twin.core.forking import Shared
from edgesim.twin.core.trace_file import Floats, Rows, TraceFile
from edgesim.twin.network.node_names import NodeNames
from edgesim.twin.network.wiring import Wiring

__all__ = ["REST_S", "SliceTrace", "TraceRequest"]

REST_S = 600.0
"""Time without chains and requests that is longer than this, s, is not simulated."""

_LONG_S = 1e5  # a day and more: minutes of computing
_NUMBERS = ("arrival_s", "bandwidth_bps", "max_delay_s", "holding_s")
_NAMES = ("slice", "source", "destination")


class TraceRequest(NamedTuple):
    """A request of a trace.

    Attributes:
        arrival_s: when it is made.
        kind: index of its slice.
        source, destination: the nodes that its chain joins.
        bandwidth_bps, max_delay_s, holding_s: what it asks for, and for how long.
    """

    arrival_s: float
    kind: int
    source: int
    destination: int
    bandwidth_bps: float
    max_delay_s: float
    holding_s: float


class SliceTrace(Shared):
    """Requests of a file, in the file's order, in constant memory.

    Columns: ``arrival_s`` (ascending; seconds from 0 on, or date-times), ``slice`` (a slice's
    name), ``source`` and ``destination`` (different nodes, see
    :class:`edgesim.twin.network.node_names.NodeNames`), ``bandwidth_bps``, ``max_delay_s`` and
    ``holding_s`` (above 0). Construction reads and checks every row once.

    Args:
        path: a ``.csv`` or ``.parquet`` file; a relative path starts at the working directory.
        network: the scenario's slices.
        wiring: the nodes.
        columns: which column gives what, and scales; the names above where None.

    Attributes:
        count: rows.
        most_bandwidth, most_delay_ms: largest of their columns, bit/s and ms.
        mean_held: bandwidth that would be held on average if all requests were accepted, bit/s.

    Raises:
        InputError: the file, a column or a row cannot be used; the message names it.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        network: SliceNetwork,
        wiring: Wiring,
        columns: ChainTraceColumns | None = None,
    ) -> None:
        self._file = TraceFile(path)
        columns = columns or ChainTraceColumns()
        self._columns = self._file.columns(columns.of(*_NUMBERS, *_NAMES))
        self._file.say_unread(self._columns)
        self._arrival_scale = columns.arrival_scale
        self._scales = {
            "bandwidth_bps": columns.bandwidth_scale,
            "max_delay_s": columns.delay_scale,
            "holding_s": columns.holding_scale,
        }
        self._kinds = {part.name: kind for kind, part in enumerate(network.slices)}
        self._nodes = NodeNames(wiring.graph)
        self.count = 0
        self.most_bandwidth = self.most_delay_ms = held = end_s = 0.0
        idle_s = free_s = 0.0  # free: when the last chain so far ends
        for row in self.rows():
            self.count += 1
            self.most_bandwidth = max(self.most_bandwidth, row.bandwidth_bps)
            self.most_delay_ms = max(self.most_delay_ms, 1000 * row.max_delay_s)
            held += row.bandwidth_bps * row.holding_s
            end_s = row.arrival_s
            idle_s += end_s - free_s if end_s - free_s > REST_S else 0.0
            free_s = max(free_s, end_s + row.holding_s)
        if not self.count:
            raise InputError(self._file.shown, "0 rows", "must hold at least one request")
        if end_s - idle_s > _LONG_S:
            note(
                self._file.shown,
                f"has chains for {end_s - idle_s:g} s, simulated with their measurements and"
                " background traffic: that takes long (trace_columns.arrival_scale shortens it)",
            )
        self.mean_held = held / max(end_s, 1.0)

    def rows(self) -> Iterator[TraceRequest]:
        """The requests from the first to the last.

        Raises:
            InputError: a row cannot be used, or the file is no longer the one that was checked.
        """
        hint = " set trace_columns.arrival_scale, such as 0.001"
        arrivals = ArrivalTimes(self._file.shown, self._arrival_scale, hint)
        for rows in self._file.rows(self._columns):
            numbers = self._numbers(rows)
            numbers["arrival_s"] = arrivals.of(rows)
            kinds = _named(rows, "slice", self._kinds.get, self._no_slice)
            sources = _named(rows, "source", self._nodes.node, self._nodes.why_not)
            ends = _named(rows, "destination", self._nodes.node, self._nodes.why_not)
            same = np.array(sources) == np.array(ends)
            rows.refuse("destination", same, "must be another node than the source")
            yield from map(
                TraceRequest._make,
                zip(
                    numbers["arrival_s"].tolist(),
                    kinds,
                    sources,
                    ends,
                    numbers["bandwidth_bps"].tolist(),
                    numbers["max_delay_s"].tolist(),
                    numbers["holding_s"].tolist(),
                    strict=True,
                ),
            )

    def _numbers(self, rows: Rows) -> dict[str, Floats]:
        numbers = {}
        accepted = "must be a finite number above 0"
        for key, scale in self._scales.items():
            numbers[key] = rows.floats(key, accepted) * scale
            rows.refuse(key, ~((numbers[key] > 0) & (numbers[key] < np.inf)), accepted)
        return numbers

    def _no_slice(self, name: str) -> str:
        return did_you_mean(name, self._kinds)


def _named(
    rows: Rows, key: str, find: Callable[[str], int | None], why_not: Callable[[str], str]
) -> list[int]:
    """Numbers of the names in a column."""
    names = rows.texts(key, "must be a name")
    found = [find(name) for name in names]
    unknown = np.array([number is None for number in found], dtype=bool)
    if unknown.any():
        rows.refuse(key, unknown, why_not(names[int(np.argmax(unknown))]))
    return [number for number in found if number is not None]
