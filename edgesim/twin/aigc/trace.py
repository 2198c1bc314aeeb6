"""A trace of tasks on disk, CSV or Parquet, read as a stream and checked row by row."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgesim.errors import InputError
from edgesim.scenarios.aigc.schema import MOST_BYTES, AIGCScenario, TraceColumns
from edgesim.twin.core.arrival_times import ArrivalTimes
from edgesim.twin.core.forking import Shared
from edgesim.twin.core.trace_file import Floats, Rows, TraceFile

__all__ = ["Trace", "TraceBlock"]

REQUIRED = ("arrival_s", "steps")
POSITIONS = ("user_x_m", "user_y_m")
SIZES = ("upload_bytes", "download_bytes")
MAX_STEPS = 10**9


@dataclass(frozen=True)
class TraceBlock:
    """Consecutive rows of a trace as arrays of equal length.

    Attributes:
        arrival_s: arrival times, s, never falling.
        steps: denoising steps asked for, whole numbers.
        user_x_m: where the user stands, m; None where the trace does not say.
        user_y_m: likewise.
        upload_bytes: size of the request, bytes, or None.
        download_bytes: size of the result, bytes, or None.
    """

    arrival_s: Floats
    steps: NDArray[np.int64]
    user_x_m: Floats | None = None
    user_y_m: Floats | None = None
    upload_bytes: Floats | None = None
    download_bytes: Floats | None = None

    def after(self, rows: int) -> "TraceBlock":
        """The block without its first ``rows`` rows."""
        columns: dict[str, Any] = {}
        for column in fields(self):
            values = getattr(self, column.name)
            columns[column.name] = None if values is None else values[rows:]
        return TraceBlock(**columns)


class Trace(Shared):
    """Tasks of a CSV or Parquet file, in the file's order, in constant memory.

    Construction reads the file once from end to end and checks every row; :meth:`blocks` reads it
    again, any number of times. Without a wireless setting only arrivals and steps are read.

    Times that are numbers are seconds and stay as they are, but those since 1970 are counted from
    the first row; so are date-times (typed, or text such as ``2023-11-16 18:17:03.9799600``), to
    the nanosecond. All are multiplied by ``arrival_scale``. Steps are multiplied by ``steps_scale``
    and rounded (half to even) where it is not 1, and clipped to ``steps_clip``. A trace may run
    beyond the scenario's ``horizon_s``, and its arrivals are not truncated to whole seconds.

    Args:
        path: a ``.csv`` or ``.parquet`` file; a relative path starts at the working directory.
        columns: which column gives what, and the scales.
        scenario: says whether the wireless columns are read, the side of the square in which
            positions must lie, and the run times that the steps must give.

    Attributes:
        path: the absolute path.
        count: rows.
        first_arrival_s, last_arrival_s: the span of the arrivals, s.
        min_steps, max_steps: the range of the steps, after scale and clip.
        given: the canonical names of the columns that the trace gives.

    Raises:
        InputError: the file, a column or a row cannot be used; the message names it.
    """

    def __init__(
        self, path: str | PathLike[str], columns: TraceColumns, scenario: AIGCScenario
    ) -> None:
        self._file = TraceFile(path)
        self.path = self._file.path
        self._columns = columns
        self._run_time = scenario.run_time_minutes
        self._wireless = scenario.wireless is not None
        self._side_m = 0.0 if scenario.wireless is None else scenario.wireless.side_m
        self._clip = self._whole_clip()
        self._names = self._column_names()
        self.given = frozenset(self._names)
        self.count = 0
        self.min_steps, self.max_steps = MAX_STEPS, 0
        self.first_arrival_s = self.last_arrival_s = 0.0
        for block in self._read(8192):
            if not self.count:
                self.first_arrival_s = float(block.arrival_s[0])
            self.count += block.steps.size
            self.last_arrival_s = float(block.arrival_s[-1])
            self.min_steps = min(self.min_steps, int(block.steps.min()))
            self.max_steps = max(self.max_steps, int(block.steps.max()))
        if not self.count:
            raise InputError(self._file.shown, "0 rows", "must hold at least one task")

    def blocks(self, rows: int = 8192) -> Iterator[TraceBlock]:
        """The tasks from the first to the last, at most ``rows`` at a time.

        Raises:
            InputError: the file is no longer the one that was checked.
        """
        count = 0
        for block in self._read(rows):
            count += block.steps.size
            yield block
        if count != self.count:
            raise self._file.changed()

    def _column_names(self) -> dict[str, str]:
        """Canonical name to the file's own, for the columns that are read."""
        keys = REQUIRED + POSITIONS + SIZES
        names = self._file.columns({key: getattr(self._columns, key) for key in keys})
        if not self._wireless:
            names = {key: names[key] for key in REQUIRED}
        self._file.say_unread(names)
        if not self._wireless:
            return names
        found = [key for key in POSITIONS if key in names]
        if len(found) == 1:
            (other,) = set(POSITIONS) - set(found)
            raise self._file.without_partner(other, names[found[0]])
        return names

    # --- the rows ---------------------------------------------------------------------------

    def _read(self, rows: int) -> Iterator[TraceBlock]:
        hint = " set trace_columns.arrival_scale, such as 0.001"
        arrivals = ArrivalTimes(self._file.shown, self._columns.arrival_scale, hint)
        for part in self._file.rows(self._names, rows):
            yield self._block(part, arrivals)

    def _block(self, rows: Rows, arrivals: ArrivalTimes) -> TraceBlock:
        """The rows, checked."""
        time_s = arrivals.of(rows)
        optional: dict[str, Floats] = {}
        for key in POSITIONS:
            if key in self._names:
                accepted = f"must be a number in [0, {self._side_m:g}] (wireless.side_m)"
                optional[key] = rows.floats(key, accepted)
                rows.refuse(key, (optional[key] < 0) | (optional[key] > self._side_m), accepted)
        for key in SIZES:
            if key in self._names:
                accepted = f"must be a number above 0, at most {MOST_BYTES:g} bytes"
                optional[key] = rows.floats(key, accepted)
                rows.refuse(key, (optional[key] <= 0) | (optional[key] > MOST_BYTES), accepted)
        return TraceBlock(time_s, self._steps(rows), **optional)

    def _steps(self, rows: Rows) -> NDArray[np.int64]:
        accepted = "must be a whole number of at least 1"
        scale = self._columns.steps_scale
        if scale != 1:
            accepted = f"must be at least 1 after steps_scale = {scale:g} and rounding"
        asked = rows.floats("steps", accepted)
        steps = np.rint(asked * scale)
        if scale == 1:
            rows.refuse("steps", asked != steps, accepted)
        if self._clip is not None:
            steps = np.clip(steps, *self._clip)
        rows.refuse("steps", steps < 1, accepted)
        rows.refuse("steps", steps > MAX_STEPS, f"must give at most {MAX_STEPS:,} steps")
        if self._run_time is not None:
            constant, linear, square = self._run_time
            run_time = (square * steps + linear) * steps + constant
            rows.refuse(
                "steps",
                ~(run_time > 0),
                "run_time_minutes gives {:g} min for these steps, must be above 0",
                run_time,
            )
        return steps.astype(np.int64)

    def _whole_clip(self) -> tuple[int, int] | None:
        clip = self._columns.steps_clip
        if clip is None:
            return None
        if any(value != int(value) for value in clip):
            raise InputError("trace_columns.steps_clip", clip, "must be two whole numbers")
        return (int(clip[0]), int(clip[1]))
