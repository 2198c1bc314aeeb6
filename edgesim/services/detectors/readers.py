"""Flows from files: NSL-KDD, CICIDS2017, or any table with a column of labels."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgesim.errors import InputError, did_you_mean
from edgesim.files import is_file
from edgesim.notes import note
from edgesim.services.detectors.flows import Flows, check_finite

__all__ = ["read_cicids2017", "read_features", "read_flows", "read_flows_of", "read_nsl_kdd"]

Floats = npt.NDArray[np.float64]

_BENIGN = ("normal", "BENIGN", "Benign", "benign")
_LABELS = ("label", "Label", "class", "attack")
_NO_FEATURES = ("part", "difficulty")  # of NSL-KDD: which file a flow is from, and a score
_LOGARITHMIC = ("duration", "bytes", "packets", "length", "iat", "_ms", "active", "idle", "count")
# of NSL-KDD only durations and bytes, as those who cite it do
_NSL_LOGARITHMIC = ("duration", "src_bytes", "dst_bytes")


def read_nsl_kdd(path: str | Path) -> Flows:
    """NSL-KDD (Tavallaee and others, CISDA 2009): 38 numeric features, all its kinds of attack.

    Raises:
        InputError: the file cannot be read, or is another.
    """
    return read_flows(path, logarithmic=_NSL_LOGARITHMIC)


def read_cicids2017(path: str | Path) -> Flows:
    """CICIDS2017 (Sharafaldin and others, ICISSP 2018), as CICFlowMeter writes it.

    Its rates are infinite where a flow took no time: such flows are left out, and a note says so.

    Raises:
        InputError: the file cannot be read, or is another.
    """
    return read_flows(path, drop_infinite=True)


def read_flows_of(path: str | Path) -> Flows:
    """Flows of whichever data set a file holds, known by its columns: NSL-KDD, CICIDS2017, others.

    Raises:
        InputError: as the reader of the data set.
    """
    names = {name.strip().lower() for name in _table(path).column_names}
    if {"src_bytes", "dst_bytes", "num_compromised"} <= names:
        return read_nsl_kdd(path)
    if {"flow duration", "flow iat mean"} <= names:
        return read_cicids2017(path)
    return read_flows(path)


def read_flows(
    path: str | Path,
    *,
    logarithmic: Sequence[str] = _LOGARITHMIC,
    drop_infinite: bool = False,
) -> Flows:
    """Flows from a CSV or Parquet table: numeric columns, and one of labels.

    Args:
        path: the table. A column ``label`` (or ``Label``, ``class``, ``attack``) holds the kinds;
            ``normal`` or ``benign`` is what is no attack. Columns of text are left out.
        logarithmic: parts of the names of columns that are seen as logarithms.
        drop_infinite: whether to leave flows out that have infinite values.

    Raises:
        InputError: the file cannot be read, there is no column of labels or none of numbers, no
            benign flow, one class only, values that are missing or not finite.
    """
    table = _table(path)
    label = next((name for name in _LABELS if name in table.column_names), None)
    if label is None:
        accepted = f"must have a column of labels, one of {', '.join(_LABELS)}"
        raise InputError(str(path), f"columns {table.column_names[:6]}", accepted)
    words = _words(table, label)
    values, features = _numeric(path, table.drop_columns([label]))
    if drop_infinite:
        kept = ~np.isinf(values).any(axis=1)
        if not kept.all():
            note(str(path), f"{int((~kept).sum())} flows with infinite values are left out")
        values, words = values[kept], words[kept]
    check_finite(values, features)
    benign = next((word for word in _BENIGN if (words == word).any()), None)
    if benign is None:
        accepted = f"must have benign flows, called {' or '.join(_BENIGN)}"
        raise InputError(f"{path}: {label}", sorted(set(words.tolist()))[:6], accepted)
    classes = (benign, *sorted(set(words.tolist()) - {benign}))
    place = {name: number for number, name in enumerate(classes)}
    kinds = np.array([place[word] for word in words.tolist()], dtype=np.int64)
    logs = tuple(any(part in name.lower() for part in logarithmic) for name in features)
    flows = Flows(values, kinds, classes, features, logs)
    flows.check_learnable()
    return flows


def read_features(path: str | Path, features: Sequence[str]) -> tuple[Floats, list[str] | None]:
    """The columns that a detector knows, and the labels where the table has some.

    Returns:
        values, shape (flows, features), and the label of each flow or None.

    Raises:
        InputError: the file cannot be read, lacks a column, has no rows, or values are not finite.
    """
    table = _table(path)
    for name in features:
        if name not in table.column_names:
            accepted = f"there is no such column; {did_you_mean(name, table.column_names)}"
            raise InputError(f"{path}: column", name, accepted)
    values, numeric = _numeric(path, table.select(list(features)), drop=())
    text = next((name for name in features if name not in numeric), None)
    if text is not None:
        raise InputError(f"{path}: column {text}", table[text][0].as_py(), "must be numbers")
    check_finite(values, features)
    label = next((name for name in _LABELS if name in table.column_names), None)
    return values, None if label is None else _words(table, label).tolist()


def _words(table: Any, column: str) -> npt.NDArray[np.str_]:
    return np.array([str(word).strip() for word in table[column].to_pylist()])


def _numeric(
    path: str | Path, table: Any, drop: Sequence[str] = _NO_FEATURES
) -> tuple[Floats, tuple[str, ...]]:
    """The numeric columns of a table, and what they are called."""
    from pyarrow import types

    names = tuple(
        field.name
        for field in table.schema
        if field.name not in drop
        and (types.is_integer(field.type) or types.is_floating(field.type))
    )
    if not names:
        raise InputError(str(path), table.column_names[:6], "must have numeric columns")
    if not table.num_rows:
        raise InputError(str(path), "0 rows", "must hold flows, a row each")
    # What is missing is not a number.
    columns = [
        table[name].cast("float64", safe=False).fill_null(np.nan).to_numpy() for name in names
    ]
    return np.column_stack(columns), names


def _table(path: str | Path) -> Any:
    """The table of a CSV or Parquet file, as pyarrow has it."""
    from pyarrow import csv, parquet

    file = Path(path)
    if not is_file(file):
        raise InputError("file of flows", str(path), "there is no such file")
    try:
        table = (
            parquet.read_table(file) if file.suffix in (".parquet", ".pq") else csv.read_csv(file)
        )
        return _each_once(path, table.rename_columns([it.strip() for it in table.column_names]))
    except Exception as error:  # a damaged file raises whatever its parts do
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError("file of flows", str(path), f"must be CSV or Parquet: {reason}") from None


def _each_once(path: str | Path, table: Any) -> Any:
    """The table with the first of the columns that have one name, as CICIDS2017 has two."""
    names = table.column_names
    first = [at for at, name in enumerate(names) if name not in names[:at]]
    if len(first) < len(names):
        twice = ", ".join(sorted({it for at, it in enumerate(names) if at not in first}))
        note(str(path), f"has columns of the same name, of which the first counts: {twice}")
    return table.select(first)
