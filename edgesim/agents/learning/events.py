"""TensorBoard's event files, on a disk that may be full."""

import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from stable_baselines3.common.logger import TensorBoardOutputFormat

from edgesim.files import disk_failure

__all__ = ["EventFiles"]

_WRITER = "_AsyncWriterThread"


class EventFiles(TensorBoardOutputFormat):
    """Writes what an algorithm logs to TensorBoard's event files.

    Args:
        folder: where the files go.

    Raises:
        InputError: they cannot be written, also of :meth:`write`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        _quiet_writers()
        try:
            super().__init__(str(folder))
        except OSError as error:
            raise disk_failure(error, folder) or error from None

    def write(
        self, key_values: dict[str, Any], key_excluded: dict[str, Any], step: int = 0
    ) -> None:
        """Write the values of a dump."""
        try:
            super().write(key_values, key_excluded, step)
        except OSError as error:
            raise disk_failure(error, self._folder) or error from None

    def close(self) -> None:
        """Close the files; what cannot be written any more has been told, or is a last line."""
        with suppress(OSError):
            super().close()


def _quiet_writers() -> None:
    """Keep TensorBoard's thread from printing a traceback of its own about a disk.

    The same exception is raised again where the next value is written.
    """
    usual = threading.excepthook
    if getattr(usual, "for_event_files", False):
        return

    def hook(given: threading.ExceptHookArgs) -> None:
        if type(given.thread).__name__ != _WRITER or not isinstance(given.exc_value, OSError):
            usual(given)

    hook.for_event_files = True  # type: ignore[attr-defined]
    threading.excepthook = hook
