"""Partial results of a calibration: each is there whole or not at all."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

from edgesim.errors import InputError
from edgesim.files import replacing
from edgesim.services.service import Outputs

__all__ = ["Partial", "is_images"]

_IMAGE_AXES = 4


def is_images(outputs: Outputs) -> bool:
    """Whether results are images: (n, height, width, channels) with values in [0, 1]."""
    return isinstance(outputs, np.ndarray) and (
        outputs.ndim == _IMAGE_AXES and outputs.dtype.kind in "fu"
    )


class Partial:
    """The folder of partial results.

    Args:
        folder: where they lie.
        settings: what two calibrations must have in common for one to go on with the other.

    Raises:
        InputError: the folder cannot be made, or holds results of other settings.
    """

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError("out", str(folder), f"must be a folder: {error.strerror}") from None
        text = json.dumps(settings, sort_keys=True)
        path = folder / "settings.json"
        if path.is_file() and path.read_text(encoding="utf-8") != text:
            raise InputError(
                "out",
                str(folder),
                "holds part of a calibration with other settings: repeat those to go on with it,"
                " remove the folder, or name another",
            )
        with replacing(path) as part:
            part.write_text(text, encoding="utf-8")
        self._spent = folder / "cpu_s.json"
        before = (
            json.loads(self._spent.read_text(encoding="utf-8")) if self._spent.is_file() else 0.0
        )
        self._origin_s = process_time() - before

    @property
    def cpu_s(self) -> float:
        """CPU seconds so far, those before a kill included."""
        return process_time() - self._origin_s

    def kept(self, name: str, make: Callable[[], Any]) -> Any:
        """A JSON result from before, or a new one."""
        path = self._folder / f"{name}.json"
        if path.is_file():
            return json.loads(path.read_text(encoding="utf-8"))
        value = make()
        self._write_json(path, value)
        return value

    def outputs(self, name: str) -> Outputs | None:
        """Results of the service from before; None where there are none."""
        array, words = self._folder / f"{name}.npy", self._folder / f"{name}.json"
        if array.is_file():
            found: Outputs = np.load(array)
            return found
        return json.loads(words.read_text(encoding="utf-8")) if words.is_file() else None

    def keep_outputs(self, name: str, outputs: Outputs) -> None:
        """Keep results; images with 8 bits a value, as services deliver them."""
        if not isinstance(outputs, np.ndarray):
            try:
                self._write_json(self._folder / f"{name}.json", list(outputs))
            except TypeError as error:
                accepted = f"run() must give an array, or a list of what JSON can hold: {error}"
                raise InputError("service", type(outputs).__name__, accepted) from None
            return
        if is_images(outputs):
            outputs = np.round(outputs * 255.0).astype(np.uint8)
        with replacing(self._folder / f"{name}.npy") as part, part.open("wb") as file:
            np.save(file, outputs, allow_pickle=False)
        self._note()

    def _write_json(self, path: Path, value: Any) -> None:
        text = json.dumps(value)
        with replacing(path) as part:
            part.write_text(text, encoding="utf-8")
        self._note()

    def _note(self) -> None:
        with replacing(self._spent) as part:
            part.write_text(json.dumps(self.cpu_s), encoding="utf-8")

    def remove(self) -> None:
        """All is measured and written."""
        shutil.rmtree(self._folder)
