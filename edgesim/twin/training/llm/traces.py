"""Pollux's traces: step times, gradient statistics and workloads, shipped or of a user's folder."""

import gzip
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edgesim.errors import InputError

__all__ = ["APPLICATIONS", "Asked", "GradientRows", "StepRows", "gradients", "steps", "workload"]

FloatArray = npt.NDArray[np.float64]

APPLICATIONS = ("bert", "cifar10", "deepspeech2", "imagenet", "ncf", "yolov3")
WORKLOADS = 8


class StepRows(NamedTuple):
    """Measured steps of an application, a row each."""

    nodes: FloatArray
    replicas: FloatArray
    atomic: FloatArray
    step_s: FloatArray
    sync_s: FloatArray


class GradientRows(NamedTuple):
    """Gradient statistics of an application at its initial batch, by progress.

    Attributes:
        initial_batch: samples.
        progress: steps of the initial batch, ascending.
        sqr: squared norm of the gradient.
        var: its variance.
        batches: all batches that were measured.
    """

    initial_batch: int
    progress: FloatArray
    sqr: FloatArray
    var: FloatArray
    batches: tuple[int, ...]


class Asked(NamedTuple):
    """A job that somebody submits."""

    name: str
    time_s: float
    application: str
    replicas: int
    batch: int


@lru_cache(maxsize=8)
def steps(application: str, folder: str | None = None) -> StepRows:
    """The measured steps of an application.

    Raises:
        InputError: there is no such application, or the file cannot be read.
    """
    rows = [row for row in _rows("step_time", folder) if row["app"] == application]
    keys = ("num_nodes", "num_replicas", "local_bsz", "step_time", "sync_time")
    columns = [_numbers("step_time", rows, key) for key in keys]
    _some(application, rows)
    return StepRows(*columns)


@lru_cache(maxsize=8)
def gradients(application: str, folder: str | None = None) -> GradientRows:
    """The gradient statistics of an application's initial batch.

    Raises:
        InputError: as :func:`steps`, or progress that does not rise.
    """
    rows = [row for row in _rows("gradient_stats", folder) if row["app"] == application]
    _some(application, rows)
    batches = sorted({int(row["batch"]) for row in rows})
    own = [row for row in rows if int(row["batch"]) == batches[0]]
    progress, sqr, var = (
        _numbers("gradient_stats", own, key) for key in ("progress", "grad_sqr", "grad_var")
    )
    if (np.diff(progress) <= 0).any():
        at = int(np.flatnonzero(np.diff(progress) <= 0)[0])
        raise InputError(
            f"gradient_stats of {application}: progress",
            float(progress[at + 1]),
            f"must rise from row to row, and follows {progress[at]:g}",
        )
    return GradientRows(batches[0], progress, sqr, var, tuple(batches))


@lru_cache(maxsize=16)
def workload(number: int, folder: str | None = None) -> tuple[Asked, ...]:
    """The jobs of a workload, in the order of their times.

    Raises:
        InputError: there is no such workload, or the file cannot be read.
    """
    rows = [row for row in _rows("workloads", folder) if row["workload"] == str(number)]
    if not rows:
        raise InputError("workload", number, f"must be from 1 to {WORKLOADS}")
    asked = [
        Asked(
            row["name"],
            float(row["time"]),
            row["application"],
            int(row["num_replicas"]),
            int(row["batch_size"]),
        )
        for row in rows
    ]
    return tuple(sorted(asked, key=lambda one: one.time_s))


def _rows(name: str, folder: str | None) -> list[dict[str, str]]:
    return list(_read(name, folder))


def _read(name: str, folder: str | None) -> Iterator[dict[str, str]]:
    from csv import DictReader

    file = f"{name}.csv.gz"
    where: Any = files("edgesim.profiles.pollux") if folder is None else Path(folder)
    try:
        text = gzip.decompress((where / file).read_bytes()).decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        shown = f"{folder or 'edgesim.profiles.pollux'}/{file}"
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError("trace", shown, f"cannot be read: {reason}") from None
    yield from DictReader(StringIO(text))


def _numbers(name: str, rows: list[dict[str, str]], key: str) -> FloatArray:
    found = []
    for place, row in enumerate(rows):
        try:
            number = float(row[key])
        except (KeyError, TypeError, ValueError):
            accepted = "must be a number in every row"
            raise InputError(f"{name}, row {place + 1}: {key}", row.get(key), accepted) from None
        if not np.isfinite(number):
            raise InputError(f"{name}, row {place + 1}: {key}", number, "must be finite")
        found.append(number)
    return np.array(found)


def _some(application: str, rows: list[dict[str, str]]) -> None:
    if not rows:
        known = ", ".join(APPLICATIONS)
        raise InputError("application", application, f"is not in the trace; shipped: {known}")
