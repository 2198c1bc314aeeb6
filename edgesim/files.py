"""Files on disk: written whole or not at all."""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from edgesim.errors import InputError

__all__ = ["disk_failure", "is_file", "replacing"]

_OF_THE_DISK = {
    getattr(errno, name)
    for name in (
        *("EACCES", "EDQUOT", "EFBIG", "EIO", "EISDIR", "ELOOP", "EMFILE", "ENAMETOOLONG"),
        *("ENODEV", "ENOLCK", "ENOSPC", "ENOTDIR", "ENXIO", "EPERM", "EROFS", "ESTALE"),
    )
    if hasattr(errno, name)  # Windows lacks some
}
"""What a disk says that is full, read-only or gone, or a place where one may not write."""

_RUST = re.compile(r"\(os error (\d+)\)")  # how safetensors passes on what the system said
_TORCH = "PytorchStreamWriter failed"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path beside ``path`` to write to, which replaces it when all went well.

    Raises:
        InputError: the file cannot be written; what was there stays.
    """
    # With the number of the process: two that write the same file do not write into each other's.
    part = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        yield part
        os.replace(part, path)
    except OSError as error:
        raise _unwritten(path, error.strerror or str(error)) from None
    except Exception as error:
        failed = disk_failure(error, path)
        if failed is None:
            raise
        raise failed from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def is_file(path: str | Path) -> bool:
    """Whether there is a file of that name; of a name that is too long for any there is none."""
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


def disk_failure(error: BaseException, path: Path | None = None) -> InputError | None:
    """What to tell of an exception where a disk that is full, read-only or gone is behind it.

    Libraries wrap what the system said, each in its own way.

    Args:
        error: the exception.
        path: what was being written; by default what the exception names.

    Returns:
        the message; None where something else is behind it.
    """
    seen: list[BaseException] = []
    now: BaseException | None = error
    while now is not None and now not in seen and not isinstance(now, InputError):
        seen.append(now)
        reason = _reason(now)
        if reason is not None:
            named = getattr(now, "filename2", None) or getattr(now, "filename", None)
            return _unwritten(path or named or "?", reason)
        now = now.__cause__ or now.__context__
    return None


def _reason(error: BaseException) -> str | None:
    """What the system said, where the disk is at fault."""
    number = error.errno if isinstance(error, OSError) else None
    found = _RUST.search(str(error))
    if found is not None:
        number = int(found[1])
    if number in _OF_THE_DISK:
        assert number is not None
        return os.strerror(number)
    return "the disk is full or gone" if _TORCH in str(error) else None


def _unwritten(path: Path | str, reason: str) -> InputError:
    return InputError("file", str(path), f"cannot be written: {reason}")
