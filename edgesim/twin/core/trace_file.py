"""A file of rows on disk, CSV or Parquet, read as a stream and checked row by row."""

from collections.abc import Callable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from re import sub
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet
from numpy.typing import NDArray

from edgesim.errors import InputError, did_you_mean
from edgesim.notes import note
from edgesim.text_files import COMPRESSED, plain_suffix
from edgesim.twin.core.csv_form import CSVForm, csv_form, opened

__all__ = ["Flags", "Floats", "Rows", "TraceFile", "floats"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

READ_BYTES = 1 << 18
"""How much of a CSV file is held at once, bytes; more where a single row is longer."""
_LONGEST_ROW = 1 << 30
_SHOWN = 12  # names of columns that a note lists
_DECIMAL_COMMA = r"^([-+]?\d*),(\d+)$"
_TEXT_KINDS = ("string_view", "binary", "large_binary", "fixed_size_binary", "binary_view")


class TraceFile:
    """A CSV or Parquet file whose columns are read under the names of a trace's keys.

    CSV (``.csv``, ``.tsv``) has a header; it may be compressed (``.csv.gz``, ``.zst``, ``.bz2``),
    be separated by commas, semicolons, tabs or bars, hold line breaks in quotes, and be in UTF-8
    or, with a byte order mark, in UTF-16. Names of columns are compared without spaces around them,
    in any case, with spaces and hyphens as underscores.

    Args:
        path: the file; a relative path starts at the working directory.
        called: what it is, for messages.

    Attributes:
        shown: the file as messages call it.
        path: the absolute path.

    Raises:
        InputError: the file is not there, or is of another kind.
    """

    def __init__(self, path: str | PathLike[str], called: str = "trace") -> None:
        self.shown = f"{called} {path}"
        self.path = Path(path).expanduser().absolute()
        self._state = self._file_state()
        self._block_bytes = READ_BYTES
        self._form: CSVForm | None = None

    @property
    def names(self) -> list[str]:
        """The names of all columns, as the file has them."""
        return self._names_there()

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
            name = key if stated is None else stated
            found = [column for column in there if column == name]
            if not found:
                found = [column for column in there if _plain(column) == _plain(name)]
            if not found and stated is None:
                continue
            if not found:
                raise InputError(
                    f"{self.shown}, column for {key}",
                    name,
                    f"is not in the file; {did_you_mean(name, there)}",
                )
            if len(found) > 1:
                raise InputError(
                    f"{self.shown}, column for {key}",
                    name,
                    f"must be in the file only once, and is there as {', '.join(map(repr, found))}",
                )
            names[key] = found[0]
        return names

    def say_unread(self, names: Mapping[str, str]) -> None:
        """Say which columns of the file are not read, where there are such."""
        unread = [name for name in self._names_there() if name not in names.values()]
        if unread:
            more = len(unread) - _SHOWN
            shown = ", ".join(name.strip() or repr(name) for name in unread[:_SHOWN])
            note(self.shown, f"columns not read: {shown}" + (f", {more} more" if more > 0 else ""))

    def without_partner(self, key: str, partner: str) -> InputError:
        """A message: the column for ``key`` must be there beside the column ``partner``."""
        there = self._names_there()
        return InputError(
            f"{self.shown}, column for {key}",
            None,
            f"must be there beside {partner!r}; {did_you_mean(key, there)}",
        )

    def rows(self, names: Mapping[str, str], most: int = 8192) -> Iterator["Rows"]:
        """All rows from first to last, ``most`` at a time, and the rest.

        Args:
            names: each key to read and its column.
            most: rows at a time.

        Raises:
            InputError: the file cannot be read, or is no longer the one that was opened.
        """
        self.same()
        first = 1
        batches = self._batches(list(dict.fromkeys(names.values())), most)
        for batch in _evenly(batches, most):
            if batch.num_rows:
                yield Rows(batch, first, names, self.shown, decimal=self._decimal)
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
        compressed = self.path.suffix.lower() in COMPRESSED
        kind = plain_suffix(self.path)
        if kind not in (".csv", ".tsv", ".parquet") or (compressed and kind == ".parquet"):
            raise InputError(
                self.shown,
                "".join(self.path.suffixes[-2:]),
                "must be a .csv or .parquet file; .tsv, .csv.gz, .csv.zst and .csv.bz2 are CSV too",
            )
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
        reason = sub(r"(columns, got \d+): .*", r"\1", reason)  # and then the row itself
        if "UTF8" in reason or isinstance(error, UnicodeDecodeError):
            reason = f"its text is not UTF-8 ({reason})"
        return InputError(self.shown, str(self.path), f"must be {kind}: {reason}")

    @property
    def _is_csv(self) -> bool:
        return plain_suffix(self.path) != ".parquet"

    @property
    def _decimal(self) -> str:
        return "." if self._form is None else self._form.decimal

    def _open_csv(self, include: list[str] | None = None) -> Any:
        if self._form is None:
            self._form = csv_form(self.path, self.shown)
        text = {name: pa.string() for name in include or ()}
        return pa_csv.open_csv(
            opened(self.path),
            # Rows that do not parse are only numbered by the reader of one thread.
            read_options=pa_csv.ReadOptions(
                block_size=self._block_bytes,
                use_threads=False,
                encoding=self._form.encoding,
                skip_rows=self._form.skipped,
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=self._form.delimiter, newlines_in_values=True
            ),
            convert_options=pa_csv.ConvertOptions(include_columns=include, column_types=text),
        )

    def _enlarged(self, error: Exception) -> bool:
        """Whether a row was longer than a block, and blocks are larger from now on."""
        if "straddling" not in str(error) or self._block_bytes >= _LONGEST_ROW:
            return False
        self._block_bytes *= 16
        return True

    def _open_parquet(self) -> Any:
        return pa_parquet.ParquetFile(self.path, buffer_size=READ_BYTES, pre_buffer=False)

    def _names_there(self) -> list[str]:
        try:
            if self._is_csv:
                with self._open_csv() as reader:
                    return list(reader.schema.names)
            with self._open_parquet() as file:
                return list(file.schema_arrow.names)
        except InputError:
            raise
        except (pa.ArrowException, OSError, ValueError) as error:
            if self._enlarged(error):
                return self._names_there()
            raise self._unreadable(error) from None

    def _batches(self, include: list[str], most: int) -> Iterator[Any]:
        """Record batches of the columns ``include``, ``most`` rows long, and the rest."""
        given = 0
        while True:
            passed = 0
            try:
                for batch in self._blocks(include, most):
                    # After a row that was too long the file is read again from its beginning.
                    for start in range(max(given - passed, 0), batch.num_rows, most):
                        part = batch.slice(start, most)
                        given += part.num_rows
                        yield part
                    passed += batch.num_rows
                return
            except InputError:
                raise
            except (pa.ArrowException, OSError, ValueError, KeyError) as error:
                if not (self._is_csv and self._enlarged(error)):
                    raise self._unreadable(error) from None

    def _blocks(self, include: list[str], most: int) -> Iterator[Any]:
        """Record batches as they are read."""
        if self._is_csv:
            with self._open_csv(include) as reader:
                yield from reader
        else:
            with self._open_parquet() as file:
                yield from file.iter_batches(batch_size=most, columns=include, use_threads=False)


def _evenly(batches: Iterator[Any], most: int) -> Iterator[Any]:
    """The same rows in batches of ``most`` rows each, but for the last one."""
    held: list[Any] = []
    count = 0
    for batch in batches:
        held.append(batch)
        count += batch.num_rows
        if count < most:
            continue
        table = pa.Table.from_batches(held).combine_chunks()
        whole = count - count % most
        for start in range(0, whole, most):
            (part,) = table.slice(start, most).to_batches()
            yield part
        held, count = table.slice(whole).to_batches(), count - whole
    if count:
        (rest,) = pa.Table.from_batches(held).combine_chunks().to_batches()
        yield rest


def _plain(name: str) -> str:
    """A column's name without what spreadsheets and hands add to it."""
    bare = name.strip("\ufeff \t\"'").casefold().replace("-", " ")
    return "_".join(bare.split())


class Rows:
    """Consecutive rows of the file: their columns as arrays, and how to refuse one of them.

    Attributes:
        first: number of the first row; a file's first row is 1.
    """

    def __init__(
        self, batch: Any, first: int, names: Mapping[str, str], thing: str, decimal: str = "."
    ) -> None:
        self.first = first
        self._batch, self._names, self._thing = batch, names, thing
        self._decimal = decimal

    def __len__(self) -> int:
        """Number of rows."""
        return int(self._batch.num_rows)

    def values(self, key: str) -> Any:
        """A column by its canonical name, as Arrow has it; text is trimmed."""
        values = self._batch.column(self._names[key])
        if pa.types.is_dictionary(values.type):
            values = values.dictionary_decode()
        if str(values.type).partition("[")[0] in _TEXT_KINDS:  # what other writers make of text
            try:
                values = values.cast(pa.large_string())
            except pa.ArrowException:
                none = np.ones(len(values), dtype=bool)
                self.refuse(key, none, f"must be text or numbers, not {values.type}")
        if _is_text(values):
            values = pc.utf8_trim_whitespace(values)
        return values

    def texts(self, key: str, accepted: str) -> list[str]:
        """A column as names: text, or whole numbers as text; a row that says nothing is refused."""
        values = self.values(key)
        if not (_is_text(values) or pa.types.is_integer(values.type)):
            self.refuse(
                key, np.ones(len(self), bool), f"must be text, not {values.type}; {accepted}"
            )
        names = ["" if value is None else str(value) for value in values.to_pylist()]
        blank = np.array([not name for name in names], dtype=bool)
        self.refuse(key, blank, f"is missing; {accepted}")
        return names

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
        text = _is_text(values)
        kind = values.type
        if not (text or pa.types.is_null(kind) or _is_number(kind)):
            self.refuse(key, np.ones(len(self), bool), f"must be numbers, not {kind}; {accepted}")
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
        if self._decimal == "," and _is_text(values):
            changed = pc.replace_substring_regex(values, _DECIMAL_COMMA, r"\1.\2")
            if not changed.equals(values):
                note(
                    self._thing, f"commas in column {self._names[key]!r} are read as decimal points"
                )
            values = changed
        try:
            numbers = convert(values)
        except (pa.ArrowException, ValueError):
            self.refuse(key, _first_failure(values, convert), accepted)
            raise
        self.refuse(key, ~np.isfinite(numbers), accepted)
        return numbers


def _is_text(values: Any) -> bool:
    return bool(pa.types.is_string(values.type) or pa.types.is_large_string(values.type))


def _is_number(kind: Any) -> bool:
    types = pa.types
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))


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
