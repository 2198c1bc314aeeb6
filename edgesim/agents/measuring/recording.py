"""Event logs, and series over time, of many episodes in one file each."""

from pathlib import Path
from typing import Any

from edgesim.files import replacing

__all__ = ["Recorder"]


class Recorder:
    """Writes event logs to one Parquet file, which appears when all are written.

    And what they hold of series over time (:mod:`edgesim.twin.core.series`) to ``series.parquet``
    beside it. Called with the policy, the seed and the log of each episode; the columns are those
    of the log or the series, and ``policy`` and ``seed``.
    """

    def __init__(self, path: Path) -> None:
        self._events = _File(path)
        self._series = _File(path.with_name("series.parquet"))

    def __enter__(self) -> "Recorder":
        self._events.open()
        return self

    def __call__(self, policy: str, seed: int, log: Any) -> None:
        self._events.write(log.table(), policy, seed)
        series = getattr(log, "series", None)
        if series is not None:
            self._series.open()
            self._series.write(series.table(), policy, seed)

    def __exit__(self, *error: Any) -> None:
        self._events.close(*error)
        self._series.close(*error)


class _File:
    """A Parquet file that appears when it is closed; none where it was never opened."""

    def __init__(self, path: Path) -> None:
        self._replacing = replacing(path)
        self._part: Path | None = None
        self._writer: Any = None

    def open(self) -> None:
        """Begin it, once."""
        if self._part is None:
            self._part = self._replacing.__enter__()

    def write(self, table: Any, policy: str, seed: int) -> None:
        """Add an episode."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = table.append_column("policy", pa.array([policy] * len(table), pa.string()))
        table = table.append_column("seed", pa.array([seed] * len(table), pa.int64()))
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._part, table.schema)
        self._writer.write_table(table)

    def close(self, *error: Any) -> None:
        """End it, and have it appear unless there was an error."""
        if self._writer is not None:
            self._writer.close()
        if self._part is not None:
            self._replacing.__exit__(*error)
