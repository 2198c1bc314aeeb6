"""A folder that one process works in at a time."""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from edgesim.errors import InputError
from edgesim.notes import note

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["LOCK", "check_free", "locked"]

LOCK = ".lock"
"""The file in a folder that is locked while a process works there."""

_HELD = (errno.EACCES, errno.EAGAIN)  # what flock says of a lock that another process has
_UNKNOWN = "two trainings in one folder are not noticed here: this system locks no files"


@contextmanager
def locked(folder: Path, what: str) -> Iterator[None]:
    """Within it, no other process gets the lock of the folder.

    The lock is the system's own (``flock``), so that a process that crashes or is killed leaves
    none behind; a file ``.lock`` that is still there then means nothing. On a network disk it holds
    between machines where the disk says so. Where there are no such locks (Windows, some network
    disks) this is said in a note, and nothing is kept apart.

    Args:
        folder: the folder, which exists.
        what: what a process does that has the lock: ``"trained"``.

    Raises:
        InputError: another process has the lock, or the folder cannot be written to.
    """
    file = _acquired(folder, what)
    try:
        yield
    finally:
        if file is not None:
            # First the name, then the lock: who waits for the lock sees that the name is gone.
            with suppress(OSError):
                (folder / LOCK).unlink(missing_ok=True)
            os.close(file)


def check_free(folder: Path, what: str) -> None:
    """See that no other process has the lock of a folder; nothing is written.

    Raises:
        InputError: one has.
    """
    if fcntl is None:
        return
    try:
        file = os.open(folder / LOCK, os.O_RDWR)
    except OSError:  # no such file: nobody is at work there
        return
    try:
        _lock(file, folder, what)
    finally:
        os.close(file)


def _acquired(folder: Path, what: str) -> int | None:
    """The open and locked file of a folder; None where there are no locks."""
    if fcntl is None:
        note("runs", _UNKNOWN)
        return None
    path = folder / LOCK
    while True:
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise InputError("file", str(path), f"cannot be written: {error.strerror}") from None
        try:
            held = _lock(file, folder, what)
            if not held or _is_at(file, path):
                with suppress(OSError):  # who it is serves a message alone
                    os.ftruncate(file, 0)
                    os.write(file, f"{os.getpid()} on {socket.gethostname()}".encode())
                return file
        except BaseException:
            os.close(file)
            raise
        os.close(file)  # its owner took it away in this moment


def _lock(file: int, folder: Path, what: str) -> bool:
    """Lock an open file; False where its disk has no locks."""
    locks: Any = fcntl
    try:
        locks.flock(file, locks.LOCK_EX | locks.LOCK_NB)
    except OSError as error:
        if error.errno not in _HELD:
            note("runs", _UNKNOWN)
            return False
        os.lseek(file, 0, os.SEEK_SET)
        who = os.read(file, 200).decode(errors="replace")
        accepted = f"is being {what} by process {who}; wait for it, or name another folder"
        raise InputError("run folder", str(folder), accepted) from None
    return True


def _is_at(file: int, path: Path) -> bool:
    """Whether an open file is still the one of that name."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except OSError:
        return False
