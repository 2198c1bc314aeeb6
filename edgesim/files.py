"""Files on disk: written whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgesim.errors import InputError

__all__ = ["replacing"]


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path beside ``path`` to write to, which replaces it when all went well.

    Raises:
        InputError: the file cannot be written; what was there stays.
    """
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        yield part
        os.replace(part, path)
    except OSError as error:
        raise InputError("file", str(path), f"cannot be written: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)
