"""Rows on disk, however spreadsheets, editors and compressors have written them."""

import bz2
import gzip
import logging
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from edgesim.errors import InputError
from edgesim.twin.core import trace_file
from edgesim.twin.core.csv_form import csv_form
from edgesim.twin.core.trace_file import TraceFile

PLAIN = "arrival_s,steps\n0,100\n1.5,120\n"


def read(path: Path, *keys: str) -> list[list[float]]:
    """All rows of two columns as numbers."""
    file = TraceFile(path)
    names = file.columns(dict.fromkeys(keys or ("arrival_s", "steps")))
    return [
        list(row)
        for rows in file.rows(names)
        for row in zip(*(rows.floats(key, "must be a number") for key in names), strict=True)
    ]


FORMS = {
    "commas.csv": PLAIN.encode(),
    "semicolons.csv": PLAIN.replace(",", ";").encode(),
    "tabs.csv": PLAIN.replace(",", "\t").encode(),
    "tabs.tsv": PLAIN.replace(",", "\t").encode(),
    "bars.csv": PLAIN.replace(",", "|").encode(),
    "marked.csv": PLAIN.encode("utf-8-sig"),
    "wide.csv": PLAIN.encode("utf-16"),
    "wide_unmarked.csv": PLAIN.encode("utf-16-le"),
    "wide_tabs.csv": PLAIN.replace(",", "\t").encode("utf-16"),
    "packed.csv.gz": gzip.compress(PLAIN.encode()),
    "packed.csv.bz2": bz2.compress(PLAIN.encode()),
    "packed.csv.zst": pa.compress(PLAIN.encode(), codec="zstd", asbytes=True),
    "spaces.csv": b"arrival_s , steps \n 0 , 100 \n1.5, 120\n",
    "capitals.csv": b"Arrival_S,STEPS\n0,100\n1.5,120\n",
    "words.csv": b'"arrival s",Steps\n0,100\n1.5,120\n',
    "named.csv": b"sep=;\r\narrival_s;steps\r\n0;100\r\n1.5;120\r\n",
    "lines.csv": PLAIN.replace("\n", "\r\n").encode(),
    "comma_in_a_quoted_name.csv": b'"a, b, c";arrival_s;steps\nx;0;100\ny;1.5;120\n',
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_the_same_rows(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(FORMS[name])
    assert read(path) == [[0.0, 100.0], [1.5, 120.0]]


def test_a_decimal_comma_beside_semicolons_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "decimal.csv"
    path.write_text("arrival_s;steps\n0;100\n1,5;120\n", encoding="utf-8")
    assert read(path) == [[0.0, 100.0], [1.5, 120.0]]
    assert "commas in column 'arrival_s' are read as decimal points" in caplog.text


def test_line_breaks_in_quotes_beyond_a_block(tmp_path: Path) -> None:
    path = tmp_path / "prompts.csv"
    rows = "".join(f'{k},100,"{"a red boat " * 3}\n{"on a lake " * 3}"\n' for k in range(9000))
    path.write_text("arrival_s,steps,prompt\n" + rows, encoding="utf-8")
    assert path.stat().st_size > 2 * trace_file.READ_BYTES
    assert [row[0] for row in read(path)] == list(range(9000))


@pytest.mark.parametrize("place", [0, 1, 4000])
def test_one_row_longer_than_a_block(place: int, tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    images = ["z" * (700_000 if row == place else 100) for row in range(5000)]
    rows = "".join(f"{row},100,{image}\n" for row, image in enumerate(images))
    path.write_text("arrival_s,steps,image\n" + rows, encoding="utf-8")
    assert [row[0] for row in read(path)] == list(range(5000))


def test_blocks_are_even_whatever_is_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("arrival_s\n" + "".join(f"{row}\n" for row in range(1000)), encoding="utf-8")
    for held in (200, 1000, 1 << 18):
        monkeypatch.setattr(trace_file, "READ_BYTES", held)
        parts = list(TraceFile(path).rows({"arrival_s": "arrival_s"}, most=300))
        assert [(part.first, len(part)) for part in parts] == [
            (1, 300),
            (301, 300),
            (601, 300),
            (901, 100),
        ]
        values = [value for part in parts for value in part.values("arrival_s").to_pylist()]
        assert values == [str(row) for row in range(1000)]


def test_a_column_that_is_there_in_two_ways_of_writing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("arrival_s, Steps,STEPS\n0,1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="only once, and is there as ' Steps', 'STEPS'"):
        TraceFile(path).columns({"steps": None})
    # The exact name needs no guess.
    assert TraceFile(path).columns({"a": "STEPS"}) == {"a": "STEPS"}


def test_what_is_not_read_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "t.csv"
    path.write_text("arrival_s,steps,upload_byte, prompt\n0,1,2,x\n", encoding="utf-8")
    file = TraceFile(path)
    with caplog.at_level(logging.WARNING, logger="edgesim"):
        file.say_unread(file.columns({"arrival_s": None, "steps": None, "upload_bytes": None}))
    assert caplog.messages == [f"note: trace {path}: columns not read: upload_byte, prompt"]


TEXTS = {
    "string_view": pa.array(["1", "2"], pa.string_view()),
    "large": pa.array(["1", "2"], pa.large_string()),
    "binary": pa.array([b"1", b"2"], pa.binary()),
    "large binary": pa.array([b"1", b"2"], pa.large_binary()),
    "binary_view": pa.array([b"1", b"2"], pa.binary_view()),
    "dictionary": pa.array(["1", "2"]).dictionary_encode(),
    "decimal": pa.array([1, 2]).cast(pa.decimal128(25, 2)),
    "small": pa.array([1, 2], pa.uint8()),
    "float32": pa.array([1, 2], pa.float32()),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_every_kind_of_text_and_number_in_parquet(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    try:
        pq.write_table(pa.table({"steps": TEXTS[kind]}), path)
    except pa.ArrowNotImplementedError:  # the oldest pyarrow writes no views
        pytest.skip("this pyarrow does not write such a column")
    assert read(path, "steps") == [[1.0], [2.0]]
    (rows,) = TraceFile(path).rows({"steps": "steps"})
    assert rows.optional_floats("steps", "must be a number").tolist() == [1.0, 2.0]


OTHERS = {
    "list": pa.array([[1], [2]]),
    "struct": pa.array([{"a": 1}, {"a": 2}]),
    "date": pa.array([1, 2], pa.date32()),
    "bool": pa.array([True, False]),
    "bytes": pa.array([b"\xff", b"\xfe"], pa.binary()),
    "duration": pa.array([1, 2], pa.duration("s")),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_every_other_kind_is_refused_in_one_line(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"steps": OTHERS[kind]}), path)
    (rows,) = TraceFile(path).rows({"steps": "steps"})
    for attempt in (rows.floats, rows.optional_floats):
        with pytest.raises(InputError, match=r"row 1, column 'steps'") as refused:
            attempt("steps", "must be a number")
        assert "\n" not in str(refused.value)


def test_names_are_text_or_whole_numbers_and_none_is_no_name(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    table = {"a": pa.array([7, 8]), "b": pa.array(["x", None]), "c": pa.array([7.0, 8.0])}
    pq.write_table(pa.table(table), path)
    (rows,) = TraceFile(path).rows({key: key for key in table})
    assert rows.texts("a", "must be a name") == ["7", "8"]
    with pytest.raises(InputError, match="row 2, column 'b' = None: is missing; must be a name"):
        rows.texts("b", "must be a name")
    with pytest.raises(InputError, match="must be text, not double"):
        rows.texts("c", "must be a name")


def test_text_in_another_encoding_is_told(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("arrival_s,steps,größe\n0,1,2\n".encode("latin-1"))
    with pytest.raises(InputError, match="must be text in UTF-8: its header is not"):
        TraceFile(path).columns({"steps": None})
    path.write_bytes("steps\nvierhundertfünf\n".encode("latin-1"))
    with pytest.raises(InputError, match="its text is not UTF-8"):
        list(TraceFile(path).rows({"steps": "steps"}))


def test_what_is_not_compressed_as_its_name_says_is_told(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_text(PLAIN, encoding="utf-8")
    with pytest.raises(InputError, match="must be CSV with a header"):
        TraceFile(path).columns({"steps": None})


def test_of_many_columns_that_are_not_read_twelve_are_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for more, end in ((12, "c11"), (13, "c11, 1 more")):
        path = tmp_path / f"{more}.csv"
        names = ",".join(["arrival_s", *(f"c{number}" for number in range(more))])
        path.write_text(f"{names}\n0{',1' * more}\n", encoding="utf-8")
        file = TraceFile(path)
        caplog.clear()
        with caplog.at_level(logging.WARNING, logger="edgesim"):
            file.say_unread(file.columns({"arrival_s": None}))
        assert caplog.messages[0].endswith(f"c10, {end}")


def test_rows_are_numbered_from_one_whatever_is_read_at_once(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a\n" + "".join(f"{number}\n" for number in range(10)), encoding="utf-8")
    file = TraceFile(path)
    names = file.columns({"a": None})
    for most, firsts in ((10, [1]), (4, [1, 5, 9]), (1, list(range(1, 11)))):
        blocks = list(file.rows(names, most))
        assert [rows.first for rows in blocks] == firsts
        assert sum(map(len, blocks)) == 10
    last = list(file.rows(names, 4))[-1]
    with pytest.raises(InputError, match=r"row 10, column 'a' = '9': must be below 9\.5 s"):
        last.refuse("a", np.array([False, True]), "must be below {} s", np.array([1.5, 9.5]))
    last.refuse("a", np.array([False, False]), "never")


def test_the_named_separator_tells_the_decimal_sign(tmp_path: Path) -> None:
    for sign, text in ((";", "sep=;\n1,5;2\n"), ("|", "sep=|\n1,5|2\n"), (",", '"sep=,"\n1,2\n')):
        path = tmp_path / "named.csv"
        path.write_text(text, encoding="utf-8")
        decimal = "," if sign == ";" else "."
        assert csv_form(path, "trace") == (sign, "utf-8", decimal, 1)
    path.write_text("a;b\n", encoding="utf-8")
    assert csv_form(path, "trace") == (";", "utf-8", ",", 0)
    path.write_text('"x;y;z",b\n', encoding="utf-8")
    assert csv_form(path, "trace") == (",", "utf-8", ".", 0)
    path.write_text("\n\n  \na|b;c|d\n", encoding="utf-8")
    assert csv_form(path, "trace").delimiter == "|"
    path.write_text("alone\n", encoding="utf-8")
    assert csv_form(path, "trace").delimiter == ","


def test_numbers_that_are_missing_are_nan_where_they_may_be(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b,c\n1,,x\n,,y\n 2.5 ,,\n", encoding="utf-8")
    file = TraceFile(path)
    (rows,) = file.rows(file.columns({"a": None, "b": None, "c": None}))
    found = rows.optional_floats("a", "must be a number").tolist()
    assert found[0] == 1.0 and np.isnan(found[1]) and found[2] == 2.5
    assert np.isnan(rows.optional_floats("b", "must be a number")).all()
    with pytest.raises(InputError, match="row 1, column 'c' = 'x': must be a number"):
        rows.optional_floats("c", "must be a number")
    with pytest.raises(InputError, match="row 2, column 'a' = '': must be a number"):
        rows.floats("a", "must be a number")
    with pytest.raises(InputError, match="row 3, column 'c' = '': is missing; must be a word"):
        rows.texts("c", "must be a word")


def test_a_file_of_another_kind_is_told_by_its_last_two_endings(tmp_path: Path) -> None:
    path = tmp_path / "of.2024.csv.xz"
    path.write_text(PLAIN, encoding="utf-8")
    with pytest.raises(InputError, match=r"= '\.csv\.xz': must be a \.csv or \.parquet file"):
        TraceFile(path)
