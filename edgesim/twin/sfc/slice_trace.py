"""A trace of requests for chains over a network, CSV or Parquet, checked row by row."""

from collections.abc import Iterator
from os import PathLike
from typing import Any, NamedTuple

import numpy as np

from edgesim.errors import InputError, did_you_mean
from edgesim.scenarios.sfc.schema import SliceNetwork
from edgesim.twin.core.forking import Shared
from edgesim.twin.core.trace_file import Floats, Rows, TraceFile
from edgesim.twin.network.wiring import Wiring

__all__ = ["SliceTrace", "TraceRequest"]

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

    Columns: ``arrival_s`` (at least 0, ascending), ``slice`` (a slice's name), ``source`` and
    ``destination`` (different nodes, by the topology's names or by their numbers from 0),
    ``bandwidth_bps``, ``max_delay_s`` and ``holding_s`` (above 0). Construction reads and checks
    every row once.

    Args:
        path: a ``.csv`` or ``.parquet`` file; a relative path starts at the working directory.
        network: the scenario's slices.
        wiring: the nodes.

    Attributes:
        count: rows.
        most_bandwidth, most_delay_ms: largest of their columns, bit/s and ms.
        mean_held: bandwidth that would be held on average if all requests were accepted, bit/s.

    Raises:
        InputError: the file, a column or a row cannot be used; the message names it.
    """

    def __init__(self, path: str | PathLike[str], network: SliceNetwork, wiring: Wiring) -> None:
        self._file = TraceFile(path)
        self._columns = self._file.columns({key: key for key in (*_NUMBERS, *_NAMES)})
        self._kinds = {part.name: kind for kind, part in enumerate(network.slices)}
        self._nodes = {
            str(name): node for node, name in wiring.graph.nodes(data="name", default="")
        }
        # A name that is a number goes before a number: it is what the source calls the node.
        self._nodes = {str(node): node for node in range(wiring.nodes)} | self._nodes
        self.count = 0
        self.most_bandwidth = self.most_delay_ms = held = end_s = 0.0
        for row in self.rows():
            self.count += 1
            self.most_bandwidth = max(self.most_bandwidth, row.bandwidth_bps)
            self.most_delay_ms = max(self.most_delay_ms, 1000 * row.max_delay_s)
            held += row.bandwidth_bps * row.holding_s
            end_s = row.arrival_s
        if not self.count:
            raise InputError(self._file.shown, "0 rows", "must hold at least one request")
        self.mean_held = held / max(end_s, 1.0)

    def rows(self) -> Iterator[TraceRequest]:
        """The requests from the first to the last.

        Raises:
            InputError: a row cannot be used, or the file is no longer the one that was checked.
        """
        last_s = 0.0
        for rows in self._file.rows(self._columns):
            numbers = self._numbers(rows, last_s)
            last_s = float(numbers["arrival_s"][-1])
            kinds = self._named(rows, "slice", self._kinds)
            sources = self._named(rows, "source", self._nodes)
            ends = self._named(rows, "destination", self._nodes)
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

    def _numbers(self, rows: Rows, last_s: float) -> dict[str, Floats]:
        numbers = {}
        accepted = "must be a finite number above 0"
        for key in _NUMBERS[1:]:
            numbers[key] = rows.floats(key, accepted)
            rows.refuse(key, numbers[key] <= 0, accepted)
        accepted = "must be seconds from 0 on, no less than the row before"
        arrival_s = numbers["arrival_s"] = rows.floats("arrival_s", accepted)
        rows.refuse("arrival_s", np.diff(arrival_s, prepend=last_s) < 0, accepted)
        return numbers

    def _named(self, rows: Rows, key: str, known: dict[str, int]) -> list[int]:
        """Numbers of the names in a column."""
        values: list[Any] = rows.values(key).to_pylist()
        found = [known.get(str(value)) for value in values]
        unknown = np.array([number is None for number in found])
        if unknown.any():
            first = str(values[int(np.argmax(unknown))])
            hint = did_you_mean(first, list(known)) if len(known) <= 20 else _nearest(first, known)
            rows.refuse(key, unknown, hint)
        return [number for number in found if number is not None]


def _nearest(name: str, known: dict[str, int]) -> str:
    """The nearest known name of many."""
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{hint}must be a node's name, or its number from 0"
