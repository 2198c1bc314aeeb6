"""What an evaluation leaves on disk: files that appear whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edgesim.errors import InputError

__all__ = ["Recorder", "replacing"]


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path beside ``path`` to write to, which replaces it when all went well."""
    part = path.with_name(f"{path.name}.part")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise InputError("out", str(path), f"cannot be written: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)


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
