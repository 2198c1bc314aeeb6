"""The event log: what happened, to whom, where and when."""

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgesim.files import replacing

if TYPE_CHECKING:
    import pyarrow as pa

    from edgesim.twin.core.series import Series

__all__ = ["CAPACITIES", "UNITS", "EventLog"]

CAPACITIES = b"capacities"
"""Key of the table's metadata: what each place holds, as a JSON list."""

UNITS = ("_bps", "_s", "_ms", "_units")
"""How the names of columns with numbers end."""


class EventLog:
    """Rows of (time_s, event, whom, where, value), in the order in which they happened.

    ``whom`` or ``where`` is -1 where an event has none. ``value`` is the event's figure. In an AIGC
    log: steps of a request, quality of a start, latency in seconds of a finish, progress of a loss,
    number of lost tasks of a crash, site index of a transfer.

    Args:
        whom: what the third column is called.
        where: what the fourth column is called.
        details: further columns of the table, with words on an event: text, or numbers where the
            name ends in a unit. They do not count to the fingerprint.

    Attributes:
        capacities: what each place (``where``) holds when the episode begins, in the unit of its
            load; None where that is not known. It goes to the table's metadata.
        series: how full links, providers and what else there is were over time, where the twin
            that writes the log looks at it.
    """

    def __init__(
        self, whom: str = "task", where: str = "provider", details: Sequence[str] = ()
    ) -> None:
        self._columns = (whom, where)
        self.details = tuple(details)
        self._words: dict[int, dict[str, Any]] = {}  # by the number of the row
        self.series: Series | None = None
        self._whole: EventLog | None = None
        self._part = ""
        self.capacities: Sequence[float] | None = None
        self.rows: list[tuple[float, str, int, int, float]] = []

    def of(self, part: str, whom: str, where: str, details: Sequence[str] = ()) -> "EventLog":
        """The log of a part of the world.

        Its rows stand in this log too, where its events are named ``<part>: <event>``.
        """
        log = EventLog(whom, where, details)
        log.series = self.series
        self.details = tuple(dict.fromkeys((*self.details, *details)))
        log._whole, log._part = self, part
        return log

    def add(
        self, time_s: float, event: str, whom: int, where: int, value: float, **details: Any
    ) -> None:
        """Write a row, and what its further columns say."""
        if details:
            self._words[len(self.rows)] = details
        self.rows.append((time_s, event, whom, where, value))
        if self._whole is not None:
            self._whole.add(time_s, f"{self._part}: {event}", whom, where, value, **details)

    def said(self, row: int) -> dict[str, Any]:
        """What the further columns of a row say."""
        return self._words.get(row, {})

    def fingerprint(self) -> str:
        """A hash of all rows: equal logs, equal fingerprints.

        Figures are rounded to nine significant digits first, so that the last bit of another
        processor's logarithm does not count as another history.
        """
        digest = sha256()
        for time_s, event, whom, where, value in self.rows:
            digest.update(f"{time_s:.9g} {event} {whom} {where} {value:.9g}\n".encode())
        return digest.hexdigest()

    def table(self) -> "pa.Table":
        """The rows as an Arrow table."""
        import pyarrow as pa

        names = ("time_s", "event", *self._columns, "value")
        kinds = (pa.float64(), pa.string(), pa.int64(), pa.int64(), pa.float64())
        arrays = [
            pa.array([row[place] for row in self.rows], kind) for place, kind in enumerate(kinds)
        ]
        table = pa.Table.from_arrays(arrays, names=list(names))
        for name in self.details:
            words = [self._words.get(row, {}).get(name) for row in range(len(self.rows))]
            kind = pa.float64() if name.endswith(UNITS) else pa.string()
            table = table.append_column(name, pa.array(words, kind))
        if self.capacities is not None:
            given = json.dumps([float(capacity) for capacity in self.capacities])
            table = table.replace_schema_metadata({CAPACITIES: given})
        return table

    def write(self, path: Path) -> None:
        """Write the rows as Parquet; the file appears whole or not at all."""
        import pyarrow.parquet as pq

        with replacing(path) as part:
            pq.write_table(self.table(), part)
