"""The event log of a recorded episode, as pictures read it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from edgesim.twin.core.log import CAPACITIES

__all__ = ["Log", "lines", "read_capacities", "read_headline", "read_log"]

Log = dict[str, npt.NDArray[Any]]
"""Columns of the log by name, each of shape (events,)."""


def read_log(folder: Path) -> Log:
    """The columns of a folder's ``events.parquet``."""
    table = pq.read_table(folder / "events.parquet")
    return {name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names}


def lines(log: Log) -> Iterator[tuple[float, str, int, int, float]]:
    """What every log says of an event, in turn: time, event, whom, where, value."""
    return zip(*list(log.values())[:5], strict=True)


def read_capacities(folder: Path) -> npt.NDArray[np.float64] | None:
    """What each place of the log holds, in the unit of its load; None where the log has not got it.

    Shape (places,).
    """
    metadata = pq.read_schema(folder / "events.parquet").metadata or {}
    given = metadata.get(CAPACITIES)
    return None if given is None else np.array(json.loads(given), dtype=float)


def read_headline(folder: Path) -> str:
    """The scenario, the policy and the seed that ``summary.json`` names; empty without one."""
    try:
        told = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        return f"{told['scenario']}: {told['policy']}, episode seed {told['seed']}"
    except (OSError, ValueError, KeyError):
        return ""
