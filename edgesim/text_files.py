"""Text that somebody wrote: whatever a spreadsheet, an editor or a compressor has made of it."""

import codecs
import stat
from pathlib import Path

from edgesim.errors import InputError

__all__ = ["COMPRESSED", "check_file", "decoded", "encoding_of", "plain_suffix", "read_bytes"]

MOST_BYTES = 256 * 2**20
"""The largest file, decompressed, that is read as a whole: a hundred times any topology."""

COMPRESSED = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}
"""Endings of compressed files, and what Arrow calls their codecs."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins with the mark of UTF-16, so it goes first
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def plain_suffix(path: Path) -> str:
    """The ending of a file's name without that of its compression, in small letters."""
    suffix = path.suffix.lower()
    return Path(path.stem).suffix.lower() if suffix in COMPRESSED else suffix


def encoding_of(beginning: bytes) -> str:
    """The encoding of a text by its byte order mark or its zero bytes; UTF-8 where it has none."""
    for mark, encoding in _MARKS:
        if beginning.startswith(mark):
            return encoding
    # Letters of ASCII in UTF-16 without a mark: every other byte is 0.
    even, odd = beginning[:200:2].count(0), beginning[1:200:2].count(0)
    few = max(len(beginning[:200]) // 8, 1)
    if even + odd < few:
        return "utf-8"
    return "utf-16-le" if odd > even else "utf-16-be"


def read_bytes(path: Path, thing: str) -> bytes:
    """The whole content of a file, decompressed where its name ends in one of ``COMPRESSED``.

    Raises:
        InputError: it cannot be read, or is not compressed as its name says.
    """
    try:
        check_file(path, thing)
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(thing, str(path), f"cannot be read: {reason}") from None
    codec = COMPRESSED.get(path.suffix.lower())
    if codec is None:
        return content
    import pyarrow as pa  # here, so that listing the scenarios stays quick

    try:
        with pa.input_stream(pa.py_buffer(content), compression=codec) as stream:
            plain: bytes = stream.read(MOST_BYTES + 1)
    except (OSError, pa.ArrowException) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(thing, str(path), f"cannot be decompressed: {reason}") from None
    if len(plain) > MOST_BYTES:
        raise InputError(thing, str(path), f"is decompressed larger than {MOST_BYTES:,} bytes")
    return plain


def check_file(path: Path, thing: str, most_bytes: int = MOST_BYTES) -> None:
    """See that a path is a file of a size that can be read as a whole, and no device or pipe.

    Raises:
        InputError: it is not.
        OSError: there is no such file, or it cannot be looked at.
    """
    about = path.stat()
    if stat.S_ISDIR(about.st_mode):
        raise InputError(thing, str(path), "cannot be read: it is a folder")
    if not stat.S_ISREG(about.st_mode):
        raise InputError(thing, str(path), "cannot be read: it is a device or a pipe, and no file")
    if about.st_size > most_bytes:
        accepted = f"is larger than {most_bytes:,} bytes, the most that is read of such a file"
        raise InputError(thing, str(path), accepted)


def decoded(content: bytes, path: Path, thing: str) -> str:
    """A file's content as text: UTF-8, or UTF-16 or UTF-32 with their marks.

    Raises:
        InputError: it is in another encoding.
    """
    encoding = encoding_of(content)
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        name = encoding.removesuffix("-sig").upper()
        line = content[: error.start].count(b"\n") + 1
        raise InputError(
            thing, str(path), f"must be text in UTF-8: its line {line} is no {name}; save it so"
        ) from None
