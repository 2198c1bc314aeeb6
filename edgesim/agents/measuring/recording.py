"""Event logs of many episodes in one file."""

from pathlib import Path
from typing import Any

from edgesim.files import replacing

__all__ = ["Recorder"]


class Recorder:
    """Writes event logs to one Parquet file, which appears when all are written.

    Called with the policy, the seed and the log of each episode; its columns are the log's, and
    ``policy`` and ``seed``.
    """

    def __init__(self, path: Path) -> None:
        self._replacing = replacing(path)
        self._writer: Any = None

    def __enter__(self) -> "Recorder":
        self._part = self._replacing.__enter__()
        return self

    def __call__(self, policy: str, seed: int, log: Any) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = log.table()
        table = table.append_column("policy", pa.array([policy] * len(table), pa.string()))
        table = table.append_column("seed", pa.array([seed] * len(table), pa.int64()))
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._part, table.schema)
        self._writer.write_table(table)

    def __exit__(self, *error: Any) -> None:
        if self._writer is not None:
            self._writer.close()
        self._replacing.__exit__(*error)
