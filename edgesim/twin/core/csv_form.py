"""The form of a CSV file, told from its first lines: separator, encoding, compression."""

import re
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from edgesim.errors import InputError
from edgesim.text_files import COMPRESSED, encoding_of, plain_suffix

__all__ = ["CSVForm", "csv_form", "opened"]

_SEPARATORS = ",;\t|"
_LOOKED_AT = 1 << 16
"""Bytes from whose first line the form is told."""


class CSVForm(NamedTuple):
    """How a CSV file is written.

    Attributes:
        delimiter: what stands between two values.
        encoding: as Arrow and Python call it.
        decimal: the sign before decimals: spreadsheets that write ``;`` between values often write
            a comma there.
        skipped: lines before the header: one that names the separator, as in ``sep=;``.
    """

    delimiter: str
    encoding: str
    decimal: str
    skipped: int = 0


def opened(path: Path) -> Any:
    """The file as a stream of bytes, decompressed where its name says that it is compressed."""
    return pa.input_stream(str(path), compression=COMPRESSED.get(path.suffix.lower()))


def csv_form(path: Path, thing: str) -> CSVForm:
    """The form of a file, from its header.

    The separator is that of comma, semicolon, tab and bar which stands most often outside quotes;
    that of a ``.tsv`` is the tab. The encoding is UTF-8, or the one of its byte order mark.

    Raises:
        InputError: the header is in another encoding.
    """
    with opened(path) as stream:
        beginning: bytes = stream.read(_LOOKED_AT)
    encoding = encoding_of(beginning)
    if encoding == "utf-8-sig":  # Arrow passes over the mark by itself
        encoding = "utf-8"
    text = beginning.decode(encoding, errors="replace").lstrip("\ufeff")
    header = next((line for line in text.splitlines() if line.strip()), "")
    if "\ufffd" in header:
        raise InputError(thing, str(path), "must be text in UTF-8: its header is not; save it so")
    named = re.fullmatch(r'"?sep=(.)"?', header.strip("\r\n"))
    if named:
        return CSVForm(named[1], encoding, "," if named[1] == ";" else ".", skipped=1)
    bare = re.sub(r'"[^"]*"', "", header)
    if plain_suffix(path) == ".tsv":
        return CSVForm("\t", encoding, ".")
    delimiter = max(_SEPARATORS, key=lambda sign: (bare.count(sign), sign == ","))
    return CSVForm(delimiter, encoding, "," if delimiter == ";" else ".")
