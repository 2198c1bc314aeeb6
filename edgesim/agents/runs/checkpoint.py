"""Checkpoints: all that a training needs to go on, in one folder that appears at once.

``checkpoint-<n>/`` in a run folder holds the model as it is (``latest.zip``), the best one so far
(``model.zip``) and ``state.json``: how far the run is, its rows of ``progress.csv``, and the digest
of each model. It is written under another name, brought to the disk and renamed: whatever happens
in between, the newest such folder is complete. ``model.zip`` and ``progress.csv`` of the run folder
itself are copies for those who look at the run meanwhile.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import blake2b, file_digest
from pathlib import Path
from typing import Any, NamedTuple

from edgesim.errors import InputError
from edgesim.files import disk_failure, replacing

__all__ = [
    "BEST",
    "LATEST",
    "Checkpoint",
    "copied",
    "digest",
    "newest",
    "read_checkpoint",
    "remove_checkpoints",
    "tidy",
    "writing",
]

BEST, LATEST, STATE = "model.zip", "latest.zip", "state.json"

_OLD = "checkpoint.json"
"""What 0.2 wrote, beside ``checkpoint-<decisions>.zip`` and the best model."""

_SPENT = ".checkpoint.part"


class Checkpoint(NamedTuple):
    """Where a run stands.

    Attributes:
        state: what ``state.json`` holds.
        latest: the model as it was.
        best: the best model so far.
    """

    state: dict[str, Any]
    latest: Path
    best: Path


def newest(run: Path) -> Path | None:
    """The newest checkpoint of a run: its folder, or the file of 0.2; None where there is none."""
    found = _folders(run)
    if found:
        return found[-1]
    old = run / _OLD
    return old if old.is_file() else None


def read_checkpoint(run: Path) -> Checkpoint | None:
    """The newest checkpoint of a run, whose models are what was written; None where there is none.

    Raises:
        InputError: it is damaged.
    """
    place = newest(run)
    if place is None:
        return None
    if place.name == _OLD:
        state = _state(place)
        return Checkpoint(state, run / str(state.get("model")), run / BEST)
    state = _state(place / STATE)
    for name in (LATEST, BEST):
        path = place / name
        if not path.is_file() or digest(path) != state["digests"][name]:
            accepted = (
                "is not what the training wrote: the disk lost it, or somebody changed it; delete"
                " the run folder, or choose another runs=<folder>"
            )
            raise InputError("checkpoint", str(path), accepted)
    return Checkpoint(state, place / LATEST, place / BEST)


@contextmanager
def writing(run: Path, state: Mapping[str, Any]) -> Iterator[Path]:
    """A folder to write both models of the next checkpoint to; it appears at the end, at once.

    Only the process that has the lock of the run folder may do so.

    Args:
        run: the run folder.
        state: what ``state.json`` will hold, beside the digests.

    Raises:
        InputError: it cannot be written; the checkpoint before it stays.
    """
    before = _folders(run)
    number = int(before[-1].name.partition("-")[2]) + 1 if before else 1
    target, part = run / f"checkpoint-{number}", run / _SPENT
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        yield part
        digests = {name: digest(part / name) for name in (LATEST, BEST)}
        text = json.dumps({**state, "digests": digests})
        (part / STATE).write_text(text, encoding="utf-8")
        for name in (LATEST, BEST, STATE):
            _to_disk(part / name)
        part.rename(target)
    except Exception as error:
        failed = disk_failure(error, target)
        if failed is None:
            raise
        raise failed from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    _remove(run, before)


def remove_checkpoints(run: Path) -> None:
    """Take away all checkpoints of a run that is complete."""
    _remove(run, _folders(run))


def tidy(run: Path) -> None:
    """Take away what a killed process left half-written in a run folder."""
    shutil.rmtree(run / _SPENT, ignore_errors=True)
    for part in run.glob(".*.part*"):
        with suppress(OSError):
            part.unlink()


def digest(path: Path) -> str:
    """What tells a file from another, as hexadecimal digits."""
    with path.open("rb") as file:
        return file_digest(file, lambda: blake2b(digest_size=16)).hexdigest()


def copied(source: Path, target: Path) -> None:
    """Copy a file, whole or not at all."""
    with replacing(target) as part:
        shutil.copyfile(source, part)


def _folders(run: Path) -> list[Path]:
    """The folders of checkpoints, the newest last."""
    found = [it for it in run.glob("checkpoint-*") if it.is_dir() and it.name[11:].isdecimal()]
    return sorted(found, key=lambda folder: int(folder.name[11:]))


def _state(path: Path) -> dict[str, Any]:
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(state, Mapping):
            raise ValueError("not a mapping")
        if path.name == STATE:
            _ = [state["digests"][name] for name in (LATEST, BEST)]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError("checkpoint", str(path), f"cannot be read ({error})") from None
    return {key: value for key, value in state.items() if value is not None}


def _remove(run: Path, folders: list[Path]) -> None:
    """Take checkpoints away: first from sight, so that none is there in part.

    One that cannot be taken away does no harm: a newer one counts, or the run is complete.
    """
    for folder in folders:
        shutil.rmtree(run / _SPENT, ignore_errors=True)
        with suppress(OSError):
            folder.rename(run / _SPENT)
    shutil.rmtree(run / _SPENT, ignore_errors=True)
    for old in (run / _OLD, *run.glob("checkpoint-*.zip")):
        with suppress(OSError):
            old.unlink(missing_ok=True)


def _to_disk(path: Path) -> None:
    """Have the system write a file out, so that a loss of power does not leave it empty."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
