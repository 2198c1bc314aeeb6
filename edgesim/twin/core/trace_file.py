"""A file of rows on disk, CSV or Parquet, read as a stream and checked row by row."""

from collections.abc import Callable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet
from numpy.typing import NDArray

from edgesim.errors import InputError, did_you_mean

__all__ = ["Flags", "Floats", "Rows", "TraceFile", "floats"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

READ_BYTES = 1 << 18
"""How much of a CSV file is held at once, bytes."""


class TraceFile:
    """A ``.csv`` or ``.parquet`` file whose columns are read under the names of a trace's keys.

    Args:
        path: the file; a relative path starts at the working directory.

    Attributes:
        shown: the file as messages call it.
        path: the absolute path.

    Raises:
        InputError: the file is not there, or is of another kind.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.shown = f"trace {path}"
        self.path = Path(path).expanduser().absolute()
        self._state = self._file_state()

    def columns(self, wanted: Mapping[str, str | None]) -> dict[str, str]:
        """The file's own name of each key, for the keys that the file has.

        Args:
            wanted: each key and the column that gives it; None stands for the key's own name, if
                the file has it.

        Raises:
            InputError: a stated column is not there, or is there twice.
        """
        there = self._names_there()
        names: dict[str, str] = {}
        for key, stated in wanted.items():
            if stated is None and key not in there:
                continue
            name = key if stated is None else stated
            if name not in there:
                raise InputError(
                    f"{self.shown}, column for {key}",
                    name,
                    f"is not in the file; {did_you_mean(name, there)}",
                )
            if there.count(name) > 1:
                raise InputError(
                    f"{self.shown}, column for {key}", name, "must be in the file only once"
                )
            names[key] = name
        return names

    def without_partner(self, key: str, partner: str) -> InputError:
        """A message: the column for ``key`` must be there beside the column ``partner``."""
        there = self._names_there()
        return InputError(
            f"{self.shown}, column for {key}",
            None,
            f"must be there beside {partner!r}; {did_you_mean(key, there)}",
        )

    def rows(self, names: Mapping[str, str], most: int = 8192) -> Iterator["Rows"]:
        """All rows from first to last, at most ``most`` at a time.

        Args:
            names: each key to read and its column.
            most: rows at a time.

        Raises:
            InputError: the file cannot be read, or is no longer the one that was opened.
        """
        self.same()
        first = 1
        for batch in self._batches(list(dict.fromkeys(names.values())), most):
            if batch.num_rows:
                yield Rows(batch, first, names, self.shown)
                first += batch.num_rows
        self.same()

    def same(self) -> None:
        """Raise if the file is no longer the one that was opened."""
        if self._file_state() != self._state:
            raise self.changed()

    def changed(self) -> InputError:
        """A message: the file has changed."""
        return InputError(self.shown, str(self.path), "the file has changed since it was checked")

    def _file_state(self) -> tuple[int, int, int]:
        if self.path.suffix.lower() not in (".csv", ".parquet"):
            raise InputError(self.shown, self.path.suffix, "must be a .csv or .parquet file")
        if self.path.is_dir():
            raise InputError(self.shown, str(self.path), "is a folder, must be a file")
        try:
            state = self.path.stat()
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise InputError(self.shown, str(self.path), f"cannot be read: {reason}") from None
        return (state.st_size, state.st_mtime_ns, state.st_ino)

    def _unreadable(self, error: BaseException) -> InputError:
        kind = "CSV with a header" if self._is_csv else "Parquet"
        reason = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
        return InputError(self.shown, str(self.path), f"must be {kind}: {reason}")

    @property
    def _is_csv(self) -> bool:
        return self.path.suffix.lower() == ".csv"

    def _open_csv(self, include: list[str] | None = None) -> Any:
        text = {name: pa.string() for name in include or ()}
        return pa_csv.open_csv(
            self.path,
            # Rows that do not parse are only numbered by the reader of one thread.
            read_options=pa_csv.ReadOptions(block_size=READ_BYTES, use_threads=False),
            convert_options=pa_csv.ConvertOptions(include_columns=include, column_types=text),
        )

    def _open_parquet(self) -> Any:
        return pa_parquet.ParquetFile(self.path, buffer_size=READ_BYTES, pre_buffer=False)

    def _names_there(self) -> list[str]:
        try:
            if self._is_csv:
                with self._open_csv() as reader:
                    return list(reader.schema.names)
            with self._open_parquet() as file:
                return list(file.schema_arrow.names)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise self._unreadable(error) from None

    def _batches(self, include: list[str], most: int) -> Iterator[Any]:
        """Record batches of the columns ``include``, at most ``most`` rows long."""
        try:
            if self._is_csv:
                with self._open_csv(include) as reader:
                    for batch in reader:
                        for start in range(0, batch.num_rows, most):
                            yield batch.slice(start, most)
            else:
                with self._open_parquet() as file:
                    for batch in file.iter_batches(
                        batch_size=most, columns=include, use_threads=False
                    ):
                        for start in range(0, batch.num_rows, most):
                            yield batch.slice(start, most)
        except (pa.ArrowException, OSError, ValueError, KeyError) as error:
            raise self._unreadable(error) from None


class Rows:
    """Consecutive rows of the file: their columns as arrays, and how to refuse one of them.

    Attributes:
        first: number of the first row; a file's first row is 1.
    """

    def __init__(self, batch: Any, first: int, names: Mapping[str, str], thing: str) -> None:
        self.first = first
        self._batch, self._names, self._thing = batch, names, thing

    def __len__(self) -> int:
        """Number of rows."""
        return int(self._batch.num_rows)

    def values(self, key: str) -> Any:
        """A column by its canonical name, as Arrow has it; text is trimmed."""
        values = self._batch.column(self._names[key])
        if pa.types.is_dictionary(values.type):
            values = values.dictionary_decode()
        if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
            values = pc.utf8_trim_whitespace(values)
        return values

    def floats(
        self, key: str, accepted: str, convert: Callable[[Any], Floats] | None = None
    ) -> Floats:
        """A column as finite numbers; ``convert`` is :func:`floats` unless told."""
        convert = convert or floats
        values = self.values(key)
        if values.null_count:
            missing = values.is_null().to_numpy(zero_copy_only=False)
            self.refuse(key, missing, f"is missing; {accepted}")
        return self._numbers(key, accepted, values, convert)

    def optional_floats(self, key: str, accepted: str) -> Floats:
        """A column as finite numbers, NaN where a row says nothing."""
        values = self.values(key)
        text = pa.types.is_string(values.type) or pa.types.is_large_string(values.type)
        unsaid = pc.fill_null(pc.equal(values, ""), True) if text else values.is_null()
        blank: Flags = np.asarray(unsaid.to_numpy(zero_copy_only=False), dtype=bool)
        if blank.all():
            return np.full(len(self), np.nan)
        nothing = pa.scalar("0" if text else 0).cast(values.type)
        said = pc.if_else(unsaid, nothing, values)
        return np.where(blank, np.nan, self._numbers(key, accepted, said, floats))

    def refuse(self, key: str, bad: Flags, accepted: str, detail: Floats | None = None) -> None:
        """Raise on the first ``bad`` row, if there is one; its ``detail`` fills ``accepted``."""
        if not bad.any():
            return
        at = int(np.argmax(bad))
        name = self._names[key]
        value = self._batch.column(name)[at]
        try:
            shown = value.as_py()
        except (ValueError, OverflowError):  # nanoseconds do not fit Python's date-time
            shown = str(value)
        if not isinstance(shown, float | int | str | None):
            shown = str(shown)
        if detail is not None:
            accepted = accepted.format(detail[at])
        raise InputError(f"{self._thing}, row {self.first + at}, column {name!r}", shown, accepted)

    def _numbers(
        self, key: str, accepted: str, values: Any, convert: Callable[[Any], Floats]
    ) -> Floats:
        try:
            numbers = convert(values)
        except (pa.ArrowException, ValueError):
            self.refuse(key, _first_failure(values, convert), accepted)
            raise
        self.refuse(key, ~np.isfinite(numbers), accepted)
        return numbers


def floats(values: Any) -> Floats:
    """Numbers, or text of numbers, as floats."""
    if pa.types.is_boolean(values.type) or pa.types.is_temporal(values.type):
        raise ValueError(f"{values.type} is not a number")
    numbers: Floats = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return numbers


def _first_failure(values: Any, convert: Callable[[Any], Floats]) -> Flags:
    """Where the first value stands that ``convert`` does not take."""
    bad = np.zeros(len(values), bool)
    for at in range(len(values)):
        try:
            convert(values.slice(at, 1))
        except (pa.ArrowException, ValueError):
            bad[at] = True
            break
    return bad
