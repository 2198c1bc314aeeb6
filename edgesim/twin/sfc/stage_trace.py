"""A trace of requests for chains of stage links, CSV or Parquet, checked row by row."""

from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike

import numpy as np

from edgesim.errors import InputError
from edgesim.scenarios.sfc.trace_columns import ChainTraceColumns
from edgesim.twin.core.forking import Shared
from edgesim.twin.core.trace_file import Rows, TraceFile

__all__ = ["StageTrace", "StageTraceBlock"]

COLUMNS = ("bandwidth", "max_delay_ms", "released_before")


@dataclass(frozen=True)
class StageTraceBlock:
    """Consecutive requests of a trace, as plain lists of equal length.

    Attributes:
        bandwidth: what a chain must hold, in the unit of the links.
        max_delay_ms: bound on its delay, ms.
        holding_s: how long it stays, if accepted; infinite for one that is never released.
    """

    bandwidth: list[float]
    max_delay_ms: list[float]
    holding_s: list[float]


class StageTrace(Shared):
    """Requests of a file, in the file's order, in constant memory.

    Columns: ``bandwidth`` and ``max_delay_ms``, above 0, and ``released_before``: the index of the
    request before which the chain, if accepted, is released; empty for never. The first request has
    index 0 and comes at 0 seconds, the next at 1. Construction reads and checks every row once.

    Args:
        path: a ``.csv`` or ``.parquet`` file; a relative path starts at the working directory.
        columns: which column gives what, and scales; the names above where None.

    Attributes:
        count: rows.
        most_bandwidth, most_delay_ms: largest of their columns.
        mean_held: bandwidth that would be held on average if all requests were accepted.

    Raises:
        InputError: the file, a column or a row cannot be used; the message names it.
    """

    def __init__(self, path: str | PathLike[str], columns: ChainTraceColumns | None = None) -> None:
        self._file = TraceFile(path)
        columns = columns or ChainTraceColumns()
        self._names = self._file.columns(columns.of(*COLUMNS))
        self._scales = {
            "bandwidth": columns.bandwidth_scale,
            "max_delay_ms": columns.delay_scale,
        }
        self._file.say_unread(self._names)
        self.count = 0
        self.most_bandwidth = self.most_delay_ms = held = endless = 0.0
        for block in self._read():
            for bandwidth, holding_s in zip(block.bandwidth, block.holding_s, strict=True):
                if holding_s < np.inf:
                    held += bandwidth * holding_s
                else:
                    endless += bandwidth
            self.count += len(block.bandwidth)
            self.most_bandwidth = max(self.most_bandwidth, *block.bandwidth)
            self.most_delay_ms = max(self.most_delay_ms, *block.max_delay_ms)
        if not self.count:
            raise InputError(self._file.shown, "0 rows", "must hold at least one request")
        # A chain that is never released holds for half of the trace on average.
        self.mean_held = held / self.count + endless / 2

    def blocks(self) -> Iterator[StageTraceBlock]:
        """The requests from the first to the last.

        Raises:
            InputError: the file is no longer the one that was checked.
        """
        return self._read()

    def _read(self) -> Iterator[StageTraceBlock]:
        for rows in self._file.rows(self._names):
            yield _block(rows, self._scales)


def _block(rows: Rows, scales: dict[str, float]) -> StageTraceBlock:
    accepted = "must be a finite number above 0"
    positive = {}
    for key in ("bandwidth", "max_delay_ms"):
        positive[key] = rows.floats(key, accepted) * scales[key]
        rows.refuse(key, positive[key] <= 0, accepted)
    accepted = "must be the index of a later request (the first has 0), or empty for never"
    released = rows.optional_floats("released_before", accepted)
    index = np.arange(len(rows)) + rows.first - 1.0
    life = released - index
    wrong = ~np.isnan(life) & ((life <= 0) | (released != np.rint(released)))
    rows.refuse("released_before", wrong, accepted)
    holding_s = np.where(np.isnan(life), np.inf, life)
    return StageTraceBlock(
        positive["bandwidth"].tolist(), positive["max_delay_ms"].tolist(), holding_s.tolist()
    )
