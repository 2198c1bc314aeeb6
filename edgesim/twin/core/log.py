"""The event log: what happened, to whom, where and when."""

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from edgesim.files import replacing

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["EventLog"]


class EventLog:
    """Rows of (time_s, event, whom, where, value), in the order in which they happened.

    ``whom`` or ``where`` is -1 where an event has none. ``value`` is the event's figure. In an AIGC
    log: steps of a request, quality of a start, latency in seconds of a finish, progress of a loss,
    number of lost tasks of a crash, site index of a transfer.

    Args:
        whom: what the third column is called.
        where: what the fourth column is called.
    """

    def __init__(self, whom: str = "task", where: str = "provider") -> None:
        self._columns = (whom, where)
        self._whole: EventLog | None = None
        self._part = ""
        self.rows: list[tuple[float, str, int, int, float]] = []

    def of(self, part: str, whom: str, where: str) -> "EventLog":
        """The log of a part of the world.

        Its rows stand in this log too, where its events are named ``<part>: <event>``.
        """
        log = EventLog(whom, where)
        log._whole, log._part = self, part
        return log

    def add(self, time_s: float, event: str, whom: int, where: int, value: float) -> None:
        """Write a row."""
        self.rows.append((time_s, event, whom, where, value))
        if self._whole is not None:
            self._whole.add(time_s, f"{self._part}: {event}", whom, where, value)

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
        return pa.Table.from_arrays(arrays, names=list(names))

    def write(self, path: Path) -> None:
        """Write the rows as Parquet; the file appears whole or not at all."""
        import pyarrow.parquet as pq

        with replacing(path) as part:
            pq.write_table(self.table(), part)
