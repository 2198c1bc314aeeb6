"""The event log of a recorded episode, as pictures read it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy.typing as npt
import pyarrow.parquet as pq

__all__ = ["Log", "lines", "read_log"]

Log = dict[str, npt.NDArray[Any]]
"""Columns of the log by name, each of shape (events,)."""


def read_log(folder: Path) -> Log:
    """The columns of a folder's ``events.parquet``."""
    table = pq.read_table(folder / "events.parquet")
    return {name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names}


def lines(log: Log) -> Iterator[tuple[float, str, int, int, float]]:
    """What every log says of an event, in turn: time, event, whom, where, value."""
    return zip(*list(log.values())[:5], strict=True)
