"""When the rows of a trace come: seconds, or date-times counted from the first row."""

from typing import Any

import numpy as np
import pyarrow as pa

from edgesim.notes import note
from edgesim.twin.core.trace_file import Floats, Rows, floats

__all__ = ["ArrivalTimes"]

_SECONDS = "must be a finite number of seconds"
_DATE_TIME = "must be a date-time such as 2023-11-16 18:17:03.98"

_EPOCH_S = 1e8
"""A first arrival after so many seconds (three years) is a date: seconds since 1970."""
_LATEST_S = 1e10
"""Seconds since 1970 in the year 2286: what is more counts something shorter than seconds."""


class ArrivalTimes:
    """Arrival times of one pass over a file, checked.

    The kind of all rows is that of the first one. Numbers are seconds and stay as they are, but
    seconds since 1970 (a first arrival beyond 10^8 s) are counted from the first row, which is
    said; date-times are counted from it too, to the nanosecond. All are multiplied by ``scale``.

    Args:
        thing: the trace, as messages call it.
        scale: factor on the times.
        hint: how to state another unit, as the end of a message.
    """

    def __init__(self, thing: str, scale: float = 1.0, hint: str = "") -> None:
        self._thing, self._scale, self._hint = thing, scale, hint
        self._type: Any = None
        self._origin_ns: int | None = None
        self._origin_s = 0.0
        self._last_s = 0.0
        self._accepted = f"{_SECONDS}, or a date-time such as 2023-11-16 18:17:03.98"

    def of(self, rows: Rows, key: str = "arrival_s") -> Floats:
        """Arrival times of the rows, s; ``rows`` follow those of the call before.

        Raises:
            InputError: a value is none, negative, or before the one above it.
        """
        self._look_at(rows, key)
        time_s = rows.floats(key, self._accepted, self._seconds)
        if rows.first == 1:
            rows.refuse(key, time_s[:1] < 0, "must not be negative")
        gap_s = np.diff(time_s, prepend=self._last_s)
        rows.refuse(
            key,
            gap_s < 0,
            "arrivals must be in ascending order: this is {:g} s before the row above",
            -gap_s,
        )
        self._last_s = float(time_s[-1])
        return time_s

    def _look_at(self, rows: Rows, key: str) -> None:
        """Take the kind of all rows from the first one."""
        values = rows.values(key)
        if self._type is not None or not len(values) or not values[0].is_valid:
            return
        kind = values.type
        candidates = [pa.float64()]
        if pa.types.is_timestamp(kind):
            candidates = [pa.timestamp("ns", kind.tz)]
        elif pa.types.is_date(kind):
            candidates = [pa.timestamp("ns")]
        elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
            candidates += [pa.timestamp("ns"), pa.timestamp("ns", "UTC")]
        first = values.slice(0, 1)
        for candidate in candidates:
            found: Any
            try:
                found = floats(first) if candidate == pa.float64() else first.cast(candidate)
            except (pa.ArrowException, ValueError):
                continue
            self._type = candidate
            if candidate == pa.float64():
                self._accepted = f"{_SECONDS}, as in the first row"
                self._count_from(float(found[0]) * self._scale, rows, key)
            else:
                self._origin_ns = found.cast(pa.int64())[0].as_py()
                self._accepted = f"{_DATE_TIME}, in the form of the first row"
            return

    def _count_from(self, first_s: float, rows: Rows, key: str) -> None:
        """Where the first number can only be a date, count from it, or say that it is none."""
        if not first_s >= _EPOCH_S:
            return
        late = np.zeros(len(rows), dtype=bool)
        late[0] = not first_s < _LATEST_S
        rows.refuse(
            key,
            late,
            f"as seconds, is more than {_LATEST_S / 3.156e7:.0f} years: are these milliseconds or"
            f" nanoseconds since 1970?{self._hint}",
        )
        self._origin_s = first_s
        note(self._thing, f"{key} holds seconds since 1970: they are counted from the first row")

    def _seconds(self, values: Any) -> Floats:
        """Arrival times, s."""
        if self._origin_ns is None:
            return floats(values) * self._scale - self._origin_s
        since_ns = values.cast(self._type).cast(pa.int64()).to_numpy() - self._origin_ns
        seconds: Floats = since_ns / 1e9 * self._scale
        return seconds
